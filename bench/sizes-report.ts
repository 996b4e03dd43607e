import { inColumns } from './report.ts';
import type { SizesRound, Step } from './sizes-rounds.ts';

/** The sizes as tables. */

const HEAD = [
  'for each',
  'of',
  'node CPU µs',
  'Redis CPU µs',
  'into Redis B',
  'out of Redis B',
  'AOF B',
  'Redis memory B',
  'node memory B',
];

const cells = (it: Step): string[] => [
  it.what,
  String(it.count),
  it.node_cpu_us.toFixed(1),
  it.redis_cpu_us.toFixed(1),
  it.redis_bytes_in.toFixed(0),
  it.redis_bytes_out.toFixed(0),
  it.aof_bytes.toFixed(0),
  it.redis_memory_bytes.toFixed(0),
  it.node_memory_bytes.toFixed(0),
];

export function printSizes({ rounds }: { rounds: SizesRound[] }): string {
  return rounds.map(printRound).join('\n\n');
}

function printRound({ students, classes, steps, keys, documents }: SizesRound): string {
  const ofKeys = Object.entries(keys).map(([kind, bytes]) => [kind, String(bytes), (bytes / students).toFixed(0)]);
  const ofDocuments = Object.entries(documents ?? {}).map(([collection, { count, bytes }]) => [
    collection,
    String(count),
    String(bytes),
  ]);
  return [
    `${classes} classes of ${students} students`,
    inColumns([HEAD, ...steps.map(cells)]),
    inColumns([['key in Redis', 'bytes of one roll', 'per student'], ...ofKeys]),
    ...(documents === null ? [] : [inColumns([['collection', 'documents of one session', 'bytes'], ...ofDocuments])]),
  ].join('\n\n');
}
