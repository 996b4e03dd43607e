/** The demo's course and session, made over REST as a school's own system would, and found again when it starts anew. */
import type { Session } from '../contract/nouns.ts';
import { API_PREFIX } from '../contract/routes.ts';
import { STUDENTS, TEACHER } from './students.ts';

const COURSE_ID = 'demo';
const REQUEST_DEADLINE_MS = 5_000;
const NOT_FOUND = 404;

export type Rest = {
  /** Where the node listens, without a slash at the end. */
  url: string;
  /** A token whose role is service. */
  token: string;
};

type Page = { items: { status: string }[] };

/**
 * Makes sure that there is a course with its students, and a session that is not over: the one of the last start, or a
 * new one. A session that has not been started is planned for now. Throws an Error of one line.
 */
export const seedCourse = async (rest: Rest, now: number, late_after_minutes: number): Promise<Session> => {
  const course = await request(rest, 'GET', `/courses/${COURSE_ID}`);
  if (course === null) {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    const title = 'Astronomy for everyone';
    await expected(rest, 'POST', '/courses', { id: COURSE_ID, title, teacher_id: TEACHER.id, timezone: timeZone });
  }
  const enrolled = (await expected(rest, 'GET', `/courses/${COURSE_ID}/enrollments?limit=1`)) as Page;
  if (enrolled.items.length === 0) {
    const enrollments = STUDENTS.map(({ id, name }, index) => ({ student_id: id, name, roll: String(index + 1) }));
    await expected(rest, 'PUT', `/courses/${COURSE_ID}/enrollments`, { enrollments });
  }
  return openSession(rest, { date: now, checkin: { late_after_minutes } });
};

const openSession = async (rest: Rest, plan: { date: number; checkin: object }): Promise<Session> => {
  const path = `/sessions?course_id=${COURSE_ID}&status=scheduled,active&limit=1`;
  const { items } = (await expected(rest, 'GET', path)) as { items: Session[] };
  const [found] = items;
  if (found?.status === 'active') return found;
  if (found !== undefined) return (await expected(rest, 'PATCH', `/sessions/${found.id}`, plan)) as Session;
  const title = 'The night sky this month';
  return (await expected(rest, 'POST', '/sessions', { course_id: COURSE_ID, title, ...plan })) as Session;
};

const expected = async (rest: Rest, method: string, path: string, body?: object): Promise<unknown> => {
  const answer = await request(rest, method, path, body);
  if (answer === null) throw new Error(`the node does not know ${path}`);
  return answer;
};

/** Null: 404. */
const request = async ({ url, token }: Rest, method: string, path: string, body?: object): Promise<unknown> => {
  const response = await fetch(`${url}${API_PREFIX}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
  });
  if (response.ok) return response.json();
  const problem = await response.text();
  if (response.status === NOT_FOUND) return null;
  throw new Error(`the node refused ${method} ${path}: ${response.status} ${problem}`);
};
