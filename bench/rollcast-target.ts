import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BenchProcess, freePort } from './child-process.ts';
import { RedisServer } from './redis-server.ts';
import { makeCourses, ready } from './rollcast-rest.ts';
import type { Target, TargetOptions } from './target.ts';

/** Well above what closing the sockets of one run takes; the process is killed a little later. */
const DRAIN_TIMEOUT_MS = 10_000;

/** Starts one real Rollcast node, embedded, in its default configuration. */
export async function startRollcast(name: string, options: TargetOptions): Promise<Target> {
  const secret = makeSecret();
  const script = new URL('../src/main.ts', import.meta.url);
  const DATA_DIR = await dataFolder(options);
  const { server, url } = await startNode(name, script, { DATA_DIR, JWT_SECRET: secret }, options);
  return {
    name,
    urls: [url],
    secret,
    processes: [server],
    redis: null,
    storedEvent: 'attendancePersisted',
    createSessions: await makeCourses(url, secret, options),
  };
}

export interface NodesOptions extends TargetOptions {
  nodes: number;
  /** Program of the Redis server. */
  redisServer: string;
  /** A database for courses and records, in place of the file. */
  mongodb_url?: string | undefined;
}

/**
 * Starts several real Rollcast nodes and the Redis server that they share. Courses and records lie in an SQLite file that
 * all of them open: a join never touches it. With `mongodb_url` they are the service as it is.
 */
export async function startNodes(name: string, options: NodesOptions): Promise<Target> {
  const secret = makeSecret();
  const redis = await RedisServer.start(options.redisServer, options.dataParent, options.cleanup);
  const { mongodb_url } = options;
  const script = new URL(
    mongodb_url === undefined ? '../deploy/local-cluster/node.ts' : '../src/main.ts',
    import.meta.url,
  );
  const records: Record<string, string> =
    mongodb_url === undefined
      ? { SHARED_FILE: join(await dataFolder(options), 'records.db') }
      : { MONGODB_URL: mongodb_url };
  const env = { ...records, REDIS_URL: redis.url, JWT_SECRET: secret };
  const nodes: { server: BenchProcess; url: string }[] = [];
  // One after the other: the first makes the file.
  for (let node = 1; node <= options.nodes; node += 1) {
    nodes.push(await startNode(`${name}, node ${node}`, script, env, options));
  }
  const urls = nodes.map(({ url }) => url);
  return {
    name,
    urls,
    secret,
    processes: nodes.map(({ server }) => server),
    redis,
    storedEvent: 'attendancePersisted',
    createSessions: await makeCourses(urls[0] ?? '', secret, options),
  };
}

function makeSecret(): string {
  return randomBytes(32).toString('hex');
}

async function dataFolder({ dataParent, cleanup }: TargetOptions): Promise<string> {
  const folder = await mkdtemp(join(dataParent, 'rollcast-bench-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Resolves when the node can serve. */
async function startNode(
  name: string,
  script: URL,
  settings: Record<string, string>,
  { cleanup }: TargetOptions,
): Promise<{ server: BenchProcess; url: string }> {
  const port = await freePort();
  const nodeOptions = ['--import', new URL('./cpu-probe.ts', import.meta.url).href];
  const env = {
    PORT: String(port),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    DRAIN_TIMEOUT_MS: String(DRAIN_TIMEOUT_MS),
    ...settings,
  };
  const server = new BenchProcess({ name, script, nodeOptions, env }, cleanup);
  const url = `http://127.0.0.1:${port}`;
  await server.accepts(port);
  await ready(url);
  return { server, url };
}
