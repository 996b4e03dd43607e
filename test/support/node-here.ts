/** A node inside the test's own process: its clock is the test's, and what it writes is kept. */
import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { type App, createApp } from '../../src/app.ts';
import { type Clock, randomId } from '../../src/clock.ts';
import { type Config, readConfig } from '../../src/config.ts';
import { createMetrics } from '../../src/metrics.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { type ReachableNode, TEST_SECRET } from './deployment.ts';
import { Random } from './random.ts';
import type { Environment } from './service.ts';

export class NodeHere implements ReachableNode {
  url = '';
  output = '';
  readonly metrics = createMetrics();
  private app: App | null = null;

  static configOf(env: Environment): Config {
    const quick = { HOST: '127.0.0.1', PORT: '0', DRAIN_TIMEOUT_MS: '2000' };
    return readConfig({ ...quick, JWT_SECRET: TEST_SECRET, ...env });
  }

  readonly logger: Logger = pino(
    { level: 'trace', base: undefined },
    new Writable({
      write: (chunk, _encoding, done) => {
        this.output += chunk;
        done();
      },
    }),
  );

  async start(config: Config, clock: Clock, profile: Profile): Promise<void> {
    const random = new Random(1);
    const { logger, metrics } = this;
    this.app = createApp({ config, logger, clock, makeId: randomId, random: () => random.next(), metrics, profile });
    const { port } = await this.app.start();
    this.url = `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    await this.app?.drain();
  }
}
