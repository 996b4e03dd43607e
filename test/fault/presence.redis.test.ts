/**
 * Who was connected to a node that died or drained (PRES-1), over real processes. Each test lasts as long as the grace
 * that it measures: half a minute for a dead node, twenty seconds for a drained one.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DRAINED_RETURN_MS } from '../../src/limits.ts';
import type { Classroom } from '../support/classroom.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { RestClient } from '../support/rest-client.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const [LEAVES, STAYS, STAYS_TOO] = [0, 1, 2];
const ON_THE_NODE = 8;
/** Of those: they come back, the last of them late in the grace. */
const COMING_BACK = 3;
const ELSEWHERE = 2;
const TOLD_WITHIN_MS = 45_000;
/** Well within DRAINED_RETURN_MS, counted from the end of the connection. */
const LATE_RETURN_MS = 7_000;

describeWithRedis('presence of a node that is gone', 'any', () => {
  const redis = sharedRedis();
  let nodes: SeveralNodes;
  let made = 0;
  beforeEach(async () => {
    made += 1;
    const env = { REDIS_URL: redis.url, REDIS_PREFIX: `${redis.prefix}-${made}` };
    nodes = await SeveralNodes.start({ count: 3, env: () => env });
  }, 60_000);
  afterEach(async () => {
    nodes?.settle();
    await nodes?.stop();
  });

  const rest = ({ teacher }: Classroom) => new RestClient(nodes.node(STAYS).url, nodes.token(teacher));

  /** Two staff on the nodes that stay, in different namespaces; students on the one that goes, and some elsewhere. */
  const classOnTheNode = async () => {
    const room = await nodes.classroom({ students: ON_THE_NODE + ELSEWHERE + 1 });
    const { session_id } = room;
    const teacher = await nodes.connect(room.teacher, { node: STAYS, namespace: '/' });
    await teacher.does('startAttendanceSession', { session_id });
    const assistant = await nodes.connect(room.assistant, { node: STAYS_TOO, namespace: '/attendance' });
    await assistant.does('joinAttendanceSession', { session_id });
    const there: TestClient[] = [];
    for (let i = 0; i < ON_THE_NODE + ELSEWHERE; i += 1) {
      const node = i < ON_THE_NODE ? LEAVES : STAYS;
      const namespace = i % 2 === 0 ? '/' : '/attendance';
      const client = await nodes.connect(room.student(i), { node, namespace, transports: ['websocket'] });
      await client.does('joinAttendanceSession', { session_id });
      there.push(client);
    }
    // A teacher's mark, so that not all records are alike.
    const student_id = room.student(1).student_id;
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
    const gone = there.slice(0, ON_THE_NODE);
    for (const { socket } of gone) socket.io.reconnection(false);
    return { room, staff: [teacher, assistant], teacher, gone };
  };
  type Scene = Awaited<ReturnType<typeof classOnTheNode>>;

  const idsOf = (room: Classroom, from: number, to: number) =>
    room.students.slice(from, to).map(({ student_id }) => student_id);
  const toldLeft = (client: TestClient) => client.payloads('studentLeftAttendance').map(({ student_id }) => student_id);

  /** The same student comes back through a node that stays, without sending anything (JOIN-7). */
  const comesBack = async ({ room }: Scene, i: number): Promise<TestClient> =>
    nodes.connect(room.student(i), { node: i % 2 === 0 ? STAYS : STAYS_TOO, transports: ['websocket'] });

  const onlineIds = async ({ room, teacher }: Scene): Promise<string[]> => {
    const { online_students } = await teacher.does('getOnlineStudents', { session_id: room.session_id });
    return online_students.map(({ student_id }) => student_id).sort();
  };

  const recordsOf = async ({ room }: Scene) =>
    (await rest(room).call('getAttendance', { params: { id: room.session_id } })).attendanceRecords;

  test('PRES-1: kill -9: staff on the other nodes are told who has gone within 45 s, each once; records stay', {
    timeout: 120_000,
  }, async () => {
    const scene = await classOnTheNode();
    const { room, staff } = scene;
    const before = await recordsOf(scene);
    await nodes.node(LEAVES).kill('SIGKILL');
    const killed_at = performance.now();
    const back = await comesBack(scene, 0);
    const lost = idsOf(room, 1, ON_THE_NODE).sort();
    await until(
      'staff are told',
      () => staff.every((it) => toldLeft(it).length >= lost.length),
      TOLD_WITHIN_MS - (performance.now() - killed_at),
    );
    console.log(`kill -9: staff were told after ${Math.round(performance.now() - killed_at)} ms`);
    const here = [...idsOf(room, 0, 1), ...idsOf(room, ON_THE_NODE, ON_THE_NODE + ELSEWHERE)].sort();
    expect(await onlineIds(scene)).toEqual(here);
    // What had been sent to anybody before the answer has come with it: each is told once, and nobody else.
    await staff[1]?.does('getOnlineStudents', { session_id: room.session_id });
    for (const it of staff) expect(toldLeft(it).sort()).toEqual(lost);
    expect(await recordsOf(scene)).toEqual(before);
    // Who came back hears the session, and who comes back now is told as a return.
    const student_id = room.student(ON_THE_NODE + ELSEWHERE).student_id;
    await scene.teacher.does('markStudentAttendance', { session_id: room.session_id, student_id, status: 'excused' });
    await back.hears('attendanceUpdated', (it) => it.student_id === student_id);
    await comesBack(scene, 1);
    await scene.teacher.hears(
      'studentJoinedAttendance',
      (it) => it.student_id === room.student(1).student_id && it.returned === true,
    );
  });

  test('PRES-1: a drained node: who is back within 10 s is not missed, the others are told after 10 s, not before', {
    timeout: 120_000,
  }, async () => {
    const scene = await classOnTheNode();
    const { room, staff, gone } = scene;
    const before = await recordsOf(scene);
    const closed_at = new Map<string, number>();
    for (const [i, { socket }] of gone.entries()) {
      socket.on('disconnect', () => closed_at.set(room.student(i).student_id, performance.now()));
    }
    const told_at = new Map<string, number>();
    for (const { socket } of staff) {
      socket.on('studentLeftAttendance', ({ student_id }: { student_id: string }) => {
        if (!told_at.has(student_id)) told_at.set(student_id, performance.now());
      });
    }
    const exit = nodes.node(LEAVES).kill('SIGTERM');
    await until('their connections are closed', () => closed_at.size === ON_THE_NODE);
    for (let i = 0; i < COMING_BACK - 1; i += 1) await comesBack(scene, i);
    const late = room.student(COMING_BACK - 1).student_id;
    await pause((closed_at.get(late) ?? 0) + LATE_RETURN_MS - performance.now());
    await comesBack(scene, COMING_BACK - 1);
    expect(await exit).toMatchObject({ code: 0 });

    const lost = idsOf(room, COMING_BACK, ON_THE_NODE).sort();
    await until(
      'staff are told',
      () => staff.every((it) => toldLeft(it).length >= lost.length),
      TOLD_WITHIN_MS - DRAINED_RETURN_MS,
    );
    const after = lost.map((id) => Math.round((told_at.get(id) ?? 0) - (closed_at.get(id) ?? 0)));
    console.log(
      `drained: staff were told ${Math.min(...after)} to ${Math.max(...after)} ms after the connections ended`,
    );
    expect(Math.min(...after)).toBeGreaterThanOrEqual(DRAINED_RETURN_MS);
    const here = [...idsOf(room, 0, COMING_BACK), ...idsOf(room, ON_THE_NODE, ON_THE_NODE + ELSEWHERE)].sort();
    expect(await onlineIds(scene)).toEqual(here);
    await staff[1]?.does('getOnlineStudents', { session_id: room.session_id });
    for (const it of staff) {
      expect(toldLeft(it).sort()).toEqual(lost);
      // Nor are those who are back told as arrivals: for staff they were never away.
      expect(it.payloads('studentJoinedAttendance').filter(({ returned }) => returned === true)).toEqual([]);
    }
    expect(await recordsOf(scene)).toEqual(before);
  });
});
