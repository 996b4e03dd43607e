/** Who is removed from a course while connected to any node (AUTH-1): real processes; Redis or the way to it may go. */
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { courseRoomOf, RedisKeys, roomOf, staffRoomOf } from '../../src/live/redis-keys.ts';
import type { Classroom } from '../support/classroom.ts';
import type { Person } from '../support/people.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { startRedisProxy } from '../support/redis-proxy.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { RestClient } from '../support/rest-client.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const NODES = 4;
/** The node that is asked over REST, and where the teacher and those who stay are. */
const A = 0;
/** The others: whoever is removed is on these, and nobody else of the course. */
const OTHERS = [1, 2, 3];
const NAMESPACES = ['/', '/attendance'] as const;
const PREFIX = 'test';
const keys = new RedisKeys(PREFIX);
/** The one whose way to Redis a test cuts. */
const DEAF = NODES - 1;
const STAYING = 3;
const LAST_STAYS = STAYING - 1;
const TELL_EVERY_MS = 100;
const OUT_WITHIN_MS = 2_000;
const BACK_WITHIN_MS = 15_000;

describeWithRedis('who is removed from a course', 'process', () => {
  let redis: RedisProcess;
  let nodes: SeveralNodes;
  /** Between the last node and its Redis. */
  let proxied: Awaited<ReturnType<typeof startRedisProxy>>;
  beforeEach(async () => {
    redis = await RedisProcess.start({ aof: 'always' });
    proxied = await startRedisProxy(redis.url);
    const env = (n: number) => ({ REDIS_URL: n === DEAF ? proxied.url : redis.url, REDIS_PREFIX: PREFIX });
    nodes = await SeveralNodes.start({ count: NODES, env });
  }, 60_000);
  afterEach(async () => {
    nodes?.settle();
    await nodes?.stop();
    await proxied?.proxy.stop();
    await redis?.stop();
  });

  const rest = ({ teacher }: Classroom) => new RestClient(nodes.node(A).url, nodes.token(teacher));

  /** Nodes that hear these rooms, in the two namespaces together. */
  const hearing = async (...rooms: string[]): Promise<number> => {
    const channels = rooms.flatMap((room) => NAMESPACES.map((_, n) => keys.channel(n, room)));
    const answer = (await redis.command('PUBSUB', 'SHARDNUMSUB', ...channels)) as unknown[];
    return answer.reduce((sum: number, it, i) => (i % 2 === 1 ? sum + Number(it) : sum), 0);
  };

  /** In the session and in the room of the course. */
  const enters = async (room: Classroom, person: Person, node: number, namespace: (typeof NAMESPACES)[number]) => {
    const client = await nodes.connect(person, { node, namespace, transports: ['websocket'] });
    await client.does('joinAttendanceSession', { session_id: room.session_id });
    await client.does('subscribeToCourse', { course_id: room.course_id });
    return client;
  };

  /** On A, in both namespaces: the teacher and students who stay. On the others, in both: a student and an assistant. */
  const scene = async () => {
    const room = await nodes.classroom({ students: STAYING + OTHERS.length * NAMESPACES.length });
    const { session_id, course_id } = room;
    const teacher = await nodes.connect(room.teacher, { node: A, namespace: '/' });
    await teacher.does('startAttendanceSession', { session_id });
    const places = OTHERS.flatMap((node) => NAMESPACES.map((namespace) => ({ node, namespace })));
    const staying = [
      await enters(room, room.student(0), A, '/'),
      await enters(room, room.student(1), A, '/attendance'),
    ];
    const rooms = [roomOf(session_id), staffRoomOf(session_id), courseRoomOf(course_id)];
    await until('A alone hears', async () => (await hearing(...rooms)) === 5);
    const students: TestClient[] = [];
    const assistants: TestClient[] = [];
    for (const [i, { node, namespace }] of places.entries()) {
      students.push(await enters(room, room.student(STAYING + i), node, namespace));
      assistants.push(await enters(room, room.assistant, node, namespace));
    }
    const all = 5 + rooms.length * places.length;
    await until('all of them hear', async () => (await hearing(...rooms)) === all);
    return { room, teacher, staying, students, assistants, rooms };
  };
  type Scene = Awaited<ReturnType<typeof scene>>;

  const removeStudents = async ({ room }: Scene): Promise<void> => {
    const enrollments = room.students.slice(STAYING).map(({ student_id, sub, name, roll }, i) => ({
      student_id,
      user_id: sub,
      name,
      roll,
      status: i % 2 === 0 ? 'dropped' : 'rejected',
    }));
    await rest(room).call('putEnrollments', { params: { id: room.course_id }, body: { enrollments } });
  };
  const removeAssistant = async ({ room }: Scene): Promise<void> => {
    await rest(room).call('patchCourse', { params: { id: room.course_id }, body: { staff: [] } });
  };

  /** Milliseconds until no other node hears any of the rooms; those who stay keep five channels on A. */
  const untilOut = async ({ rooms }: Scene, since: number, within_ms: number): Promise<number> => {
    await until('they are out of all rooms', async () => (await hearing(...rooms)) === 5, within_ms);
    return Math.round(performance.now() - since);
  };

  /** Whatever is told from here on reaches those who stay and not those who are out. */
  const onlyThoseWhoStayHear = async ({ room, teacher, staying, students, assistants }: Scene): Promise<void> => {
    const out = [...students, ...assistants];
    const before = out.map(({ heard }) => heard.length);
    const { session_id } = room;
    const places = new Map(staying.map((it) => [it, it.heard.length]));
    const student_id = room.student(0).student_id;
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
    const next = await room.schedule(`${session_id}-next`);
    await rest(room).call('startSession', { params: { id: next } });
    for (const it of staying) {
      await it.hears('attendanceUpdated', ({ student_id: of }) => of === student_id, places.get(it));
      await it.hears('courseSessionStarted', (started) => started.session_id === next);
    }
    // An answer comes after whatever was sent before it.
    for (const it of out) await it.socket.timeout(BACK_WITHIN_MS).emitWithAck('unheard of');
    expect(out.map(({ heard }) => heard.length)).toEqual(before);
  };

  test('AUTH-1: students and staff are out of session and course rooms on every node within 2 s', {
    timeout: 90_000,
  }, async () => {
    const it = await scene();
    const began = performance.now();
    await Promise.all([removeStudents(it), removeAssistant(it)]);
    const answered = Math.round(performance.now() - began);
    const took = await untilOut(it, began, OUT_WITHIN_MS);
    console.log(`removed: answered after ${answered} ms, out on every node after ${took} ms`);
    await onlyThoseWhoStayHear(it);
  });

  test('AUTH-1: a node that was deaf makes up for it within 2 s of hearing again, and tells nothing of before', {
    timeout: 90_000,
  }, async () => {
    const it = await scene();
    const { room, teacher, students, assistants } = it;
    const { session_id } = room;
    const out = [...students, ...assistants];
    const stays = await enters(room, room.student(LAST_STAYS), DEAF, '/');
    const sessions: string[] = [];
    for (let n = 0; n < 40; n += 1) sessions.push(await room.schedule(`${session_id}-${n}`));
    await proxied.proxy.cut();
    await Promise.all([removeStudents(it), removeAssistant(it)]);
    // Of this they must not hear, not even afterwards.
    const unheard = room.student(0).student_id;
    await teacher.does('markStudentAttendance', { session_id, student_id: unheard, status: 'excused' });

    const heard_at = { out: 0, room: 0, course: 0 };
    for (const { socket } of out) {
      socket.onAny(() => {
        heard_at.out = performance.now();
      });
    }
    const stayed = stays.heard.length;
    const hasHeard = (event: string) => stays.heard.slice(stayed).some((heard) => heard.event === event);
    await proxied.proxy.restore();
    const restored = performance.now();
    for (let n = 0; n < sessions.length; n += 1) {
      const status = n % 2 === 0 ? 'late' : 'absent';
      await teacher.does('markStudentAttendance', { session_id, student_id: room.student(1).student_id, status });
      await rest(room).call('startSession', { params: { id: sessions[n] ?? '' } });
      const now = performance.now();
      if (heard_at.room === 0 && hasHeard('attendanceUpdated')) heard_at.room = now;
      if (heard_at.course === 0 && hasHeard('courseSessionStarted')) heard_at.course = now;
      if (heard_at.room > 0 && heard_at.course > 0 && now > Math.max(heard_at.room, heard_at.course) + OUT_WITHIN_MS)
        break;
      await pause(TELL_EVERY_MS);
    }
    expect(Math.min(heard_at.room, heard_at.course), 'the node hears again').toBeGreaterThan(0);
    const first = Math.round(Math.max(heard_at.room, heard_at.course) - restored);
    const last = Math.round(Math.max(0, heard_at.out - restored));
    console.log(`removed while a node was deaf: it heard again after ${first} ms, they heard nothing after ${last} ms`);
    expect(last).toBeLessThan(first + OUT_WITHIN_MS);
    for (const client of out) {
      expect(client.payloads('attendanceUpdated').filter(({ student_id }) => student_id === unheard)).toEqual([]);
    }
    await onlyThoseWhoStayHear(it);
  });

  test('AUTH-1: Redis goes between the registry and the nodes: the removal is refused, and its repetition is made', {
    timeout: 90_000,
  }, async () => {
    const it = await scene();
    await redis.kill();
    for (const remove of [removeStudents, removeAssistant]) await expect(remove(it)).rejects.toThrow('503');
    await redis.restart();
    await until('the nodes are ready again', async () => {
      const answers = await Promise.all(nodes.nodes.map(({ url }) => fetch(`${url}/readyz`)));
      return answers.every(({ ok }) => ok);
    });
    const began = performance.now();
    await Promise.all([removeStudents(it), removeAssistant(it)]);
    const took = await untilOut(it, began, OUT_WITHIN_MS);
    console.log(`removed by repetition: out on every node after ${took} ms`);
    await onlyThoseWhoStayHear(it);
  });
});
