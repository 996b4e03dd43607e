/**
 * Tests that need a real Redis, and where they get one: the server of TEST_REDIS_URL, else a container where a
 * container engine answers, else the `redis-server` on the path. Where there is none they are left out, and the end of
 * the run says so.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe } from 'vitest';
import { containerEngineAnswers } from './container-engine.ts';
import { redisCommand } from './redis-command.ts';
import { REDIS_SERVER, RedisProcess } from './redis-server.ts';

const IMAGE = 'redis:7-alpine';
const IMAGE_PORT = 6379;
/** The first start has to fetch the image. */
const SHARED_START_DEADLINE_MS = 120_000;

/** 'process': a server that the test starts, kills and freezes itself. 'any': one that it only talks to. */
export type RedisNeed = 'any' | 'process';

const MISSING: Record<RedisNeed, string> = {
  any: 'needs Redis: redis-server on the path (apt-get install redis-server), or TEST_REDIS_URL, or a container engine',
  process: 'needs redis-server on the path (apt-get install redis-server)',
};

const hasProgram = spawnSync(REDIS_SERVER, ['--version']).status === 0;
const { TEST_REDIS_URL } = process.env;

const available: Record<RedisNeed, boolean> = {
  process: hasProgram,
  any: hasProgram || TEST_REDIS_URL !== undefined || (await containerEngineAnswers()),
};

/** A suite that runs where it can, and else is left out loudly; its body is collected in any case. */
export const describeWithRedis = (name: string, need: RedisNeed, body: () => void): void => {
  describe(name, available[need] ? {} : { skip: true, meta: { left_out: MISSING[need] } }, body);
};

declare module 'vitest' {
  interface TaskMeta {
    /** Why the tests of a suite did not run on this machine. */
    left_out?: string;
  }
}

type Started = { url: string; stop: () => Promise<unknown> };

const startContainer = async (): Promise<Started> => {
  const { GenericContainer } = await import('testcontainers');
  const container = await new GenericContainer(IMAGE).withExposedPorts(IMAGE_PORT).start();
  return { url: `redis://${container.getHost()}:${container.getMappedPort(IMAGE_PORT)}`, stop: () => container.stop() };
};

const start = async (prefix: string): Promise<Started> => {
  if (TEST_REDIS_URL !== undefined) return { url: TEST_REDIS_URL, stop: () => removeKeys(TEST_REDIS_URL, prefix) };
  if (await containerEngineAnswers()) {
    try {
      return await startContainer();
    } catch (error) {
      // An engine that cannot get the image, for one.
      if (!hasProgram) throw error;
    }
  }
  const server = await RedisProcess.start();
  return { url: server.url, stop: () => server.stop() };
};

/** The server may be anybody's: what the tests did not make stays. */
const removeKeys = async (url: string, prefix: string): Promise<void> => {
  let cursor = '0';
  do {
    const args = ['SCAN', cursor, 'MATCH', `*${prefix}*`, 'COUNT', '1000'];
    const [next, keys] = (await redisCommand(url, ...args)) as [string, string[]];
    if (keys.length > 0) await redisCommand(url, 'UNLINK', ...keys);
    cursor = next;
  } while (cursor !== '0');
};

export type SharedRedis = {
  /** Known once the tests run. */
  readonly url: string;
  /** For the names of all keys and channels: others may use the same server at the same time. */
  readonly prefix: string;
};

/** One Redis for the tests of the surrounding suite (`describeWithRedis(…, 'any', …)`), which must not stop or empty it. */
export const sharedRedis = (): SharedRedis => {
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  let started: Started | null = null;
  beforeAll(async () => {
    started = await start(prefix);
  }, SHARED_START_DEADLINE_MS);
  afterAll(() => started?.stop());
  return {
    prefix,
    get url() {
      if (started === null)
        throw new Error('the shared Redis is there once the tests run, not while they are collected');
      return started.url;
    },
  };
};
