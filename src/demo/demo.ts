/**
 * One node on the embedded default with a course to play with: npm run demo [-- --simulate [--end]] [--port 4002].
 * What it makes lies in DATA_DIR and is found again by the next start.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { type App, createApp } from '../app.ts';
import { randomId, systemClock } from '../clock.ts';
import { type Config, readConfig } from '../config.ts';
import { seedCourse } from './course.ts';
import { type DemoTokens, guide } from './guide.ts';
import { type Signer, tokenSigner } from './signing.ts';
import { simulate } from './simulation.ts';
import { STUDENTS, STUDENTS_FOR_YOU, TEACHER } from './students.ts';

const CANNOT_START = 1;
/** A school day. */
const TOKEN_MINUTES = 480;
const SEED_TOKEN_MINUTES = 1;
/** The simulation takes a minute, and some are to be late in it. */
const LATE_AFTER_MINUTES = { plain: 10, simulated: 1 };
const SIMULATED_S = 60;
const MINUTE_MS = 60_000;

type Options = { port: string | undefined; simulated: boolean; end: boolean; over_ms: number };

const readOptions = (): Options => {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      simulate: { type: 'boolean', default: false },
      end: { type: 'boolean', default: false },
      seconds: { type: 'string', default: String(SIMULATED_S) },
    },
  });
  const { port, simulate: simulated, end, seconds } = values;
  if (!/^[1-9]\d{0,3}$/.test(seconds)) throw new Error('--seconds must be a whole number from 1 to 9999');
  if (end && !simulated) throw new Error('--end is for --simulate');
  return { port, simulated, end, over_ms: Number(seconds) * 1000 };
};

/** Warnings are worth reading between the lines of the demo; the rest is for those who ask for it. */
const makeApp = (config: Config): App => {
  const stream = pretty({
    colorize: process.stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    sync: true,
  });
  const level = process.env.LOG_LEVEL ? config.LOG_LEVEL : 'warn';
  const logger = pino({ level, base: undefined }, stream);
  return createApp({ config, logger, clock: systemClock, makeId: randomId, random: Math.random });
};

const run = async (): Promise<void> => {
  const options = readOptions();
  const config = readConfig(options.port === undefined ? process.env : { ...process.env, PORT: options.port });
  const app = makeApp(config);
  if (app.secret === null) {
    throw new Error('the demo signs tokens: unset JWT_PUBLIC_KEY and JWT_JWKS_URL, or set JWT_SECRET instead');
  }
  const { port } = await app.start();
  const stopped = new AbortController();
  drainOnSignal(app, config, stopped);

  const url = `http://${hostOf(config.HOST)}:${port}`;
  const sign = tokenSigner(app.secret, config, systemClock);
  const rest = { url, token: await sign({ sub: 'demo', role: 'service' }, SEED_TOKEN_MINUTES) };
  const late_after_minutes = options.simulated ? LATE_AFTER_MINUTES.simulated : LATE_AFTER_MINUTES.plain;
  const session = await seedCourse(rest, systemClock(), late_after_minutes);
  const tokens = await demoTokens(sign);
  say(guide({ url, session, tokens, dataDir: config.DATA_DIR }));
  if (!options.simulated) return;

  const students = STUDENTS.filter((it) => !STUDENTS_FOR_YOU.includes(it));
  const { over_ms, end } = options;
  await simulate({
    url,
    session_id: session.id,
    teacher_token: tokens.teacher,
    students: await Promise.all(
      students.map(async ({ id, name }) => ({
        student_id: id,
        token: await sign({ sub: id, role: 'student', name }, TOKEN_MINUTES),
      })),
    ),
    over_ms,
    late_after_ms: late_after_minutes * MINUTE_MS,
    end,
    clock: systemClock,
    random: Math.random,
    say,
    signal: stopped.signal,
  });
  if (stopped.signal.aborted) return;
  say(
    end ? '\nThe session has ended and is in the archive.' : '\nThe session goes on; the students stay until Ctrl-C.',
  );
};

const demoTokens = async (sign: Signer): Promise<DemoTokens> => {
  const student = ({ id, name }: { id: string; name: string }) =>
    sign({ sub: id, role: 'student', name }, TOKEN_MINUTES);
  return {
    teacher: await sign({ sub: TEACHER.id, role: 'teacher', name: TEACHER.name }, TOKEN_MINUTES),
    students: await Promise.all(STUDENTS_FOR_YOU.map(async (it) => ({ ...it, token: await student(it) }))),
  };
};

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Where a browser on this machine finds the node. */
const hostOf = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
};

const drainOnSignal = (app: App, config: Config, stopped: AbortController): void => {
  const leave = (): void => {
    // npm and the terminal may both pass a Ctrl-C on.
    if (stopped.signal.aborted) return;
    stopped.abort();
    say('\nStopping.');
    setTimeout(() => process.exit(CANNOT_START), config.DRAIN_TIMEOUT_MS).unref();
    app.drain().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.on('SIGINT', leave);
  process.on('SIGTERM', leave);
};

const fail = (error: unknown): never => {
  const { code, message } = error as { code?: string; message?: string };
  const reason =
    code === 'EADDRINUSE'
      ? 'the port is in use by another process; choose one with --port'
      : (message ?? String(error));
  process.stderr.write(`demo: ${reason.split('\n')[0]}\n`);
  process.exit(CANNOT_START);
};

run().catch(fail);
