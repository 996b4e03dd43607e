/** Clients that were written long before this service, whose node is killed: another one serves them, and they hear on. */
import { io, type Socket } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Deployment, TEST_SECRET } from '../support/deployment.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { MountedHook } from './older-clients.ts';

const BACK_WITHIN_MS = 20_000;
const KILLED = 0;
const OTHER = 1;

describeWithRedis('older clients whose node is killed', 'any', () => {
  const redis = sharedRedis();
  let nodes: SeveralNodes;
  let proxy: TcpProxy;
  let outside: Deployment;
  const opened: { close(): void }[] = [];

  beforeAll(async () => {
    nodes = await SeveralNodes.start({
      count: 2,
      env: () => ({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix }),
    });
    proxy = await TcpProxy.start(nodes.node(KILLED).port);
    outside = new Deployment([nodes.node(OTHER)], TEST_SECRET);
  });
  afterEach(() => {
    for (const it of opened.splice(0)) it.close();
    outside.settle();
  });
  afterAll(async () => {
    await proxy?.stop();
    await nodes?.stop();
  });

  /** As its author wrote it: it starts, and from then on only listens. */
  const startingScreen = (url: string, token: string, session_id: string) => {
    const socket: Socket = io(url, { auth: { token }, forceNew: true });
    opened.push(socket);
    const arrivals: string[] = [];
    const updates: [string, string][] = [];
    socket.on('studentJoinedAttendance', (it) => arrivals.push(it.student_id));
    socket.on('attendanceUpdated', (it) => updates.push([it.student_id, it.status]));
    socket.emit('startAttendanceSession', { session_id });
    return { socket, arrivals, updates };
  };

  test('JOIN-6 JOIN-7 the React hook, unmodified, and a screen that started once, hear the next mark and the next arrival', {
    timeout: 60_000,
  }, async () => {
    const room = await outside.classroom({ students: 3 });
    const { session_id } = room;
    const [one, two, three] = room.students.map((it) => it.student_id) as [string, string, string];
    const url = `http://127.0.0.1:${proxy.port}`;
    const screen = startingScreen(url, outside.token(room.teacher), session_id);
    await until('it is started', async () => (await room.attendance().catch(() => null)) !== null);
    const hook = new MountedHook(io, url, outside.token(room.student(0)));
    opened.push({ close: () => hook.unmount() });
    hook.current.joinSession(session_id);
    await until('the hook is in', () => hook.current.isInSession && screen.arrivals.includes(one));
    const heardByHook = () =>
      hook.logged
        .filter(({ args }) => args[0] === '📊 Attendance updated:')
        .map(({ args }) => args[1] as { student_id: string; status: string })
        .map(({ student_id, status }) => [student_id, status]);

    const { socket: hookSocket } = hook.current as { socket: Socket };
    const sockets = [screen.socket, hookSocket];
    const ids = sockets.map(({ id }) => id);
    const sent: unknown[][] = [];
    for (const it of sockets) it.onAnyOutgoing((...args: unknown[]) => sent.push(args));
    await nodes.node(KILLED).kill('SIGKILL');
    proxy.redirect(nodes.node(OTHER).port);
    // While they are away: a mark and an arrival that they cannot hear now, and must not hear twice later.
    const second = await room.joined(1);
    await until(
      'both are back by themselves',
      () => sockets.every(({ connected, id }, i) => connected && id !== ids[i]),
      BACK_WITHIN_MS,
    );

    const assistant = await outside.connect(room.assistant);
    await assistant.does('markStudentAttendance', { session_id, student_id: two, status: 'late' });
    await until('both hear the next mark', () => screen.updates.length > 0 && heardByHook().length > 0);
    await room.joined(2);
    await until('the screen hears the next arrival', () => screen.arrivals.includes(three));
    await assistant.does('markStudentAttendance', { session_id, student_id: three, status: 'excused' });
    await until('both hear the mark after that', () => screen.updates.length > 1 && heardByHook().length > 1);

    const marks = [
      [two, 'late'],
      [three, 'excused'],
    ];
    expect(screen.updates).toEqual(marks);
    expect(heardByHook()).toEqual(marks);
    expect(screen.arrivals.filter((it) => it === three)).toHaveLength(1);
    expect(sent).toEqual([]);
    expect(hook.alerts).toEqual([]);
    expect(second.payloads('attendanceUpdated').map(({ status }) => status)).toEqual(['late', 'excused']);
  });
});
