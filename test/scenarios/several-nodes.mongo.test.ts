/** The scenarios of one node, unchanged, on three nodes of the whole distributed profile: Redis and MongoDB. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import { describeWithMongo, sharedMongo } from '../support/mongo-needed.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { endingScenarios } from './ending.ts';
import { followingScenarios } from './following.ts';
import { joiningScenarios } from './joining.ts';
import { largeRosterScenarios } from './large-roster.ts';
import { markingScenarios } from './marking.ts';
import { startingScenarios } from './starting.ts';
import { wholeClassScenarios } from './whole-class.ts';

describeWithRedis('with Redis', 'any', () => {
  describeWithMongo('and MongoDB, three nodes', 'any', () => {
    const redis = sharedRedis();
    const mongo = sharedMongo();
    let nodes: SeveralNodes;
    beforeAll(async () => {
      const env = () => ({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix });
      nodes = await SeveralNodes.start({ count: 3, env, mongodb: mongo.database() });
    });
    afterEach(() => nodes.settle());
    afterAll(() => nodes.stop());

    const deployment = () => nodes;
    wholeClassScenarios(deployment);
    startingScenarios(deployment);
    joiningScenarios(deployment);
    markingScenarios(deployment);
    endingScenarios(deployment);
    followingScenarios(deployment);
    largeRosterScenarios(deployment);
  });
});
