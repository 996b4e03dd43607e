import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';

/** What can be chosen on the command line. */

export type Shape = 'burst' | 'steady';

export interface Options {
  pairs: number;
  /** Rounds of the deployments of several nodes. */
  rounds: number;
  /** Their sizes, ascending; none: that part is left out. */
  node_counts: number[];
  /** Where sessions are archived to: a URL, or a server that is started here; undefined: that part is left out. */
  archive_to: { mongodb_url: string | null } | undefined;
  /** What sessions, students and connections take: measured only when it is asked for. */
  sizes: boolean;
  /** Program of the Redis server that they share. */
  redis_server: string;
  classes: number;
  /** In each class. */
  students: number;
  /** Joins per second of the steady shape. */
  rate: number;
  /** All joins of a burst are meant to be sent within this time. */
  burst_ms: number;
  shapes: Shape[];
  /** What is compared with the reference server. */
  against: 'rollcast' | 'reference';
  namespace: string;
  seed: number;
  data_parent: string;
  /** Joins on each server before anything counts. */
  warm_up_joins: number;
  /** Before each round the machine has to be calm for this long: what is left to do is not the joins' work. */
  quiet_ms: number;
  /** A machine that does not become calm is waited for no longer. */
  most_quiet_ms: number;
  /** After a round's last acknowledgement: time for events that come later, and for those that must not come at all. */
  aftermath_ms: number;
  quick: boolean;
  /** Names of the files in bench/results/; a quick run without a name writes none. */
  names: { pairs: string; nodes: string; archive: string; sizes: string } | undefined;
}

/** A process pays up to twice as much for each of its first joins as later: these are not counted. */
const WARM_UP_JOINS = 20_000;
const FULL = {
  pairs: 9,
  rounds: 9,
  node_counts: [1, 2, 4, 8],
  classes: 100,
  students: 100,
  rate: 1_000,
  burst_ms: 1_000,
  warm_up_joins: WARM_UP_JOINS,
  quiet_ms: 1_000,
  most_quiet_ms: 30_000,
  aftermath_ms: 1_000,
};
const QUICK: typeof FULL = {
  pairs: 1,
  rounds: 1,
  node_counts: [1, 2],
  classes: 4,
  students: 10,
  rate: 400,
  burst_ms: 100,
  warm_up_joins: 40,
  quiet_ms: 100,
  most_quiet_ms: 500,
  aftermath_ms: 300,
};

/** More would say little on one machine. */
const MOST_NODES = 16;

/** One load generator holds a socket for everybody, and this machine's limit of open files is often 20,000. */
const MOST_STUDENTS_IN_ALL = 19_000;

export const USAGE = `Usage: npm run bench -- [options]
  --pairs N         pairs of rounds, reference and Rollcast (${FULL.pairs})
  --classes N       classes (${FULL.classes})
  --students N      students in each class (${FULL.students})
  --rate N          joins per second of the steady shape (${FULL.rate})
  --burst-ms N      all joins of a burst are sent within this time (${FULL.burst_ms})
  --only PART       burst, steady, nodes, archive or sizes; without it all but sizes
  --rounds N        rounds of the deployments of several nodes (${FULL.rounds})
  --node-counts LIST sizes of these deployments (${FULL.node_counts.join(',')})
  --redis-server PROGRAM that they share (redis-server, if it is on the path)
  --mongodb-url URL of a database for the archive, emptied by nobody (a server is started, if mongod or Go is there)
  --against WHAT    rollcast, or reference: a second reference server, which shows the noise (rollcast)
  --namespace NAME  / or /attendance (/)
  --seed N          of the send times (1)
  --data-parent DIR where Rollcast's data live during the run: choose the disk to measure (temporary folder)
  --name NAME       of the result files in bench/results/ (embedded, nodes, archive, sizes)
  --quick           a small run that shows that everything works and measures nothing
  --help`;

/** Throws an error whose message is for the person who called. `undefined`: they asked for help. */
export function readOptions(args: string[]): Options | undefined {
  const { values } = parseArgs({
    args,
    options: {
      pairs: { type: 'string' },
      classes: { type: 'string' },
      students: { type: 'string' },
      rate: { type: 'string' },
      'burst-ms': { type: 'string' },
      only: { type: 'string' },
      rounds: { type: 'string' },
      'node-counts': { type: 'string' },
      'redis-server': { type: 'string', default: 'redis-server' },
      'mongodb-url': { type: 'string' },
      against: { type: 'string', default: 'rollcast' },
      namespace: { type: 'string', default: '/' },
      seed: { type: 'string', default: '1' },
      'data-parent': { type: 'string', default: tmpdir() },
      name: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const defaults = values.quick ? QUICK : FULL;
  const only =
    values.only === undefined
      ? undefined
      : choice('only', values.only, ['burst', 'steady', 'nodes', 'archive', 'sizes']);
  const options: Options = {
    pairs: number('pairs', values.pairs, defaults.pairs, 100),
    rounds: number('rounds', values.rounds, defaults.rounds, 100),
    node_counts: only === undefined || only === 'nodes' ? nodeCounts(values['node-counts'], defaults.node_counts) : [],
    archive_to:
      only === undefined || only === 'archive' || only === 'sizes'
        ? { mongodb_url: values['mongodb-url'] ?? null }
        : undefined,
    sizes: only === 'sizes',
    redis_server: values['redis-server'],
    classes: number('classes', values.classes, defaults.classes, MOST_STUDENTS_IN_ALL),
    students: number('students', values.students, defaults.students, MOST_STUDENTS_IN_ALL),
    rate: number('rate', values.rate, defaults.rate, 100_000),
    burst_ms: number('burst-ms', values['burst-ms'], defaults.burst_ms, 60_000),
    shapes: only === undefined ? ['burst', 'steady'] : only === 'burst' || only === 'steady' ? [only] : [],
    against: choice('against', values.against, ['rollcast', 'reference']),
    namespace: choice('namespace', values.namespace, ['/', '/attendance']),
    seed: number('seed', values.seed, 1, 2 ** 31),
    data_parent: values['data-parent'],
    warm_up_joins: defaults.warm_up_joins,
    quiet_ms: defaults.quiet_ms,
    most_quiet_ms: defaults.most_quiet_ms,
    aftermath_ms: defaults.aftermath_ms,
    quick: values.quick,
    names: resultNames(values.name, values.quick),
  };
  if (options.classes * options.students > MOST_STUDENTS_IN_ALL) {
    throw new Error(`--classes times --students is more than ${MOST_STUDENTS_IN_ALL}`);
  }
  return options;
}

function resultNames(name: string | undefined, quick: boolean): Options['names'] {
  if (name === undefined)
    return quick ? undefined : { pairs: 'embedded', nodes: 'nodes', archive: 'archive', sizes: 'sizes' };
  if (!/^[\w-]+$/.test(name)) throw new Error('--name takes letters, digits, _ and -');
  return { pairs: name, nodes: `${name}-nodes`, archive: `${name}-archive`, sizes: `${name}-sizes` };
}

function nodeCounts(text: string | undefined, otherwise: number[]): number[] {
  if (text === undefined) return otherwise;
  const counts = text.split(',').map((each) => number('node-counts', each, 1, MOST_NODES));
  return [...new Set(counts)].sort((a, b) => a - b);
}

function number(name: string, text: string | undefined, otherwise: number, most: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new Error(`--${name} takes a whole number from 1 to ${most}`);
  }
  return value;
}

function choice<Choice extends string>(name: string, text: string, choices: readonly Choice[]): Choice {
  const found = choices.find((each) => each === text);
  if (found === undefined) throw new Error(`--${name} takes ${choices.join(' or ')}`);
  return found;
}
