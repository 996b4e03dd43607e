/** One node on the embedded default with a course to play with: `npm run demo -- --help` says how. */
import '../node-warnings.ts';
import process from 'node:process';
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { type App, createApp } from '../app.ts';
import { randomId, systemClock } from '../clock.ts';
import { type Config, readConfig } from '../config.ts';
import { ListenError } from '../listening.ts';
import { createMetrics } from '../metrics.ts';
import { storeReports } from '../metrics-reports.ts';
import { embeddedProfile } from '../profiles/embedded.ts';
import type { DemoPerson } from '../rest/console.ts';
import { seedCourse } from './course.ts';
import { DEMO_USAGE, type DemoOptions, readDemoOptions } from './demo-options.ts';
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
const MINUTE_MS = 60_000;

/** Warnings are worth reading between the lines of the demo; the rest is for those who ask for it. */
const makeApp = (config: Config, demoPeople: () => DemoPerson[]): App => {
  const pretty = prettyFactory({
    colorize: process.stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  });
  const level = process.env.LOG_LEVEL ? config.LOG_LEVEL : 'warn';
  // Through Node's own stream, as the node's log: one that writes to the pipe itself has errors of its own.
  const logger = pino({ level, base: undefined }, { write: (line) => process.stdout.write(pretty(line)) });
  const made = { config, clock: systemClock, makeId: randomId };
  const metrics = createMetrics();
  const profile = embeddedProfile({ ...made, journal: storeReports(metrics).journal });
  return createApp({ ...made, logger, random: Math.random, metrics, profile, demoPeople });
};

const run = async (): Promise<void> => {
  // A reader that has gone (`| head`) stops nothing: the node goes on, and drains when it is told to.
  process.stdout.on('error', () => {});
  const options = readDemoOptions(process.argv.slice(2));
  if (options === 'help') say(DEMO_USAGE);
  else await runDemo(options);
};

const runDemo = async (options: DemoOptions): Promise<void> => {
  const config = readConfig(options.port === undefined ? process.env : { ...process.env, PORT: options.port });
  let people: DemoPerson[] = [];
  const app = makeApp(config, () => people);
  if (app.secret === null) {
    throw new Error('the demo signs tokens: unset JWT_PUBLIC_KEY and JWT_JWKS_URL, or set JWT_SECRET instead');
  }
  const { port } = await app.start();
  const stopped = new AbortController();
  drainOnSignal(app, config, stopped);
  try {
    const url = `http://${hostOf(config.HOST)}:${port}`;
    const sign = tokenSigner(app.secret, config, systemClock);
    const tokens = await demoTokens(sign);
    people = peopleOf(tokens);
    await play(options, config, { url, sign, tokens, signal: stopped.signal });
  } catch (error) {
    // A node that is told to stop answers its own demo no more.
    if (!stopped.signal.aborted) throw error;
  }
};

/** The course, what to do with it, and the simulation when it is wished. */
const play = async (
  options: DemoOptions,
  config: Config,
  { url, sign, tokens, signal }: { url: string; sign: Signer; tokens: DemoTokens; signal: AbortSignal },
): Promise<void> => {
  const rest = { url, token: await sign({ sub: 'demo', role: 'service' }, SEED_TOKEN_MINUTES) };
  const late_after_minutes = options.simulated ? LATE_AFTER_MINUTES.simulated : LATE_AFTER_MINUTES.plain;
  const session = await seedCourse(rest, systemClock(), late_after_minutes);
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
    signal,
  });
  if (signal.aborted) return;
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

/** Whom the console offers to be. */
const peopleOf = ({ teacher, students }: DemoTokens): DemoPerson[] => [
  { name: TEACHER.name, role: 'teacher', token: teacher },
  ...students.map(({ name, token }) => ({ name, role: 'student', token })),
];

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
  const message = error instanceof Error ? error.message : String(error);
  const isPort = error instanceof ListenError && error.variable === 'PORT';
  process.stderr.write(`demo: ${message.split('\n')[0]}${isPort ? '; choose another with --port' : ''}\n`);
  process.exit(CANNOT_START);
};

run().catch(fail);
