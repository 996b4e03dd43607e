/** One embedded node inside the test's own process, on a clock that the test moves. */
import { expect } from 'vitest';
import { randomId } from '../../src/clock.ts';
import type { Config } from '../../src/config.ts';
import { storeReports } from '../../src/metrics-reports.ts';
import { embeddedProfile } from '../../src/profiles/embedded.ts';
import type { Profile } from '../../src/profiles/profile.ts';
import { Deployment, TEST_SECRET } from './deployment.ts';
import { FixedClock } from './fixed-clock.ts';
import { NodeHere } from './node-here.ts';
import { dataDirectory, type Environment } from './service.ts';

export type InProcessOptions = {
  clock?: FixedClock;
  env?: Environment;
  /** Data of a node that ran before; removing it is then the caller's. */
  dir?: string;
  /** Runs before every commit of live changes; what it throws is a failed commit, and may be logged as an error. */
  beforeCommit?: () => void;
  /** Stands in for a part of the node's stores, to watch it. */
  watch?: Watch;
};

export type Watch = (profile: Profile) => Profile;

/** Nodes of the test's process, on its clock. */
export abstract class ClockedDeployment extends Deployment {
  readonly clock: FixedClock;
  /** A month: who moves the clock by hours wants to see something else than expired tokens. */
  protected override tokenLifetime_s = 30 * 24 * 3600;

  constructor(nodes: readonly NodeHere[], clock: FixedClock) {
    super(nodes, TEST_SECRET, clock.read);
    this.clock = clock;
  }
}

export class InProcess extends ClockedDeployment {
  private readonly here: NodeHere;
  private readonly config: Config;
  private readonly profile: Profile;
  private readonly mayLogErrors: boolean;
  private readonly removeData: () => void;

  constructor(options: InProcessOptions = {}) {
    const { clock = new FixedClock(), env = {}, dir: given, beforeCommit, watch = (it) => it } = options;
    const here = new NodeHere();
    const { dir, remove } = given === undefined ? dataDirectory() : { dir: given, remove: () => {} };
    super([here], clock);
    this.here = here;
    this.removeData = remove;
    this.config = NodeHere.configOf({ DATA_DIR: dir, ...env });
    const { config } = this;
    const { journal } = storeReports(here.metrics);
    this.profile = watch(embeddedProfile({ config, clock: clock.read, makeId: randomId, journal, beforeCommit }));
    this.mayLogErrors = beforeCommit !== undefined;
  }

  async start(): Promise<this> {
    await this.here.start(this.config, this.clock.read, this.profile);
    return this;
  }

  async stop(): Promise<void> {
    await this.here.stop();
    this.removeData();
    this.checkLogs();
    if (!this.mayLogErrors) expect(this.here.output).not.toContain('"level":50');
  }
}
