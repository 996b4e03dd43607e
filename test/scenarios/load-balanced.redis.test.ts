/** Three nodes behind HAProxy, as deploy/local-cluster has them: whoever is on a node that goes is served by another. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RedisKeys } from '../../src/live/redis-keys.ts';
import type { Classroom } from '../support/classroom.ts';
import { Deployment, TEST_SECRET } from '../support/deployment.ts';
import { describeBehindHaproxy, Haproxy, keepCookies, nodeOf } from '../support/haproxy.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

/** Enough for each node to get some. */
const OF_EACH_KIND = 8;
const KINDS = [['polling'], ['websocket'], ['polling', 'websocket']] as const;
const kindOf = (i: number) => KINDS[Math.floor(i / OF_EACH_KIND)] ?? [];
const PREFIX = 'test';
const ALL_BACK_WITHIN_MS = 20_000;

describeBehindHaproxy('behind HAProxy', () => {
  let redis: RedisProcess;
  let nodes: SeveralNodes;
  let balancer: Haproxy;
  let outside: Deployment;

  beforeAll(async () => {
    // `everysec` may hold writes back for a second or two while the disk is slow; here nothing may be lost.
    redis = await RedisProcess.start({ aof: 'always' });
    nodes = await SeveralNodes.start({ count: 3, env: () => ({ REDIS_URL: redis.url, REDIS_PREFIX: PREFIX }) });
    balancer = await Haproxy.start(nodes.nodes.map((it) => it.port));
    outside = new Deployment([{ url: balancer.url, output: '' }], TEST_SECRET);
  });
  afterEach(() => outside.settle());
  afterAll(async () => {
    await balancer?.stop();
    await nodes?.stop();
    await redis?.stop();
  });

  const checkedIn = async (room: Classroom, i: number): Promise<TestClient> => {
    const client = outside.client(room.student(i), { transports: [...kindOf(i)] });
    if (i % 2 === 0) keepCookies(client);
    await client.connected();
    await client.does('joinAttendanceSession', { session_id: room.session_id });
    return client;
  };

  /** Students of all kinds, checked in: first those who poll, each where the fewest wait for an answer. */
  const everybodyIn = async (room: Classroom): Promise<{ polling: TestClient[]; students: TestClient[] }> => {
    const polling: TestClient[] = [];
    for (let i = 0; i < OF_EACH_KIND; i += 1) polling.push(await checkedIn(room, i));
    const others = room.students.slice(OF_EACH_KIND).map((_, i) => checkedIn(room, OF_EACH_KIND + i));
    return { polling, students: [...polling, ...(await Promise.all(others))] };
  };

  /** Sockets that a node has, 0 for one that is gone. */
  const socketsOf = async (node: number): Promise<number> => {
    const { isRunning, url } = nodes.node(node);
    if (!isRunning) return 0;
    const metrics = await (await fetch(`${url}/metrics`)).text();
    return Number(/^rollcast_sockets (\d+)$/m.exec(metrics)?.[1]);
  };
  const sockets = () => Promise.all([0, 1, 2].map(socketsOf));

  /** Connected, and back on the roll, without having sent anything. */
  const untilAllAreBack = (clients: TestClient[], session_id: string) =>
    until(
      'everybody is back',
      async () => {
        const ids = clients.map(({ socket }) => (socket.connected ? socket.id : undefined) ?? 'none');
        const [, , , , online = ''] = new RedisKeys(PREFIX).ofRoll(session_id);
        const places = (await redis.command('HMGET', online, ...ids)) as unknown[];
        const counts = await sockets();
        return places.every((it) => it !== null) && counts.reduce((a, b) => a + b) === clients.length;
      },
      ALL_BACK_WITHIN_MS,
    );

  const allHearTheNextMark = async (room: Classroom, teacher: TestClient, students: TestClient[]): Promise<void> => {
    const [student_id = ''] = room.students.map((it) => it.student_id);
    const places = students.map((it) => it.heard.length);
    const { session_id } = room;
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'excused' });
    await Promise.all(
      students.map((it, i) => it.hears('attendanceUpdated', ({ status }) => status === 'excused', places[i])),
    );
  };

  const isBackIn = (node: number) =>
    until(`HAProxy uses node ${node} again`, async () => (await balancer.nodes())[node]?.isUp, ALL_BACK_WITHIN_MS);

  test('polling and WebSockets; a node that is killed: all are back through others and hear the next mark', {
    timeout: 60_000,
  }, async () => {
    const room = await outside.classroom({ students: KINDS.length * OF_EACH_KIND });
    const { session_id } = room;
    const teacher = await room.started();
    const { polling, students } = await everybodyIn(room);
    const clients = [teacher, ...students];
    // All requests of a polling client reached the node of its handshake, and each node has got some of them.
    expect(new Set(polling.map(nodeOf))).toEqual(new Set(['node-1', 'node-2', 'node-3']));
    const before = await sockets();
    expect(Math.min(...before)).toBeGreaterThan(0);

    const dead = before.indexOf(Math.max(...before));
    await nodes.node(dead).kill('SIGKILL');
    await untilAllAreBack(clients, session_id);
    expect(clients.filter(({ disconnects }) => disconnects.length > 0)).toHaveLength(before[dead] ?? 0);
    expect(polling.map(nodeOf)).not.toContain(`node-${dead + 1}`);
    await allHearTheNextMark(room, teacher, students);

    // It comes back, and has the fewest.
    await nodes.node(dead).start();
    await isBackIn(dead);
    const late = await outside.connect(room.assistant, { transports: ['polling'] });
    await late.does('joinAttendanceSession', { session_id });
    expect(nodeOf(late)).toBe(`node-${dead + 1}`);
  });

  test('a node that drains: its clients hear it, also with their last poll, and go on elsewhere', {
    timeout: 60_000,
  }, async () => {
    const room = await outside.classroom({ students: KINDS.length * OF_EACH_KIND });
    const { session_id } = room;
    const teacher = await room.started();
    const { students } = await everybodyIn(room);
    const clients = [teacher, ...students];
    const before = await sockets();
    const drained = before.indexOf(Math.max(...before));
    const exit = await nodes.node(drained).kill('SIGTERM');
    expect(exit).toMatchObject({ code: 0 });
    await untilAllAreBack(clients, session_id);
    const moved = clients.filter(({ disconnects }) => disconnects.length > 0);
    expect(moved).toHaveLength(before[drained] ?? 0);
    for (const client of moved) {
      expect(client.payloads('serverDraining')).toHaveLength(1);
      // Which would tell the client library to stay away.
      expect(client.disconnects).not.toContain('io server disconnect');
    }
    await allHearTheNextMark(room, teacher, students);
    await nodes.node(drained).start();
    await isBackIn(drained);
  });

  test('Redis is away, so no node is ready: whoever is connected stays, also by polling', {
    timeout: 60_000,
  }, async () => {
    const room = await outside.classroom({ students: KINDS.length * OF_EACH_KIND });
    const { session_id } = room;
    const teacher = await room.started();
    const { students } = await everybodyIn(room);
    const clients = [teacher, ...students];
    await redis.kill();
    await until('HAProxy finds no node ready', async () => (await balancer.nodes()).every(({ isUp }) => !isUp));
    for (const client of clients) {
      await client.refused('joinAttendanceSession', { session_id }, 'STORE_UNAVAILABLE');
    }
    await redis.restart();
    await Promise.all([0, 1, 2].map(isBackIn));
    await untilAllAreBack(clients, session_id);
    await allHearTheNextMark(room, teacher, students);
    expect(clients.flatMap(({ disconnects }) => disconnects)).toEqual([]);
  });
});
