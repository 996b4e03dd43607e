/** Every scenario on one embedded node, in every arrangement of staff and students over the two namespaces. */
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { ARRANGEMENTS, OneNode } from '../support/deployment.ts';
import { endingScenarios } from './ending.ts';
import { followingScenarios } from './following.ts';
import { joiningScenarios } from './joining.ts';
import { largeRosterScenarios } from './large-roster.ts';
import { markingScenarios } from './marking.ts';
import { startingScenarios } from './starting.ts';
import { wholeClassScenarios } from './whole-class.ts';

describe.each(Object.entries(ARRANGEMENTS))('one node, %s', (_name, arrangement) => {
  const node = new OneNode();
  beforeAll(async () => {
    node.arrangement = arrangement;
    await node.start();
  });
  afterEach(() => node.settle());
  afterAll(() => node.stop());

  const deployment = () => node;
  wholeClassScenarios(deployment);
  startingScenarios(deployment);
  joiningScenarios(deployment);
  markingScenarios(deployment);
  endingScenarios(deployment);
  followingScenarios(deployment);
});

describe('one node', () => {
  const node = new OneNode();
  beforeAll(() => node.start());
  afterEach(() => node.settle());
  afterAll(() => node.stop());
  largeRosterScenarios(() => node);
});
