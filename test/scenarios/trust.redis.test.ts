/** What teachers can trust, on three nodes with Redis whose clock the test moves. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { SeveralInProcess } from '../support/several-in-process.ts';
import { checkinRuleScenarios } from './checkin-rules.ts';
import { rotatingCodeScenarios } from './rotating-code.ts';

describeWithRedis('three nodes with Redis', 'any', () => {
  const redis = sharedRedis();
  let nodes: SeveralInProcess;
  beforeAll(async () => {
    nodes = await SeveralInProcess.start({ count: 3, redis });
  });
  afterEach(() => nodes.settle());
  afterAll(() => nodes.stop());
  checkinRuleScenarios(() => nodes);
  rotatingCodeScenarios(() => nodes);
});
