/**
 * Three nodes, a Redis and HAProxy in front of them as processes of this machine, with a course to play with:
 * `npm run local-cluster -- --help` says how. For trying it by hand; see node.ts for what it is not.
 */
import '../../src/node-warnings.ts';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { keptSecret } from '../../src/secret-file.ts';
import { lockDataDir } from '../../src/sqlite/data-dir.ts';
import { nodeStates } from './balancer-state.ts';
import { lesson } from './lesson.ts';
import { type ClusterOptions, type Ports, readOptions, USAGE } from './options.ts';
import { type ClusterPrograms, LOOPBACK, programsOf } from './programs.ts';
import { rollingRestart } from './rolling-restart.ts';

const FAILED = 1;
const SECRET_BYTES = 32;
/** A little more than a node takes to drain at most. */
const NODE_STOPS_WITHIN_MS = Number(process.env.DRAIN_TIMEOUT_MS || 30_000) + 2_000;
const OTHER_STOPS_WITHIN_MS = 5_000;

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const run = async (): Promise<void> => {
  // A reader that has gone (`| head`) stops nothing.
  process.stdout.on('error', () => {});
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return say(USAGE);
  const { ports } = options;
  await allFree(ports);
  const dataDir = dataDirectory(options);
  const secret = keptSecret(dataDir, () => randomBytes(SECRET_BYTES).toString('hex'));
  const programs = programsOf({ ports, dataDir, secret, say });
  const stopped = new AbortController();
  stopOnSignal(programs, stopped);
  try {
    await startAll(programs);
    restartOnSignal(programs, ports, stopped.signal);
    await lesson({ options, programs, secret, say, signal: stopped.signal });
  } catch (error) {
    // Who is told to stop while it starts has nothing to complain about.
    if (!stopped.signal.aborted) throw error;
  }
};

/** Something else that listens there would answer in the place of ours. */
const allFree = async (ports: Ports): Promise<void> => {
  for (const port of [ports.balancer, ...ports.nodes, ports.redis, ports.status]) {
    const server = createServer();
    try {
      await once(server.listen(port, LOOPBACK), 'listening');
    } catch {
      throw new Error(`port ${port} cannot be had; choose others with --port`);
    }
    await once(server.close(), 'close');
  }
};

/** An existing directory, this process' own as long as it lives: two Redis servers on one file would destroy it. */
const dataDirectory = ({ dataDir }: ClusterOptions): string => {
  if (dataDir !== null) {
    lockDataDir(dataDir);
    return path.resolve(dataDir);
  }
  const temporary = mkdtempSync(path.join(tmpdir(), 'rollcast-local-cluster-'));
  process.on('exit', () => rmSync(temporary, { recursive: true, force: true, maxRetries: 5 }));
  return temporary;
};

const startAll = async ({ redis, nodes, balancer }: ClusterPrograms): Promise<void> => {
  say('Starting Redis, three nodes and HAProxy.');
  await redis.start();
  const [first, ...others] = nodes;
  // The first one makes the file of records.
  await first?.start();
  await Promise.all(others.map((it) => it.start()));
  await balancer.start();
};

const stopOnSignal = ({ redis, nodes, balancer }: ClusterPrograms, stopped: AbortController): void => {
  // Nothing is left behind, whatever this process ends by. (Before the data goes.)
  process.prependListener('exit', () => {
    for (const it of [...nodes, balancer, redis]) it.kill();
  });
  const leave = async (): Promise<void> => {
    // npm and the terminal may both pass a Ctrl-C on.
    if (stopped.signal.aborted) return;
    stopped.abort();
    say('\nDraining the nodes.');
    // Each needs the next one until it has gone.
    await Promise.all(nodes.map((it) => it.stop(NODE_STOPS_WITHIN_MS)));
    await balancer.stop(OTHER_STOPS_WITHIN_MS);
    await redis.stop(OTHER_STOPS_WITHIN_MS);
    say('Stopped.');
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void leave());
};

/** SIGUSR2, the one of the two signals for such things that Node leaves alone. */
const restartOnSignal = ({ nodes }: ClusterPrograms, ports: Ports, signal: AbortSignal): void => {
  let isUnderWay = false;
  const restart = async (): Promise<void> => {
    if (isUnderWay) return say('A rolling restart is under way already.');
    isUnderWay = true;
    say('\nA rolling restart.');
    try {
      await rollingRestart({
        nodes: nodes.map((it) => ({
          name: it.name,
          stop: () => it.stop(NODE_STOPS_WITHIN_MS),
          start: () => it.start().then(() => say(`${it.name} runs: pid ${it.pid}`)),
        })),
        states: () => nodeStates(`http://${LOOPBACK}:${ports.status}`),
        say,
        signal,
      });
      say('All nodes are new processes.');
    } catch (error) {
      if (!signal.aborted) say(`The rolling restart has stopped: ${(error as Error).message}`);
    } finally {
      isUnderWay = false;
    }
  };
  process.on('SIGUSR2', () => void restart());
};

run().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`local-cluster: ${message.split('\n')[0]}\n`);
  process.exit(FAILED);
});
