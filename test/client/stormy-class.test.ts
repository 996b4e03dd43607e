/** The client library against one embedded node. */
import { afterAll, beforeAll } from 'vitest';
import { OneNode } from '../support/deployment.ts';
import { stormyClassScenarios } from './stormy-class.ts';

const node = new OneNode();
beforeAll(() => node.start());
afterAll(() => node.stop());
stormyClassScenarios(() => node);
