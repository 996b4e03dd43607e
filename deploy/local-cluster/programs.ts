/** The processes of the local cluster and what each of them is told. */
import path from 'node:path';
import process from 'node:process';
import { installed } from './installed.ts';
import type { Ports } from './options.ts';
import { Program } from './program.ts';

export const NODE_SCRIPT = path.resolve(import.meta.dirname, 'node.ts');
const SERVICE_SCRIPT = path.resolve(import.meta.dirname, '../../src/main.ts');
export const HAPROXY_CONFIG = path.resolve(import.meta.dirname, 'haproxy.cfg');
/** In the foreground, and ended by the first signal. */
export const HAPROXY_ARGS = ['-db', '-f', HAPROXY_CONFIG];

export const LOOPBACK = '127.0.0.1';
/** Debian's packages have the same names. */
const NEEDED = ['redis-server', 'haproxy'];
/** Settings of the service that somebody who tries it out may want to be different. */
const PASSED_ON = ['TRANSPORTS', 'DRAIN_TIMEOUT_MS', 'LOG_LEVEL'];
/** Pino's number for warnings. */
const WARN = 40;
/** While Redis is away, every node says so of everything that it tries, several times a second. */
const SAME_AGAIN_AFTER_MS = 10_000;
const ASK_WITHIN_MS = 1_000;

export type ClusterPrograms = { redis: Program; nodes: Program[]; balancer: Program };

export type ProgramsOptions = {
  ports: Ports;
  /** An existing directory. */
  dataDir: string;
  /** Signs and verifies the tokens of all nodes. */
  secret: string;
  say: (text: string) => void;
};

/** Throws an Error of one line that says what to install. */
export const programsOf = (options: ProgramsOptions): ClusterPrograms => {
  const missing = NEEDED.filter((it) => installed(it) === null);
  if (missing.length > 0) {
    throw new Error(`this needs ${missing.join(' and ')}: on Debian and Ubuntu, apt-get install ${missing.join(' ')}`);
  }
  const nodes = options.ports.nodes.map((_, n) => nodeProgram(options, n));
  return { redis: redisProgram(options), nodes, balancer: balancerProgram(options) };
};

/** An append-only file and no eviction: what Rollcast wants of every Redis. */
const redisProgram = ({ ports, dataDir, say }: ProgramsOptions): Program => {
  const settings = {
    bind: LOOPBACK,
    port: String(ports.redis),
    dir: dataDir,
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
  };
  return new Program({
    name: 'redis',
    command: installed('redis-server') ?? '',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    env: { PATH: process.env.PATH ?? '' },
    isUp: (lines) => lines.some((it) => it.includes('Ready to accept connections')),
    show: () => null,
    say,
  });
};

const nodeProgram = ({ ports, dataDir, secret, say }: ProgramsOptions, n: number): Program => {
  const passed = PASSED_ON.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return new Program({
    name: `node-${n + 1}`,
    command: process.execPath,
    args: [process.env.MONGODB_URL ? SERVICE_SCRIPT : NODE_SCRIPT],
    env: {
      PATH: process.env.PATH ?? '',
      ...(Object.fromEntries(passed) as Record<string, string>),
      HOST: LOOPBACK,
      PORT: String(ports.nodes[n]),
      REDIS_URL: `redis://${LOOPBACK}:${ports.redis}`,
      ...recordsIn(dataDir),
      JWT_SECRET: secret,
      PUBLIC_URL: `http://localhost:${ports.balancer}`,
      // The balancer is the one proxy before it.
      TRUST_PROXY: '1',
    },
    isUp: () => isReady(`http://${LOOPBACK}:${ports.nodes[n]}`),
    show: process.env.LOG_LEVEL ? (line) => line : warnings(),
    say,
  });
};

/** Where courses and records are kept: see docs/local-cluster.md. */
const recordsIn = (dataDir: string): Record<string, string> =>
  process.env.MONGODB_URL
    ? { MONGODB_URL: process.env.MONGODB_URL }
    : { SHARED_FILE: path.join(dataDir, 'records.db') };

const balancerProgram = ({ ports, say }: ProgramsOptions): Program => {
  const nodes = ports.nodes.map((port, n) => [`NODE_${n + 1}`, `${LOOPBACK}:${port}`]);
  return new Program({
    name: 'balancer',
    command: installed('haproxy') ?? '',
    args: HAPROXY_ARGS,
    env: {
      PATH: process.env.PATH ?? '',
      BALANCER: `${LOOPBACK}:${ports.balancer}`,
      STATUS: `${LOOPBACK}:${ports.status}`,
      ...(Object.fromEntries(nodes) as Record<string, string>),
    },
    isUp: () => isReady(`http://${LOOPBACK}:${ports.balancer}`),
    // It writes only what it finds worth a notice: nodes that go down and come up.
    show: stateOfANode,
    say,
  });
};

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ASK_WITHIN_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );

type LogLine = { level: number; time: number; msg: string; route?: string; err?: { message: string } };

/** A node's log is JSON; of that the warnings, in short. Whatever else it writes is worth seeing. */
const warnings = (): ((line: string) => string | null) => {
  const shown = new Map<string, number>();
  return (line) => {
    if (!line.startsWith('{')) return line;
    const { level, time, msg, err, ...more } = JSON.parse(line) as LogLine;
    // That a node is not ready is asked several times a second, and told by the balancer.
    if (level < WARN || more.route === '/readyz') return null;
    if (time - (shown.get(msg) ?? 0) < SAME_AGAIN_AFTER_MS) return null;
    shown.set(msg, time);
    const details = Object.keys(more).length === 0 ? '' : ` ${JSON.stringify(more)}`;
    return `${msg}${details}${err === undefined ? '' : `: ${err.message}`}`;
  };
};

/** Each of them comes twice: as a warning on standard error and, to be shown, from the log. */
const stateOfANode = (line: string): string | null => /^Server nodes\/([^,]+)/.exec(line)?.[1] ?? null;
