/**
 * One of four nodes drains in the middle of ten classes: real clients, real processes. ROLLCAST_TEST_CLIENTS says how many
 * clients there are in all (200 unless given, a multiple of 40); the size to believe in is 2,000. Either takes half a
 * minute or less.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { BusyClass } from '../support/busy-class.ts';
import type { Classroom } from '../support/classroom.ts';
import type { Person } from '../support/people.ts';
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
const POLLING_EVERY = 40;
const MARK_EVERY_MS = 500;
const HEARD_AFTER_MS = 10_000;
/** A message takes milliseconds; this is for the busy machine of a test. */
const HEARS_WITHIN_MS = 5_000;
const SHARE_THAT_HEARS = 0.99;
const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);

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

  /** Where each client was at first. */
  const began_on = new Map<TestClient, number>();

  const roamingClient = (person: Person, node: number, polling: boolean): TestClient => {
    const client = nodes.client(person, { node, transports: [polling ? 'polling' : 'websocket'] });
    const urls = nodes.nodes.map(({ url }) => url);
    roam(client, urls, nodes.node(node).url, random);
    began_on.set(client, node);
    return client;
  };

  /** A class whose clients are spread over all nodes; the latecomers are connected, and have not checked in yet. */
  const openClass = (n: number): Promise<BusyClass> =>
    BusyClass.open({
      makeRoom: (students) => nodes.classroom({ students }),
      connect: (person, i) => roamingClient(person, (i ?? n) % NODES, i !== undefined && i % POLLING_EVERY === 0),
      listeners: OF_CLASS,
      late: LATECOMERS,
      late_are_connected: true,
      probes: 1,
    });

  /** REST through one of the nodes that stay. */
  const staying = ({ teacher }: Classroom, n: number) =>
    new RestClient(nodes.node(1 + (n % (NODES - 1))).url, nodes.token(teacher));

  const hearTheMark = async (classes: BusyClass[]): Promise<number> => {
    await Promise.all(
      classes.map(async (it, i) => {
        const { room } = it;
        const body = { updates: [{ student_id: it.probe(0), status: 'excused' }] };
        await staying(room, i).call('markAttendance', { params: { id: room.session_id }, body });
        it.wasMarked(it.probe(0), 'excused');
      }),
    );
    const hears = (of: BusyClass) => of.listeners.filter((it) => it.heard.has(of.probe(0))).length;
    const heard = () => classes.reduce((sum, it) => sum + hears(it), 0);
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
    const classes: BusyClass[] = [];
    for (let n = 0; n < CLASSES; n += 1) classes.push(await openClass(n));
    const everybody = classes.flatMap(({ listeners }) => listeners);
    const moved = everybody.filter(({ client }) => began_on.get(client) === DRAINED);
    expect(moved).toHaveLength(CLIENTS / NODES);

    let isOver = false;
    const marking = classes.map((it) => it.keepMarking(() => !isOver, MARK_EVERY_MS));
    const began = performance.now();
    let exited_after = Number.POSITIVE_INFINITY;
    const exiting = nodes
      .node(DRAINED)
      .kill('SIGTERM')
      .then((exit) => {
        exited_after = performance.now() - began;
        return exit;
      });
    const joining = classes.flatMap((it) => it.late.map((i) => it.arrive(i)));
    await pause(HEARD_AFTER_MS - (performance.now() - began));
    await Promise.all(joining);
    const heard = await hearTheMark(classes);
    const exit = await exiting;
    isOver = true;
    await Promise.all(marking);

    const lost_at = moved.flatMap(({ losses }) => losses.map(({ at }) => at));
    const acknowledged = classes.reduce((sum, it) => sum + it.acknowledged.length, 0);
    const unanswered = classes.flatMap(({ refusals }) => refusals).length;
    console.log(
      `drain: ${heard} of ${CLIENTS} heard the mark (${((heard / CLIENTS) * 100).toFixed(2)} %), exit after ` +
        `${Math.round(exited_after)} ms, ${moved.length} moved, at most ${mostAtOnce(lost_at)} within 100 ms, ` +
        `${acknowledged} changes acknowledged, ${unanswered} of them only when they were sent again`,
    );
    expect(exit).toMatchObject({ code: 0 });
    expect(exited_after).toBeLessThan(DRAIN_TIMEOUT_MS);
    expect(heard / CLIENTS).toBeGreaterThanOrEqual(SHARE_THAT_HEARS);
    expect(everybody.flatMap(({ client }) => client.disconnects)).not.toContain('io server disconnect');
    for (const { client } of moved) expect(client.payloads('serverDraining')).toHaveLength(1);
    for (const [i, { room, last }] of classes.entries()) {
      const { attendanceRecords } = await staying(room, i).call('getAttendance', { params: { id: room.session_id } });
      const records = attendanceRecords as { student_id: string; status: string; remarks: string | null }[];
      const now = records.map(({ student_id, status, remarks }) => [student_id, { status, remarks }] as const);
      const untouched = { status: 'absent', remarks: null };
      const expected = room.students.map(({ student_id }) => [student_id, last.get(student_id) ?? untouched] as const);
      expect(new Map(now)).toEqual(new Map(expected));
    }
  });
});
