/**
 * Several nodes of the distributed profile inside the test's own process, with their rolls in Redis and one file of
 * records for all of them. The store's clock is the test's, and so are the nodes', more or less.
 */
import path from 'node:path';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { randomId } from '../../src/clock.ts';
import { storeReports } from '../../src/metrics-reports.ts';
import { distributedProfile } from '../../src/profiles/distributed.ts';
import { redisSettings } from '../../src/redis/settings.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { FixedClock } from './fixed-clock.ts';
import { ClockedDeployment, type Watch } from './in-process.ts';
import { NodeHere } from './node-here.ts';
import { dataDirectory, type Environment } from './service.ts';

export type SeveralInProcessOptions = {
  count: number;
  redis: { url: string; prefix: string };
  env?: (node: number) => Environment;
  /** How far the clock of each node is off the store's. */
  skew_ms?: readonly number[];
  watch?: Watch;
};

export class SeveralInProcess extends ClockedDeployment {
  private readonly here: readonly NodeHere[];
  private readonly letGo: () => void;

  private constructor(here: readonly NodeHere[], clock: FixedClock, letGo: () => void) {
    super(here, clock);
    this.here = here;
    this.letGo = letGo;
  }

  static async start({
    count,
    redis,
    env = () => ({}),
    skew_ms = [],
    watch = (it) => it,
  }: SeveralInProcessOptions): Promise<SeveralInProcess> {
    const clock = new FixedClock();
    const { dir, remove } = dataDirectory();
    const db = openDatabase({ file: path.join(dir, 'records.db'), busyTimeoutMs: 0 });
    const records = {
      registry: new SqliteRegistry(db),
      archive: new SqliteArchive(db),
      warnings: [],
      // The nodes share it.
      close: async () => {},
    };
    const nodes = Array.from({ length: count }, () => new NodeHere());
    for (const [n, node] of nodes.entries()) {
      const own = () => clock.now + (skew_ms[n] ?? 0);
      const profile = await distributedProfile({
        redis: redisSettings({
          REDIS_URL: redis.url,
          REDIS_PREFIX: redis.prefix,
          REDIS_MODE: undefined,
          REDIS_SENTINEL_MASTER: undefined,
          REDIS_TLS_CA_FILE: undefined,
          REDIS_WAIT_REPLICAS: 0,
        }),
        records,
        clock: own,
        storeClock: clock.read,
        makeId: randomId,
        logger: node.logger,
        reports: storeReports(node.metrics),
      });
      await node.start(NodeHere.configOf(env(n)), own, watch(profile));
    }
    return new SeveralInProcess(nodes, clock, () => {
      db.close();
      remove();
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.here.map((it) => it.stop()));
    this.letGo();
    this.checkLogs();
  }
}
