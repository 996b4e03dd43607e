/** The command line of `npm run local-cluster`. */
import { parseArgs } from 'node:util';

/** The service's own port, so that everything written for one node works here too. */
const DEFAULT_PORT = 4002;
const LAST_PORT = 65_535;
/** The balancer, its state, Redis and the nodes: one after the other. */
export const NODE_COUNT = 3;
const PORT_COUNT = 3 + NODE_COUNT;

export const USAGE = `usage: npm run local-cluster -- [--port <port>] [--data <directory>] [--simulate]

Three nodes, a Redis and HAProxy in front of them, on this machine and for this machine alone: to see what several nodes
do when one of them dies. For trying it by hand: courses and records lie in a file, unless MONGODB_URL names a database.
It is not a deployment.

  --port <port>       of the balancer (${DEFAULT_PORT} unless given); the ${PORT_COUNT - 1} ports after it are used too
  --data <directory>  keeps everything there, for the next start; without it all is gone at the end
  --simulate          lets students arrive, while you watch what the teacher hears
  --help              shows this

Once it is up, kill -USR2 <its pid> restarts its nodes one after the other.`;

export type Ports = { balancer: number; nodes: number[]; redis: number; status: number };
export type ClusterOptions = { ports: Ports; dataDir: string | null; simulated: boolean };

/** Throws an Error that says what is wrong with the command line. */
export const readOptions = (args: string[]): ClusterOptions | 'help' => {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', short: 'h' },
      port: { type: 'string', default: String(DEFAULT_PORT) },
      data: { type: 'string' },
      simulate: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const first = /^[1-9]\d{0,4}$/.test(values.port) ? Number(values.port) : Number.NaN;
  const last = LAST_PORT - PORT_COUNT + 1;
  if (!(first <= last)) throw new Error(`--port must be a number from 1 to ${last}`);
  if (values.data === '') throw new Error('--data must name a directory');
  return { ports: portsFrom(first), dataDir: values.data ?? null, simulated: values.simulate };
};

const portsFrom = (first: number): Ports => ({
  balancer: first,
  nodes: Array.from({ length: NODE_COUNT }, (_, n) => first + 1 + n),
  redis: first + NODE_COUNT + 1,
  status: first + NODE_COUNT + 2,
});
