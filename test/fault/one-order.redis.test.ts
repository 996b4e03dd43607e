/** All nodes change one roll at the same time: staff hear the same on each of them, in the order of the roll's log. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { ClientEventName } from '../../src/contract/events.ts';
import { NAMESPACES } from '../../src/contract/events.ts';
import type { AttendanceStatus } from '../../src/contract/nouns.ts';
import type { Classroom } from '../support/classroom.ts';
import { Random } from '../support/random.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { changesHeardBy, changesOf, toldStaff } from '../support/roll-log.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';
import { untilAccepted } from '../support/until-accepted.ts';

const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);
const random = new Random(SEED);
const withSeed = `(repeat with ROLLCAST_TEST_SEED=${SEED})`;

const PREFIX = 'test';
const NODES = 4;
const JOINS = 300;
const MARKS = 1_400;
const BULKS = 300;
const CHANGES = JOINS + MARKS + BULKS;
const STUDENTS = 600;
const OF_A_BULK = 5;
const CONNECTED_AT_ONCE = 50;
/** Unanswered at any moment, over all nodes. More of them make runs of the scripts that hold Redis up for too long. */
const UNDER_WAY = 200;
const STATUSES = ['present', 'absent', 'late', 'excused'] as const;

type Sending = { client: TestClient; event: ClientEventName; payload: Record<string, unknown> };

const shuffled = <T>(list: T[]): T[] => {
  for (let i = list.length - 1; i > 0; i -= 1) {
    const j = random.int(i + 1);
    [list[i], list[j]] = [list[j] as T, list[i] as T];
  }
  return list;
};

describeWithRedis('one roll on four nodes', 'process', () => {
  let redis: RedisProcess;
  let nodes: SeveralNodes;
  beforeAll(async () => {
    redis = await RedisProcess.start({ aof: true });
    nodes = await SeveralNodes.start({ count: NODES, env: () => ({ REDIS_URL: redis.url, REDIS_PREFIX: PREFIX }) });
  });
  afterEach(() => nodes.settle());
  afterAll(async () => {
    await nodes?.stop();
    await redis?.stop();
  });

  /** A staff socket on each node in each namespace. */
  const everywhere = async (room: Classroom): Promise<TestClient[]> => {
    const staff: TestClient[] = [];
    for (let node = 0; node < NODES; node += 1) {
      for (const namespace of NAMESPACES) {
        const person = staff.length % 2 === 0 ? room.teacher : room.assistant;
        const client = await nodes.connect(person, { node, namespace, transports: ['websocket'] });
        const event = staff.length === 0 ? 'startAttendanceSession' : 'joinAttendanceSession';
        await client.does(event, { session_id: room.session_id });
        staff.push(client);
      }
    }
    return staff;
  };

  const studentsOf = async (room: Classroom): Promise<TestClient[]> => {
    const clients: TestClient[] = [];
    for (let first = 0; first < JOINS; first += CONNECTED_AT_ONCE) {
      const some = room.students.slice(first, Math.min(JOINS, first + CONNECTED_AT_ONCE));
      const connecting = some.map((it, i) =>
        nodes.connect(it, { node: i % NODES, namespace: random.pick(NAMESPACES), transports: ['websocket'] }),
      );
      clients.push(...(await Promise.all(connecting)));
    }
    return clients;
  };

  /** Each of them changes the roll, whatever came before it: its remarks are its own. */
  const changesBy = (room: Classroom, staff: TestClient[], students: TestClient[]): Sending[] => {
    const update = (remarks: string) => ({
      student_id: random.pick(room.students).student_id,
      status: random.pick(STATUSES) as AttendanceStatus,
      remarks,
    });
    const joins = students.map((client) => ({ client, event: 'joinAttendanceSession' as const, payload: {} }));
    const marks = Array.from({ length: MARKS }, (_, n) => ({
      client: staff[n % staff.length] as TestClient,
      event: 'markStudentAttendance' as const,
      payload: update(`mark ${n}`),
    }));
    const bulks = Array.from({ length: BULKS }, (_, n) => ({
      client: staff[n % staff.length] as TestClient,
      event: 'bulkUpdateAttendance' as const,
      payload: { attendanceUpdates: Array.from({ length: OF_A_BULK }, (_, i) => update(`bulk ${n} ${i}`)) },
    }));
    return shuffled([...joins, ...marks, ...bulks]);
  };

  /** Answers how many were sent more than once. */
  const sendAll = async (room: Classroom, all: Sending[]): Promise<number> => {
    const { session_id } = room;
    const left = all.entries();
    let repeated = 0;
    const sendOneAfterAnother = async (): Promise<void> => {
      for (const [n, { client, event, payload }] of left) {
        const { tries } = await untilAccepted(client.socket, event, { session_id, request_id: `r${n}`, ...payload });
        if (tries > 1) repeated += 1;
        // What the room hears would cost more than all the changes.
        if (event === 'joinAttendanceSession') client.close();
      }
    };
    await Promise.all(Array.from({ length: UNDER_WAY }, sendOneAfterAnother));
    return repeated;
  };

  /** Marks and bulks of this client whose reply event came before the event of their own change. */
  const repliesBeforeTheirChange = ({ heard }: TestClient): string[] => {
    const changed = new Set<unknown>();
    const early: string[] = [];
    for (const { event, payload } of heard) {
      const remarks = (it: unknown) => (it as { remarks: string }).remarks;
      if (event === 'studentMarked') changed.add(remarks(payload.attendanceRecord));
      if (event === 'studentMarkedPresent' || event === 'studentMarkedAbsent') {
        if (!changed.has(remarks(payload.attendanceRecord))) early.push(remarks(payload.attendanceRecord));
      }
      if (event === 'attendanceBulkUpdateComplete') {
        const records = payload.updatedRecords as unknown[];
        early.push(...records.map(remarks).filter((it) => !changed.has(it)));
      }
    }
    return early;
  };

  test(`JOIN-6, MARK-1: one order: ${CHANGES} concurrent changes through ${NODES} nodes reach a staff socket on each, in both namespaces, in seq order without a gap ${withSeed}`, {
    timeout: 120_000,
  }, async ({ annotate }) => {
    const room = await nodes.classroom({ students: STUDENTS });
    const { session_id } = room;
    const staff = await everywhere(room);
    const students = await studentsOf(room);
    const all = changesBy(room, staff, students);
    const from = staff.map(({ heard }) => heard.length);

    const began = performance.now();
    const repeated = await sendAll(room, all);
    const answered_ms = performance.now() - began;

    const changes = await changesOf(redis, PREFIX, session_id);
    expect(changes.map(({ seq }) => seq)).toEqual(Array.from({ length: CHANGES }, (_, n) => n + 1));
    const told = changes.flatMap(toldStaff);
    await until('staff on all nodes have heard as much as was told', () =>
      staff.every((it, i) => changesHeardBy(it, from[i]).length >= told.length),
    );
    const heard_ms = performance.now() - began;
    for (const [i, client] of staff.entries()) {
      expect(changesHeardBy(client, from[i]), `staff socket ${i}`).toEqual(told);
      expect(client.violations).toEqual([]);
      expect(repliesBeforeTheirChange(client), `staff socket ${i}`).toEqual([]);
    }
    // Who was marked before they joined keeps the mark; the last mark by seq wins.
    const last = new Map(changes.flatMap(({ lines }) => lines.map((it) => [it.student_id, it])));
    for (const record of (await room.attendance()).attendanceRecords) {
      const { status = 'absent', joined_at = null, remarks = null } = last.get(record.student_id) ?? {};
      expect(record).toMatchObject({ status, joined_at, remarks });
    }
    await annotate(
      `${CHANGES} changes, ${repeated} sent again: answered in ${Math.round(answered_ms)} ms, heard by ${staff.length} ` +
        `staff sockets in ${Math.round(heard_ms)} ms, ${told.length} events each`,
    );
  });
});
