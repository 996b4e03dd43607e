/** One embedded node inside the test's own process, on a clock that the test moves. */
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect } from 'vitest';
import { type App, createApp } from '../../src/app.ts';
import { randomId } from '../../src/clock.ts';
import { readConfig } from '../../src/config.ts';
import { embeddedProfile } from '../../src/profiles/embedded.ts';
import { Deployment, type ReachableNode, TEST_SECRET } from './deployment.ts';
import { FixedClock } from './fixed-clock.ts';
import { Random } from './random.ts';
import { dataDirectory, type Environment } from './service.ts';

export type InProcessOptions = {
  clock?: FixedClock;
  env?: Environment;
  /** Data of a node that ran before; removing it is then the caller's. */
  dir?: string;
  /** Runs before every commit of live changes; what it throws is a failed commit, and may be logged as an error. */
  beforeCommit?: () => void;
};

class NodeHere implements ReachableNode {
  url = '';
  output = '';
}

export class InProcess extends Deployment {
  readonly clock: FixedClock;
  /** A month: who moves the clock by hours wants to see something else than expired tokens. */
  protected override tokenLifetime_s = 30 * 24 * 3600;
  private readonly app: App;
  private readonly here: NodeHere;
  private readonly mayLogErrors: boolean;
  private readonly removeData: () => void;

  constructor({ clock = new FixedClock(), env = {}, dir: given, beforeCommit }: InProcessOptions = {}) {
    const here = new NodeHere();
    const { dir, remove } = given === undefined ? dataDirectory() : { dir: given, remove: () => {} };
    super([here], TEST_SECRET, clock.read);
    this.clock = clock;
    this.here = here;
    this.removeData = remove;
    const config = readConfig({
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: dir,
      JWT_SECRET: TEST_SECRET,
      DRAIN_TIMEOUT_MS: '2000',
      ...env,
    });
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        here.output += chunk;
        done();
      },
    });
    const logger = pino({ level: 'info', base: undefined }, sink);
    const random = new Random(1);
    const made = { clock: clock.read, makeId: randomId };
    const profile = embeddedProfile({ config, ...made, beforeCommit });
    this.app = createApp({ config, logger, ...made, random: () => random.next(), profile });
    this.mayLogErrors = beforeCommit !== undefined;
  }

  async start(): Promise<this> {
    const { port } = await this.app.start();
    this.here.url = `http://127.0.0.1:${port}`;
    return this;
  }

  async stop(): Promise<void> {
    await this.app.drain();
    this.removeData();
    this.checkLogs();
    if (!this.mayLogErrors) expect(this.here.output).not.toContain('"level":50');
  }
}
