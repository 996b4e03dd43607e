/** The demo's course and session, made over REST as a school's own system would, and found again the next time. */
import type { Course, Enrollment, Session } from '../contract/nouns.ts';
import { ask, askFor, RefusedError, type Rest } from './rest.ts';
import type { Roster } from './roster.ts';
import { STUDENTS, TEACHER } from './students.ts';

export const DEMO_COURSE = 'demo';
const COURSE_TITLE = 'Astronomy for everyone';
const SESSION_TITLE = 'The night sky this month';
const PAGE = 200;

export type SeedOptions = {
  course_id: string;
  /** Null: the students of the demo, if the course has none yet. */
  roster: Roster | null;
  late_after_minutes: number;
  /** Somebody is going to act as the course's people: one that is there must be the demo's own. */
  as_its_people: boolean;
  /** Milliseconds since the epoch. */
  now: number;
};

/** students: all who are approved, by student_id. */
export type Seeded = { course: Course; session: Session; students: Enrollment[] };

type Page<T> = { items: T[]; next_cursor: string | null };

/**
 * Makes sure that there is a course with students, and a session of the demo's that is not over: the one of the last
 * time, or a new one. One that has not been started is planned for now. Whatever else the course has stays as it is.
 * Throws an Error of one line.
 */
export const seedCourse = async (rest: Rest, options: SeedOptions): Promise<Seeded> => {
  const { course_id, roster } = options;
  const path = `/courses/${encodeURIComponent(course_id)}`;
  const found = await askFor<Course>(rest, 'GET', path);
  if (found !== null && options.as_its_people && found.teacher_id !== TEACHER.id) {
    throw new Error(
      `course ${course_id} is not the demo's, and with JWT_SECRET it would act as the people of that course; choose another with --course, or leave JWT_SECRET out to seed alone`,
    );
  }
  const course = found ?? (await newCourse(rest, course_id));
  const enrolled = await ask<Page<Enrollment>>(rest, 'GET', `${path}/enrollments?limit=1`);
  const given = roster ?? (enrolled.items.length === 0 ? { json: { enrollments: ENROLLMENTS } } : null);
  if (given !== null) await ask(rest, 'PUT', `${path}/enrollments`, given);
  const students = await all<Enrollment>(rest, `${path}/enrollments?status=approved&limit=${PAGE}`);
  return { course, session: await openSession(rest, options), students };
};

const ENROLLMENTS = STUDENTS.map(({ id, name }, index) => ({ student_id: id, name, roll: String(index + 1) }));

const newCourse = async (rest: Rest, id: string): Promise<Course> => {
  const { timeZone: timezone } = Intl.DateTimeFormat().resolvedOptions();
  const course = { id, title: COURSE_TITLE, timezone };
  const made = (json: object) => ask<Course>(rest, 'POST', '/courses', { json });
  try {
    // A teacher makes courses for themselves alone; a student none, which they are then told.
    return await made({ ...course, teacher_id: TEACHER.id }).catch((error: unknown) => {
      if (isRefused(error, 'FORBIDDEN')) return made(course);
      throw error;
    });
  } catch (error) {
    if (!isRefused(error, 'CONFLICT')) throw error;
    throw new Error(`course ${id} is there and not for whoever this token names; choose another with --course`);
  }
};

const isRefused = (error: unknown, code: string): boolean => error instanceof RefusedError && error.code === code;

const openSession = async (rest: Rest, { course_id, now, late_after_minutes }: SeedOptions): Promise<Session> => {
  const open = `/sessions?course_id=${encodeURIComponent(course_id)}&status=scheduled,active&limit=${PAGE}`;
  const found = (await all<Session>(rest, open)).find(({ title }) => title === SESSION_TITLE);
  if (found?.status === 'active') return found;
  const plan = { date: now, checkin: { late_after_minutes } };
  if (found !== undefined) return ask(rest, 'PATCH', `/sessions/${found.id}`, { json: plan });
  return ask(rest, 'POST', '/sessions', { json: { course_id, title: SESSION_TITLE, ...plan } });
};

/** path: with a query already. */
const all = async <T>(rest: Rest, path: string): Promise<T[]> => {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const page: Page<T> = await ask(rest, 'GET', path + from);
    items.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return items;
};
