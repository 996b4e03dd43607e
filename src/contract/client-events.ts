/** The event table, first half: what clients send. See events.ts for what is made of it. */
import { type Static, type TSchema, Type } from 'typebox';
import { InSession, optionalRequest } from './event-parts.ts';
import { AttendanceStatus, CourseId, MarkUpdate, Remarks, StudentId } from './nouns.ts';

/** Largest payload of an ordinary event, and of those that carry a whole class, in bytes of its frame. */
export const EVENT_MAX_BYTES = 64 * 1024;
export const BULK_EVENT_MAX_BYTES = 1024 * 1024;
/** No roll is larger than this, so no bulk needs to be. */
export const BULK_MAX_UPDATES = 10_000;

const OfSession = Type.Object(InSession);
const OfSessionOnce = Type.Object({ ...InSession, ...optionalRequest });
const OfCourse = Type.Object({ course_id: CourseId });
const MarkOne = Type.Object({
  ...InSession,
  student_id: StudentId,
  remarks: Type.Optional(Type.Union([Remarks, Type.Null()])),
  ...optionalRequest,
});
const Updates = Type.Array(MarkUpdate, { maxItems: BULK_MAX_UPDATES });
const since = (what: string) =>
  Type.Optional(Type.Integer({ minimum: 0, description: `The last ${what} that is known` }));

/** Who may send an event; domain/policy.ts decides with it. */
export type Sender =
  | 'anyone' // any authenticated socket
  | 'staff' // staff of the session's course
  | 'student-or-staff' // an approved student of the course, or its staff
  | 'participant'; // staff, or a student who is or was in the session

type ClientEventRow = {
  payload: TSchema;
  who: Sender;
  /** What "Only the course teacher can … attendance" says for this event. */
  verb: 'start' | 'mark' | 'view' | 'update' | 'end' | null;
  /** The event that answers the asker, whose payload the acknowledgement repeats; null: only an acknowledgement. */
  reply: string | null;
  /** The event that carries an error to a client without a callback. */
  errorEvent: 'attendanceError' | 'activeSessionsError';
  /** Changes something: accepts a request_id. */
  mutating: boolean;
  maxBytes: number;
  description: string;
};

type Defaults = { errorEvent: 'attendanceError'; maxBytes: number };
/** What a row leaves out is filled in; what it says itself keeps its own type. */
const row = <const R extends Omit<ClientEventRow, keyof Defaults> & Partial<ClientEventRow>>(it: R) =>
  ({ errorEvent: 'attendanceError', maxBytes: EVENT_MAX_BYTES, ...it }) as Omit<Defaults, keyof R> & R;

export const clientEvents = {
  startAttendanceSession: row({
    payload: OfSessionOnce,
    who: 'staff',
    verb: 'start',
    reply: 'attendanceSessionStarted',
    mutating: true,
    description: 'Scheduled → active. Sent again while active: attaches this socket and answers the current state.',
  }),
  joinAttendanceSession: row({
    payload: Type.Object({
      ...InSession,
      code: Type.Optional(
        Type.String({ maxLength: 32, description: 'What staff show, where the session takes a code' }),
      ),
      ticket: Type.Optional(Type.String({ maxLength: 512, description: 'In place of the code' })),
      ...optionalRequest,
    }),
    who: 'student-or-staff',
    verb: null,
    reply: 'attendanceSessionJoined',
    mutating: true,
    description: 'Approved student: check-in, later re-attach. Staff: attach as observer, not counted.',
  }),
  leaveAttendanceSession: row({
    payload: OfSessionOnce,
    who: 'participant',
    verb: null,
    reply: null,
    mutating: true,
    description: 'Leaves the session with this socket; the record stays.',
  }),
  markStudentPresent: row({
    payload: MarkOne,
    who: 'staff',
    verb: 'mark',
    reply: 'studentMarkedPresent',
    mutating: true,
    description: 'Sets a student present.',
  }),
  markStudentAbsent: row({
    payload: MarkOne,
    who: 'staff',
    verb: 'mark',
    reply: 'studentMarkedAbsent',
    mutating: true,
    description: 'Sets a student absent.',
  }),
  markStudentAttendance: row({
    payload: Type.Object({
      ...InSession,
      student_id: StudentId,
      status: AttendanceStatus,
      remarks: Type.Optional(Type.Union([Remarks, Type.Null()])),
      ...optionalRequest,
    }),
    who: 'staff',
    verb: 'mark',
    reply: null,
    mutating: true,
    description:
      'Sets any status. Answers studentMarkedPresent or studentMarkedAbsent for those two; late and excused only by acknowledgement.',
  }),
  bulkUpdateAttendance: row({
    payload: Type.Object({
      ...InSession,
      attendanceUpdates: Type.Array(MarkUpdate, { minItems: 1, maxItems: BULK_MAX_UPDATES }),
      only_unmarked: Type.Optional(Type.Boolean({ description: 'Leaves alone whom somebody marked already' })),
      ...optionalRequest,
    }),
    who: 'staff',
    verb: 'update',
    reply: 'attendanceBulkUpdateComplete',
    mutating: true,
    maxBytes: BULK_EVENT_MAX_BYTES,
    description:
      'Sets many at once, all or nothing; with only_unmarked those that somebody marked already are left alone.',
  }),
  getAttendanceSessionData: row({
    payload: OfSession,
    who: 'staff',
    verb: 'view',
    reply: 'attendanceSessionData',
    mutating: false,
    description: 'The whole roll.',
  }),
  getOnlineStudents: row({
    payload: OfSession,
    who: 'staff',
    verb: 'view',
    reply: 'onlineStudentsData',
    mutating: false,
    description: 'Who is connected now.',
  }),
  getCheckInCode: row({
    payload: OfSession,
    who: 'staff',
    verb: 'view',
    reply: 'checkInCode',
    mutating: false,
    description: 'The rotating code of a session that uses one.',
  }),
  endAttendanceSession: row({
    payload: OfSessionOnce,
    who: 'staff',
    verb: 'end',
    reply: 'attendanceSessionEndedConfirm',
    mutating: true,
    description: 'Freezes the roll and hands it to the archive. On a completed session: answers what was stored.',
  }),
  submitAttendance: row({
    payload: Type.Object({ ...InSession, attendanceUpdates: Type.Optional(Updates), ...optionalRequest }),
    who: 'staff',
    verb: 'end',
    reply: 'attendanceSubmitted',
    mutating: true,
    maxBytes: BULK_EVENT_MAX_BYTES,
    description: 'Applies the updates and ends, in one step. On a completed session: answers what was stored.',
  }),
  subscribeToCourse: row({
    payload: OfCourse,
    who: 'student-or-staff',
    verb: null,
    reply: 'activeSessionsData',
    errorEvent: 'activeSessionsError',
    mutating: false,
    description: 'Hear of starts and ends in this course.',
  }),
  unsubscribeFromCourse: row({
    payload: OfCourse,
    who: 'anyone',
    verb: null,
    reply: null,
    errorEvent: 'activeSessionsError',
    mutating: false,
    description: 'Stop hearing of this course.',
  }),
  checkActiveSessions: row({
    payload: OfCourse,
    who: 'student-or-staff',
    verb: null,
    reply: 'activeSessionsData',
    errorEvent: 'activeSessionsError',
    mutating: false,
    description: 'The active sessions of a course, once.',
  }),
  getActiveSessions: row({
    payload: OfCourse,
    who: 'student-or-staff',
    verb: null,
    reply: 'activeSessionsData',
    errorEvent: 'activeSessionsError',
    mutating: false,
    description: 'The same as checkActiveSessions.',
  }),
  syncAttendance: row({
    payload: Type.Object({
      ...InSession,
      epoch: Type.Optional(Type.String({ maxLength: 64, description: 'The one that the numbers are of' })),
      since_seq: since('seq'),
      since_room_seq: since('room_seq'),
      since_own_seq: since('own_seq'),
    }),
    who: 'participant',
    verb: null,
    reply: null,
    mutating: false,
    description: 'What was missed since the given numbers, or a snapshot; answered by acknowledgement.',
  }),
  refreshToken: row({
    payload: Type.Object({ token: Type.String({ minLength: 1, maxLength: 8192, description: 'A JSON Web Token' }) }),
    who: 'anyone',
    verb: null,
    reply: null,
    mutating: false,
    description: 'A newer token of the same user for this socket; answers { expires_at } by acknowledgement.',
  }),
} satisfies Record<string, ClientEventRow>;

export type ClientEventName = keyof typeof clientEvents;
export type ClientPayload<E extends ClientEventName> = Static<(typeof clientEvents)[E]['payload']>;
