/**
 * The event table, second half: what the server sends, and to whom. See events.ts for what is made of it. One row after
 * another and long on purpose: whoever looks for an event looks here.
 */
import { type Static, type TSchema, Type } from 'typebox';
import type { ClientEventName } from './client-events.ts';
import { ERRORS, type ErrorCode } from './errors.ts';
import {
  Count,
  Epoch,
  InSession,
  Name,
  Numbers,
  nullable,
  OwnSeq,
  RollNumber,
  Seq,
  StudentName,
  Total,
  Version,
} from './event-parts.ts';
import { RECORD, SESSION, SESSION_ID, STATISTICS, STUDENT_ID } from './examples.ts';
import {
  AttendanceStatus,
  CourseId,
  FullRecord,
  Instant,
  OnlineStudent,
  ReducedRecord,
  Session,
  SessionId,
  Statistics,
  StudentId,
  UserId,
} from './nouns.ts';

/** Who receives a server event. "staff": all staff sockets in the session; "room": everybody in it. */
export type Audience = 'asker' | 'staff' | 'room' | 'student' | 'course' | 'node' | 'socket';

type ServerEventRow = {
  to: Audience;
  /** A student may be among its receivers: it must hold nobody else's name, remarks or e-mail. */
  reachesStudents: boolean;
  payload: TSchema;
  description: string;
};

const ENDED = { session: { ...SESSION, status: 'completed' }, statistics: STATISTICS };
const FinalDataReduced = Type.Object(
  {
    session: Session,
    statistics: Statistics,
    attendanceRecords: Type.Array(FullRecord, { maxItems: 0 }),
  },
  { examples: [{ ...ENDED, attendanceRecords: [] }] },
);
const FinalData = Type.Object(
  { session: Session, statistics: Statistics, attendanceRecords: Type.Array(FullRecord) },
  { examples: [{ ...ENDED, attendanceRecords: [RECORD] }] },
);
const ActiveSession = Type.Object({
  sessionId: SessionId,
  teacherId: UserId,
  studentCount: Type.Integer({ description: 'Students with a joined_at', examples: [28] }),
  startedAt: Instant,
});
export type ActiveSession = Static<typeof ActiveSession>;

/** With an example of what is refused, and why. */
const refusal = (event: ClientEventName, code: ErrorCode) =>
  Type.Object({
    message: Type.String({ examples: [ERRORS[code].message] }),
    code: Type.String({ description: 'Out of the closed list of error codes', examples: [code] }),
    event: Type.String({ description: 'What was refused', examples: [event] }),
    session_id: Type.Optional(Type.String()),
    course_id: Type.Optional(Type.String()),
    request_id: Type.Optional(Type.String()),
    retryable: Type.Boolean({
      description: 'Whether the same may be accepted later, unchanged',
      examples: [ERRORS[code].retryable],
    }),
    opens_at: Type.Optional(Instant),
    retry_after_ms: Type.Optional(Type.Integer({ description: 'RATE_LIMITED: wait so long' })),
    field: Type.Optional(Type.String({ description: 'INVALID_PAYLOAD: which field' })),
    student_ids: Type.Optional(Type.Array(Type.String(), { description: 'STUDENT_NOT_ON_ROLL: the first of them' })),
  });

const event = <const R extends ServerEventRow>(it: R) => it;

export const serverEvents = {
  attendanceSessionStarted: event({
    to: 'asker',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      session: Session,
      totalStudents: Total,
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
      message: Type.String({ examples: ['Successfully joined attendance session'] }),
      status: nullable(AttendanceStatus),
      joined_at: nullable(Instant),
      session: Session,
      statistics: Statistics,
      ...Numbers,
      own_seq: OwnSeq,
      epoch: Epoch,
      student_visibility: Type.Optional(Type.Literal('self')),
    }),
    description:
      'To the joiner; status and joined_at are null for staff, who only observe. student_visibility: of marks, students hear only what concerns themselves; left out when they hear all.',
  }),
  studentJoinedAttendance: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({
      ...InSession,
      student_id: StudentId,
      student_name: StudentName,
      roll: nullable(RollNumber),
      profile_picture: nullable(Type.String()),
      joined_at: Instant,
      status: AttendanceStatus,
      online_count: Count,
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
      student_id: StudentId,
      student_name: StudentName,
      roll: nullable(RollNumber),
      disconnected_at: Instant,
      remaining_online_count: Count,
    }),
    description: 'The last connection of a student is gone; the record stays.',
  }),
  studentLeft: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({ ...InSession, studentId: StudentId }),
    description: 'The same for older screens.',
  }),
  attendanceUpdated: event({
    to: 'room',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      student_id: StudentId,
      studentId: StudentId,
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
    payload: Type.Object({ ...InSession, student_id: StudentId, attendanceRecord: FullRecord }),
    description: 'Your mark is made.',
  }),
  studentMarkedAbsent: event({
    to: 'asker',
    reachesStudents: false,
    payload: Type.Object(
      { ...InSession, student_id: StudentId, attendanceRecord: FullRecord },
      {
        examples: [
          { session_id: SESSION_ID, student_id: STUDENT_ID, attendanceRecord: { ...RECORD, status: 'absent' } },
        ],
      },
    ),
    description: 'Your mark is made.',
  }),
  studentMarked: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({ ...InSession, student_id: StudentId, attendanceRecord: FullRecord, seq: Seq }),
    description: 'One per changed record, for bulk too.',
  }),
  attendanceMarked: event({
    to: 'student',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      sessionId: SessionId,
      student_id: StudentId,
      studentId: StudentId,
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
      totalUpdated: Type.Integer({ examples: [1] }),
    }),
    description: 'Your bulk is made: the records that it changed.',
  }),
  attendanceStatistics: event({
    to: 'room',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      statistics: Statistics,
      online_count: Count,
      ...Numbers,
      epoch: Epoch,
    }),
    description:
      'At most one every 500 ms per session, one every 15 s; students get those of arrivals every 5 s at most.',
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
      total_joined: Count,
      online_count: Count,
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
      code: Type.String({ examples: ['048213'] }),
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
      version: Version,
    }),
    description: 'The attendance was submitted.',
  }),
  attendancePersisted: event({
    to: 'staff',
    reachesStudents: false,
    payload: Type.Object({ ...InSession, version: Version, persisted_at: Instant }),
    description: 'The archive has it.',
  }),
  courseSessionStarted: event({
    to: 'course',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      course_id: CourseId,
      teacher_id: UserId,
      teacher_name: Name,
      session_topic: Type.String({ examples: [SESSION.title] }),
      total_students: Total,
      started_at: Instant,
    }),
    description: 'A session of this course has started.',
  }),
  courseSessionEnded: event({
    to: 'course',
    reachesStudents: true,
    payload: Type.Object({
      ...InSession,
      course_id: CourseId,
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
    payload: Type.Object({ course_id: CourseId, activeSessions: Type.Array(ActiveSession) }),
    description: 'To the asker, a new subscriber, and the course room after each start and end.',
  }),
  attendanceError: event({
    to: 'asker',
    reachesStudents: true,
    payload: refusal('joinAttendanceSession', 'SESSION_NOT_ACTIVE'),
    description: 'What you sent was refused.',
  }),
  activeSessionsError: event({
    to: 'asker',
    reachesStudents: true,
    payload: refusal('subscribeToCourse', 'COURSE_NOT_FOUND'),
    description: 'What you asked of a course was refused.',
  }),
  serverDraining: event({
    to: 'node',
    reachesStudents: true,
    payload: Type.Object({ reconnect_within_ms: Type.Integer({ examples: [3_000] }) }),
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
