/** The two stores that all nodes share. In the embedded profile these rows are empty. */
import type { Row } from './grafana.ts';
import { ofEachNode, perSecond, quantile, times } from './queries.ts';

const redisRow: Row = {
  title: 'Redis: does it answer, and does every node hear?',
  height: 8,
  panels: [
    {
      kind: 'lines',
      title: 'Redis p99, by operation',
      description:
        'From sending to the answer, as the nodes see it. When all operations rise together, Redis is at its limit or the network slow: SLOWLOG GET, INFO commandstats.',
      unit: 's',
      width: 8,
      queries: [{ expr: quantile(0.99, 'rollcast_redis_seconds', '', 'operation'), legend: '{{operation}}' }],
    },
    {
      kind: 'lines',
      title: 'Redis operations',
      description:
        'What the nodes ask of Redis. It is one thread for each shard: when this no longer rises with the events, it is full.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: perSecond('rollcast_redis_seconds_count', '', 'operation'), legend: '{{operation}}' }],
    },
    {
      kind: 'lines',
      title: 'Redis errors, by operation and code',
      description:
        'STORE_UNAVAILABLE: away, silent, full or moving. SCRIPT: Redis refused a script or command, mostly for missing permissions; the log has its words.',
      unit: 'ops',
      width: 8,
      queries: [
        { expr: perSecond('rollcast_redis_errors_total', '', 'operation, code'), legend: '{{operation}} {{code}}' },
      ],
    },
    {
      kind: 'lines',
      title: 'Connections that are up, by node and purpose',
      description: '1 is up. One node at 0 has a network fault: restart it elsewhere. All nodes at 0 is Redis itself.',
      unit: 'short',
      width: 8,
      bad: 1,
      queries: [{ expr: ofEachNode('rollcast_redis_up', '', 'purpose'), legend: '{{instance}} {{purpose}}' }],
    },
    {
      kind: 'bars',
      title: 'Connections lost, by purpose',
      description:
        'Once for each purpose is a restart or a fail-over. Again and again means that something between nodes and Redis cuts connections, or that Redis stalls.',
      unit: 'short',
      width: 8,
      queries: [
        { expr: times('rollcast_redis_losses_total', '', 'instance, purpose'), legend: '{{instance}} {{purpose}}' },
      ],
    },
    {
      kind: 'bars',
      title: 'Missed events that were caught up with',
      description:
        'A node had missed what others published and read it from the log, or took a snapshot. After a lost connection that is as it should be; without one, look at Redis’ load and output buffers.',
      unit: 'short',
      width: 4,
      queries: [{ expr: times('rollcast_gaps_repaired_total', '', 'how'), legend: '{{how}}' }],
    },
    {
      kind: 'bars',
      title: 'Deaf rooms',
      description:
        'Rooms that were subscribed again since nothing was heard any more. People there heard changes up to 16 s late; more than now and then is a fault of Redis or of the way to it.',
      unit: 'short',
      width: 4,
      queries: [{ expr: times('rollcast_deaf_rooms_total', '', 'instance'), legend: '{{instance}}' }],
    },
  ],
};

const mongoRow: Row = {
  title: 'MongoDB: can sessions start, and be archived?',
  height: 8,
  panels: [
    {
      kind: 'lines',
      title: 'MongoDB p95, by command',
      description:
        'Reports (aggregate, find) may take long. When insert and update do, the replica set waits for a majority: look at its disks and its replication lag.',
      unit: 's',
      width: 8,
      queries: [{ expr: quantile(0.95, 'rollcast_mongodb_seconds', '', 'command'), legend: '{{command}}' }],
    },
    {
      kind: 'lines',
      title: 'MongoDB commands and errors',
      description:
        'What the nodes ask of MongoDB, and what it refused. Errors without an outage are often missing permissions; the log has its words.',
      unit: 'ops',
      width: 8,
      queries: [
        { expr: perSecond('rollcast_mongodb_seconds_count', '', 'command'), legend: '{{command}}' },
        { expr: perSecond('rollcast_mongodb_errors_total', '', 'command'), legend: '{{command}}: errors' },
      ],
    },
    {
      kind: 'lines',
      title: 'MongoDB is there, by node',
      description:
        '1 is there. At 0 no session can start, running ones go on, and what ends waits in Redis: see that Redis has room, and bring MongoDB back.',
      unit: 'short',
      width: 8,
      bad: 1,
      queries: [{ expr: ofEachNode('rollcast_mongodb_up'), legend: '{{instance}}' }],
    },
  ],
};

export const storeRows: Row[] = [redisRow, mongoRow];
