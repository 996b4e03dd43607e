/**
 * One of four nodes drains in the middle of ten classes: real clients, real processes. ROLLCAST_TEST_CLIENTS says how many
 * clients there are in all (200 unless given, a multiple of 40); the size to believe in is 2,000. Either takes half a
 * minute or less.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Classroom } from '../support/classroom.ts';
import { REMARK_MARK, type Student } from '../support/people.ts';
import { Random } from '../support/random.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { RestClient } from '../support/rest-client.ts';
import { roam } from '../support/roaming.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const NODES = 4;
const DRAINED = 0;
const DRAIN_TIMEOUT_MS = 30_000;
const CLASSES = 10;
const CLIENTS = Number(process.env.ROLLCAST_TEST_CLIENTS ?? 10 * 20);
const OF_CLASS = CLIENTS / CLASSES;
/** Of each class: they check in while the node drains. */
const LATECOMERS = Math.ceil(OF_CLASS / 10);
/** Students without a client, whom their teacher marks all the time. */
const MARKED = 8;
const POLLING_EVERY = 40;
const CONNECT_AT_ONCE = 40;
const MARK_EVERY_MS = 500;
const HEARD_AFTER_MS = 10_000;
/** A message takes milliseconds; this is for the busy machine of a test. */
const HEARS_WITHIN_MS = 5_000;
const SHARE_THAT_HEARS = 0.99;
const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);

type Roamer = { client: TestClient; student: Student; node: number; heard: Set<string>; lost_at: number[] };

describeWithRedis('a node that drains', 'any', () => {
  const redis = sharedRedis();
  const random = new Random(SEED);
  let nodes: SeveralNodes;
  beforeAll(async () => {
    const env = {
      REDIS_URL: redis.url,
      REDIS_PREFIX: redis.prefix,
      DRAIN_TIMEOUT_MS: `${DRAIN_TIMEOUT_MS}`,
    };
    nodes = await SeveralNodes.start({ count: NODES, env: () => env });
  });
  afterEach(() => nodes.settle());
  afterAll(() => nodes?.stop());

  const roamingClient = async (person: Student | Classroom['teacher'], node: number, polling = false) => {
    const client = nodes.client(person, { node, transports: [polling ? 'polling' : 'websocket'] });
    const urls = nodes.nodes.map(({ url }) => url);
    roam(client, urls, nodes.node(node).url, random);
    return client.connected();
  };

  /** A class whose clients are spread over all nodes; the latecomers have not checked in yet. */
  const openClass = async (n: number) => {
    const room = await nodes.classroom({ students: OF_CLASS + MARKED + 1 });
    const teacher = await roamingClient(room.teacher, n % NODES);
    await teacher.does('startAttendanceSession', { session_id: room.session_id });
    const roamers: Roamer[] = [];
    for (let first = 0; first < OF_CLASS; first += CONNECT_AT_ONCE) {
      const some = room.students.slice(first, Math.min(first + CONNECT_AT_ONCE, OF_CLASS));
      await Promise.all(
        some.map(async (student, i) => {
          const node = (first + i) % NODES;
          const client = await roamingClient(student, node, (first + i) % POLLING_EVERY === 0);
          const roamer: Roamer = { client, student, node, heard: new Set(), lost_at: [] };
          client.socket.on(
            'attendanceBulkUpdated',
            ({ updatedRecords }: { updatedRecords: { student_id: string }[] }) => {
              for (const { student_id } of updatedRecords) roamer.heard.add(student_id);
            },
          );
          client.socket.on('disconnect', () => roamer.lost_at.push(performance.now()));
          if (first + i < OF_CLASS - LATECOMERS) await checkIn(room, roamer);
          roamers.push(roamer);
        }),
      );
    }
    return { room, teacher, roamers, late: roamers.filter(({ client }) => client.heard.length === 0) };
  };
  type Class = Awaited<ReturnType<typeof openClass>>;

  const checkIn = ({ session_id }: Classroom, { client }: Roamer) =>
    client.does('joinAttendanceSession', { session_id });

  /** Joins until it is acknowledged: the connection may break in between. */
  const checkInAtLast = async (room: Classroom, roamer: Roamer): Promise<void> => {
    const accepted = () =>
      checkIn(room, roamer).then(
        () => true,
        (error: Error) => {
          // Only what may happen when a connection breaks: no answer.
          if (!/disconnected|timed out/.test(error.message)) throw error;
          return false;
        },
      );
    await until('the latecomer is connected and in', async () => roamer.client.socket.connected && (await accepted()));
  };

  /** Marks one student after the other until told to stop; answers what each of them may be at the end. */
  const keepMarking = async ({ room, teacher }: Class, goesOn: () => boolean) => {
    const { session_id } = room;
    const marked = room.students.slice(OF_CLASS, OF_CLASS + MARKED).map(({ student_id }) => student_id);
    const possible = new Map<string, string[]>(marked.map((id) => [id, []]));
    const counts = { acknowledged: 0, unknown: 0 };
    for (let n = 0; goesOn(); n += 1) {
      const student_id = marked[n % marked.length] ?? '';
      const remarks = `${REMARK_MARK} ${n}`;
      const mark = { session_id, student_id, status: n % 2 === 0 ? 'late' : 'excused', remarks };
      await until('the teacher is connected', () => teacher.socket.connected, DRAIN_TIMEOUT_MS);
      const answer = await teacher.socket
        .timeout(5_000)
        .emitWithAck('markStudentAttendance', mark)
        .catch(() => null);
      if (answer?.ok === true) {
        possible.set(student_id, [remarks]);
        counts.acknowledged += 1;
      } else {
        expect(answer, 'no answer, or unavailable').toSatisfy(
          (it: { code?: string } | null) => it === null || it.code === 'STORE_UNAVAILABLE',
        );
        possible.get(student_id)?.push(remarks);
        counts.unknown += 1;
      }
      await pause(MARK_EVERY_MS);
    }
    return { possible, ...counts };
  };

  /** REST through one of the nodes that stay. */
  const staying = ({ teacher }: Classroom, n: number) =>
    new RestClient(nodes.node(1 + (n % (NODES - 1))).url, nodes.token(teacher));

  const hearTheMark = async (classes: Class[]): Promise<number> => {
    const probes = classes.map(({ room }) => room.student(OF_CLASS + MARKED).student_id);
    await Promise.all(
      classes.map(async ({ room }, i) => {
        const body = { updates: [{ student_id: probes[i], status: 'excused' }] };
        await staying(room, i).call('markAttendance', { params: { id: room.session_id }, body });
      }),
    );
    const heard = () =>
      classes.reduce((sum, { roamers }, i) => sum + roamers.filter((it) => it.heard.has(probes[i] ?? '')).length, 0);
    await until('all have heard it', () => heard() === CLIENTS, HEARS_WITHIN_MS).catch(() => {
      // Some have not: how many, is what is asked.
    });
    return heard();
  };

  /** The most connections that were lost within any tenth of a second. */
  const mostAtOnce = (times: number[]): number =>
    Math.max(...times.map((from) => times.filter((it) => it >= from && it < from + 100).length));

  test(`JOIN-2, JOIN-7: SIGTERM to one of ${NODES} nodes with ${CLIENTS} clients: nothing is lost, all are back`, {
    timeout: 120_000 + CLIENTS * 100,
  }, async () => {
    const classes: Class[] = [];
    for (let n = 0; n < CLASSES; n += 1) classes.push(await openClass(n));
    const everybody = classes.flatMap(({ roamers }) => roamers);
    const moved = everybody.filter(({ node }) => node === DRAINED);
    expect(moved).toHaveLength(CLIENTS / NODES);

    let isOver = false;
    const marking = classes.map((it) => keepMarking(it, () => !isOver));
    const began = performance.now();
    let exited_after = Number.POSITIVE_INFINITY;
    const exiting = nodes
      .node(DRAINED)
      .kill('SIGTERM')
      .then((exit) => {
        exited_after = performance.now() - began;
        return exit;
      });
    const joining = classes.flatMap(({ room, late }) => late.map((it) => checkInAtLast(room, it)));
    await pause(HEARD_AFTER_MS - (performance.now() - began));
    await Promise.all(joining);
    const heard = await hearTheMark(classes);
    const exit = await exiting;
    isOver = true;
    const marks = await Promise.all(marking);

    const lost_at = moved.flatMap((it) => it.lost_at);
    const sum = (of: 'acknowledged' | 'unknown') => marks.reduce((all, it) => all + it[of], 0);
    console.log(
      `drain: ${heard} of ${CLIENTS} heard the mark (${((heard / CLIENTS) * 100).toFixed(2)} %), exit after ` +
        `${Math.round(exited_after)} ms, ${moved.length} moved, at most ${mostAtOnce(lost_at)} within 100 ms, ` +
        `${sum('acknowledged')} marks acknowledged, ${sum('unknown')} unknown`,
    );
    expect(exit).toMatchObject({ code: 0 });
    expect(exited_after).toBeLessThan(DRAIN_TIMEOUT_MS);
    expect(heard / CLIENTS).toBeGreaterThanOrEqual(SHARE_THAT_HEARS);
    expect(everybody.flatMap(({ client }) => client.disconnects)).not.toContain('io server disconnect');
    for (const { client } of moved) expect(client.payloads('serverDraining')).toHaveLength(1);
    for (const [i, { room, roamers }] of classes.entries()) {
      const { attendanceRecords } = await staying(room, i).call('getAttendance', { params: { id: room.session_id } });
      const records = new Map(attendanceRecords.map((it) => [it.student_id, it]));
      // Every one of them was acknowledged as present.
      for (const { student } of roamers) expect(records.get(student.student_id)?.status).toBe('present');
      for (const [id, remarks] of marks[i]?.possible ?? []) {
        const record = records.get(id) as { remarks: string | null };
        expect(remarks, `the last acknowledged mark of ${id}`).toContain(record.remarks);
      }
    }
  });
});
