/** The scenarios of one node, unchanged, on one and on three nodes with their rolls in Redis. */
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { ARRANGEMENTS } from '../support/deployment.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { endingScenarios } from './ending.ts';
import { followingScenarios } from './following.ts';
import { joiningScenarios } from './joining.ts';
import { markingScenarios } from './marking.ts';
import { startingScenarios } from './starting.ts';
import { wholeClassScenarios } from './whole-class.ts';

describeWithRedis('with Redis', 'any', () => {
  const redis = sharedRedis();
  describe.each([1, 3])('%i node(s)', (count) => {
    describe.each(Object.entries(ARRANGEMENTS))('%s', (name, arrangement) => {
      let nodes: SeveralNodes;
      beforeAll(async () => {
        const REDIS_PREFIX = `${redis.prefix}-${count}-${name.replaceAll(/[^a-z]/g, '')}`.slice(0, 64);
        nodes = await SeveralNodes.start({ count, env: () => ({ REDIS_URL: redis.url, REDIS_PREFIX }) });
        nodes.arrangement = arrangement;
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
    });
  });
});
