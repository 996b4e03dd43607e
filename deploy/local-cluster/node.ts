/**
 * A node of the distributed profile for trying things out and for tests: live rolls in Redis, but courses and records in
 * one SQLite file that all nodes of a machine share. No way to run the service: nothing protects that file as a
 * database server would, and it cannot leave the machine.
 *
 * Its environment is the service's, of REDIS_* only URL, PREFIX, MODE, SENTINEL_MASTER and WAIT_REPLICAS, and SHARED_FILE.
 */
import '../../src/node-warnings.ts';
import process from 'node:process';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { randomId, systemClock } from '../../src/clock.ts';
import { readConfig } from '../../src/config.ts';
import { runNode } from '../../src/node-process.ts';
import { distributedProfile } from '../../src/profiles/distributed.ts';
import { type RedisMode, redisSettings } from '../../src/redis/settings.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { openDatabase } from '../../src/sqlite/database.ts';

const {
  REDIS_URL = '',
  REDIS_PREFIX = 'rollcast',
  REDIS_MODE,
  REDIS_SENTINEL_MASTER,
  REDIS_WAIT_REPLICAS = '0',
  SHARED_FILE = '',
  ...env
} = process.env;
/** The other nodes write to the same file. */
const BUSY_MS = 10_000;

runNode(
  () => readConfig(env),
  async (_config, logger, reports, tracing) => {
    const db = openDatabase({ file: SHARED_FILE, busyTimeoutMs: BUSY_MS });
    return distributedProfile({
      redis: redisSettings({
        REDIS_URL,
        REDIS_PREFIX,
        REDIS_MODE: REDIS_MODE as RedisMode | undefined,
        REDIS_SENTINEL_MASTER,
        REDIS_TLS_CA_FILE: undefined,
        REDIS_WAIT_REPLICAS: Number(REDIS_WAIT_REPLICAS),
      }),
      records: {
        registry: new SqliteRegistry(db),
        archive: new SqliteArchive(db),
        warnings: [],
        close: async () => db.close(),
      },
      clock: systemClock,
      makeId: randomId,
      logger,
      reports,
      tracing,
    });
  },
);
