/** What can be done with the demo's course by whoever can sign tokens: be somebody, and let everybody else arrive. */
import type { Clock } from '../clock.ts';
import type { Enrollment } from '../contract/nouns.ts';
import type { Seeded } from './course.ts';
import type { DemoOptions } from './demo-options.ts';
import type { Signer } from './signing.ts';
import { simulate } from './simulation.ts';
import { type DemoPerson, STUDENTS_FOR_YOU, TEACHER } from './students.ts';

/** A school day. */
const TOKEN_MINUTES = 480;
/** The simulation takes a minute, and some are to be late in it. */
const LATE_AFTER_MINUTES = { plain: 10, simulated: 1 };
const MINUTE_MS = 60_000;

export const lateAfterMinutes = ({ simulated }: Pick<DemoOptions, 'simulated'>): number =>
  simulated ? LATE_AFTER_MINUTES.simulated : LATE_AFTER_MINUTES.plain;

type WithToken = { name: string; token: string };
/** Of those whom somebody who tries the demo can be. */
export type DemoTokens = { teacher: WithToken; students: WithToken[] };

/** ids are what the tokens say of the user. */
export const demoTokens = async (sign: Signer, teacher: DemoPerson, students: readonly DemoPerson[]) => ({
  teacher: { name: teacher.name, token: await tokenOf(sign, 'teacher', teacher) },
  students: await Promise.all(
    students.map(async (it) => ({ name: it.name, token: await tokenOf(sign, 'student', it) })),
  ),
});

const tokenOf = (sign: Signer, role: 'teacher' | 'student', { id, name }: DemoPerson): Promise<string> =>
  sign({ sub: id, role, name }, TOKEN_MINUTES);

/** Whom the course names, as far as the demo knows them. */
export const peopleOf = ({ course, students }: Seeded): { teacher: DemoPerson; forYou: DemoPerson[] } => ({
  teacher: course.teacher_id === TEACHER.id ? TEACHER : { id: course.teacher_id, name: course.teacher_id },
  forYou: students.slice(0, STUDENTS_FOR_YOU.length).map(personOf),
});

const personOf = ({ user_id, name }: Enrollment): DemoPerson => ({ id: user_id, name });

export type LessonOptions = {
  url: string;
  seeded: Seeded;
  sign: Signer;
  tokens: DemoTokens;
  options: Pick<DemoOptions, 'over_ms' | 'end' | 'simulated'>;
  clock: Clock;
  say: (text: string) => void;
  /** Sends everybody away. */
  signal: AbortSignal;
};

/** Lets everybody arrive who is not for whoever tries it; they stay until the signal. Throws an Error of one line. */
export const playLesson = async (lesson: LessonOptions): Promise<void> => {
  const { url, seeded, sign, tokens, options, clock, say, signal } = lesson;
  const { over_ms, end } = options;
  const students = await Promise.all(
    seeded.students.slice(STUDENTS_FOR_YOU.length).map(async (it) => ({
      student_id: it.student_id,
      token: await tokenOf(sign, 'student', personOf(it)),
    })),
  );
  await simulate({
    url,
    session_id: seeded.session.id,
    teacher_token: tokens.teacher.token,
    students,
    over_ms,
    late_after_ms: lateAfterMinutes(options) * MINUTE_MS,
    end,
    clock,
    random: Math.random,
    say,
    signal,
  });
  if (signal.aborted) return;
  say(
    end ? '\nThe session has ended and is in the archive.' : '\nThe session goes on; the students stay until Ctrl-C.',
  );
};
