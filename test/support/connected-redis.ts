/** A node's connections to a Redis of a test: let go when the test is over, and with what they reported. */
import { onTestFinished } from 'vitest';
import { type Config, readConfig } from '../../src/config.ts';
import { REDIS_CONNECT_MS } from '../../src/limits.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connections.ts';
import { type RedisVariables, redisSettings } from '../../src/redis/settings.ts';
import type { RedisScript } from '../../src/redis/state-link.ts';

export type ConnectedRedis = RedisConnections & {
  /** `lost state (127.0.0.1:6379)`, `restored …`, in order. */
  reports: string[];
  errors: unknown[];
};

/** `variables`: REDIS_URL and whatever else differs from the defaults. */
export const connectedRedis = async (
  variables: Partial<RedisVariables> & Pick<RedisVariables, 'REDIS_URL'>,
  scripts: readonly RedisScript[] = [],
  within_ms = REDIS_CONNECT_MS,
): Promise<ConnectedRedis> => {
  const defaults: Config = readConfig({});
  const reports: string[] = [];
  const errors: unknown[] = [];
  const connections = await connectRedis({
    settings: redisSettings({ ...defaults, ...variables }),
    scripts,
    within_ms,
    reports: {
      lost: (connection) => reports.push(`lost ${connection}`),
      restored: (connection) => reports.push(`restored ${connection}`),
      error: (error) => errors.push(error),
    },
  });
  onTestFinished(() => connections.close());
  return { ...connections, reports, errors };
};
