/**
 * A node of the distributed profile as a process of its own, for tests: live rolls in Redis, registry and archive in one
 * SQLite file that all nodes of a test share.
 */
import '../../src/node-warnings.ts';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { randomId, systemClock } from '../../src/clock.ts';
import { readConfig } from '../../src/config.ts';
import { runNode } from '../../src/node-process.ts';
import { distributedProfile } from '../../src/profiles/distributed.ts';
import { redisSettings } from '../../src/redis/settings.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { openDatabase } from '../../src/sqlite/database.ts';

const { REDIS_URL = '', REDIS_PREFIX = '', REDIS_MODE, REDIS_SENTINEL_MASTER, SHARED_FILE = '', ...env } = process.env;
/** Other nodes write to the same file. */
const BUSY_MS = 10_000;

runNode(
  () => readConfig(env),
  async (_config, logger) => {
    const db = openDatabase({ file: SHARED_FILE, busyTimeoutMs: BUSY_MS });
    return distributedProfile({
      redis: redisSettings({
        REDIS_URL,
        REDIS_PREFIX,
        REDIS_MODE: REDIS_MODE as 'standalone' | 'cluster' | 'sentinel' | undefined,
        REDIS_SENTINEL_MASTER,
        REDIS_TLS_CA_FILE: undefined,
        REDIS_WAIT_REPLICAS: 0,
      }),
      records: {
        registry: new SqliteRegistry(db),
        archive: new SqliteArchive(db),
        close: async () => db.close(),
      },
      clock: systemClock,
      makeId: randomId,
      logger,
    });
  },
);
