/** The client library against one embedded node. */
import { afterAll, beforeAll } from 'vitest';
import { OneNode } from '../support/deployment.ts';
import { stormyClassScenarios } from './stormy-class.ts';

/** A cold start on a busy machine. */
const START_MS = 60_000;
const node = new OneNode();
beforeAll(() => node.start(), START_MS);
afterAll(() => node.stop());
stormyClassScenarios(() => node);
