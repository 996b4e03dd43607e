/** The demo on a node of its own: the embedded default, in this process. */
import process from 'node:process';
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { type App, createApp } from '../app.ts';
import { randomId, systemClock } from '../clock.ts';
import type { Config } from '../config.ts';
import { createMetrics } from '../metrics.ts';
import { storeReports } from '../metrics-reports.ts';
import { embeddedProfile } from '../profiles/embedded.ts';
import type { DemoPerson } from '../rest/console.ts';
import { DEMO_COURSE, seedCourse } from './course.ts';
import type { DemoOptions } from './demo-options.ts';
import { guide } from './guide.ts';
import { type DemoTokens, demoTokens, lateAfterMinutes, playLesson } from './lesson.ts';
import { type Signer, tokenSigner } from './signing.ts';
import { STUDENTS_FOR_YOU, TEACHER } from './students.ts';

const TOO_LATE = 1;
const SEED_TOKEN_MINUTES = 1;

type Say = (text: string) => void;

/** Resolves when the demo is played; the node goes on until a signal. Throws an Error of one line. */
export const embeddedDemo = async (
  options: DemoOptions,
  config: Config,
  say: Say,
  fail: (error: unknown) => never,
): Promise<void> => {
  let people: DemoPerson[] = [];
  const app = makeApp(config, () => people);
  if (app.secret === null) {
    throw new Error('the demo signs tokens: unset JWT_PUBLIC_KEY and JWT_JWKS_URL, or set JWT_SECRET instead');
  }
  const { port } = await app.start();
  const stopped = new AbortController();
  drainOnSignal({ app, config, stopped, say, fail });
  try {
    const url = `http://${hostOf(config.HOST)}:${port}`;
    const sign = tokenSigner(app.secret, config, systemClock);
    const tokens = await demoTokens(sign, TEACHER, STUDENTS_FOR_YOU);
    people = peopleToBe(tokens);
    await play({ options, config, url, sign, tokens, say, signal: stopped.signal });
  } catch (error) {
    // A node that is told to stop answers its own demo no more.
    if (!stopped.signal.aborted) throw error;
  }
};

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

type Play = {
  options: DemoOptions;
  config: Config;
  url: string;
  sign: Signer;
  tokens: DemoTokens;
  say: Say;
  signal: AbortSignal;
};

/** The course, what to do with it, and the simulation when it is wished. */
const play = async ({ options, config, url, sign, tokens, say, signal }: Play): Promise<void> => {
  const rest = { url, token: await sign({ sub: 'demo', role: 'service' }, SEED_TOKEN_MINUTES) };
  const seeded = await seedCourse(rest, {
    course_id: DEMO_COURSE,
    roster: null,
    late_after_minutes: lateAfterMinutes(options),
    as_its_people: false,
    now: systemClock(),
  });
  const head = `Rollcast is up. Everything lies in ${config.DATA_DIR}; Ctrl-C stops it, and the next start goes on from there.`;
  const console_says = `the console: be ${TEACHER.name}, or a student, with one click`;
  say(guide({ url, session: seeded.session, tokens, head, console_says }));
  if (options.simulated) await playLesson({ url, seeded, sign, tokens, options, clock: systemClock, say, signal });
};

/** Whom the console offers to be. */
const peopleToBe = ({ teacher, students }: DemoTokens): DemoPerson[] => [
  { ...teacher, role: 'teacher' },
  ...students.map((it) => ({ ...it, role: 'student' })),
];

/** Where a browser on this machine finds the node. */
const hostOf = (host: string): string => {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
};

type Drain = { app: App; config: Config; stopped: AbortController; say: Say; fail: (error: unknown) => never };

const drainOnSignal = ({ app, config, stopped, say, fail }: Drain): void => {
  const leave = (): void => {
    // npm and the terminal may both pass a Ctrl-C on.
    if (stopped.signal.aborted) return;
    stopped.abort();
    say('\nStopping.');
    setTimeout(() => process.exit(TOO_LATE), config.DRAIN_TIMEOUT_MS).unref();
    app.drain().then(() => process.exit(0), fail);
  };
  process.on('SIGINT', leave);
  process.on('SIGTERM', leave);
};
