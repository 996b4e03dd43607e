/**
 * A rolling restart, as an upgrade makes it: every node in turn drains, ends, and comes back at its address as a new
 * process, while the others serve. The order of its steps, for the local cluster and for the tests; Kubernetes takes the
 * same ones for a Deployment with maxUnavailable 1, maxSurge 0 and minReadySeconds.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { NodeState } from './balancer-state.ts';

/**
 * How long all nodes must have been in use before the next one goes: whoever had to move is connected again by then, and
 * is moved at most once in that time.
 */
const SETTLED_MS = 10_000;
/** A node that was started is in use by then, on a busy machine too. */
const USED_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;

export type RestartedNode = {
  name: string;
  /** Tells it to go; resolves when its process has ended, with how: 'exit code 0', or 'SIGKILL'. */
  stop(): Promise<string>;
  /** Starts it anew at the same address; resolves when it listens. */
  start(): Promise<void>;
};

export type RollingRestartOptions = {
  nodes: readonly RestartedNode[];
  /** As the balancer sees them, in the same order. */
  states: () => Promise<NodeState[]>;
  /** SETTLED_MS unless given. */
  settled_ms?: number;
  say: (text: string) => void;
  /** Nothing more is started or stopped after it. */
  signal?: AbortSignal;
};

/** Resolves when the last one is in use. Rejects, and leaves the others as they are, when a node does not come back. */
export const rollingRestart = async (options: RollingRestartOptions): Promise<void> => {
  const { nodes, settled_ms = SETTLED_MS, say, signal } = options;
  // Never one node less than there would be anyway: who is missing already has to be back first.
  await untilAllAreUsed(options, 0);
  for (const [n, node] of nodes.entries()) {
    if (n > 0) await untilAllAreUsed(options, settled_ms);
    signal?.throwIfAborted();
    say(`${node.name} is told to go.`);
    const began = performance.now();
    const how = await node.stop();
    signal?.throwIfAborted();
    say(`${node.name} has ended after ${seconds(began)} s: ${how}. It is started anew.`);
    await node.start();
    await untilAllAreUsed(options, 0);
    say(`${node.name} is in use again, ${seconds(began)} s after it was told to go.`);
  }
};

const seconds = (since: number): string => ((performance.now() - since) / 1_000).toFixed(1);

/** Without a break for so long. */
const untilAllAreUsed = async ({ nodes, states, signal }: RollingRestartOptions, for_ms: number): Promise<void> => {
  const deadline = performance.now() + USED_WITHIN_MS + for_ms;
  let since: number | null = null;
  const missed = new Set<string>();
  while (since === null || performance.now() - since < for_ms) {
    signal?.throwIfAborted();
    const now = await states().catch((): NodeState[] => []);
    const missing = nodes.filter((_, n) => now[n]?.isUp !== true).map(({ name }) => name);
    for (const name of missing) missed.add(name);
    since = missing.length > 0 ? null : (since ?? performance.now());
    if (performance.now() > deadline) throw new Error(`the balancer does not go on using ${[...missed].join(' and ')}`);
    await pause(LOOK_EVERY_MS);
  }
};
