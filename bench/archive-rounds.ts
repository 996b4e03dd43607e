import { MongoClient } from 'mongodb';
import { Archiver } from '../src/archive/archiver.ts';
import { MongoArchive } from '../src/archive/mongo-archive.ts';
import { randomId, systemClock } from '../src/clock.ts';
import type { FedAudience } from '../src/live/fed-audience.ts';
import { SCRIPTS } from '../src/live/lua-scripts.ts';
import { RedisKeys } from '../src/live/redis-keys.ts';
import { RedisLiveStore } from '../src/live/redis-live-store.ts';
import { createMetrics } from '../src/metrics.ts';
import { storeReports } from '../src/metrics-reports.ts';
import { collectionsOf, makeIndexes } from '../src/mongo/collections.ts';
import { connectRedis } from '../src/redis/connections.ts';
import { redisSettings } from '../src/redis/settings.ts';
import { MongoRegistry } from '../src/registry/mongo-registry.ts';
import type { Cleanup } from './cleanup.ts';
import { processCpuMicros } from './cpu-time.ts';
import { RedisServer } from './redis-server.ts';

/** What the archiver of one node does with ended sessions: from a real Redis into a server of the MongoDB protocol. */

export interface ArchiveRound {
  students: number;
  sessions: number;
  /** From the first claim to the last confirmation. */
  sessions_per_second: number;
  /** Of this process, drivers included; without those of the servers. */
  cpu_ms_per_session: number;
  /** Sent to MongoDB for one session: over all of the round, and the most for one that was archived alone. */
  commands_per_session: { average: number; most: number };
}

export interface ArchiveOptions {
  mongodb_url: string;
  redis_server: string;
  data_parent: string;
  quick: boolean;
}

export interface ArchiveMeasurement {
  mongodb: string;
  rounds: ArchiveRound[];
}

/** Students of a class, and so many sessions of it. */
const ROUNDS: readonly [students: number, sessions: number][] = [
  [40, 200],
  [200, 100],
  [1_000, 20],
];
const QUICK_ROUNDS: typeof ROUNDS = [[40, 5]];
const WARM_UP: [students: number, sessions: number] = [40, 20];
/** Sessions of each size that are archived one by one, to count what each takes. */
const ALONE = 5;
/** What a driver sends to find its server, and to end. */
const NO_WORK = new Set(['hello', 'ismaster', 'ping', 'endSessions']);

/** Nobody listens. */
const NOBODY: FedAudience = {
  namespaceOf: () => undefined,
  hears: () => false,
  membersOf: () => [],
  sessions: () => [],
  admit: async () => true,
  heardUpTo: async (_session_id, numbers) => numbers,
  expel: () => {},
  tell: () => {},
};

export async function measureArchive(
  { mongodb_url, redis_server, data_parent, quick }: ArchiveOptions,
  cleanup: Cleanup,
  tell: (line: string) => void,
): Promise<ArchiveMeasurement> {
  const redis = await RedisServer.start(redis_server, data_parent, cleanup);
  const client = new MongoClient(mongodb_url, { monitorCommands: true, ignoreUndefined: true });
  cleanup.add(() => client.close());
  let commands = 0;
  client.on('commandStarted', ({ commandName }) => {
    if (!NO_WORK.has(commandName)) commands += 1;
  });
  const collections = collectionsOf(client.db());
  await makeIndexes(collections);
  const { version } = await client.db().admin().command({ buildInfo: 1 });
  const registry = new MongoRegistry(collections, async () => {});
  const archive = new MongoArchive(collections);
  const connections = await connectRedis({
    settings: redisSettings({
      REDIS_URL: redis.url,
      REDIS_PREFIX: 'bench',
      REDIS_MODE: undefined,
      REDIS_SENTINEL_MASTER: undefined,
      REDIS_TLS_CA_FILE: undefined,
      REDIS_WAIT_REPLICAS: 0,
    }),
    scripts: Object.values(SCRIPTS),
    reports: { ...storeReports(createMetrics()).redis, lost: () => {}, restored: () => {}, error: () => {} },
  });
  cleanup.add(() => connections.close());
  const keys = new RedisKeys('bench');
  const live = new RedisLiveStore({
    link: connections.state,
    keys,
    makeId: randomId,
    audience: NOBODY,
    onDue: () => {},
  });

  /** A class that was held: everybody marked, and ended. */
  const hold = async (students: number): Promise<void> => {
    const [id, now] = [randomId(), systemClock()];
    const plan = { id, course_id: `c${students}`, title: 'A class', description: '', date: now, ends_at: null };
    await registry.createSession({ ...plan, checkin: {}, teacher_id: 't1', created_at: now });
    const by = { user_id: 't1', name: 'Ada' };
    await registry.begin(id, by, now);
    const { date, ...rest } = plan;
    const instant = new Date(date).toISOString();
    const roster = Array.from({ length: students }, (_, n) => ({
      student_id: `s${n}`,
      user_id: `s${n}`,
      student_name: `Student ${n}`,
      roll: String(n),
    }));
    await live.open({
      secret: 'secret',
      version: 1,
      student_visibility: 'room',
      session: {
        ...rest,
        _id: id,
        topic: rest.title,
        date: String(date),
        starts_at: instant,
        created_at: instant,
        ends_at: null,
        status: 'active',
        teacher_id: 't1',
        checkin: {},
      },
      checkin: {},
      date,
      ends_at: null,
      auto_end_after_minutes: 720,
      staff: ['t1'],
      teacher_name: 'Ada',
      started_by: 't1',
      rebuilt: false,
      students: roster,
    });
    await registry.opened(id, now);
    const sent = { header_version: 1, by: 't1', by_name: 'Ada', admit: [] };
    const updates = roster.map(({ student_id }) => ({ student_id, status: 'present' as const }));
    await live.submit(id, { kind: 'bulk', updates, only_unmarked: false, ...sent });
    await live.submit(id, { kind: 'end', updates: [], submitted: false, outcome: 'completed', reason: null, ...sent });
  };

  const round = async (students: number, sessions: number): Promise<ArchiveRound> => {
    for (let n = 0; n < sessions; n += 1) await hold(students);
    let archived = 0;
    const failures: unknown[] = [];
    const archiver = new Archiver({
      live,
      archive,
      endByClock: async () => {},
      random: Math.random,
      events: {
        archived: () => {
          archived += 1;
        },
        failed: (_id, _tries, error) => failures.push(error),
      },
    });
    commands = 0;
    const [began, cpu] = [performance.now(), processCpuMicros()];
    archiver.start();
    while (archived < sessions && failures.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const [seconds, used] = [(performance.now() - began) / 1000, processCpuMicros() - cpu];
    await archiver.stop();
    if (failures.length > 0) throw new Error('a session was not archived', { cause: failures[0] });
    const each = commands / sessions;
    // Some more, one after the other, so that it is known what a single one sends.
    const alone: number[] = [];
    for (let n = 0; n < ALONE; n += 1) {
      await hold(students);
      commands = 0;
      await archiver.workOff();
      alone.push(commands);
    }
    return {
      students,
      sessions,
      sessions_per_second: sessions / seconds,
      cpu_ms_per_session: used / 1000 / sessions,
      commands_per_session: { average: each, most: Math.max(...alone) },
    };
  };

  tell('archiving, not counted');
  await round(...WARM_UP);
  const rounds: ArchiveRound[] = [];
  for (const [students, sessions] of quick ? QUICK_ROUNDS : ROUNDS) {
    tell(`archiving ${sessions} sessions of ${students}`);
    rounds.push(await round(students, sessions));
  }
  return { mongodb: String(version), rounds };
}
