/**
 * Who may do what, as the contract says it. An oracle of its own: it takes nothing from src/, so that what the service
 * decides is held against something else than itself. policy-property.test.ts sees to it that no event and no route is
 * missing here.
 */

/**
 * How a caller stands to a course. student: an approved one, with a student's token. outsider: every other token, be its
 * user pending, rejected, dropped, or named as staff or student without the role for it.
 */
export type Standing = 'nobody' | 'service' | 'admin' | 'staff' | 'student' | 'outsider';

/** called-off: cancelled before it began, so that there never was a roll. completed and cancelled: archived. */
export type State = 'scheduled' | 'active' | 'completed' | 'cancelled' | 'called-off';

/** Codes that may be answered; OK: accepted. */
type Codes = readonly string[];
type ByState = Readonly<Record<State, Codes>>;

const OK: Codes = ['OK'];
const NOT_ACTIVE: Codes = ['SESSION_NOT_ACTIVE'];
const CONFLICT: Codes = ['CONFLICT'];

const inEvery = (codes: Codes): ByState => ({
  scheduled: codes,
  active: codes,
  completed: codes,
  cancelled: codes,
  'called-off': codes,
});
const whileActive = (codes: Codes, otherwise = NOT_ACTIVE): ByState => ({ ...inEvery(otherwise), active: codes });
/** What there is of a session that has, or had, a roll. */
const onceBegun: ByState = { ...inEvery(OK), scheduled: NOT_ACTIVE, 'called-off': NOT_ACTIVE };

const STAFF: readonly Standing[] = ['admin', 'staff'];
const MEMBERS: readonly Standing[] = ['admin', 'staff', 'student'];
const TOKENS: readonly Standing[] = ['admin', 'staff', 'student', 'outsider'];

export type EventRow = {
  about: 'session' | 'course' | 'token';
  may: readonly Standing[];
  /** Students only who are or were in the session. */
  participants?: true;
  /** What those are told who may not, and its text. */
  refused: ByState;
  text?: string;
  /** What those are told who may. */
  answers: ByState;
  /** Accepted, it may change something that is kept. */
  changes: boolean;
  /** Marks students: for one who is not approved it is STUDENT_NOT_ON_ROLL. */
  marks?: true;
  /** The events that answer the asker. */
  replies: readonly string[];
};

const staffOnly = (verb: string) => ({
  about: 'session' as const,
  may: STAFF,
  refused: inEvery(['FORBIDDEN']),
  text: `Only the course teacher can ${verb} attendance`,
});
const marking = (verb: string) => ({
  ...staffOnly(verb),
  answers: whileActive(OK),
  changes: true,
  marks: true as const,
});
const viewing = { ...staffOnly('view'), changes: false };
const NOT_ENROLLED: Codes = ['STUDENT_NOT_ENROLLED'];
const ofCourse = {
  about: 'course' as const,
  may: MEMBERS,
  refused: inEvery(NOT_ENROLLED),
  answers: inEvery(OK),
  changes: false,
};

/** §5, client → server. */
export const EVENTS: Readonly<Record<string, EventRow>> = {
  startAttendanceSession: {
    ...staffOnly('start'),
    answers: {
      scheduled: OK,
      active: OK,
      completed: ['SESSION_ALREADY_ENDED'],
      cancelled: ['SESSION_ALREADY_ENDED', 'SESSION_NOT_ACTIVE'],
      'called-off': ['SESSION_ALREADY_ENDED', 'SESSION_NOT_ACTIVE'],
    },
    changes: true,
    replies: ['attendanceSessionStarted'],
  },
  joinAttendanceSession: {
    about: 'session',
    may: MEMBERS,
    refused: whileActive(NOT_ENROLLED),
    answers: whileActive(OK),
    changes: true,
    replies: ['attendanceSessionJoined'],
  },
  // Anyone in it; a student who was dropped since may be told either.
  leaveAttendanceSession: {
    about: 'session',
    may: MEMBERS,
    refused: whileActive(NOT_ENROLLED),
    answers: whileActive(OK),
    changes: true,
    replies: [],
  },
  markStudentPresent: { ...marking('mark'), replies: ['studentMarkedPresent'] },
  markStudentAbsent: { ...marking('mark'), replies: ['studentMarkedAbsent'] },
  markStudentAttendance: { ...marking('mark'), replies: ['studentMarkedPresent', 'studentMarkedAbsent'] },
  bulkUpdateAttendance: { ...marking('update'), replies: ['attendanceBulkUpdateComplete'] },
  getAttendanceSessionData: { ...viewing, answers: onceBegun, replies: ['attendanceSessionData'] },
  getOnlineStudents: { ...viewing, answers: whileActive(OK), replies: ['onlineStudentsData'] },
  getCheckInCode: {
    ...viewing,
    answers: whileActive(['OK', 'CONFLICT'], ['CONFLICT', 'SESSION_NOT_ACTIVE']),
    replies: ['checkInCode'],
  },
  endAttendanceSession: {
    ...staffOnly('end'),
    answers: onceBegun,
    changes: true,
    replies: ['attendanceSessionEndedConfirm'],
  },
  submitAttendance: {
    ...staffOnly('end'),
    answers: onceBegun,
    changes: true,
    marks: true,
    replies: ['attendanceSubmitted'],
  },
  subscribeToCourse: { ...ofCourse, replies: ['activeSessionsData'] },
  // Leaving a room gives nothing, and who was just removed must not meet an error.
  unsubscribeFromCourse: { ...ofCourse, may: TOKENS, replies: [] },
  checkActiveSessions: { ...ofCourse, replies: ['activeSessionsData'] },
  getActiveSessions: { ...ofCourse, replies: ['activeSessionsData'] },
  syncAttendance: {
    about: 'session',
    may: MEMBERS,
    participants: true,
    refused: inEvery(['STUDENT_NOT_ENROLLED', 'FORBIDDEN', 'SESSION_NOT_ACTIVE']),
    answers: onceBegun,
    changes: false,
    replies: [],
  },
  refreshToken: {
    about: 'token',
    may: TOKENS,
    refused: inEvery(['FORBIDDEN', 'TOKEN_INVALID', 'TOKEN_EXPIRED']),
    answers: inEvery(OK),
    changes: false,
    replies: [],
  },
};

/** Texts of §6 that clients show. */
export const TEXTS: Readonly<Record<string, string>> = {
  SESSION_NOT_FOUND: 'Attendance session not found',
  SESSION_NOT_ACTIVE: 'Attendance session not active',
  STUDENT_NOT_ENROLLED: 'Student is not enrolled in this course',
};

export type RouteRow = {
  /** role: decided by the token alone. list: everybody gets what they are in. person: about one student. */
  about: 'course' | 'session' | 'role' | 'list' | 'person' | 'open';
  may: readonly Standing[];
  /** Of about "role": who may. */
  roles?: readonly string[];
  /** Of about "person": that student may too. */
  self?: true;
  answers: ByState;
  changes: boolean;
  marks?: true;
};

const ALL: readonly Standing[] = ['service', 'admin', 'staff'];
const ALL_AND_STUDENTS: readonly Standing[] = [...ALL, 'student'];
const reads = (about: RouteRow['about'], may = ALL, answers = inEvery(OK)): RouteRow => ({
  about,
  may,
  answers,
  changes: false,
});
const writes = (about: RouteRow['about'], answers = inEvery(OK)): RouteRow => ({
  about,
  may: ALL,
  answers,
  changes: true,
});
const EVERYBODY: readonly Standing[] = [...ALL_AND_STUDENTS, 'outsider'];
const onlyCompleted: ByState = { ...inEvery(CONFLICT), completed: OK };
const started = EVENTS.startAttendanceSession?.answers as ByState;

/** §4. */
export const ROUTES: Readonly<Record<string, RouteRow>> = {
  'POST /courses': { ...writes('role'), roles: ['teacher', 'admin', 'service'] },
  'GET /courses': reads('list', EVERYBODY),
  'GET /courses/:id': reads('course', ALL_AND_STUDENTS),
  'PATCH /courses/:id': writes('course'),
  'PUT /courses/:id/enrollments': writes('course'),
  'GET /courses/:id/enrollments': reads('course'),
  'POST /sessions': writes('course'),
  'GET /sessions': reads('list', ALL_AND_STUDENTS),
  'GET /sessions/:id': reads('session', ALL_AND_STUDENTS),
  'PATCH /sessions/:id': writes('session', { ...inEvery(CONFLICT), scheduled: OK }),
  'POST /sessions/:id/start': writes('session', started),
  'POST /sessions/:id/end': writes('session', onceBegun),
  'POST /sessions/:id/cancel': writes('session', {
    ...inEvery(OK),
    cancelled: ['OK', 'CONFLICT'],
    'called-off': ['OK', 'CONFLICT'],
  }),
  'POST /sessions/:id/checkin-ticket': {
    about: 'open',
    may: [...EVERYBODY, 'nobody'],
    // Who has not signed in may not know of what does not run.
    answers: {
      ...inEvery(['SESSION_NOT_FOUND', 'SESSION_NOT_ACTIVE']),
      active: ['OK', 'CONFLICT', 'CHECKIN_CODE_INVALID', 'RATE_LIMITED'],
    },
    // Wrong tries are counted, which is nobody's data.
    changes: false,
  },
  'POST /sessions/:id/marks': { ...writes('session', whileActive(OK)), marks: true },
  'GET /sessions/:id/attendance': reads('session', ALL_AND_STUDENTS, onceBegun),
  'GET /sessions/:id/attendance.csv': reads('session', ALL, onceBegun),
  'PATCH /sessions/:id/attendance/:student_id': { ...writes('session', onlyCompleted), marks: true },
  'POST /sessions/:id/corrections': { ...writes('session', onlyCompleted), marks: true },
  'GET /sessions/:id/audit': reads('session'),
  'GET /courses/:id/report': reads('course'),
  'GET /courses/:id/report.csv': reads('course'),
  'GET /students/:id/attendance': { ...reads('person'), self: true },
  'GET /students/:id/export': { ...reads('person', ['service', 'admin']), self: true },
  'DELETE /students/:id': { ...writes('role'), roles: ['admin', 'service'] },
};
