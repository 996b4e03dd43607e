/** What the table says of a case: whether it is allowed, what may be answered, and whether anything may change by it. */
import type { Case, Proof } from './policy-cases.ts';
import { EVENTS, type EventRow, ROUTES, type RouteRow, type Standing, TEXTS } from './policy-table.ts';
import type { CourseModel, World } from './policy-world.ts';

export type Verdict = {
  allowed: boolean;
  /** One of them is answered; OK: accepted. */
  codes: readonly string[];
  /** HTTP status of the refusal, or the text of the error. */
  status?: number;
  text?: string | undefined;
  /** Accepted, it may change something that is kept. */
  changes: boolean;
  /** The caller may not even know that it exists: the answer is as for an id that is nobody's. */
  hidden?: boolean;
};

type EventCase = Extract<Case, { kind: 'event' }>;
type RouteCase = Extract<Case, { kind: 'route' }>;

const allowed = (codes: readonly string[], changes: boolean): Verdict => ({ allowed: true, codes, changes });
const refused = (codes: readonly string[], more: Partial<Verdict> = {}): Verdict => ({
  allowed: false,
  codes,
  changes: false,
  ...more,
});

export const verdictOn = (world: World, it: Case): Verdict => {
  switch (it.kind) {
    case 'event':
      return ofEvent(world, it);
    case 'route':
      return ofRoute(world, it);
    case 'connect':
      return ofConnecting(it);
    case 'return':
      return allowed(['OK'], false);
  }
};

const ofConnecting = ({ who, token }: Extract<Case, { kind: 'connect' }>): Verdict => {
  if (who?.role === 'service') return refused(['FORBIDDEN']);
  const code = { expired: 'TOKEN_EXPIRED', broken: 'TOKEN_INVALID', none: 'TOKEN_MISSING' }[token as string];
  return refused([code ?? 'FORBIDDEN']);
};

const ofEvent = (world: World, it: EventCase): Verdict => {
  const { who, what, course, session } = it;
  const row = EVENTS[what] as EventRow;
  if (who === null) throw new Error('events come from somebody');
  if (row.about === 'token') return ofToken(it);
  if (course === null) return ofNothing(row);
  const state = row.about === 'session' && session !== null ? session.state : 'active';
  const standing = world.standing(who, course);
  const student_id = course.studentOf(who.sub);
  const wasIn = student_id !== undefined && session?.joined.has(student_id) === true;
  if (!row.may.includes(standing) || (row.participants && standing === 'student' && !wasIn)) {
    return ofUninvited(row, row.refused[state], it, course);
  }
  const isFirst = what === 'joinAttendanceSession' && standing === 'student' && !wasIn;
  const answers = isFirst && it.proof !== undefined ? BY_PROOF[it.proof] : row.answers[state];
  const codes = namesStrangers(row, it, course) && answers.includes('OK') && state === 'active' ? NOT_ON_ROLL : answers;
  // Anyone in it: who never joined is told either.
  if (what === 'leaveAttendanceSession' && !wasIn) return allowed([...codes, 'STUDENT_NOT_ENROLLED'], row.changes);
  return allowed('request_id' in it.payload ? [...codes, 'OK', 'CONFLICT'] : codes, row.changes);
};

/** Whoever has tried too often is told that. */
const BY_PROOF: Record<Proof, readonly string[]> = {
  'right code': ['OK', 'RATE_LIMITED'],
  'wrong code': ['CHECKIN_CODE_INVALID', 'RATE_LIMITED'],
  'ticket of another browser': ['CHECKIN_CODE_INVALID', 'RATE_LIMITED'],
  none: ['CHECKIN_CODE_REQUIRED', 'RATE_LIMITED'],
};
const NOT_ON_ROLL = ['STUDENT_NOT_ON_ROLL'];

const ofToken = ({ token }: EventCase): Verdict => {
  if (token === 'own') return allowed(['OK'], false);
  if (token === 'expired') return refused(['TOKEN_EXPIRED']);
  return refused([token === 'broken' ? 'TOKEN_INVALID' : 'FORBIDDEN']);
};

const ofNothing = (row: EventRow): Verdict => {
  if (row.about === 'session') return refused(['SESSION_NOT_FOUND'], { text: TEXTS.SESSION_NOT_FOUND });
  return refused(row.may.includes('outsider') ? ['OK', 'COURSE_NOT_FOUND'] : ['COURSE_NOT_FOUND']);
};

/** A student who was in the session may leave it, or what is left of it, also after they were dropped. */
const ofUninvited = (row: EventRow, codes: readonly string[], it: EventCase, course: CourseModel): Verdict => {
  const { what, who } = it;
  if (what === 'leaveAttendanceSession' && who?.role === 'student' && course.ever.has(`user ${who.sub}`)) {
    return { ...refused([...codes, 'OK']), changes: true };
  }
  const text = row.text ?? (codes.length === 1 ? TEXTS[codes[0] ?? ''] : undefined);
  // That they sent something else under this id themselves is nothing of the course.
  if (what === 'joinAttendanceSession' && 'request_id' in it.payload) return refused([...codes, 'CONFLICT']);
  return refused(codes, { text });
};

const namesStrangers = (row: EventRow | RouteRow, { names }: { names: string[] }, course: CourseModel): boolean =>
  row.marks === true && names.some((it) => !course.isApproved(it));

/** By what a caller may not know, and by what they may not do. */
const REFUSALS: Partial<Record<Standing, Verdict>> = {
  nobody: refused(['UNAUTHENTICATED'], { status: 401 }),
  student: refused(['FORBIDDEN'], { status: 403 }),
  outsider: refused(['NOT_FOUND', 'COURSE_NOT_FOUND', 'SESSION_NOT_FOUND'], { status: 404, hidden: true }),
};
const uninvited = (standing: Standing): Verdict => REFUSALS[standing] ?? refused(['FORBIDDEN'], { status: 403 });

const ofRoute = (world: World, it: RouteCase): Verdict => {
  const { who, what, course, session } = it;
  const row = ROUTES[what] as RouteRow;
  if (row.about === 'open')
    return allowed(session === null ? ['SESSION_NOT_FOUND'] : row.answers[session.state], false);
  if (who === null) return uninvited('nobody');
  if (row.about === 'role') return ofRole(world, row, it);
  if (row.about === 'person') return ofPerson(world, row, it);
  if (row.about === 'list' && it.input.query?.course_id === undefined) return allowed(['OK'], false);
  if (course === null) return { ...uninvited('outsider'), hidden: false };
  const standing = world.standing(who, course);
  return row.may.includes(standing) ? ofState(world, row, it, course) : uninvited(standing);
};

const ofState = (world: World, row: RouteRow, it: RouteCase, course: CourseModel): Verdict => {
  const { what, who, session, input } = it;
  const body = (typeof input.body === 'object' ? input.body : {}) as Record<string, unknown>;
  const state = row.about === 'session' && session !== null ? session.state : 'active';
  let codes = row.answers[state];
  if (namesStrangers(row, it, course) && codes.includes('OK')) codes = ofStrangers(what, it, course);
  if (what === 'POST /sessions/:id/cancel' && state === 'completed' && !('reason' in body)) codes = ['INVALID_PAYLOAD'];
  if (what === 'POST /sessions' && world.session(body.id) !== undefined) codes = ['CONFLICT'];
  if (what === 'PUT /courses/:id/enrollments') codes = ['OK', 'CONFLICT', 'INVALID_PAYLOAD'];
  // Only its teacher hands a course over.
  const handsOver = typeof body.teacher_id === 'string' && body.teacher_id !== course.teacher_id;
  if (what === 'PATCH /courses/:id' && handsOver && who?.role === 'teacher' && who.sub !== course.teacher_id) {
    return refused(['FORBIDDEN'], { status: 403 });
  }
  return allowed('request_id' in body ? [...codes, 'OK', 'CONFLICT'] : codes, row.changes);
};

/** Corrections reach whoever has a record, which who was dropped since may have. */
const ofStrangers = (what: string, { names }: RouteCase, course: CourseModel): readonly string[] => {
  const isCorrection = what !== 'POST /sessions/:id/marks';
  return isCorrection && names.every((it) => course.ever.has(`student ${it}`)) ? ['OK', ...NOT_ON_ROLL] : NOT_ON_ROLL;
};

const ofRole = (world: World, row: RouteRow, { who, input, what }: RouteCase): Verdict => {
  const role = who?.role ?? '';
  // Whether there is such a student is told to nobody here.
  if (!row.roles?.includes(role)) return refused(['FORBIDDEN', 'NOT_FOUND'], { hidden: true });
  if (what === 'DELETE /students/:id') return allowed(['OK', 'CONFLICT'], true);
  const { id, teacher_id } = input.body as { id: string; teacher_id?: string };
  const isTaken = world.pair.some((course) => course.id === id);
  const forAnother = role === 'teacher' && teacher_id !== undefined && teacher_id !== who?.sub;
  if (forAnother) return refused(isTaken ? ['FORBIDDEN', 'CONFLICT'] : ['FORBIDDEN']);
  return allowed(isTaken ? ['CONFLICT'] : ['OK'], true);
};

const ofPerson = (world: World, row: RouteRow, { who, input }: RouteCase): Verdict => {
  const id = input.params?.id ?? '';
  if (who === null) return uninvited('nobody');
  if (who.role === 'student') {
    const isTheirs = id === who.sub || world.courses.some((course) => course.studentOf(who.sub) === id);
    return isTheirs ? allowed(['OK'], false) : uninvited('outsider');
  }
  const isInSight = (course: CourseModel) => row.may.includes(world.standing(who, course));
  const inSight = world.courses.filter(isInSight);
  const byId = inSight.some(({ enrolled }) => enrolled.has(id));
  const byUser = inSight.some((course) => course.studentOf(id) !== undefined);
  if (byId) return allowed(['OK'], false);
  // An id that is a student's somewhere means that student, although it is also a user's here.
  if (byUser)
    return allowed(world.courses.some(({ enrolled }) => enrolled.has(id)) ? ['OK', 'NOT_FOUND'] : ['OK'], false);
  if (who.role !== 'teacher') return allowed(['NOT_FOUND'], false);
  return refused(['NOT_FOUND', 'FORBIDDEN'], { hidden: true });
};
