/**
 * JOIN-3 over whole nodes, with a slow way to Redis: what staff do on one node as soon as a join on another has been
 * acknowledged reaches the student, although that node has never heard the session before.
 *
 * ROLLCAST_TEST_JOINS: joins, 500 unless set (20 to 50 s on two cores, by what else they do).
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { NAMESPACES } from '../../src/contract/events.ts';
import { FEED_DEAF_AFTER_MS } from '../../src/limits.ts';
import type { Classroom } from '../support/classroom.ts';
import { freshId } from '../support/people.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const JOINS = Number(process.env.ROLLCAST_TEST_JOINS ?? 500);
/** Each way: together 5 ms more for every round trip. */
const ONE_WAY_MS = 2.5;
/** Classes that check in at the same time, one student after the other. */
const CLASSES = 4;
/** What is lost, a heartbeat may find at any moment; it waits this long before it mends it. */
const HEARD_WITHIN_MS = FEED_DEAF_AFTER_MS;
const [STAFF_NODE, STUDENTS_NODE] = [0, 1];

/** Of one join. */
type Outcome = { lost: string[]; marked_after_ms: number; heard_after_ms: number };

/** Nodes start in a second or two, unless the machine is busy with others. */
const START_WITHIN_MS = 60_000;

describeWithRedis('5 ms more to Redis and back', 'any', () => {
  const redis = sharedRedis();
  let ways: RedisProxy[];
  let nodes: SeveralNodes;

  beforeAll(async () => {
    ways = await Promise.all([0, 1].map(() => startRedisProxy(redis.url, ONE_WAY_MS)));
    nodes = await SeveralNodes.start({
      count: 2,
      env: (n) => ({ REDIS_URL: ways[n]?.url ?? '', REDIS_PREFIX: redis.prefix }),
    });
  }, START_WITHIN_MS);
  afterEach(() => nodes.settle());
  afterAll(async () => {
    await nodes?.stop();
    for (const { proxy } of ways ?? []) await proxy.stop();
  });

  /** A session that nobody on the students' node hears: one student comes, and is marked at once. */
  const joinAndMark = async (room: Classroom, teacher: TestClient, n: number): Promise<Outcome> => {
    const session_id = await room.schedule(freshId('session'));
    await teacher.does('startAttendanceSession', { session_id });
    const student = room.student(n % room.students.length);
    const { student_id } = student;
    const client = await nodes.connect(student, { node: STUDENTS_NODE, namespace: NAMESPACES[n % 2] ?? '/' });
    await client.acknowledged('joinAttendanceSession', { session_id });
    const acknowledged_at = performance.now();
    await teacher.acknowledged('markStudentAttendance', { session_id, student_id, status: 'excused' });
    const marked_at = performance.now();

    const has = (event: 'attendanceUpdated' | 'attendanceMarked') =>
      client.payloads(event).some((it) => it.student_id === student_id && it.status === 'excused');
    const events = ['attendanceUpdated', 'attendanceMarked'] as const;
    await until('it is heard', () => events.every(has), HEARD_WITHIN_MS).catch(() => {});
    const heard_at = performance.now();
    const lost = events.filter((it) => !has(it)).map((it) => `${it} of ${session_id}`);
    for (const event of events) expect(client.payloads(event).length, `${event} of ${session_id}`).toBeLessThan(2);
    client.close();
    await teacher.does('endAttendanceSession', { session_id });
    return { lost, marked_after_ms: marked_at - acknowledged_at, heard_after_ms: heard_at - marked_at };
  };

  test(`JOIN-3: ${JOINS} joins, each into a session new to its node: nothing that follows is lost`, {
    timeout: 60_000 + JOINS * 500,
  }, async () => {
    const rooms = await Promise.all(Array.from({ length: CLASSES }, () => nodes.classroom({ students: 10 })));
    const outcomes: Outcome[] = [];
    await Promise.all(
      rooms.map(async (room, i) => {
        const teacher = await nodes.connect(room.teacher, { node: STAFF_NODE, transports: ['websocket'] });
        for (let n = i; n < JOINS; n += CLASSES) outcomes.push(await joinAndMark(room, teacher, n));
      }),
    );
    const slowest = (of: (it: Outcome) => number) => Math.round(Math.max(...outcomes.map(of)));
    console.log(
      `${outcomes.length} joins; marked ${slowest((it) => it.marked_after_ms)} ms after the acknowledgement at most, ` +
        `heard ${slowest((it) => it.heard_after_ms)} ms after that at most`,
    );
    expect(outcomes).toHaveLength(JOINS);
    expect(outcomes.flatMap(({ lost }) => lost)).toEqual([]);
  });
});
