/**
 * A node is killed while a lecture hall checks in over four of them: nobody loses anything, and all end up alike.
 *
 * ROLLCAST_TEST_STUDENTS sets how many join, 600 unless given; 2,000 take some minutes, most of them for the syncs.
 */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { NAMESPACES } from '../../src/contract/events.ts';
import type { FullRecord } from '../../src/contract/nouns.ts';
import { RedisKeys } from '../../src/live/redis-keys.ts';
import type { Classroom } from '../support/classroom.ts';
import { Random } from '../support/random.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { RestClient } from '../support/rest-client.ts';
import { RoamingStudent } from '../support/roaming-student.ts';
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
const STUDENTS = Number(process.env.ROLLCAST_TEST_STUDENTS ?? 600);
/** Staff mark one student for so many who have joined; the whole room hears of each. */
const JOINS_FOR_A_MARK = 50;
const CONNECTED_AT_ONCE = 100;
/** Joins that are unanswered at any moment: so they take some seconds. */
const JOINS_UNDER_WAY = 60;
const SYNCS_UNDER_WAY = 20;
/** One of so many asks for everything besides: each of these answers is made of the whole roll. */
const STUDENTS_FOR_A_SNAPSHOT = 10;
const ALL_BACK_WITHIN_MS = 30_000;
/** Presence of a dead node is removed within 30 s; and somebody else has to look. */
const SWEPT_WITHIN_MS = 45_000;

/** So many at a time. */
const eachOf = async <T>(all: T[], at_once: number, what: (it: T) => Promise<void>): Promise<void> => {
  const left = all.values();
  const some = async () => {
    for (const it of left) await what(it);
  };
  await Promise.all(Array.from({ length: at_once }, some));
};

describeWithRedis('a node that is killed in a burst of joins', 'process', () => {
  let redis: RedisProcess;
  let nodes: SeveralNodes;
  let crowd: RoamingStudent[] = [];
  beforeAll(async () => {
    redis = await RedisProcess.start({ aof: true });
    nodes = await SeveralNodes.start({ count: NODES, env: () => ({ REDIS_URL: redis.url, REDIS_PREFIX: PREFIX }) });
  }, 60_000);
  afterEach(() => {
    for (const it of crowd) it.close();
    nodes.settle();
  });
  afterAll(async () => {
    await nodes?.stop();
    await redis?.stop();
  });

  const enter = async ({ students, session_id }: Classroom): Promise<void> => {
    const urls = nodes.nodes.map(({ url }) => url);
    crowd = [];
    await eachOf([...students.entries()], CONNECTED_AT_ONCE, async ([i, student]) => {
      const namespace = random.pick(NAMESPACES);
      const [node, nextNode] = [i % NODES, () => random.int(NODES)];
      const token = nodes.token(student);
      const it = new RoamingStudent({ student, token, session_id, namespace, urls, node, nextNode });
      crowd.push(it);
      await it.connected();
    });
  };

  const onlineKey = (session_id: string): string => new RedisKeys(PREFIX).ofRoll(session_id)[4] ?? '';

  /** Connected, and back on the roll. */
  const untilAllAreBack = (session_id: string) =>
    until(
      'everybody is back',
      async () => {
        const ids = crowd.map(({ socket }) => (socket.connected ? socket.id : undefined) ?? 'none');
        if (ids.includes('none')) return false;
        const places = (await redis.command('HMGET', onlineKey(session_id), ...ids)) as unknown[];
        return places.every((it) => it !== null);
      },
      ALL_BACK_WITHIN_MS,
    );

  const mark = async (teacher: TestClient, { students, session_id }: Classroom, n: number): Promise<void> => {
    const { student_id } = random.pick(students);
    const update = { student_id, status: random.pick(['late', 'excused']), remarks: `mark ${n}` };
    await untilAccepted(teacher.socket, 'markStudentAttendance', { session_id, request_id: `mark ${n}`, ...update });
  };

  /** Everybody joins, somebody is marked now and then, and `kill` is called once. Answers how many marks were made. */
  const joinAll = async (room: Classroom, teacher: TestClient, kill: () => Promise<void>): Promise<number> => {
    const killAfter = random.between(STUDENTS * 0.3, STUDENTS * 0.7);
    let joined = 0;
    await eachOf(crowd, JOINS_UNDER_WAY, async (it) => {
      await it.join();
      joined += 1;
      const nth = joined;
      if (nth === killAfter) await kill();
      if (nth % JOINS_FOR_A_MARK === 0) await mark(teacher, room, nth / JOINS_FOR_A_MARK);
    });
    return STUDENTS / JOINS_FOR_A_MARK;
  };

  /** The roll over REST, held against its log and against what everybody was answered. Answers it. */
  const checkRoll = async (room: Classroom, staff: TestClient[], from: number[], marks: number) => {
    const changes = await changesOf(redis, PREFIX, room.session_id);
    const told = changes.flatMap(toldStaff);
    await until('staff have heard everything', () =>
      staff.every((it, i) => changesHeardBy(it, from[i]).length >= told.length),
    );
    for (const [i, it] of staff.entries()) expect(changesHeardBy(it, from[i])).toEqual(told);
    expect(changes.filter(({ kind }) => kind === 'join')).toHaveLength(STUDENTS);
    expect(changes).toHaveLength(STUDENTS + marks);
    const last = new Map(changes.flatMap(({ lines }) => lines.map((it) => [it.student_id, it])));
    // Not of any node: one is dead.
    const rest = new RestClient(nodes.node(0).url, nodes.token(room.teacher));
    const roll = await rest.call('getAttendance', { params: { id: room.session_id } });
    const records = new Map((roll.attendanceRecords as FullRecord[]).map((it) => [it.student_id, it]));
    for (const { student, joined_at } of crowd) {
      const record = records.get(student.student_id);
      const line = last.get(student.student_id);
      expect(record).toMatchObject({ joined_at, status: line?.status, marked_by: line?.marked_by });
      // Whoever joined is present, unless staff said otherwise, before or after: they never say present here.
      expect(record?.status === 'present').toBe(line?.marked_by === 'self');
    }
    return { roll, records };
  };

  /** Each asks for what it has missed, some for everything besides: all agree, with each other and with the roll. */
  const checkSync = async ({ roll, records }: Awaited<ReturnType<typeof checkRoll>>): Promise<number> => {
    const numbers = new Set<string>();
    let missed = 0;
    await eachOf([...crowd.entries()], SYNCS_UNDER_WAY, async ([i, it]) => {
      const record = records.get(it.student.student_id);
      const { events, seq, room_seq, own_seq, epoch } = await it.sync('what it knows');
      missed += events?.length ?? expect.unreachable('nobody is so far behind that they need a snapshot');
      if (it.disconnects === 0) expect(events).toEqual([]);
      expect(it.knows).toEqual({ room_seq, own_seq, epoch, status: record?.status });
      numbers.add(JSON.stringify({ seq, room_seq, epoch }));
      if (i % STUDENTS_FOR_A_SNAPSHOT !== 0) return;
      const { snapshot, ...whole } = await it.sync('nothing');
      const { student_id, status, marked_at } = record ?? {};
      expect(snapshot?.attendanceRecords).toEqual([{ student_id, status, marked_at }]);
      expect(snapshot?.statistics).toEqual(roll.statistics);
      numbers.add(JSON.stringify({ seq: whole.seq, room_seq: whole.room_seq, epoch: whole.epoch }));
    });
    expect([...numbers]).toHaveLength(1);
    return missed;
  };

  test(`JOIN-2, JOIN-7, SYNC-1: a node killed while ${STUDENTS} students join over ${NODES}: all who were acknowledged are on the roll, hear the next mark by themselves, keep their record, and sync to the same ${withSeed}`, {
    timeout: 300_000,
  }, async ({ annotate }) => {
    const room = await nodes.classroom({ students: STUDENTS });
    const { session_id } = room;
    const staff = await Promise.all(
      [room.teacher, room.assistant].map((it, node) => nodes.connect(it, { node, transports: ['websocket'] })),
    );
    const [teacher] = staff as [TestClient, TestClient];
    await teacher.does('startAttendanceSession', { session_id });
    for (const it of staff) await it.does('joinAttendanceSession', { session_id });
    const from = staff.map(({ heard }) => heard.length);
    await enter(room);

    const dead = random.between(staff.length, NODES - 1);
    /** Acknowledged by the dead node, and what each had sent by then. */
    let before = new Map<RoamingStudent, number>();
    let killed_at = 0;
    const began = performance.now();
    const marks = await joinAll(room, teacher, async () => {
      const acknowledged = crowd.filter((it) => it.node === dead && it.sent > 0);
      before = new Map(acknowledged.map((it) => [it, it.sent]));
      killed_at = performance.now();
      await nodes.node(dead).kill('SIGKILL');
    });
    const joined_ms = performance.now() - began;
    await untilAllAreBack(session_id);
    const back_ms = performance.now() - killed_at;
    const moved = crowd.filter(({ disconnects }) => disconnects > 0);
    expect(moved.length).toBeGreaterThan(before.size);
    const repeated = crowd.filter(({ sent }) => sent > 1).length;

    const heard = crowd.map((it) => it.heard.length);
    await mark(teacher, room, marks + 1);
    await until('everybody hears the next mark', () =>
      crowd.every((it, i) => it.heard.slice(heard[i]).includes(marks + 1)),
    );
    // Of those who were acknowledged by the dead node nobody has sent anything since.
    expect([...before].filter(([it, sent]) => it.sent !== sent).map(([it]) => it.student.student_id)).toEqual([]);
    // Who stayed where they were has missed nothing; of who moved, nobody heard anything twice.
    for (const { heard: seqs, disconnects } of crowd) {
      const first = seqs[0] ?? 0;
      if (disconnects === 0) expect(seqs).toEqual(Array.from({ length: marks + 2 - first }, (_, n) => first + n));
      else expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    }

    await checkRoll(room, staff, from, marks + 1);
    await until(
      'the dead node is nowhere online',
      async () => (await redis.command('HLEN', onlineKey(session_id))) === STUDENTS + staff.length,
      SWEPT_WITHIN_MS,
    );
    const checked = await checkRoll(room, staff, from, marks + 1);
    const syncing = performance.now();
    const missed = await checkSync(checked);
    await annotate(
      `joined in ${Math.round(joined_ms)} ms, ${marks} marks meanwhile; of ${moved.length} on the dead node ` +
        `${before.size} were in; ${repeated} joins sent again; all back ${Math.round(back_ms)} ms after the kill; ` +
        `${missed} events by sync, which took ${Math.round(performance.now() - syncing)} ms`,
    );
  });
});
