/**
 * The nouns of the contract, as schemas; the types are derived from them.
 * Instants are ISO 8601 strings in UTC unless a description says otherwise. Nothing here imports from the server:
 * this folder is shipped to clients.
 */
import { type Static, Type } from 'typebox';
import {
  COURSE_ID,
  ONLINE_STUDENT,
  RECORD,
  REDUCED_RECORD,
  SESSION,
  SESSION_ID,
  STATISTICS,
  STUDENT_ID,
  TEACHER_ID,
} from './examples.ts';

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);

const ID = {
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'Opaque id: 1–64 characters out of A–Z a–z 0–9 _ -',
};
/** Each with an example of its own: those of whole payloads are put together of them. */
export const CourseId = Type.String({ ...ID, examples: [COURSE_ID] });
export const SessionId = Type.String({ ...ID, examples: [SESSION_ID] });
export const StudentId = Type.String({ ...ID, examples: [STUDENT_ID] });

/** What a token names as its user: other systems' ids come in more shapes than ours. */
export const UserId = Type.String({
  pattern: '^[A-Za-z0-9_.:@|+-]{1,128}$',
  description: 'User id as in tokens: 1–128 characters out of A–Z a–z 0–9 _ . : @ | + -',
  examples: [TEACHER_ID],
});
export type UserId = Static<typeof UserId>;

export const Instant = Type.String({ description: 'ISO 8601 instant in UTC', examples: [SESSION.starts_at] });

export const ATTENDANCE_STATUSES = ['present', 'absent', 'late', 'excused'] as const;
export const AttendanceStatus = Type.Union(
  ATTENDANCE_STATUSES.map((status) => Type.Literal(status)) as [
    ReturnType<typeof Type.Literal<'present'>>,
    ReturnType<typeof Type.Literal<'absent'>>,
    ReturnType<typeof Type.Literal<'late'>>,
    ReturnType<typeof Type.Literal<'excused'>>,
  ],
  { description: 'present, absent, late or excused' },
);
export type AttendanceStatus = (typeof ATTENDANCE_STATUSES)[number];

export const SESSION_STATUSES = ['scheduled', 'active', 'completed', 'cancelled'] as const;
export const SessionStatus = Type.Union([
  Type.Literal('scheduled'),
  Type.Literal('active'),
  Type.Literal('completed'),
  Type.Literal('cancelled'),
]);
export type SessionStatus = Static<typeof SessionStatus>;

export const ENROLLMENT_STATUSES = ['pending', 'approved', 'rejected', 'dropped'] as const;
export const EnrollmentStatus = Type.Union([
  Type.Literal('pending'),
  Type.Literal('approved'),
  Type.Literal('rejected'),
  Type.Literal('dropped'),
]);
export type EnrollmentStatus = Static<typeof EnrollmentStatus>;

/** Free text that staff write about a record. */
export const Remarks = Type.String({ maxLength: 500, description: 'At most 500 characters' });
/** Why something that was final is changed. */
export const Reason = Type.String({ minLength: 1, maxLength: 500, pattern: '\\S', description: '1–500 characters' });
export const RequestId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'Makes a repeat harmless: scoped to user, event and session',
});

const Minutes = (description: string) => Type.Integer({ minimum: 0, maximum: 10_080, description });

export const CheckinPolicy = Type.Object(
  {
    opens_before_minutes: Type.Optional(Minutes('Opens this long before starts_at; unset: open from the start')),
    late_after_minutes: Type.Optional(Minutes('A join this long after the actual start, or later, is late')),
    closes_after_minutes: Type.Optional(Minutes('A first join this long after the actual start, or later, is refused')),
    auto_end_after_minutes: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_080,
        description: 'The session ends by itself this long after its start',
      }),
    ),
    code: Type.Optional(Type.Union([Type.Literal('off'), Type.Literal('rotating')], { default: 'off' })),
  },
  { description: 'Check-in rules; all optional. Without any: a join means present, no code' },
);
export type CheckinPolicy = Static<typeof CheckinPolicy>;

export const Session = Type.Object(
  {
    id: SessionId,
    _id: Type.String({ description: 'Repeats id, for older clients' }),
    course_id: CourseId,
    title: Type.String(),
    topic: Type.String({ description: 'Repeats title, for older clients' }),
    description: Type.String(),
    date: Type.String({ description: 'The planned start as a string of milliseconds', examples: [SESSION.date] }),
    starts_at: Instant,
    ends_at: nullable(Instant),
    status: SessionStatus,
    teacher_id: UserId,
    checkin: CheckinPolicy,
    created_at: Instant,
  },
  { examples: [SESSION] },
);
export type Session = Static<typeof Session>;

export const Course = Type.Object({
  id: CourseId,
  title: Type.String(),
  teacher_id: UserId,
  staff: Type.Array(UserId, { description: 'User ids of co-teachers and assistants' }),
  timezone: Type.String({ description: 'IANA time zone, for display and CSV' }),
  created_at: Instant,
});
export type Course = Static<typeof Course>;

export const Enrollment = Type.Object({
  student_id: StudentId,
  user_id: Type.String({ description: 'What the student’s token carries; the student_id unless given' }),
  name: Type.String(),
  roll: nullable(Type.String({ description: 'Roll number' })),
  status: EnrollmentStatus,
});
export type Enrollment = Static<typeof Enrollment>;

/** All that a student ever gets about anybody. */
export const ReducedRecord = Type.Object(
  {
    student_id: StudentId,
    status: AttendanceStatus,
    marked_at: nullable(Instant),
  },
  { examples: [REDUCED_RECORD] },
);
export type ReducedRecord = Static<typeof ReducedRecord>;

/** What staff should look at; signals, which never keep anybody from anything. */
export const Flag = Type.Union([Type.Literal('shared_device'), Type.Literal('removed')], {
  description:
    'shared_device: checked in from a device from which another student checked in (DEVICE_SIGNALS); removed: no approved student of the course any more',
});
export type Flag = Static<typeof Flag>;

/** One student's line on a roll or in the archive: staff only. */
export const FullRecord = Type.Object(
  {
    student_id: StudentId,
    student_name: Type.String(),
    roll: nullable(Type.String()),
    status: AttendanceStatus,
    joined_at: nullable(Instant),
    marked_at: nullable(Instant),
    marked_by: nullable(Type.String({ description: 'User id of staff, "self" for a check-in, null: unmarked' })),
    remarks: nullable(Type.String()),
    flags: Type.Optional(Type.Array(Flag)),
  },
  { examples: [RECORD] },
);
export type FullRecord = Static<typeof FullRecord>;

export const Statistics = Type.Object(
  {
    totalStudents: Type.Integer(),
    presentCount: Type.Integer(),
    absentCount: Type.Integer(),
    lateCount: Type.Integer(),
    excusedCount: Type.Integer(),
    attendanceRate: Type.Number({ description: '(present + late) / (total − excused) × 100, two decimals; 0 if none' }),
  },
  { examples: [STATISTICS] },
);
export type Statistics = Static<typeof Statistics>;

export const OnlineStudent = Type.Object(
  {
    student_id: StudentId,
    student_name: Type.String(),
    roll: nullable(Type.String()),
    profile_picture: nullable(Type.String()),
    joined_at: Instant,
  },
  { examples: [ONLINE_STUDENT] },
);
export type OnlineStudent = Static<typeof OnlineStudent>;

export const MarkUpdate = Type.Object({
  student_id: StudentId,
  status: AttendanceStatus,
  remarks: Type.Optional(Type.Union([Remarks, Type.Null()])),
});
export type MarkUpdate = Static<typeof MarkUpdate>;

export const AUDIT_SOURCES = ['checkin', 'mark', 'bulk', 'submit', 'end', 'correction', 'cancel', 'rebuilt'] as const;
export const AuditSource = Type.Union([
  Type.Literal('checkin'),
  Type.Literal('mark'),
  Type.Literal('bulk'),
  Type.Literal('submit'),
  Type.Literal('end'),
  Type.Literal('correction'),
  Type.Literal('cancel'),
  Type.Literal('rebuilt'),
]);
export type AuditSource = Static<typeof AuditSource>;

/** One line of the append-only list of what happened to a session's records. */
export const AuditEntry = Type.Object({
  seq: Type.Integer({ description: 'Live changes: the roll’s seq; corrections go on counting from there' }),
  at: Instant,
  by: Type.String({ description: 'User id, or "auto"' }),
  student_id: nullable(StudentId),
  from: nullable(Type.String({ description: 'Attendance status, or session status for end and cancel' })),
  to: Type.String(),
  remarks: Type.Optional(nullable(Type.String())),
  reason: Type.Optional(Type.String()),
  source: AuditSource,
});
export type AuditEntry = Static<typeof AuditEntry>;

export const ROLES = ['teacher', 'student', 'admin', 'service'] as const;
export type Role = (typeof ROLES)[number];
