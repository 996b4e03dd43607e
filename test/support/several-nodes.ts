/** Several nodes of the distributed profile as processes of their own, on one Redis and one MongoDB or file of records. */
import path from 'node:path';
import { expect } from 'vitest';
import { NODE_SCRIPT } from '../../deploy/local-cluster/programs.ts';
import { Deployment, TEST_SECRET } from './deployment.ts';
import { dataDirectory, type Environment, Service } from './service.ts';

export type SeveralNodesOptions = {
  count: number;
  /** Known when they are started. Of one node: what it alone is to have, such as another way to the same Redis. */
  env: (node: number) => Environment;
  /** The database of their records; unset: a file that they share, which is quicker. */
  mongodb?: string;
  /** What each of them runs at first, with MongoDB; this checkout's service unless given. */
  entry?: string;
};

export class SeveralNodes extends Deployment {
  override readonly nodes: readonly Service[];
  private readonly removeData: () => void;

  private constructor(nodes: readonly Service[], removeData: () => void) {
    super(nodes, TEST_SECRET);
    this.nodes = nodes;
    this.removeData = removeData;
  }

  static async start({ count, env, mongodb, entry }: SeveralNodesOptions): Promise<SeveralNodes> {
    const { dir, remove } = dataDirectory();
    const records: Environment =
      mongodb === undefined ? { SHARED_FILE: path.join(dir, 'records.db') } : { MONGODB_URL: mongodb };
    const script = mongodb === undefined ? [NODE_SCRIPT] : [];
    const make = (n: number) => new Service({ JWT_SECRET: TEST_SECRET, ...records, ...env(n) }, ...script);
    const nodes = Array.from({ length: count }, (_, n) => make(n));
    // The first one makes the file.
    await nodes[0]?.start(entry);
    await Promise.all(nodes.slice(1).map((it) => it.start(entry)));
    return new SeveralNodes(nodes, remove);
  }

  node(n: number): Service {
    const it = this.nodes[n];
    if (it === undefined) throw new Error(`there is no node ${n}`);
    return it;
  }

  /** Ends the nodes, removes their data, and fails if one died by itself or logged what it must not. */
  async stop(): Promise<void> {
    const dead = this.nodes.filter((it) => !it.isRunning && !it.wasKilled);
    await Promise.all(this.nodes.map((it) => it.stop()));
    this.removeData();
    for (const { output } of dead) expect.fail(`a node died by itself:\n${output.slice(-2_000)}`);
    this.checkLogs();
  }
}
