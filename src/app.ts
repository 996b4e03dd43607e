/**
 * The composition of one node: what is made of what, in which order, and how it starts and lets go. Explicit calls,
 * nothing happens at import.
 */

import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { Archiver } from './archive/archiver.ts';
import { Attendance } from './attendance/attendance.ts';
import { finishPendingErasures } from './attendance/erasure.ts';
import { anonymiseExpired } from './attendance/retention.ts';
import type { Services } from './attendance/services.ts';
import { reconcile, START_GRACE_MS } from './attendance/starting.ts';
import { AttendanceViews } from './attendance/views.ts';
import type { Clock, MakeId } from './clock.ts';
import type { Config } from './config.ts';
import { ERRORS } from './contract/errors.ts';
import { setDeviceCookie } from './device-cookie.ts';
import { HttpConnections } from './http-connections.ts';
import { PRESENCE_SWEEP_MS, RECONCILE_EVERY_MS, RETENTION_EVERY_MS } from './limits.ts';
import { listening } from './listening.ts';
import type { LiveStore } from './live/live-store.ts';
import type { Metrics } from './metrics.ts';
import { attendanceReports } from './metrics-reports.ts';
import { metricsServer } from './metrics-server.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { allowsOrigin, isSameOrigin, originReached } from './origins.ts';
import type { Profile } from './profiles/profile.ts';
import { type DemoPerson, WEB_DIR } from './rest/console.ts';
import { buildHttpServer } from './rest/http-server.ts';
import { SERVICE_VERSION } from './service-version.ts';
import type { EventReport } from './sockets/dispatch.ts';
import { drainSockets } from './sockets/drain.ts';
import { Rooms } from './sockets/rooms.ts';
import { attachSockets, createIo } from './sockets/socket-server.ts';
import { StatisticsTicker } from './sockets/statistics-ticker.ts';
import { tokenVerifier } from './token.ts';
import { NO_TRACING, type Tracing } from './tracing/tracing.ts';

/** Parts of the drain: clients are moved, HTTP requests are answered; the rest is for the archiver. */
const MOVING_SHARE = 0.5;
const ANSWERING_SHARE = 0.2;
/** At the very end, for a collector of traces. */
const TRACES_SHARE = 0.05;

export type AppOptions = {
  config: Config;
  logger: Logger;
  clock: Clock;
  makeId: MakeId;
  /** Between 0 and 1. */
  random: () => number;
  /** Where this node counts; its profile does too. */
  metrics: Metrics;
  /** Belongs to the app from now on. */
  profile: Profile;
  /** Belongs to the app from now on. Unset: nothing is traced. */
  tracing?: Tracing;
  /** Whom the console offers to be; only in the demo. */
  demoPeople?: () => DemoPerson[];
};

export type App = {
  /** Listens; answers where. Throws a ListenError when it cannot. */
  start(): Promise<{ port: number; metricsPort: number | undefined }>;
  /** Whether anybody may be connected: until then there is nothing to drain. */
  isServing(): boolean;
  /** Lets clients go, finishes what is under way, closes everything. */
  drain(): Promise<void>;
  /** The secret that signs this node's tokens, when it verifies with one. */
  secret: string | null;
};

export const createApp = (options: AppOptions): App => {
  const { config, logger, clock, makeId, metrics, profile, tracing = NO_TRACING } = options;
  const { registry, archive } = profile;
  const key = config.tokenKey ?? profile.ownKey;
  if (key === null) throw new Error('no key to verify tokens with');
  metrics.buildInfo.set({ version: SERVICE_VERSION, profile: profile.name }, 1);

  let draining = false;
  const allowOther = allowsOrigin({ exact: config.CORS_ORIGINS, localhost: profile.allowsLocalhost });
  const io = createIo({
    transports: config.TRANSPORTS ?? ['websocket', 'polling'],
    allowOrigin: (origin, request) => allowOther(origin) || isSameOrigin(origin, request),
    isDraining: () => draining,
    adapter: profile.adapter,
  });
  const ticker = new StatisticsTicker({
    clock,
    publish: (session_id, to) => live.publishStatistics(session_id, to),
    membersOf: (session_id) => rooms.membersOf(session_id),
    onError: (error) => logger.warn({ err: error }, 'statistics were not sent'),
  });
  const rooms = new Rooms(io, ticker);
  // After the answers to the end have left.
  const parts = profile.live(rooms, () => setImmediate(() => archiver.wake()));
  const live = parts.store;
  const services: Services = {
    live,
    registry,
    archive,
    courseRooms: parts.courseRooms,
    clock,
    makeId,
    autoEndAfterMinutes: config.AUTO_END_AFTER_MINUTES ?? 720,
    studentVisibility: config.STUDENT_VISIBILITY ?? 'room',
    deviceSignals: config.DEVICE_SIGNALS ?? false,
    tracing,
    reports: attendanceReports(metrics),
  };
  const attendance = new Attendance(services);
  const views = new AttendanceViews(services);
  const archiver = new Archiver({
    live,
    archive,
    endByClock: (session_id) => attendance.endByClock(session_id),
    random: options.random,
    events: archiverEvents(logger, metrics, () => finishErasures()),
    tracing,
  });
  const erasureFailed = (err: unknown) => logger.error({ err }, 'a pending erasure failed; tried again');
  // After every archived session, but never twice at the same time.
  const finishErasures = oneAtATime(() => finishPendingErasures(services, erasureFailed).catch(erasureFailed));

  const verifyToken = tokenVerifier({
    key,
    algorithms: config.JWT_ALGORITHMS ?? [],
    issuer: config.JWT_ISSUER,
    audience: config.JWT_AUDIENCE,
    clock,
  });
  const metricsText = async () => {
    await gatherBacklog(live, metrics).catch((err: unknown) => logger.warn({ err }, 'the backlog could not be read'));
    return metrics.registry.metrics();
  };
  const ownMetrics =
    config.METRICS_PORT === undefined
      ? null
      : metricsServer({ host: config.HOST, port: config.METRICS_PORT }, metrics.registry.contentType, metricsText);
  const fastify = buildHttpServer({
    attendance,
    views,
    services,
    verifyToken,
    logger,
    allowOrigin: allowOther,
    trustProxy: config.TRUST_PROXY ?? false,
    publicUrl: config.PUBLIC_URL,
    loginUrl: config.LOGIN_URL,
    webDir: WEB_DIR,
    demoPeople: options.demoPeople ?? (() => []),
    isDraining: () => draining,
    metricsText,
    metricsContentType: metrics.registry.contentType,
    serveMetrics: ownMetrics === null,
    onResponse: (method, route, status, ms) => {
      metrics.httpRequests.inc({ method, route, status: String(status) });
      metrics.httpSeconds.observe({ method, route }, ms / 1000);
    },
    tracing,
  });
  io.attach(fastify.server);
  const connections = new HttpConnections(fastify.server);
  const sockets = attachSockets({
    io,
    rooms,
    attendance,
    views,
    verifyToken,
    clock,
    onExpiry: config.TOKEN_EXPIRY_OPEN_SOCKETS ?? 'close',
    deviceCookie: config.DEVICE_SIGNALS
      ? (value) => setDeviceCookie(value, config.PUBLIC_URL?.startsWith('https:') === true)
      : undefined,
    makeId,
    // Several nodes are reached by a name that they do not know.
    reachedAt: ({ handshake }) =>
      config.PUBLIC_URL ?? (profile.name === 'embedded' ? originReached(handshake.headers, handshake.secure) : null),
    reports: socketReports(logger, metrics),
    tracing,
  });
  const reconcileNow = (grace_ms: number) =>
    reconcile(services, grace_ms).then(
      ({ opened, cancelled }) => {
        if (opened + cancelled > 0)
          logger.info({ opened, cancelled }, 'reconciled sessions whose start had not finished');
      },
      (err: unknown) => logger.error({ err }, 'could not reconcile sessions; tried again'),
    );
  const sweep = () =>
    live.sweepPresence().catch((err: unknown) => logger.error({ err }, 'could not sweep presence; tried again'));
  const finishUnfinished = () =>
    archive
      .finishUnfinished()
      .catch((err: unknown) => logger.error({ err }, 'could not finish what was left half-done; tried again'));
  const anonymise = async () => {
    if (config.RETENTION_DAYS == null) return;
    await anonymiseExpired(services, config.RETENTION_DAYS).then(
      (sessions) => sessions > 0 && logger.info({ sessions }, 'anonymised the records of old sessions'),
      (err: unknown) => logger.error({ err }, 'could not anonymise the records of old sessions; tried again'),
    );
  };
  const timers: NodeJS.Timeout[] = [];
  const every = (ms: number, what: () => unknown) => timers.push(setInterval(what, ms));

  return {
    secret: key.kind === 'secret' ? key.secret : null,
    start: async () => {
      // Before anybody can be connected: presence goes by the lease that a node holds.
      await live.sweepPresence();
      // First, since Fastify logs where it listens, and a start that fails logs nothing.
      const metricsAt = ownMetrics === null ? null : await listening(config, 'METRICS_PORT', ownMetrics.listen);
      await listening(config, 'PORT', () => fastify.listen({ port: config.PORT, host: config.HOST }));
      parts.start();
      ticker.start();
      archiver.start();
      every(RECONCILE_EVERY_MS, () =>
        Promise.all([reconcileNow(START_GRACE_MS), finishErasures(), finishUnfinished()]),
      );
      every(PRESENCE_SWEEP_MS, sweep);
      every(RETENTION_EVERY_MS, anonymise);
      await reconcileNow(profile.startGrace_ms);
      // However much there is to do: the node serves meanwhile, and can be stopped.
      void finishErasures().then(anonymise);
      return { port: (fastify.server.address() as AddressInfo).port, metricsPort: metricsAt?.port };
    },
    isServing: () => fastify.server.listening,
    drain: async () => {
      draining = true;
      metrics.draining.set(1);
      for (const timer of timers) clearInterval(timer);
      ticker.stop();
      sockets.stop();
      const { webSockets } = connections;
      const within_ms = config.DRAIN_TIMEOUT_MS * MOVING_SHARE;
      await drainSockets({ io, rooms, webSockets, within_ms, pause, onClosed: () => metrics.drained.inc() });
      await connections.closing(() => fastify.close(), config.DRAIN_TIMEOUT_MS * ANSWERING_SHARE);
      await ownMetrics?.close();
      await archiver.stop();
      parts.stop();
      await live.close();
      await profile.close();
      await tracing.close(config.DRAIN_TIMEOUT_MS * TRACES_SHARE);
    },
  };
};

/** While its store is away a node tells nothing of the backlog, but everything else. */
const gatherBacklog = async (live: Pick<LiveStore, 'backlog'>, metrics: Metrics): Promise<void> => {
  const { liveRolls, overdueRolls, oldestOverdue } = metrics;
  try {
    const { rolls, overdue, oldest_overdue_ms } = await live.backlog();
    liveRolls.set(rolls);
    overdueRolls.set(overdue);
    oldestOverdue.set(oldest_overdue_ms / 1000);
  } catch (error) {
    for (const gauge of [liveRolls, overdueRolls, oldestOverdue]) gauge.remove();
    throw error;
  }
};

const archiverEvents = (logger: Logger, metrics: Metrics, onArchived: () => void) => ({
  archived: (session_id: string, tries: number, ms: number) => {
    metrics.archived.inc();
    metrics.archiveSeconds.observe({ outcome: 'archived' }, ms / 1000);
    logger.info({ session_id, tries }, 'session archived');
    onArchived();
  },
  failed: (session_id: string, tries: number, err: unknown, ms: number | null) => {
    metrics.archiveFailures.inc();
    if (ms !== null) metrics.archiveSeconds.observe({ outcome: 'failed' }, ms / 1000);
    logger.error({ session_id, tries, err }, 'session not archived yet; tried again');
  },
});

const socketReports = (logger: Logger, metrics: Metrics) => ({
  event: ({ event, code, ms, ids, user_role, error }: EventReport) => {
    metrics.events.inc({ event, code });
    metrics.acknowledgement.observe({ event }, ms / 1000);
    const level = code === 'OK' ? 'debug' : ERRORS[code].level;
    if (!logger.isLevelEnabled(level)) return;
    logger[level]({ event, code, ms, ...ids(), user_role, err: error }, 'event');
  },
  refused: (code: string) => {
    metrics.connectionsRefused.inc({ code });
    logger.info({ code }, 'connection refused');
  },
  connected: () => metrics.sockets.inc(),
  disconnected: (reason: string) => {
    metrics.sockets.dec();
    metrics.disconnects.inc({ reason });
  },
  closed: (why: 'frame' | 'slow' | 'expired') => {
    metrics.connectionsClosed.inc({ why });
    logger.warn({ why }, 'connection closed');
  },
  error: (err: unknown) => logger.error({ err }, 'socket handling failed'),
});
