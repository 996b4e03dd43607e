import { afterAll, beforeAll } from 'vitest';
import { describeLiveStore } from '../suites/live-store-suite.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { makeRedisLive } from '../support/redis-live.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';

describeWithRedis('one Redis server', 'any', () => {
  const redis = sharedRedis();
  describeLiveStore(
    'redis',
    makeRedisLive(() => ({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix })),
  );
});

describeWithRedis('a Redis Cluster of three primaries', 'process', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster.stop());
  describeLiveStore(
    'redis',
    makeRedisLive(() => ({ REDIS_URL: cluster.urls.join(','), REDIS_MODE: 'cluster' })),
  );
});
