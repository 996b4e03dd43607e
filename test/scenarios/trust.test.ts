/** What teachers can trust, on one embedded node whose clock the test moves. */
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { InProcess } from '../support/in-process.ts';
import { checkinRuleScenarios } from './checkin-rules.ts';
import { rotatingCodeScenarios } from './rotating-code.ts';

describe('one node', () => {
  const node = new InProcess();
  beforeAll(() => node.start());
  afterEach(() => node.settle());
  afterAll(() => node.stop());
  checkinRuleScenarios(() => node);
  rotatingCodeScenarios(() => node);
});
