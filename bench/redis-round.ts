import type { RedisWork } from './redis-server.ts';

/** What a round's joins made Redis do, each figure divided by the joins. */
export interface RedisRound {
  /** Part of the server's CPU, to the last acknowledgement. */
  cpu_us: number;
  // From here on, to the end of the aftermath.
  /** All, those that scripts call included. */
  commands: number;
  scripts: number;
  published: number;
  /** To the nodes: answers and messages. */
  bytes_out: number;
  /** The commands that make up nearly all of these, with the microseconds that the server itself clocks. */
  by_command: Record<string, { calls: number; usec: number }>;
}

/** Once in a thousand joins says nothing. */
const FEWEST_CALLS = 0.001;

export function redisRound(begin: RedisWork, end: RedisWork, after: RedisWork, joins: number): RedisRound {
  const of = (name: string, what: 'calls' | 'usec') =>
    ((after.commands[name]?.[what] ?? 0) - (begin.commands[name]?.[what] ?? 0)) / joins;
  const calls = (...names: string[]) => names.reduce((sum, name) => sum + of(name, 'calls'), 0);
  const names = Object.keys(after.commands);
  const frequent = names.filter((name) => of(name, 'calls') >= FEWEST_CALLS);
  return {
    cpu_us: (end.cpu_us - begin.cpu_us) / joins,
    commands: calls(...names),
    scripts: calls('evalsha', 'eval'),
    published: calls('spublish'),
    bytes_out: (after.bytes_out - begin.bytes_out) / joins,
    by_command: Object.fromEntries(
      frequent.map((name) => [name, { calls: of(name, 'calls'), usec: of(name, 'usec') }]),
    ),
  };
}
