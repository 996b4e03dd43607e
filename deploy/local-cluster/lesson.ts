/** The demo's course on the local cluster: what to do with it, and its students when they are wished. */
import path from 'node:path';
import process from 'node:process';
import { systemClock } from '../../src/clock.ts';
import { DEMO_COURSE, seedCourse } from '../../src/demo/course.ts';
import { type Signer, tokenSigner } from '../../src/demo/signing.ts';
import { simulate } from '../../src/demo/simulation.ts';
import { type DemoPerson, STUDENTS, STUDENTS_FOR_YOU, TEACHER } from '../../src/demo/students.ts';
import { guide } from './guide.ts';
import type { ClusterOptions } from './options.ts';
import type { ClusterPrograms } from './programs.ts';

/** A school day. */
const TOKEN_MINUTES = 480;
const SEED_TOKEN_MINUTES = 1;
const LATE_AFTER_MINUTES = 1;
const SIMULATED_MS = 60_000;
const MINUTE_MS = 60_000;

export type LessonOptions = {
  options: ClusterOptions;
  /** All of them are up. */
  programs: ClusterPrograms;
  /** Signs the tokens. */
  secret: string;
  say: (text: string) => void;
  /** Sends the students away. */
  signal: AbortSignal;
};

/** Resolves when everybody is there, who then stay until the signal. Throws an Error of one line. */
export const lesson = async ({ options, programs, secret, say, signal }: LessonOptions): Promise<void> => {
  const { ports, dataDir, simulated } = options;
  const { nodes, redis } = programs;
  const sign = tokenSigner(secret, { JWT_ISSUER: undefined, JWT_AUDIENCE: undefined }, systemClock);
  const url = `http://localhost:${ports.balancer}`;
  const rest = { url, token: await sign({ sub: 'local-cluster', role: 'service' }, SEED_TOKEN_MINUTES) };
  const { session } = await seedCourse(rest, {
    course_id: DEMO_COURSE,
    roster: null,
    late_after_minutes: LATE_AFTER_MINUTES,
    as_its_people: false,
    now: systemClock(),
  });
  const teacher = await sign({ sub: TEACHER.id, role: 'teacher', name: TEACHER.name }, TOKEN_MINUTES);
  const students = await Promise.all(STUDENTS_FOR_YOU.map((it) => withToken(it, sign)));
  say(
    guide({
      url,
      status_url: `http://localhost:${ports.status}`,
      nodes: nodes.map(({ name, pid }, n) => ({ name, pid, url: `http://localhost:${ports.nodes[n]}` })),
      redis: { port: ports.redis, pid: redis.pid },
      pid: process.pid,
      session,
      tokens: { teacher, students },
      keptIn: dataDir === null ? null : path.resolve(dataDir),
      simulated,
    }),
  );
  if (!simulated) return;
  const arriving = STUDENTS.filter((it) => !STUDENTS_FOR_YOU.includes(it));
  const played = simulate({
    url,
    session_id: session.id,
    teacher_token: teacher,
    students: await Promise.all(arriving.map((it) => withToken(it, sign))),
    over_ms: SIMULATED_MS,
    late_after_ms: LATE_AFTER_MINUTES * MINUTE_MS,
    end: false,
    clock: systemClock,
    random: Math.random,
    say,
    signal,
  });
  try {
    await played;
    if (!signal.aborted) say('\nEverybody is there, and stays until Ctrl-C.');
  } catch (error) {
    // A join that was under way when its node was killed, for one. Who is there stays.
    if (!signal.aborted) say(`\nNobody else arrives: ${(error as Error).message}`);
  }
};

const withToken = async ({ id, name }: DemoPerson, sign: Signer) => ({
  student_id: id,
  name,
  token: await sign({ sub: id, role: 'student', name }, TOKEN_MINUTES),
});
