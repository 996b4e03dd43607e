/** What each node's process takes, and the file that a node of the embedded profile writes. */
import type { Row } from './grafana.ts';
import { ofEachNode, perSecond, quantile, times } from './queries.ts';

const processRow: Row = {
  title: 'Process: has a node enough of everything?',
  height: 8,
  panels: [
    {
      kind: 'lines',
      title: 'CPU of each node',
      description:
        '1 is one core, and a node can use little more. Above 0.7 for long add nodes; clients that come back spread over them.',
      unit: 'short',
      width: 8,
      warn: 0.7,
      bad: 0.9,
      queries: [{ expr: perSecond('process_cpu_seconds_total', '', 'instance'), legend: '{{instance}}' }],
    },
    {
      kind: 'lines',
      title: 'Event loop delay (p99)',
      description:
        'How long the one thread was busy with something else. Above 0.1 s everybody on that node waits; with little CPU the machine itself is short of it.',
      unit: 's',
      width: 8,
      warn: 0.1,
      bad: 0.2,
      queries: [{ expr: ofEachNode('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}}' }],
    },
    {
      kind: 'lines',
      title: 'Garbage collection',
      description:
        'Share of the time that goes into it. Above a tenth the node is short of memory: give it more, or add nodes.',
      unit: 'percentunit',
      width: 8,
      warn: 0.1,
      queries: [{ expr: perSecond('nodejs_gc_duration_seconds_sum', '', 'instance'), legend: '{{instance}}' }],
    },
    {
      kind: 'lines',
      title: 'Memory of each node',
      description:
        'What the machine gives the process. It follows the sockets; when it rises without them, take note of the version and restart that node.',
      unit: 'bytes',
      width: 8,
      queries: [{ expr: ofEachNode('process_resident_memory_bytes'), legend: '{{instance}}' }],
    },
    {
      kind: 'lines',
      title: 'JavaScript heap in use',
      description:
        'The part of it that holds rolls, sockets and queues. A saw-tooth is ordinary, a rising floor is not.',
      unit: 'bytes',
      width: 8,
      queries: [{ expr: ofEachNode('nodejs_heap_size_used_bytes'), legend: '{{instance}}' }],
    },
    {
      kind: 'lines',
      title: 'Open files and connections',
      description:
        'File descriptors, one for each connection, and how many the process may have. Raise the limit (ulimit -n) before they meet.',
      unit: 'short',
      width: 8,
      queries: [
        { expr: ofEachNode('process_open_fds'), legend: '{{instance}}' },
        { expr: ofEachNode('process_max_fds'), legend: '{{instance}}: limit' },
      ],
    },
  ],
};

const journalRow: Row = {
  title: 'Journal (embedded profile only)',
  height: 8,
  collapsed: true,
  panels: [
    {
      kind: 'lines',
      title: 'Time of one commit',
      description:
        'How long the disk takes to confirm what is acknowledged then. It is part of every acknowledgement: tens of milliseconds are a slow disk.',
      unit: 's',
      width: 12,
      queries: [0.5, 0.99].map((q) => ({
        expr: quantile(q, 'rollcast_journal_commit_seconds'),
        legend: `p${q * 100}`,
      })),
    },
    {
      kind: 'bars',
      title: 'Commits that failed',
      description:
        'The disk is full or broken, and what was asked was answered STORE_UNAVAILABLE. Free space at once; nothing acknowledged is lost.',
      unit: 'short',
      width: 12,
      queries: [{ expr: times('rollcast_journal_failures_total'), legend: 'failed' }],
    },
  ],
};

export const processRows: Row[] = [processRow, journalRow];
