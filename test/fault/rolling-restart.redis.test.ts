/**
 * Three nodes behind HAProxy are restarted one after the other, as an upgrade does it, in the middle of twenty classes:
 * real processes, real clients, an append-only file, a database of the MongoDB protocol.
 *
 * ROLLCAST_TEST_CLIENTS says how many students have a client, 300 unless given (a multiple of 20). The size to believe in
 * is 1,000, with the machine to itself: two cores that do other things too take more than ten seconds to bring back the
 * five hundred of a node, whoever is to blame for it.
 *
 * ROLLCAST_TEST_OTHER_VERSION names a checkout of another version, with its packages installed. Then the first restart is
 * an upgrade from that version to this one, node by node, with both on the same stores, and a second one goes back. Every
 * release should be tried so, with the version before it.
 */
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { rollingRestart } from '../../deploy/local-cluster/rolling-restart.ts';
import { ArchiveContents } from '../support/archive-contents.ts';
import { BusySchool } from '../support/busy-school.ts';
import { Deployment, TEST_SECRET } from '../support/deployment.ts';
import { freePort } from '../support/free-port.ts';
import { describeBehindHaproxy, Haproxy } from '../support/haproxy.ts';
import type { Listener } from '../support/listener.ts';
import { describeWithMongo } from '../support/mongo-needed.ts';
import { BUILD_DEADLINE_MS } from '../support/mongo-program.ts';
import { MongoProcess } from '../support/mongo-server.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { until } from '../support/until.ts';

const NODES = 3;
const CLASSES = 20;
const CLIENTS = Number(process.env.ROLLCAST_TEST_CLIENTS ?? 300);
const LATE = Math.ceil(CLIENTS / CLASSES / 10);
/** A restart of all nodes takes a little longer. */
const ARRIVE_WITHIN_MS = 40_000;
/** How long after its node was told to go, which is before it has gone, a client must hear again. */
const HEARD_AFTER_MS = 10_000;
/** A message takes milliseconds; this is for the busy machine of a test. */
const HEARS_WITHIN_MS = 5_000;
const SHARE_THAT_HEARS = 0.99;
const TIMEOUT_MS = 600_000;
const PREFIX = 'test';

const { ROLLCAST_TEST_OTHER_VERSION: OTHER_VERSION } = process.env;
const OTHER = OTHER_VERSION === undefined ? undefined : path.resolve(OTHER_VERSION, 'src/main.ts');

/** One restart of all nodes. entry: what they run then; this version unless given. */
type Restart = { signal: (node: number) => 'SIGTERM' | 'SIGKILL'; entry?: string };

const drained: Restart = { signal: () => 'SIGTERM' };
const SCENES: Record<string, Restart[]> =
  OTHER === undefined
    ? { 'all drain': [drained], 'the second one is killed': [{ signal: (n) => (n === 1 ? 'SIGKILL' : 'SIGTERM') }] }
    : { 'an upgrade from another version, and back': [drained, { ...drained, entry: OTHER }] };

const say = (text: string): void => console.log(`rolling restart: ${text}`);

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

    /** A node has just been told to go: who has moved by the time of the mark, and who hears it. */
    const hearing = async (school: BusySchool, probe: number) => {
      const began = performance.now();
      const listening = school.listeners.filter(({ isIn }) => isIn);
      const sent = new Map(listening.map((it) => [it, it.sent]));
      await pause(HEARD_AFTER_MS);
      const moved = listening.filter(({ losses }) => losses.some(({ at }) => at >= began));
      const probes = await school.markProbes(probe);
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

    /** Answers, for each node, who heard the mark after it had gone. */
    const restartAll = async (school: BusySchool, { signal, entry }: Restart, first_probe: number) => {
      const heard: ReturnType<typeof hearing>[] = [];
      const restarted = nodes.nodes.map((node, n) => ({
        name: `node-${n + 1}`,
        stop: async () => {
          const it = hearing(school, first_probe + n);
          // It is waited for when all nodes are back.
          it.catch(() => {});
          heard.push(it);
          const exit = await node.kill(signal(n));
          expect(exit, exit.stderr).toMatchObject(signal(n) === 'SIGTERM' ? { code: 0 } : { signal: signal(n) });
          return exit.signal ?? `exit code ${exit.code}`;
        },
        start: () => node.start(entry),
      }));
      await rollingRestart({ nodes: restarted, states: () => balancer.nodes(), say });
      return Promise.all(heard);
    };

    test.for(Object.entries(SCENES))(
      `JOIN-2 JOIN-7 END-3 ${CLIENTS} students in ${CLASSES} classes, %s: nothing is lost, and they hear on`,
      {
        timeout: TIMEOUT_MS,
      },
      async ([, restarts]) => {
        const opening = performance.now();
        const school = await BusySchool.open({
          outside,
          classes: CLASSES,
          listeners: CLIENTS / CLASSES,
          late: LATE,
          arrive_within_ms: ARRIVE_WITHIN_MS * restarts.length,
          probes: NODES * restarts.length,
        });
        say(`${school.listeners.length} students in class after ${Math.round(performance.now() - opening)} ms`);
        const heard = await school.during(async () => {
          const all: Awaited<ReturnType<typeof hearing>>[] = [];
          for (const it of restarts) all.push(...(await restartAll(school, it, all.length)));
          return all;
        });
        for (const { listening, heard: hear, moved, moved_heard } of heard) {
          say(`mark: ${hear} of ${listening} heard it, ${moved_heard} of the ${moved} that had moved`);
        }
        for (const line of school.report()) say(line);
        expect(school.listeners).toHaveLength(CLIENTS);
        for (const it of heard) {
          expect(it.moved).toBeGreaterThan(0);
          expect(it.spoke).toBe(0);
          expect(it.heard / it.listening).toBeGreaterThanOrEqual(SHARE_THAT_HEARS);
          expect(it.moved_heard / it.moved).toBeGreaterThanOrEqual(SHARE_THAT_HEARS);
        }
        expect(school.listeners.flatMap(({ client }) => client.disconnects)).not.toContain('io server disconnect');
        await school.endAndCompare(redis, PREFIX, archive);
      },
    );
  });
});
