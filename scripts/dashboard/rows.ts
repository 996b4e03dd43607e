/**
 * What the dashboard shows, in the order in which an operator asks. Every node reads live and overdue rolls from the store
 * that all share, so those are a maximum over the nodes; what each node counts for itself is a sum.
 */
import type { Row } from './grafana.ts';
import { processRows } from './process-rows.ts';
import { M, OF_PEOPLE, perSecond, quantile, shared, times } from './queries.ts';
import { storeRows } from './store-rows.ts';

const wellRow: Row = {
  title: 'Is it well?',
  height: 4,
  panels: [
    {
      kind: 'stat',
      title: 'Nodes that answer',
      description:
        'Nodes that Prometheus reads, and targets that it should read. When they differ, see which one is missing and what its last log lines say.',
      unit: 'short',
      width: 3,
      queries: [
        { expr: `count(rollcast_build_info{${M}})`, legend: 'nodes' },
        { expr: 'count(up{job=~"$job", namespace=~"$namespace"})', legend: 'targets' },
      ],
    },
    {
      kind: 'stat',
      title: 'Nodes that drain',
      description:
        'Nodes that let their clients go and take no new ones. More than one at a time outside an upgrade means that something stops them.',
      unit: 'short',
      width: 3,
      warn: 1,
      bad: 2,
      queries: [{ expr: `sum(rollcast_draining{${M}})`, legend: 'draining' }],
    },
    {
      kind: 'stat',
      title: 'Open sockets',
      description:
        'Authenticated sockets over all nodes. A sudden fall means that clients lost their way: look at refusals and disconnects below.',
      unit: 'short',
      width: 3,
      queries: [{ expr: `sum(rollcast_sockets{${M}})`, legend: 'sockets' }],
    },
    {
      kind: 'stat',
      title: 'Events',
      description: 'Events of clients that were answered. None during lessons means that nobody gets through.',
      unit: 'ops',
      width: 3,
      queries: [{ expr: perSecond('rollcast_events_total'), legend: 'events' }],
    },
    {
      kind: 'stat',
      title: 'Refused by fault',
      description:
        'Share of events answered STORE_UNAVAILABLE or INTERNAL, so by our fault and not the client’s. Above 1 % look at Redis first, then at the log for "level":50.',
      unit: 'percentunit',
      width: 3,
      warn: 0.001,
      bad: 0.01,
      queries: [
        {
          expr: `(${perSecond('rollcast_events_total', 'code=~"STORE_UNAVAILABLE|INTERNAL"')} or vector(0)) / (${perSecond('rollcast_events_total')} > 0)`,
          legend: 'refused',
        },
      ],
    },
    {
      kind: 'stat',
      title: 'Acknowledged within (p99)',
      description:
        'What 99 of 100 events stay below, from arrival to acknowledgement. Above 1 s people tap again: look at latency, then at Redis and the event loop.',
      unit: 's',
      width: 3,
      warn: 0.25,
      bad: 1,
      queries: [{ expr: quantile(0.99, 'rollcast_acknowledgement_seconds'), legend: 'p99' }],
    },
    {
      kind: 'stat',
      title: 'Oldest overdue roll',
      description:
        'How long the oldest ended roll waits for the archive; until then it is in the live store alone. Above 60 s look at MongoDB, and do not touch Redis.',
      unit: 's',
      width: 3,
      warn: 60,
      bad: 600,
      queries: [{ expr: shared('rollcast_oldest_overdue_seconds'), legend: 'oldest' }],
    },
    {
      kind: 'stat',
      title: 'Versions',
      description:
        'Versions that run side by side. Two are fine during an upgrade; two for hours mean that it stopped half-way.',
      unit: 'short',
      width: 3,
      warn: 2,
      queries: [{ expr: `count(count by (version) (rollcast_build_info{${M}}))`, legend: 'versions' }],
    },
    {
      kind: 'table',
      title: 'Version of each node',
      description: 'What each node runs. A node of another version than the rest was forgotten by an upgrade.',
      unit: 'short',
      width: 24,
      queries: [{ expr: `max by (namespace, job, instance, version, profile) (rollcast_build_info{${M}})` }],
    },
  ],
};

const clientsRow: Row = {
  title: 'Clients: do they get in, and do they stay?',
  height: 8,
  panels: [
    {
      kind: 'lines',
      title: 'Sockets of each node',
      description:
        'New clients go to the node with the fewest. A node that stays at nothing is taken out by the load balancer, or not known to it.',
      unit: 'short',
      width: 8,
      queries: [{ expr: `sum by (instance) (rollcast_sockets{${M}})`, legend: '{{instance}}' }],
    },
    {
      kind: 'lines',
      title: 'Refused when connecting, by code',
      description:
        'TOKEN_EXPIRED comes from forgotten pages. TOKEN_INVALID in numbers means that keys have changed; STORE_UNAVAILABLE that the key set (JWT_JWKS_URL) cannot be read.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: perSecond('rollcast_connections_refused_total', '', 'code'), legend: '{{code}}' }],
    },
    {
      kind: 'lines',
      title: 'Closed by the service, by reason',
      description:
        'expired: the token ran out. slow: a reader could not keep up. frame: what it sent is no protocol of ours; many of these come from one faulty client.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: perSecond('rollcast_connections_closed_total', '', 'why'), legend: '{{why}}' }],
    },
    {
      kind: 'lines',
      title: 'Sockets that went away, by reason',
      description:
        'Many ping time-outs at once are a network or a node that stood still; transport close without a drain is often an idle limit of the proxy under 60 s.',
      unit: 'ops',
      width: 12,
      queries: [{ expr: perSecond('rollcast_disconnects_total', '', 'reason'), legend: '{{reason}}' }],
    },
    {
      kind: 'bars',
      title: 'Connections moved by drains',
      description:
        'Connections that draining nodes let go. Outside of upgrades somebody, or the autoscaler, stops nodes.',
      unit: 'short',
      width: 12,
      queries: [{ expr: times('rollcast_drained_connections_total', '', 'instance'), legend: '{{instance}}' }],
    },
  ],
};

const classRow: Row = {
  title: 'Class: what happens in it?',
  height: 8,
  panels: [
    {
      kind: 'lines',
      title: 'Check-ins',
      description:
        'new: the first of a student in a session. again: a client that came back. Many more of the latter mean that connections break.',
      unit: 'ops',
      width: 6,
      queries: [{ expr: perSecond('rollcast_joins_total', '', 'result'), legend: '{{result}}' }],
    },
    {
      kind: 'lines',
      title: 'Marks by staff, by status',
      description:
        'Records that staff marked. None at all while sessions run, and complaints: look at refusals by code.',
      unit: 'ops',
      width: 6,
      queries: [{ expr: perSecond('rollcast_marks_total', '', 'status'), legend: '{{status}}' }],
    },
    {
      kind: 'bars',
      title: 'Sessions started and ended',
      description:
        'Sessions that began, and that staff or the clock ended. Mostly by the clock is habit, not a fault; no starts at the hour is one: look at MongoDB.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: times('rollcast_sessions_started_total'), legend: 'started' },
        { expr: times('rollcast_sessions_ended_total', '', 'by'), legend: 'ended by {{by}}' },
      ],
    },
    {
      kind: 'lines',
      title: 'Live rolls',
      description:
        'Rolls that are active, or not archived yet. Every node tells the same number; a fall to nothing during lessons means that Redis was emptied.',
      unit: 'short',
      width: 6,
      queries: [{ expr: shared('rollcast_live_rolls'), legend: 'rolls' }],
    },
  ],
};

const latencyRow: Row = {
  title: 'Latency and refusals: what do people notice?',
  height: 8,
  panels: [
    {
      kind: 'lines',
      title: 'Acknowledgement',
      description:
        'From arrival to acknowledgement, all events. When p50 rises too, everything is slow: Redis or CPU. When only p99 rises, look at it by event.',
      unit: 's',
      width: 8,
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, 'rollcast_acknowledgement_seconds'),
        legend: `p${q * 100}`,
      })),
    },
    {
      kind: 'lines',
      title: 'Acknowledgement p99, by event',
      description:
        'Which events are slow. Starting and ending a session may take longer than a mark: the former writes to MongoDB first.',
      unit: 's',
      width: 8,
      queries: [{ expr: quantile(0.99, 'rollcast_acknowledgement_seconds', '', 'event'), legend: '{{event}}' }],
    },
    {
      kind: 'heatmap',
      title: 'Acknowledgements by their time',
      description:
        'How many events took how long. Two bands mean two kinds of events, or one node that is slower than the others.',
      unit: 's',
      width: 8,
      queries: [
        {
          expr: `sum by (le) (rate(rollcast_acknowledgement_seconds_bucket{${M}}[$__rate_interval]))`,
          legend: '{{le}}',
        },
      ],
    },
    {
      kind: 'lines',
      title: 'Events, by name',
      description: 'What clients send. One event far above the rest, without lessons, is a client in a loop.',
      unit: 'ops',
      width: 8,
      queries: [{ expr: perSecond('rollcast_events_total', '', 'event'), legend: '{{event}}' }],
    },
    {
      kind: 'lines',
      title: 'Refused events, by code',
      description:
        'STORE_UNAVAILABLE and INTERNAL are ours; the event tells which store. RATE_LIMITED and INVALID_PAYLOAD are a client’s fault; the rest is ordinary.',
      unit: 'ops',
      width: 8,
      queries: [
        { expr: perSecond('rollcast_events_total', 'code!="OK"', 'code, event'), legend: '{{code}} {{event}}' },
      ],
    },
    {
      kind: 'lines',
      title: 'REST, by status',
      description:
        'Answers to HTTP requests but for probes and metrics. 503 is a store that is away; 500 is a fault of ours, with a log line each.',
      unit: 'reqps',
      width: 8,
      queries: [{ expr: perSecond('rollcast_http_requests_total', OF_PEOPLE, 'status'), legend: '{{status}}' }],
    },
    {
      kind: 'lines',
      title: 'REST p95, by route',
      description:
        'Reports and downloads over many sessions may take seconds. When plain reads do too, MongoDB is slow or lacks an index.',
      unit: 's',
      width: 24,
      queries: [
        {
          expr: quantile(0.95, 'rollcast_http_request_seconds', OF_PEOPLE, 'method, route'),
          legend: '{{method}} {{route}}',
        },
      ],
    },
  ],
};

const archiveRow: Row = {
  title: 'Archive: does what ended reach it?',
  height: 8,
  panels: [
    {
      kind: 'lines',
      title: 'Overdue rolls',
      description:
        'Rolls past their end that wait for the archive. A few at the hour are ordinary; a number that only grows means that MongoDB refuses them.',
      unit: 'short',
      width: 6,
      queries: [{ expr: shared('rollcast_overdue_rolls'), legend: 'overdue' }],
    },
    {
      kind: 'lines',
      title: 'Oldest overdue roll',
      description:
        'How long the oldest has waited. Until it is archived it is in the live store alone, so keep that safe and see to MongoDB.',
      unit: 's',
      width: 6,
      warn: 60,
      bad: 600,
      queries: [{ expr: shared('rollcast_oldest_overdue_seconds'), legend: 'oldest' }],
    },
    {
      kind: 'bars',
      title: 'Sessions archived, and tries that failed',
      description:
        'Failed tries are repeated by themselves. Without any success look for the log line "session not archived yet; tried again", which has the cause.',
      unit: 'short',
      width: 6,
      queries: [
        { expr: times('rollcast_archived_total'), legend: 'archived' },
        { expr: times('rollcast_archive_failures_total'), legend: 'failed' },
      ],
    },
    {
      kind: 'lines',
      title: 'Time of one try (p95)',
      description:
        'A try that takes longer than 15 s is given up, and one that takes longer than 30 s loses its claim. When successes come near that, MongoDB is too slow.',
      unit: 's',
      width: 6,
      queries: [{ expr: quantile(0.95, 'rollcast_archive_seconds', '', 'outcome'), legend: '{{outcome}}' }],
    },
  ],
};

export const rows: Row[] = [wellRow, clientsRow, classRow, latencyRow, archiveRow, ...storeRows, ...processRows];
