/** The process: configuration, start, signals, drain. One clear line and exit code 1 when it cannot start. */
import './node-warnings.ts';
import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { randomId, systemClock } from './clock.ts';
import { maskedConfig, readConfig } from './config.ts';
import { embeddedProfile } from './profiles/embedded.ts';

/** Exit code when it could not start. */
const CANNOT_START = 1;

/** RFC 7518: a key for HS256 has at least 256 bits. */
const SECRET_SAFE_CHARS = 32;

const failStart = (error: unknown): never => {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`rollcast: ${message.split('\n')[0]}\n`);
  process.exit(CANNOT_START);
};

const run = async (): Promise<void> => {
  const config = readConfig(process.env);
  // Through Node's own stream: pino's writer would wait for ever, at the exit, for a reader of the log that has gone.
  const logger = pino({ level: config.LOG_LEVEL ?? 'info', base: undefined }, process.stdout);
  process.stdout.on('error', () => {});
  const random = () => randomBytes(4).readUInt32BE() / 2 ** 32;
  const profile = embeddedProfile({ config, clock: systemClock, makeId: randomId });
  const app = createApp({ config, logger, clock: systemClock, makeId: randomId, random, profile });
  // Nothing is logged before this has worked: a start that fails says one line.
  const { port, metricsPort } = await app.start();
  logger.info({ config: maskedConfig(config) }, 'configuration');
  if (config.OTEL_EXPORTER_OTLP_ENDPOINT !== undefined) {
    logger.warn('OTEL_EXPORTER_OTLP_ENDPOINT is set, but this version sends no traces');
  }
  if (config.JWT_SECRET !== undefined && config.JWT_SECRET.length < SECRET_SAFE_CHARS) {
    logger.warn(`JWT_SECRET has fewer than ${SECRET_SAFE_CHARS} characters: it can be guessed`);
  }
  logger.info({ port, metrics_port: metricsPort, profile: profile.name }, 'listening');

  let leaving = false;
  const leave = (signal: NodeJS.Signals): void => {
    if (leaving) return;
    leaving = true;
    logger.info({ signal }, 'draining');
    const limit = setTimeout(() => {
      logger.error('drain took longer than DRAIN_TIMEOUT_MS');
      process.exit(CANNOT_START);
    }, config.DRAIN_TIMEOUT_MS);
    limit.unref();
    app.drain().then(
      () => {
        logger.info('stopped');
        process.exit(0);
      },
      (err: unknown) => {
        logger.error({ err }, 'drain failed');
        process.exit(CANNOT_START);
      },
    );
  };
  process.on('SIGTERM', leave);
  process.on('SIGINT', leave);
};

run().catch(failStart);
