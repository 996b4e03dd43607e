/**
 * Every metric, declared once. Labels are bounded: events, codes, routes, operations and reasons, never a session, a
 * person, an address or a URL. So the series of a node are bounded too, however long it runs and whatever it is sent:
 * counters of outcomes have at most events × codes (19 × 26) and routes × methods × statuses (some hundred in use);
 * histograms have 15 series for each event, route or operation, of which there are some twenty, sixty and forty. A node
 * that has done everything has about 3,000 series, an idle one less than 200.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';

export type Metrics = ReturnType<typeof createMetrics>;

/** Seconds; from a turn of the event loop to the point where a person has given up. */
const LATENCY_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Seconds; a script takes a fifth of a millisecond on an idle machine, and is given up after one second of silence. */
const REDIS_BUCKETS_S = [0.0002, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
/** Seconds; from a commit on a fast disk to one that is stuck. */
const COMMIT_BUCKETS_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1, 2.5];
/** Seconds; from one small roll to what the lease of a claim allows. */
const ARCHIVE_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export const createMetrics = () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    ...nodeMetrics(registry),
    ...clientMetrics(registry),
    ...attendanceMetrics(registry),
    ...redisMetrics(registry),
    ...recordMetrics(registry),
  };
};

/** What declares metrics in a registry. */
const declare = (registry: Registry) => {
  const registers = [registry];
  return {
    counter: <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
      new Counter<L>({ name, help, labelNames, registers }),
    gauge: <L extends string = never>(name: string, help: string, labelNames: L[] = []) =>
      new Gauge<L>({ name, help, labelNames, registers }),
    histogram: <L extends string = never>(name: string, help: string, buckets: number[], labelNames: L[] = []) =>
      new Histogram<L>({ name, help, buckets, labelNames, registers }),
  };
};

const nodeMetrics = (registry: Registry) => {
  const { counter, gauge } = declare(registry);
  return {
    buildInfo: gauge('rollcast_build_info', 'Always 1: what runs here', ['version', 'profile']),
    draining: gauge('rollcast_draining', '1 from the moment that the node lets its clients go'),
    drained: counter('rollcast_drained_connections_total', 'Connections that a drain has closed'),
  };
};

const clientMetrics = (registry: Registry) => {
  const { counter, gauge, histogram } = declare(registry);
  return {
    sockets: gauge('rollcast_sockets', 'Authenticated sockets that are open'),
    events: counter('rollcast_events_total', 'Client events by their outcome', ['event', 'code']),
    acknowledgement: histogram(
      'rollcast_acknowledgement_seconds',
      'From the arrival of a client event to its acknowledgement',
      LATENCY_BUCKETS_S,
      ['event'],
    ),
    connectionsRefused: counter('rollcast_connections_refused_total', 'Sockets refused when they connected', ['code']),
    connectionsClosed: counter('rollcast_connections_closed_total', 'Connections that the service closed', ['why']),
    disconnects: counter('rollcast_disconnects_total', 'Sockets that went away', ['reason']),
    httpRequests: counter('rollcast_http_requests_total', 'HTTP requests', ['method', 'route', 'status']),
    httpSeconds: histogram(
      'rollcast_http_request_seconds',
      'From the arrival of an HTTP request to the end of its answer',
      LATENCY_BUCKETS_S,
      ['method', 'route'],
    ),
  };
};

const attendanceMetrics = (registry: Registry) => {
  const { counter, gauge } = declare(registry);
  return {
    joins: counter('rollcast_joins_total', 'Check-ins acknowledged: the first of a student in a session, or again', [
      'result',
    ]),
    marks: counter('rollcast_marks_total', 'Records that staff marked on live rolls', ['status']),
    sessionsStarted: counter('rollcast_sessions_started_total', 'Sessions whose roll was opened'),
    sessionsEnded: counter('rollcast_sessions_ended_total', 'Live rolls that were ended, by whom', ['by']),
    liveRolls: gauge('rollcast_live_rolls', 'Rolls in the live store: active, or not yet confirmed by the archive'),
    overdueRolls: gauge('rollcast_overdue_rolls', 'Rolls that wait for their end or for the archive'),
    oldestOverdue: gauge('rollcast_oldest_overdue_seconds', 'How long the oldest of them has waited'),
  };
};

const redisMetrics = (registry: Registry) => {
  const { counter, gauge, histogram } = declare(registry);
  return {
    redisSeconds: histogram(
      'rollcast_redis_seconds',
      'From the sending of a script, a command or a message to the answer of Redis',
      REDIS_BUCKETS_S,
      ['operation'],
    ),
    redisErrors: counter('rollcast_redis_errors_total', 'Those that were refused, not answered or not sent', [
      'operation',
      'code',
    ]),
    redisUp: gauge('rollcast_redis_up', '1 while every server can be reached for this purpose', ['purpose']),
    redisLosses: counter('rollcast_redis_losses_total', 'Connections to Redis that were lost', ['purpose']),
    gapsRepaired: counter(
      'rollcast_gaps_repaired_total',
      'Times that this node had missed events of a session, by how its clients caught up',
      ['how'],
    ),
    deafRooms: counter('rollcast_deaf_rooms_total', 'Rooms that heard nothing, and were subscribed again'),
  };
};

const recordMetrics = (registry: Registry) => {
  const { counter, gauge, histogram } = declare(registry);
  const mongodbUp = gauge('rollcast_mongodb_up', '1 while there is a server that takes writes');
  // A node without MongoDB has no such sample, or it would look like one whose MongoDB is away.
  mongodbUp.remove();
  return {
    mongodbSeconds: histogram(
      'rollcast_mongodb_seconds',
      'From the sending of a command to the answer of MongoDB',
      LATENCY_BUCKETS_S,
      ['command'],
    ),
    mongodbErrors: counter('rollcast_mongodb_errors_total', 'Commands that were sent and failed', ['command']),
    mongodbUp,
    journalSeconds: histogram('rollcast_journal_commit_seconds', 'One commit of the journal', COMMIT_BUCKETS_S),
    journalFailures: counter('rollcast_journal_failures_total', 'Commits of the journal that failed'),
    archived: counter('rollcast_archived_total', 'Sessions that the archive has confirmed'),
    archiveFailures: counter('rollcast_archive_failures_total', 'Tries to archive that failed and are repeated'),
    archiveSeconds: histogram('rollcast_archive_seconds', 'One try to archive a session', ARCHIVE_BUCKETS_S, [
      'outcome',
    ]),
  };
};
