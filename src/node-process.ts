/** The life of a node's process: it starts, drains on a signal, and ends. One clear line and exit code 1 when it cannot start. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Logger, pino } from 'pino';
import { type App, createApp } from './app.ts';
import { randomId, systemClock } from './clock.ts';
import { type Config, maskedConfig } from './config.ts';
import { createMetrics } from './metrics.ts';
import { type StoreReports, storeReports } from './metrics-reports.ts';
import type { Profile } from './profiles/profile.ts';
import { SERVICE_VERSION } from './service-version.ts';
import { NO_TRACING, type Tracing } from './tracing/tracing.ts';

/** Exit code when it could not start, or not end in time. */
const FAILED = 1;

const LEAVING = ['SIGTERM', 'SIGINT'] as const;

/** RFC 7518: a key for HS256 has at least 256 bits. */
const SECRET_SAFE_CHARS = 32;

export type ProfileOf = (config: Config, logger: Logger, reports: StoreReports, tracing: Tracing) => Promise<Profile>;

/** Runs until a signal; ends the process. */
export const runNode = (readConfig: () => Config, profileOf: ProfileOf): void => {
  run(readConfig, profileOf).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`rollcast: ${message.split('\n')[0]}\n`);
    process.exit(FAILED);
  });
};

const run = async (readConfig: () => Config, profileOf: ProfileOf): Promise<void> => {
  const config = readConfig();
  // Through Node's own stream: pino's writer would wait for ever, at the exit, for a reader of the log that has gone.
  const logger = pino({ level: config.LOG_LEVEL ?? 'info', base: undefined }, process.stdout);
  process.stdout.on('error', () => {});
  let app: App | null = null;
  let leaving = false;
  const leave = (signal: NodeJS.Signals): void => {
    if (leaving) return;
    // Until it serves there is nothing to drain. The system's own answer to these signals would do, were it not that
    // process 1 of a container has none: without this it would go on until it is killed.
    if (app?.isServing() !== true) process.exit(0);
    leaving = true;
    drain(app, signal, config.DRAIN_TIMEOUT_MS, logger);
  };
  for (const signal of LEAVING) process.on(signal, leave);
  const random = () => randomBytes(4).readUInt32BE() / 2 ** 32;
  const metrics = createMetrics();
  const tracing = await tracingOf(config, logger);
  const profile = await profileOf(config, logger, storeReports(metrics), tracing);
  app = createApp({ config, logger, clock: systemClock, makeId: randomId, random, metrics, profile, tracing });
  // Nothing is logged before this has worked: a start that fails says one line.
  const { port, metricsPort } = await app.start();
  logger.info({ config: maskedConfig(config) }, 'configuration');
  for (const warning of [...profile.warnings, ...warningsOf(config)]) logger.warn(warning);
  logger.info({ port, metrics_port: metricsPort, profile: profile.name }, 'listening');
};

const drain = (app: App, signal: NodeJS.Signals, within_ms: number, logger: Logger): void => {
  logger.info({ signal }, 'draining');
  const limit = setTimeout(() => {
    logger.error('drain took longer than DRAIN_TIMEOUT_MS');
    process.exit(FAILED);
  }, within_ms);
  limit.unref();
  app.drain().then(
    () => {
      logger.info('stopped');
      process.exit(0);
    },
    (err: unknown) => {
      logger.error({ err }, 'drain failed');
      process.exit(FAILED);
    },
  );
};

const tracingOf = async (config: Config, logger: Logger): Promise<Tracing> => {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER_ARG: ratio } = config;
  if (endpoint === undefined) return NO_TRACING;
  // Only then: it brings OpenTelemetry's SDK along.
  const { otlpTracing } = await import('./tracing/otlp-tracing.ts');
  return otlpTracing({
    endpoint,
    headers: config.OTEL_EXPORTER_OTLP_HEADERS ?? {},
    ratio,
    version: SERVICE_VERSION,
    instance: `${hostname()}-${process.pid}`,
    reports: {
      lost: (why) => logger.warn({ why }, 'traces are not taken'),
      restored: () => logger.info('traces are taken again'),
    },
  });
};

const warningsOf = (config: Config): string[] => {
  const warnings: string[] = [];
  if (config.distributed !== null && config.PUBLIC_URL === undefined) {
    warnings.push('PUBLIC_URL is not set: check-in codes come without a link, so there is no QR code to scan');
  }
  if (config.JWT_SECRET !== undefined && config.JWT_SECRET.length < SECRET_SAFE_CHARS) {
    warnings.push(`JWT_SECRET has fewer than ${SECRET_SAFE_CHARS} characters: it can be guessed`);
  }
  return warnings;
};
