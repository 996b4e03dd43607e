import { describeLiveStore } from '../suites/live-store-suite.ts';
import { makeRedisLive } from '../support/redis-live.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';

describeWithRedis('one Redis server', 'any', () => {
  const redis = sharedRedis();
  describeLiveStore(
    'redis',
    makeRedisLive(() => ({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix })),
  );
});
