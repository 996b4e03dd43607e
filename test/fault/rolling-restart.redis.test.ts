/**
 * Three nodes behind HAProxy are restarted one after the other, as an upgrade does it, in the middle of twenty classes:
 * real processes, real clients, an append-only file, a database of the MongoDB protocol.
 *
 * ROLLCAST_TEST_CLIENTS says how many students have a client, 1,000 unless given (a multiple of 20).
 *
 * ROLLCAST_TEST_OTHER_VERSION names a checkout of another version, with its packages installed. Then the first restart is
 * an upgrade from that version to this one, node by node, with both on the same stores, and a second one goes back. Every
 * release should be tried so, with the version before it.
 */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { rollingRestart } from '../../deploy/local-cluster/rolling-restart.ts';
import type { Change } from '../../src/domain/roll.ts';
import { ArchiveContents } from '../support/archive-contents.ts';
import { BusyClass, linesOf } from '../support/busy-class.ts';
import { Deployment, TEST_SECRET } from '../support/deployment.ts';
import { freePort } from '../support/free-port.ts';
import { describeBehindHaproxy, Haproxy, keepCookies } from '../support/haproxy.ts';
import { InsistingRest } from '../support/insisting-rest.ts';
import type { Listener } from '../support/listener.ts';
import { describeWithMongo } from '../support/mongo-needed.ts';
import { BUILD_DEADLINE_MS } from '../support/mongo-program.ts';
import { MongoProcess } from '../support/mongo-server.ts';
import { freshId, type Person } from '../support/people.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { atTheLibrarysPace } from '../support/roaming.ts';
import { changesOf } from '../support/roll-log.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { until } from '../support/until.ts';

const NODES = 3;
const CLASSES = 20;
const CLIENTS = Number(process.env.ROLLCAST_TEST_CLIENTS ?? 1_000);
const OF_CLASS = CLIENTS / CLASSES;
/** Of each class: they connect and check in while nodes are restarted. */
const LATE = Math.ceil(OF_CLASS / 10);
const POLLING_EVERY = 20;
const CLASSES_AT_ONCE = 4;
const MARK_EVERY_MS = 1_000;
/** Once in a restart somebody of each class arrives; it takes about three quarters of a minute. */
const ARRIVE_WITHIN_MS = 40_000;
const READ_EVERY_MS = 500;
const HOLD_EVERY_MS = 2_000;
/** How long after its node was told to go, which is before it has gone, a client must hear again. */
const HEARD_AFTER_MS = 10_000;
/** A message takes milliseconds; this is for the busy machine of a test. */
const HEARS_WITHIN_MS = 5_000;
const SHARE_THAT_HEARS = 0.99;
const ARCHIVED_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 500;
const TIMEOUT_MS = 300_000;
const PREFIX = 'test';
const { ROLLCAST_TEST_OTHER_VERSION: OTHER_VERSION } = process.env;
const OTHER = OTHER_VERSION === undefined ? undefined : path.resolve(OTHER_VERSION, 'src/main.ts');

type Way = { signal: (node: number) => NodeJS.Signals; entry?: string | undefined };

describeBehindHaproxy('a rolling restart', () => {
  describeWithMongo('with a database', 'process', () => {
    let redis: RedisProcess;
    let mongo: MongoProcess;
    let archive: ArchiveContents;
    let nodes: SeveralNodes;
    let balancer: Haproxy;
    let outside: Deployment;

    beforeAll(async () => {
      redis = await RedisProcess.start({ aof: true });
      mongo = await MongoProcess.start();
      archive = new ArchiveContents(mongo.url('rolling'));
      const ports = await Promise.all(Array.from({ length: NODES }, freePort));
      nodes = await SeveralNodes.start({
        count: NODES,
        env: (n) => ({ REDIS_URL: redis.url, REDIS_PREFIX: PREFIX, TRUST_PROXY: '1', PORT: `${ports[n]}` }),
        mongodb: mongo.url('rolling'),
        ...(OTHER === undefined ? {} : { entry: OTHER }),
      });
      balancer = await Haproxy.start(nodes.nodes.map((it) => it.port));
      outside = new Deployment([{ url: balancer.url, output: '' }], TEST_SECRET);
    }, BUILD_DEADLINE_MS);
    afterEach(() => outside.settle());
    afterAll(async () => {
      await balancer?.stop();
      await nodes?.stop();
      await archive?.close();
      await mongo?.stop();
      await redis?.stop();
    });

    /** Sessions that earlier tests have left. */
    let archivedBefore = 0;
    /** Connections that could not be made: why, each time. */
    const unconnected: string[] = [];

    const connect = (person: Person, i = 1) => {
      const polls = i % POLLING_EVERY === 0;
      const client = outside.client(person, { transports: [polls ? 'polling' : 'websocket'] });
      atTheLibrarysPace(client);
      if (polls) keepCookies(client);
      client.socket.on('connect_error', (error: Error & { description?: { message?: string } | number }) => {
        const { description } = error;
        const more = typeof description === 'object' ? description.message : description;
        unconnected.push(`${error.message}: ${more}`);
      });
      return client;
    };

    const openClasses = async (): Promise<BusyClass[]> => {
      const classes: BusyClass[] = [];
      const open = async () => {
        const makeRoom = (students: number) => outside.classroom({ students });
        classes.push(await BusyClass.open({ makeRoom, connect, listeners: OF_CLASS, late: LATE, probes: 2 * NODES }));
      };
      for (let n = 0; n < CLASSES; n += CLASSES_AT_ONCE) {
        await Promise.all(Array.from({ length: Math.min(CLASSES_AT_ONCE, CLASSES - n) }, open));
      }
      return classes;
    };

    /** Everybody who is late, in turn over all classes. */
    const arriving = async (classes: BusyClass[]): Promise<void> => {
      const all = Array.from({ length: LATE }, (_, n) => classes.map((it) => ({ of: it, i: it.late[n] ?? 0 }))).flat();
      const under_way: Promise<void>[] = [];
      for (const { of, i } of all) {
        under_way.push(of.arrive(i));
        await pause(ARRIVE_WITHIN_MS / all.length);
      }
      await Promise.all(under_way);
    };

    /** Reports and rolls are read, and further sessions are held over REST, one after the other. Answers these. */
    const officeHours = async (classes: BusyClass[], rest: InsistingRest, goesOn: () => boolean) => {
      const held: { session_id: string; student_id: string }[] = [];
      const reading = async () => {
        for (let n = 0; goesOn(); n += 1) {
          const { room } = classes[n % classes.length] as BusyClass;
          if (n % 2 === 0) await rest.send(room.rest, 'getReport', { params: { id: room.course_id } });
          else await rest.send(room.rest, 'getAttendance', { params: { id: room.session_id } });
          await pause(READ_EVERY_MS);
        }
      };
      const holding = async () => {
        for (let n = 0; goesOn(); n += 1) {
          const { room } = classes[n % classes.length] as BusyClass;
          const session_id = freshId('further');
          const { student_id } = room.student(n % OF_CLASS);
          const body = { id: session_id, course_id: room.course_id, title: 'Further', date: Date.now() };
          const params = { id: session_id };
          await rest.send(room.rest, 'createSession', { body });
          await rest.send(room.rest, 'startSession', { params, body: { request_id: 'start' } });
          const updates = [{ student_id, status: 'late', remarks: null }];
          await rest.send(room.rest, 'markAttendance', { params, body: { updates, request_id: 'mark' } });
          await rest.send(room.rest, 'endSession', { params, body: { request_id: 'end' } });
          held.push({ session_id, student_id });
          await pause(HOLD_EVERY_MS);
        }
      };
      await Promise.all([reading(), holding()]);
      return held;
    };

    /** One node has just been told to go: who has moved by the time of the mark, and who hears it. */
    const round = async (n: number, classes: BusyClass[], rest: InsistingRest) => {
      const began = performance.now();
      const listening = classes.flatMap(({ listeners }) => listeners.filter(({ isIn }) => isIn));
      const sent = new Map(listening.map((it) => [it, it.sent]));
      await pause(HEARD_AFTER_MS);
      const marked_at = performance.now();
      const moved = listening.filter(({ losses }) => losses.some(({ at }) => at >= began && at < marked_at));
      await Promise.all(
        classes.map(async (it) => {
          const student_id = it.probe(n);
          const body = { updates: [{ student_id, status: 'excused' }], request_id: `probe ${n}` };
          await rest.send(it.room.rest, 'markAttendance', { params: { id: it.room.session_id }, body });
          it.wasMarked(student_id, 'excused');
        }),
      );
      const probes = new Set(classes.map((it) => it.probe(n)));
      const hears = ({ heard }: Listener) => [...heard].some((it) => probes.has(it));
      await until('all have heard it', () => listening.every(hears), HEARS_WITHIN_MS).catch(() => {
        // Some have not: how many, is what is asked.
      });
      return {
        listening: listening.length,
        heard: listening.filter(hears).length,
        moved: moved.length,
        moved_heard: moved.filter(hears).length,
        spoke: listening.filter((it) => it.sent !== sent.get(it)).length,
      };
    };

    const restart = async (first_probe: number, classes: BusyClass[], rest: InsistingRest, { signal, entry }: Way) => {
      const rounds: ReturnType<typeof round>[] = [];
      const restarted = nodes.nodes.map((node, n) => ({
        name: `node-${n + 1}`,
        stop: async () => {
          const it = round(first_probe + n, classes, rest);
          // It is waited for when all nodes are back.
          it.catch(() => {});
          rounds.push(it);
          const exit = await node.kill(signal(n));
          expect(exit, exit.stderr).toMatchObject(signal(n) === 'SIGTERM' ? { code: 0 } : { signal: signal(n) });
          return `${exit.signal ?? exit.code}`;
        },
        start: () => node.start(entry),
      }));
      await rollingRestart({ nodes: restarted, states: () => balancer.nodes(), say });
      return Promise.all(rounds);
    };

    /** The log of the roll is what was acknowledged. Answers it, as it was before the end. */
    const endAsAcknowledged = async (of: BusyClass): Promise<[string, Change[]]> => {
      const { session_id } = of.room;
      const changes = await changesOf(redis, PREFIX, session_id);
      expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, n) => n + 1));
      expect(linesOf(changes).sort()).toEqual([...of.acknowledged].sort());
      await of.end();
      return [session_id, changes];
    };

    /** Everything in the database once the archive has so many sessions; nobody asks a node for it. */
    const archived = async (sessions: number) => {
      const deadline = performance.now() + ARCHIVED_WITHIN_MS;
      while ((await archive.completed()) < sessions && performance.now() < deadline) await pause(LOOK_EVERY_MS);
      return archive.everything();
    };
    type Stored = Awaited<ReturnType<typeof archived>>;

    const compare = (stored: Stored, { room }: BusyClass, changes: Change[]): void => {
      const { status, version, records, audit } = stored.get(room.session_id) ?? expect.unreachable('it is archived');
      expect({ status, version }).toEqual({ status: 'completed', version: 1 });
      const made = changes.flatMap(({ seq, lines }) =>
        lines.map(({ student_id, from, status: to }) => ({ seq, student_id, from, to })),
      );
      const end = { seq: changes.length + 1, student_id: null, from: 'active', to: 'completed' };
      expect(audit.map(({ seq, student_id, from, to }) => ({ seq, student_id, from, to }))).toEqual([...made, end]);
      const last = new Map<string, string>(room.students.map(({ student_id }) => [student_id, 'absent']));
      for (const { student_id, to } of made) last.set(student_id, to);
      expect(Object.fromEntries(records.map((it) => [it.student_id, it.status]))).toEqual(Object.fromEntries(last));
    };

    const compareFurther = (stored: Stored, { session_id, student_id }: { session_id: string; student_id: string }) => {
      const { status, records, audit } = stored.get(session_id) ?? expect.unreachable('it is archived');
      expect(status).toBe('completed');
      expect(records.filter((it) => it.status !== 'absent').map((it) => it.student_id)).toEqual([student_id]);
      expect(audit.map(({ seq, to }) => [seq, to])).toEqual([
        [1, 'late'],
        [2, 'completed'],
      ]);
    };

    const goThrough = async (ways: Way[]): Promise<void> => {
      unconnected.length = 0;
      const opening = performance.now();
      const classes = await openClasses();
      const rest = new InsistingRest();
      const began = performance.now();
      say(`${CLIENTS - LATE * CLASSES} of ${CLIENTS} in class after ${Math.round(began - opening)} ms`);
      let isOver = false;
      const goesOn = () => !isOver;
      const under_way = [...classes.map((it) => it.keepMarking(goesOn, MARK_EVERY_MS)), arriving(classes)];
      const holding = officeHours(classes, rest, goesOn);
      for (const it of [...under_way, holding]) it.catch(() => {});
      const rounds: Awaited<ReturnType<typeof restart>> = [];
      try {
        for (const [i, way] of ways.entries()) rounds.push(...(await restart(i * NODES, classes, rest, way)));
      } finally {
        isOver = true;
      }
      await Promise.all(under_way);
      const held = await holding;
      say(`${Math.round((performance.now() - began) / 1_000)} s`);
      const listeners = classes.flatMap((it) => it.listeners);
      report(classes, rounds, rest, held.length);
      for (const it of rounds) {
        expect(it.moved).toBeGreaterThan(0);
        expect(it.spoke).toBe(0);
        expect(it.heard / it.listening).toBeGreaterThanOrEqual(SHARE_THAT_HEARS);
        expect(it.moved_heard / it.moved).toBeGreaterThanOrEqual(SHARE_THAT_HEARS);
      }
      expect(listeners).toHaveLength(CLIENTS);
      expect(listeners.flatMap(({ client }) => client.disconnects)).not.toContain('io server disconnect');
      const ended = new Map(await Promise.all(classes.map(endAsAcknowledged)));
      archivedBefore += ended.size + held.length;
      const stored = await archived(archivedBefore);
      for (const it of classes) compare(stored, it, ended.get(it.room.session_id) ?? []);
      for (const it of held) compareFurther(stored, it);
    };

    const report = (
      classes: BusyClass[],
      rounds: Awaited<ReturnType<typeof restart>>,
      rest: InsistingRest,
      held: number,
    ): void => {
      for (const { listening, heard, moved, moved_heard } of rounds) {
        say(`mark: ${heard} of ${listening} heard it, ${moved_heard} of the ${moved} that had moved`);
      }
      const losses = classes.flatMap(({ listeners }) => listeners.flatMap((it) => it.losses));
      say(`without connection: ${spread(losses.map(({ at, back_at }) => (back_at ?? Number.NaN) - at))}`);
      say(`without a mark: ${spread(losses.map(({ at, heard_at }) => (heard_at ?? Number.NaN) - at))}`);
      say(`not connected at a try: ${counted(unconnected)}`);
      say(`${classes.reduce((sum, it) => sum + it.acknowledged.length, 0)} changes acknowledged in class`);
      say(`tries not accepted: ${counted(classes.flatMap(({ refusals }) => refusals))}`);
      say(`${rest.requests} REST requests, ${held} further sessions; not accepted: ${counted(rest.refusals)}`);
    };

    test(`JOIN-2 JOIN-7 END-3 ${CLIENTS} students in ${CLASSES} classes: nothing is lost, all hear on`, {
      timeout: TIMEOUT_MS,
    }, async () => {
      const drained = () => 'SIGTERM' as const;
      await goThrough(
        OTHER === undefined ? [{ signal: drained }] : [{ signal: drained }, { signal: drained, entry: OTHER }],
      );
    });

    test.skipIf(OTHER !== undefined)(`the same, but the second node is killed`, { timeout: TIMEOUT_MS }, async () => {
      await goThrough([{ signal: (n) => (n === 1 ? 'SIGKILL' : 'SIGTERM') }]);
    });
  });
});

const say = (text: string): void => console.log(`rolling restart: ${text}`);

const counted = (of: string[]): string => {
  const counts = new Map<string, number>();
  for (const it of of) counts.set(it, (counts.get(it) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${count} × ${what}`).join(', ') || 'none';
};

/** Milliseconds. */
const spread = (of: number[]): string => {
  const sorted = of.filter((it) => !Number.isNaN(it)).sort((a, b) => a - b);
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0);
  return `${of.length} times, p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} ms, for good ${of.length - sorted.length}`;
};
