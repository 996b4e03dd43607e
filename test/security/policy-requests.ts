/** A request at random for each route of the table: what is sent is well-formed, so that only rights and states decide. */
import type { RestInput } from '../support/rest-client.ts';
import type { Target } from './policy-cases.ts';
import { REQUEST_ID, type School } from './policy-school.ts';
import type { CourseModel } from './policy-world.ts';

type Update = { student_id: string; status: string; remarks?: string };
type Given = { school: School; target: Target; names: string[]; updates: Update[]; code: string };
export type RequestMaker = (given: Given) => RestInput;

const courseIn = ({ target, school }: Given): CourseModel => target.course ?? school.world.pair[0];
const ofCourse: RequestMaker = ({ target }) => ({ params: { id: target.course_id } });
const ofSession: RequestMaker = ({ target }) => ({ params: { id: target.session_id } });
const paged = ({ school }: Given): Record<string, number> =>
  school.world.random.chance(0.4) ? { limit: school.world.random.pick([1, 2, 200]) } : {};

const once = (given: Given): RestInput => {
  const { random } = given.school.world;
  const body = random.chance(0.2) ? { request_id: REQUEST_ID } : {};
  return { ...ofSession(given), body };
};

/** Users of all kinds, of this course and of others. */
const someUsers = ({ school }: Given, howMany: number): string[] => {
  const { random, members } = school.world;
  return Array.from({ length: howMany }, () => random.pick(members).sub);
};

/** By student_id or by user id: themselves, somebody of the course, somebody of the other one, nobody. */
const person = (given: Given): RestInput => {
  const { school, target } = given;
  const { random, members, secrets } = school.world;
  const { who } = target;
  if (random.chance(0.08)) return { params: { id: `st-${secrets.word()}` } };
  const near = members.filter(({ home, student_id }) => student_id !== undefined && home === courseIn(given));
  const someone = who !== null && random.chance(0.4) ? who : random.pick(random.chance(0.7) ? near : members);
  const id = random.chance(0.7) ? (someone.student_id ?? someone.sub) : someone.sub;
  return { params: { id } };
};

const roster = (given: Given): RestInput => {
  const { school, names } = given;
  const { random, members } = school.world;
  const course = courseIn(given);
  const enrollments = names.map((student_id) => {
    const known = course.enrolled.get(student_id)?.user_id ?? members.find((it) => it.student_id === student_id)?.sub;
    // Now and then another user becomes this student.
    const swaps = random.chance(0.05);
    const user_id = swaps ? someUsers(given, 1)[0] : known;
    const status = random.pick(['approved', 'approved', 'approved', 'pending', 'rejected', 'dropped']);
    const [name, roll] = [school.world.line(course, student_id, 'name'), school.world.line(course, student_id, 'roll')];
    return { student_id, name, roll, status, ...(user_id === undefined ? {} : { user_id }) };
  });
  if (random.chance(0.6)) return { ...ofCourse(given), body: { enrollments } };
  const lines = enrollments.map((it) => [it.student_id, it.name, it.roll, it.status, it.user_id ?? ''].join(','));
  const body = ['student_id,name,roll,status,user_id', ...lines].join('\n');
  return { ...ofCourse(given), body, contentType: 'text/csv' };
};

/** An id of their own, or one that is taken by either course. */
const courseId = ({ school }: Given): string =>
  school.world.random.chance(0.3) ? school.world.random.pick(school.world.pair).id : school.world.newCourse('made').id;

export const requests: Readonly<Record<string, RequestMaker>> = {
  'POST /courses': (given) => {
    const { school, target } = given;
    const { random } = school.world;
    const id = courseId(given);
    const body: Record<string, unknown> = { id, title: `A new course` };
    if (random.chance(0.4)) body.teacher_id = random.chance(0.5) ? target.who?.sub : someUsers(given, 1)[0];
    if (random.chance(0.4)) body.staff = someUsers(given, 2);
    return { body };
  },
  'GET /courses': (given) => ({ query: paged(given) }),
  'GET /courses/:id': ofCourse,
  'PATCH /courses/:id': (given) => {
    const { random } = given.school.world;
    const course = courseIn(given);
    const body: Record<string, unknown> = random.chance(0.6) ? { title: given.school.world.title(course) } : {};
    // Whoever may, mostly keeps who is there.
    const kept = course.staff.filter(() => random.chance(0.7));
    if (random.chance(0.5)) body.staff = [...kept, ...someUsers(given, random.int(2))];
    if (random.chance(0.3)) body.teacher_id = random.chance(0.3) ? course.teacher_id : someUsers(given, 1)[0];
    return { ...ofCourse(given), body };
  },
  'PUT /courses/:id/enrollments': roster,
  'GET /courses/:id/enrollments': (given) => ({ ...ofCourse(given), query: paged(given) }),
  'POST /sessions': (given) => {
    const { school, target } = given;
    const course = courseIn(given);
    const taken = school.world.random.pick(school.world.pair.flatMap(({ sessions }) => sessions));
    const id = school.world.random.chance(0.2) ? taken.id : school.world.newSessionId(course);
    const title = school.world.title(course);
    return { body: { id, course_id: target.course_id, title, description: title, date: school.node.now() } };
  },
  'GET /sessions': (given) => {
    const { random } = given.school.world;
    const query: Record<string, string | number> = paged(given);
    if (random.chance(0.6)) query.course_id = given.target.course_id;
    if (random.chance(0.3)) query.status = random.pick(['active', 'scheduled', 'completed,cancelled']);
    return { query };
  },
  'GET /sessions/:id': ofSession,
  'PATCH /sessions/:id': (given) => ({
    ...ofSession(given),
    body: { title: given.school.world.title(courseIn(given)) },
  }),
  'POST /sessions/:id/start': once,
  'POST /sessions/:id/end': once,
  'POST /sessions/:id/cancel': (given) => {
    const { school } = given;
    const body = school.world.random.chance(0.6) ? { reason: school.world.reason(courseIn(given)) } : {};
    return { ...ofSession(given), body };
  },
  'POST /sessions/:id/checkin-ticket': (given) => ({
    ...ofSession(given),
    body: { code: given.code },
  }),
  'POST /sessions/:id/marks': (given) => {
    const only_unmarked = given.school.world.random.chance(0.2);
    return { ...ofSession(given), body: { updates: given.updates, only_unmarked, ...(once(given).body as object) } };
  },
  'GET /sessions/:id/attendance': ofSession,
  'GET /sessions/:id/attendance.csv': ofSession,
  'PATCH /sessions/:id/attendance/:student_id': (given) => {
    const [{ student_id, ...values }] = given.updates as [Update];
    const reason = given.school.world.reason(courseIn(given));
    return { params: { id: given.target.session_id, student_id }, body: { ...values, reason } };
  },
  'POST /sessions/:id/corrections': (given) => ({
    ...ofSession(given),
    body: { updates: given.updates, reason: given.school.world.reason(courseIn(given)) },
  }),
  'GET /sessions/:id/audit': (given) => ({ ...ofSession(given), query: paged(given) }),
  'GET /courses/:id/report': (given) => ({ ...ofCourse(given), query: paged(given) }),
  'GET /courses/:id/report.csv': ofCourse,
  'GET /students/:id/attendance': (given) => ({ ...person(given), query: paged(given) }),
  'GET /students/:id/export': person,
  // Whoever may erase, mostly erases nobody: of a school where it happened little can be said.
  'DELETE /students/:id': (given) => {
    const { random, secrets } = given.school.world;
    const mayErase = given.target.who?.role === 'admin' || given.target.who?.role === 'service';
    return mayErase && random.chance(0.7) ? { params: { id: `st-${secrets.word()}` } } : person(given);
  },
};
