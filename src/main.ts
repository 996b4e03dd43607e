/** The process of one node, configured by the environment. */
import './node-warnings.ts';
import { randomId, systemClock } from './clock.ts';
import { readConfig } from './config.ts';
import { runNode } from './node-process.ts';
import { embeddedProfile } from './profiles/embedded.ts';

runNode(
  () => readConfig(process.env),
  async (config) => embeddedProfile({ config, clock: systemClock, makeId: randomId }),
);
