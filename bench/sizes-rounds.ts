import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { BSON, MongoClient } from 'mongodb';
import { RedisKeys } from '../src/live/redis-keys.ts';
import type { Cleanup } from './cleanup.ts';
import type { RedisServer } from './redis-server.ts';
import { startNodes } from './rollcast-target.ts';
import type * as roster from './roster.ts';
import { People, SETTLE_MS } from './sizes-people.ts';
import type { Target } from './target.ts';

/** What connections, sessions and students take of a node, of Redis and of MongoDB: the figures that sizing begins with. */

/** What one step of a class took, divided by what it did so often. */
export interface Step {
  what: string;
  count: number;
  node_cpu_us: number;
  redis_cpu_us: number;
  redis_bytes_in: number;
  redis_bytes_out: number;
  /** Growth of the append-only file. */
  aof_bytes: number;
  /** Growth of what Redis holds (used_memory), and of the node's resident memory. */
  redis_memory_bytes: number;
  node_memory_bytes: number;
}

export interface SizesRound {
  students: number;
  classes: number;
  steps: Step[];
  /** MEMORY USAGE of one roll's keys, everybody joined and half of them marked. */
  keys: Record<string, number>;
  /** Of one archived session's documents, as BSON; null without MongoDB. */
  documents: Record<string, { count: number; bytes: number }> | null;
}

export interface SizesOptions {
  mongodb_url: string | null;
  redis_server: string;
  data_parent: string;
  quick: boolean;
}

type Tell = (line: string) => void;

const SIZES: readonly (roster.Size & { idle_s: number })[] = [
  { students: 100, classes: 40, idle_s: 60 },
  { students: 1_000, classes: 4, idle_s: 60 },
];
const QUICK_SIZES: typeof SIZES = [{ students: 10, classes: 2, idle_s: 1 }];
const PREFIX = 'rollcast';

export async function measureSizes(
  options: SizesOptions,
  cleanup: Cleanup,
  tell: Tell,
): Promise<{ rounds: SizesRound[]; documents: true | null }> {
  const rounds: SizesRound[] = [];
  for (const size of options.quick ? QUICK_SIZES : SIZES) {
    tell(`${size.classes} classes of ${size.students}`);
    const measured = await measureClasses(size, options, cleanup);
    tell(`documents of one session of ${size.students}`);
    const documents = options.mongodb_url === null ? null : await measureDocuments(size, options, cleanup);
    rounds.push({ students: size.students, classes: size.classes, ...measured, documents });
  }
  return { rounds, documents: options.mongodb_url === null ? null : true };
}

const targetFor = (size: roster.Size, options: SizesOptions, cleanup: Cleanup, mongodb_url?: string) =>
  startNodes('the node', {
    ...size,
    nodes: 1,
    rounds: 1,
    namespace: '/',
    dataParent: options.data_parent,
    redisServer: options.redis_server,
    cleanup,
    mongodb_url,
  });

async function measureClasses(size: (typeof SIZES)[number], options: SizesOptions, cleanup: Cleanup) {
  const target = await targetFor(size, options, cleanup);
  const ids = await target.createSessions(1);
  const people = new People(target, size, ids);
  const { classes, students } = size;
  const everybody = classes * (students + 1);
  const steps: Step[] = [];
  const step = async (what: string, count: number, work: () => Promise<unknown>) => {
    steps.push(await measureStep(what, count, target, work));
    people.assertConnected();
  };
  // The first of everything costs more than the next, and is no size of anything.
  await people.warmUp();
  await step('connection', everybody, () => people.connect());
  await step('session started', classes, () => people.start());
  await step('join', classes * students, () => people.join());
  await step('mark', classes * Math.ceil(students / 2), () => people.markHalf());
  const keys = await memoryOfKeys(target.redis as RedisServer, ids[0] ?? '');
  await step('connection and second', everybody * size.idle_s, () => pause(size.idle_s * 1_000));
  await step('session archived', classes, () => people.end());
  people.close();
  return { steps, keys };
}

async function measureStep(what: string, count: number, target: Target, work: () => Promise<unknown>): Promise<Step> {
  const before = await standing(target);
  await work();
  await pause(SETTLE_MS);
  const after = await standing(target);
  const each = (of: keyof typeof before) => (after[of] - before[of]) / count;
  return {
    what,
    count,
    node_cpu_us: each('node_cpu_us'),
    redis_cpu_us: each('redis_cpu_us'),
    redis_bytes_in: each('redis_bytes_in'),
    redis_bytes_out: each('redis_bytes_out'),
    aof_bytes: each('aof_bytes'),
    redis_memory_bytes: each('redis_memory_bytes'),
    node_memory_bytes: each('node_memory_bytes'),
  };
}

async function standing({ processes: [node], redis }: Target) {
  if (node === undefined || redis === null) throw new Error('there is no node, or no Redis');
  const { cpu_us, bytes_in, bytes_out } = await redis.work();
  const info = String(await redis.call('INFO', 'memory', 'persistence'));
  const field = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
  return {
    node_cpu_us: await node.cpuMicros(),
    node_memory_bytes: await node.residentBytes(),
    redis_cpu_us: cpu_us,
    redis_bytes_in: bytes_in,
    redis_bytes_out: bytes_out,
    redis_memory_bytes: field('used_memory'),
    aof_bytes: field('aof_current_size'),
  };
}

async function memoryOfKeys(redis: RedisServer, session_id: string): Promise<Record<string, number>> {
  const keys: Record<string, number> = {};
  for (const key of new RedisKeys(PREFIX).ofRoll(session_id)) {
    const bytes = Number(await redis.call('MEMORY', 'USAGE', key, 'SAMPLES', '0'));
    if (bytes > 0) keys[key.split(':')[2] ?? key] = bytes;
  }
  return keys;
}

async function measureDocuments({ students }: roster.Size, options: SizesOptions, cleanup: Cleanup) {
  const size = { classes: 1, students };
  const url = new URL(options.mongodb_url ?? '');
  url.pathname = `/sizes_${students}_${randomUUID().slice(0, 8)}`;
  const target = await targetFor(size, options, cleanup, url.href);
  const ids = await target.createSessions(1);
  const people = new People(target, size, ids);
  for (const act of ['connect', 'start', 'join', 'markHalf', 'end'] as const) await people[act]();
  people.close();
  const client = new MongoClient(url.href);
  const documents: Record<string, { count: number; bytes: number }> = {};
  try {
    for (const { name } of await client.db().listCollections().toArray()) {
      const found = await client.db().collection(name).find().toArray();
      if (found.length === 0) continue;
      const bytes = found.reduce((sum, it) => sum + BSON.calculateObjectSize(it), 0);
      documents[name] = { count: found.length, bytes };
    }
    await client.db().dropDatabase();
  } finally {
    await client.close();
  }
  return documents;
}
