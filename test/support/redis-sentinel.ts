/** A master, a replica and three real sentinels that watch them, impatient enough for tests. */
import { type RedisOptions, RedisProcess } from './redis-server.ts';
import { until } from './until.ts';

const MASTER_NAME = 'rollcast-test';
const SENTINELS = 3;
const QUORUM = 2;

export type WatchedRedis = {
  /** What clients are given. */
  sentinels: string[];
  master_name: string;
  /** The one that was master at first, and the one that was its replica. */
  master: RedisProcess;
  replica: RedisProcess;
  /** The port of the master that all sentinels agree on; waits while they do not. */
  currentMaster: () => Promise<number>;
  /** Has the replica of this moment take over; resolves when all sentinels name it. */
  failover: () => Promise<void>;
  stop: () => Promise<void>;
};

const watch = async (sentinel: RedisProcess, master: RedisProcess): Promise<void> => {
  await sentinel.command('SENTINEL', 'MONITOR', MASTER_NAME, '127.0.0.1', String(master.port), String(QUORUM));
  const patience = ['down-after-milliseconds', '1000', 'failover-timeout', '3000'];
  await sentinel.command('SENTINEL', 'SET', MASTER_NAME, ...patience);
  // How often they look and talk to one another: every 10 and 2 s otherwise.
  await sentinel.command('SENTINEL', 'DEBUG', 'info-period', '500', 'publish-period', '200');
};

/**
 * Whether the sentinel knows of everybody, and of a replica that follows the master. A fail-over before that is begun,
 * comes to nothing, and is given up after a while.
 */
const isReady = async (sentinel: RedisProcess): Promise<boolean> => {
  const { master0 = '' } = await sentinel.info('sentinel');
  if (!master0.includes('status=ok') || !master0.includes(`slaves=1,sentinels=${SENTINELS}`)) return false;
  const [fields = []] = (await sentinel.command('SENTINEL', 'REPLICAS', MASTER_NAME)) as string[][];
  const field = (name: string) => fields[fields.indexOf(name) + 1];
  return field('flags') === 'slave' && field('role-reported') === 'slave' && field('master-link-status') === 'ok';
};

const masterOf = async (sentinel: RedisProcess): Promise<number> => {
  const [, port] = (await sentinel.command('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER_NAME)) as [string, string];
  return Number(port);
};

/** `data`: options of the master and the replica. */
export const startWatchedRedis = async ({ data = {} }: { data?: RedisOptions } = {}): Promise<WatchedRedis> => {
  const master = await RedisProcess.start(data);
  const [replica, ...watchers] = await Promise.all([
    RedisProcess.start({ ...data, replicaOf: master }),
    ...Array.from({ length: SENTINELS }, () => RedisProcess.start({ sentinel: true })),
  ]);
  for (const sentinel of watchers) await watch(sentinel, master);
  const ready = async () => {
    for (const sentinel of watchers) await until('a sentinel could fail over', () => isReady(sentinel));
  };
  await ready();

  const currentMaster = () =>
    until('the sentinels agree on a master', async () => {
      const [first, ...others] = await Promise.all(watchers.map(masterOf));
      return others.every((port) => port === first) && first;
    });
  return {
    sentinels: watchers.map(({ url }) => url),
    master_name: MASTER_NAME,
    master,
    replica,
    currentMaster,
    failover: async () => {
      const before = await currentMaster();
      await ready();
      await watchers[0]?.command('SENTINEL', 'FAILOVER', MASTER_NAME);
      await until('the sentinels name a new master', async () => (await currentMaster()) !== before);
    },
    stop: async () => {
      await Promise.all([...watchers, replica, master].map((it) => it.stop()));
    },
  };
};
