/** The client library against three nodes with Redis. */
import { afterAll, beforeAll } from 'vitest';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { stormyClassScenarios } from './stormy-class.ts';

/** Three cold starts on a busy machine. */
const START_MS = 60_000;

describeWithRedis('three nodes with Redis', 'any', () => {
  const redis = sharedRedis();
  let nodes: SeveralNodes | undefined;
  beforeAll(async () => {
    nodes = await SeveralNodes.start({
      count: 3,
      env: () => ({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix }),
    });
  }, START_MS);
  afterAll(() => nodes?.stop());
  stormyClassScenarios(() => nodes as SeveralNodes);
});
