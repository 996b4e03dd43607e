/** Every metric, declared once. Labels are bounded: events, codes and reasons, never a session or a person. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';

export type Metrics = ReturnType<typeof createMetrics>;

/** Seconds; from a turn of the event loop to the point where a person has given up. */
const LATENCY_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export const createMetrics = () => {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter<L>({ name, help, labelNames, registers });
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  return {
    registry,
    sockets: gauge('rollcast_sockets', 'Authenticated sockets that are open'),
    events: counter('rollcast_events_total', 'Client events by their outcome', ['event', 'code']),
    acknowledgement: new Histogram({
      name: 'rollcast_acknowledgement_seconds',
      help: 'From the arrival of a client event to its acknowledgement',
      labelNames: ['event'],
      buckets: LATENCY_BUCKETS_S,
      registers,
    }),
    connectionsRefused: counter('rollcast_connections_refused_total', 'Sockets refused when they connected', ['code']),
    connectionsClosed: counter('rollcast_connections_closed_total', 'Connections that the service closed', ['why']),
    disconnects: counter('rollcast_disconnects_total', 'Sockets that went away', ['reason']),
    httpRequests: counter('rollcast_http_requests_total', 'HTTP requests', ['method', 'route', 'status']),
    liveRolls: gauge('rollcast_live_rolls', 'Rolls in the live store: active, or not yet confirmed by the archive'),
    overdueRolls: gauge('rollcast_overdue_rolls', 'Rolls that wait for their end or for the archive'),
    oldestOverdue: gauge('rollcast_oldest_overdue_seconds', 'How long the oldest of them has waited'),
    archived: counter('rollcast_archived_total', 'Sessions that the archive has confirmed', []),
    archiveFailures: counter('rollcast_archive_failures_total', 'Tries to archive that failed and are repeated', []),
  };
};
