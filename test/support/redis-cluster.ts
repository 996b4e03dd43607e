/** A real Redis Cluster of three masters, a third of the slots each, without replicas. */
import { freePort } from './free-port.ts';
import { RedisProcess } from './redis-server.ts';
import { until } from './until.ts';

const SLOTS = 16_384;
const MASTERS = 3;

export type RedisCluster = {
  /** In the order of their slots: 0–5460, 5461–10922, 10923–16383. */
  nodes: RedisProcess[];
  urls: string[];
  stop: () => Promise<void>;
};

/** The first slot of a third; of the one after the last: the number of all slots. */
const firstSlot = (third: number): number => Math.round((third * SLOTS) / MASTERS);

const startNode = async (args: string[]): Promise<RedisProcess> => {
  // The bus would take the port 10,000 above by itself, which may be taken.
  const bus = String(await freePort());
  return RedisProcess.start({ args: ['--cluster-enabled', 'yes', '--cluster-port', bus, ...args] });
};

/** The port that the other nodes of the cluster talk to. */
const busPort = async (node: RedisProcess): Promise<string> => {
  const [, port = ''] = (await node.command('CONFIG', 'GET', 'cluster-port')) as string[];
  return port;
};

/**
 * Resolves when every node knows all three and serves its slots. `args`: more of the command line of each, such as
 * `['--cluster-node-timeout', '1000']` or `['--appendonly', 'yes']`.
 */
export const startRedisCluster = async ({ args = [] }: { args?: string[] } = {}): Promise<RedisCluster> => {
  const nodes = await Promise.all(Array.from({ length: MASTERS }, () => startNode(args)));
  for (const [third, node] of nodes.entries()) {
    await node.command('CLUSTER', 'ADDSLOTSRANGE', String(firstSlot(third)), String(firstSlot(third + 1) - 1));
    // Epochs of their own from the start: nodes that share one only agree after a while.
    await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(third + 1));
  }
  for (const [third, node] of nodes.entries()) {
    for (const other of nodes.slice(third + 1)) {
      await node.command('CLUSTER', 'MEET', '127.0.0.1', String(other.port), await busPort(other));
    }
  }
  for (const node of nodes) {
    await until(`the cluster is up for the node on port ${node.port}`, async () => {
      const state = (await node.command('CLUSTER', 'INFO')) as string;
      return state.includes('cluster_state:ok') && state.includes(`cluster_size:${MASTERS}`);
    });
  }
  return {
    nodes,
    urls: nodes.map(({ url }) => url),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
};
