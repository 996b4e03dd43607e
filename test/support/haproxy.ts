/** The load balancer of deploy/local-cluster before nodes of a test: the same file, as a real process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe } from 'vitest';
import { type NodeState, nodeStates } from '../../deploy/local-cluster/balancer-state.ts';
import { installed } from '../../deploy/local-cluster/installed.ts';
import { HAPROXY_ARGS } from '../../deploy/local-cluster/programs.ts';
import { endWithThisProcess } from './child-processes.ts';
import { freePort } from './free-port.ts';
import { describeWithRedis } from './redis-needed.ts';
import type { TestClient } from './socket-client.ts';
import { until } from './until.ts';

const HAPROXY = installed('haproxy');
const MISSING = 'needs haproxy (apt-get install haproxy)';
const COOKIE = 'rollcast_node';

/** A suite that needs HAProxy and Redis servers of its own: it runs where both are, and else is left out loudly. */
export const describeBehindHaproxy = (name: string, body: () => void): void => {
  if (HAPROXY !== null) describeWithRedis(name, 'process', body);
  else describe(name, { skip: true, meta: { left_out: MISSING } }, body);
};

export class Haproxy {
  readonly url: string;
  private readonly statusUrl: string;
  private readonly child: ChildProcess;
  private output = '';

  private constructor(port: number, statusPort: number, nodePorts: readonly number[]) {
    this.url = `http://127.0.0.1:${port}`;
    this.statusUrl = `http://127.0.0.1:${statusPort}`;
    const nodes = nodePorts.map((it, n) => [`NODE_${n + 1}`, `127.0.0.1:${it}`]);
    this.child = spawn(HAPROXY ?? '', HAPROXY_ARGS, {
      env: {
        BALANCER: `127.0.0.1:${port}`,
        STATUS: `127.0.0.1:${statusPort}`,
        ...(Object.fromEntries(nodes) as Record<string, string>),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWithThisProcess(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
  }

  /** Before exactly three nodes, which listen already; resolves when it has found all of them ready. */
  static async start(nodePorts: readonly number[]): Promise<Haproxy> {
    const balancer = new Haproxy(await freePort(), await freePort(), nodePorts);
    await until('HAProxy has found its nodes', async () => {
      if (balancer.child.exitCode !== null) throw new Error(`HAProxy ended: ${balancer.output}`);
      const nodes = await balancer.nodes().catch(() => []);
      return nodes.length === nodePorts.length && nodes.every(({ isUp }) => isUp);
    });
    return balancer;
  }

  /** In their order. */
  nodes(): Promise<NodeState[]> {
    return nodeStates(this.statusUrl);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await gone;
  }
}

/** The engine of a client keeps cookies as long as its connection lives; those of a browser outlive it. */
export const keepCookies = (client: TestClient): void => {
  const { io } = client.socket;
  io.on('reconnect_attempt', () => {
    const node = nodeOf(client);
    if (node !== null) io.opts.extraHeaders = { cookie: `${COOKIE}=${node}` };
  });
};

/** Which node the balancer's cookie names; null: it brought none, as to a client that began with a WebSocket. */
export const nodeOf = ({ socket: { io } }: TestClient): string | null => {
  const brought = [...(io.engine._cookieJar?.cookies ?? [])].find(([name]) => name === COOKIE)?.[1].value;
  return brought ?? io.opts.extraHeaders?.cookie?.replace(`${COOKIE}=`, '') ?? null;
};
