/**
 * The event table: every Socket.IO event in one place. From it come the validation of what clients send, the types of
 * server and clients, the audience rules that the tests walk, and the documentation.
 */
import { type Static, type TSchema, Type } from 'typebox';
import {
  AttendanceStatus,
  FullRecord,
  Id,
  Instant,
  MarkUpdate,
  OnlineStudent,
  ReducedRecord,
  Remarks,
  RequestId,
  Session,
  Statistics,
  UserId,
} from './nouns.ts';

/** The two namespaces; they are one audience. */
export const NAMESPACES = ['/', '/attendance'] as const;

/** Largest payload of an ordinary event, and of those that carry a whole class, in bytes of its frame. */
export const EVENT_MAX_BYTES = 64 * 1024;
export const BULK_EVENT_MAX_BYTES = 1024 * 1024;
/** No roll is larger than this, so no bulk needs to be. */
export const BULK_MAX_UPDATES = 10_000;

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
const Seq = Type.Integer({ minimum: 0, description: 'Changes of this roll so far; +1 per accepted change' });
const RoomSeq = Type.Integer({ minimum: 0, description: 'Changes that the whole room was told' });
const OwnSeq = Type.Integer({ minimum: 0, description: 'Changes of this student’s own record' });
const Epoch = Type.String({ description: 'Changes whenever the live store may have lost changes' });
const Name = Type.String();
const Numbers = { seq: Seq, room_seq: RoomSeq };
const InSession = { session_id: Id };
const optionalRequest = { request_id: Type.Optional(RequestId) };

const OfSession = Type.Object(InSession);
const OfSessionOnce = Type.Object({ ...InSession, ...optionalRequest });
const OfCourse = Type.Object({ course_id: Id });
const MarkOne = Type.Object({
  ...InSession,
  student_id: Id,
  remarks: Type.Optional(Type.Union([Remarks, Type.Null()])),
  ...optionalRequest,
});
const Updates = Type.Array(MarkUpdate, { maxItems: BULK_MAX_UPDATES });
const Since = Type.Integer({ minimum: 0 });

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

const row = <const R extends Omit<ClientEventRow, 'errorEvent' | 'maxBytes'> & Partial<ClientEventRow>>(it: R) => ({
  errorEvent: 'attendanceError' as const,
  maxBytes: EVENT_MAX_BYTES,
  ...it,
});

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
      code: Type.Optional(Type.String({ maxLength: 32 })),
      ticket: Type.Optional(Type.String({ maxLength: 512 })),
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
      student_id: Id,
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
      only_unmarked: Type.Optional(Type.Boolean()),
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
      epoch: Type.Optional(Type.String({ maxLength: 64 })),
      since_seq: Type.Optional(Since),
      since_room_seq: Type.Optional(Since),
      since_own_seq: Type.Optional(Since),
    }),
    who: 'participant',
    verb: null,
    reply: null,
    mutating: false,
    description: 'What was missed since the given numbers, or a snapshot; answered by acknowledgement.',
  }),
  refreshToken: row({
    payload: Type.Object({ token: Type.String({ minLength: 1, maxLength: 8192 }) }),
    who: 'anyone',
    verb: null,
    reply: null,
    mutating: false,
    description: 'A newer token of the same user for this socket; answers { expires_at } by acknowledgement.',
  }),
} satisfies Record<string, ClientEventRow>;

export type ClientEventName = keyof typeof clientEvents;
export type ClientPayload<E extends ClientEventName> = Static<(typeof clientEvents)[E]['payload']>;

/** Who receives a server event. "staff": all staff sockets in the session; "room": everybody in it. */
export type Audience = 'asker' | 'staff' | 'room' | 'student' | 'course' | 'node' | 'socket';

type ServerEventRow = {
  to: Audience;
  /** A student may be among its receivers: it must hold nobody else's name, remarks or e-mail. */
  reachesStudents: boolean;
  payload: TSchema;
  description: string;
};

const FinalDataReduced = Type.Object({
  session: Session,
  statistics: Statistics,
  attendanceRecords: Type.Array(FullRecord, { maxItems: 0 }),
});
const FinalData = Type.Object({ session: Session, statistics: Statistics, attendanceRecords: Type.Array(FullRecord) });
const ActiveSession = Type.Object({
  sessionId: Id,
  teacherId: UserId,
  studentCount: Type.Integer({ description: 'Students with a joined_at' }),
  startedAt: Instant,
});
export type ActiveSession = Static<typeof ActiveSession>;

const ErrorPayload = Type.Object({
  message: Type.String(),
  code: Type.String(),
  event: Type.String(),
  session_id: Type.Optional(Type.String()),
  course_id: Type.Optional(Type.String()),
  request_id: Type.Optional(Type.String()),
  retryable: Type.Boolean(),
  opens_at: Type.Optional(Instant),
  retry_after_ms: Type.Optional(Type.Integer()),
  field: Type.Optional(Type.String()),
  student_ids: Type.Optional(Type.Array(Type.String())),
});

const event = <const R extends ServerEventRow>(it: R) => it;

export const serverEvents = {
  attendanceSessionStarted: event({
    to: 'asker',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      session: Session,
      totalStudents: Type.Integer(),
      attendanceRecords: Type.Array(FullRecord),
      statistics: Statistics,
      ...Numbers,
      epoch: Epoch,
    }),
    description: 'To the starter: the roll as it is.',
  }),
  attendanceSessionJoined: event({
    to: 'asker',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      message: Type.String(),
      status: nullable(AttendanceStatus),
      joined_at: nullable(Instant),
      session: Session,
      statistics: Statistics,
      ...Numbers,
      own_seq: OwnSeq,
      epoch: Epoch,
    }),
    description: 'To the joiner; status and joined_at are null for staff, who only observe.',
  }),
  studentJoinedAttendance: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      student_id: Id,
      student_name: Name,
      roll: nullable(Type.String()),
      profile_picture: nullable(Type.String()),
      joined_at: Instant,
      status: AttendanceStatus,
      online_count: Type.Integer(),
      seq: Seq,
      returned: Type.Optional(Type.Literal(true)),
    }),
    description: 'A student arrived; returned: true when they were gone and are back (takes no seq).',
  }),
  studentLeftAttendance: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      student_id: Id,
      student_name: Name,
      roll: nullable(Type.String()),
      disconnected_at: Instant,
      remaining_online_count: Type.Integer(),
    }),
    description: 'The last connection of a student is gone; the record stays.',
  }),
  studentLeft: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({ ...InSession, studentId: Id }),
    description: 'The same for older screens.',
  }),
  attendanceUpdated: event({
    to: 'room',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      student_id: Id,
      studentId: Id,
      status: AttendanceStatus,
      attendanceRecord: ReducedRecord,
      updated_by: Name,
      updated_at: Instant,
      statistics: Statistics,
      ...Numbers,
    }),
    description: 'Staff marked a student. To staff alone also after a join whose status is not present.',
  }),
  studentMarkedPresent: event({
    to: 'asker',
    reachesStudents: false,
    payload: Type.Object({ ...InSession, student_id: Id, attendanceRecord: FullRecord }),
    description: 'Your mark is made.',
  }),
  studentMarkedAbsent: event({
    to: 'asker',
    reachesStudents: false,
    payload: Type.Object({ ...InSession, student_id: Id, attendanceRecord: FullRecord }),
    description: 'Your mark is made.',
  }),
  studentMarked: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({ ...InSession, student_id: Id, attendanceRecord: FullRecord, seq: Seq }),
    description: 'One per changed record, for bulk too.',
  }),
  attendanceMarked: event({
    to: 'student',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      sessionId: Id,
      student_id: Id,
      studentId: Id,
      status: AttendanceStatus,
      marked_at: Instant,
      own_seq: OwnSeq,
    }),
    description: 'To all sockets of the student concerned.',
  }),
  attendanceBulkUpdated: event({
    to: 'room',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      updatedRecords: Type.Array(ReducedRecord),
      updated_by: Name,
      updated_at: Instant,
      statistics: Statistics,
      ...Numbers,
    }),
    description: 'Staff marked several at once.',
  }),
  attendanceBulkUpdateComplete: event({
    to: 'asker',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      updatedRecords: Type.Array(FullRecord),
      totalUpdated: Type.Integer(),
    }),
    description: 'Your bulk is made: the records that it changed.',
  }),
  attendanceStatistics: event({
    to: 'room',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      statistics: Statistics,
      online_count: Type.Integer(),
      ...Numbers,
      epoch: Epoch,
    }),
    description: 'At most one every 500 ms per session, and one every 15 s.',
  }),
  attendanceSessionData: event({
    to: 'asker',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      session: Session,
      attendanceRecords: Type.Array(FullRecord),
      statistics: Statistics,
      online_students: Type.Array(OnlineStudent),
      ...Numbers,
      epoch: Epoch,
    }),
    description: 'The whole roll.',
  }),
  onlineStudentsData: event({
    to: 'asker',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      total_joined: Type.Integer(),
      online_count: Type.Integer(),
      online_students: Type.Array(OnlineStudent),
      retrieved_at: Instant,
    }),
    description: 'Who is connected now.',
  }),
  checkInCode: event({
    to: 'asker',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      code: Type.String(),
      expires_at: Instant,
      url: Type.Optional(Type.String()),
    }),
    description: 'The code that is valid now.',
  }),
  attendanceSessionEnded: event({
    to: 'room',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      finalData: FinalDataReduced,
      ended_by: Name,
      ended_at: Instant,
      ...Numbers,
    }),
    description: 'The session is over; records are not in it.',
  }),
  attendanceSessionEndedConfirm: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      finalData: FinalData,
      ended_by: Name,
      ended_at: Instant,
      ...Numbers,
    }),
    description: 'The session is over, with all records.',
  }),
  attendanceSubmitted: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      statistics: Statistics,
      submitted_by: Name,
      submitted_at: Instant,
      version: Type.Integer(),
    }),
    description: 'The attendance was submitted.',
  }),
  attendancePersisted: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({ ...InSession, version: Type.Integer(), persisted_at: Instant }),
    description: 'The archive has it.',
  }),
  courseSessionStarted: event({
    to: 'course',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      course_id: Id,
      teacher_id: UserId,
      teacher_name: Name,
      session_topic: Type.String(),
      total_students: Type.Integer(),
      started_at: Instant,
    }),
    description: 'A session of this course has started.',
  }),
  courseSessionEnded: event({
    to: 'course',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      course_id: Id,
      teacher_id: UserId,
      teacher_name: Name,
      final_statistics: Statistics,
      ended_by: Name,
      ended_at: Instant,
    }),
    description: 'A session of this course has ended.',
  }),
  activeSessionsData: event({
    to: 'course',
    reachesStudents: true,
    payload: Type.Object({ course_id: Id, activeSessions: Type.Array(ActiveSession) }),
    description: 'To the asker, a new subscriber, and the course room after each start and end.',
  }),
  attendanceError: event({
    to: 'asker',
    reachesStudents: true,
    payload: ErrorPayload,
    description: 'What you sent was refused.',
  }),
  activeSessionsError: event({
    to: 'asker',
    reachesStudents: true,
    payload: ErrorPayload,
    description: 'What you asked of a course was refused.',
  }),
  serverDraining: event({
    to: 'node',
    reachesStudents: true,
    payload: Type.Object({ reconnect_within_ms: Type.Integer() }),
    description: 'This node is going away; the client will be reconnected elsewhere.',
  }),
  tokenExpiring: event({
    to: 'socket',
    reachesStudents: true,
    payload: Type.Object({ expires_at: Instant }),
    description: 'The token of this socket expires in a minute: send refreshToken.',
  }),
} satisfies Record<string, ServerEventRow>;

export type ServerEventName = keyof typeof serverEvents;
export type ServerPayload<E extends ServerEventName> = Static<(typeof serverEvents)[E]['payload']>;

/** What every acknowledgement callback receives. */
export type Acknowledgement = ({ ok: true } & Record<string, unknown>) | ({ ok: false } & AcknowledgedError);
export type AcknowledgedError = { code: string; message: string; retryable: boolean } & Record<string, unknown>;

/** Socket.IO's typed event maps, derived from the table. */
export type ClientToServerEvents = {
  [E in ClientEventName]: (payload: ClientPayload<E>, ack?: (answer: Acknowledgement) => void) => void;
};
export type ServerToClientEvents = { [E in ServerEventName]: (payload: ServerPayload<E>) => void };
