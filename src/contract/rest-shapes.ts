/** What routes take and answer, beyond the nouns: parameters, bodies, answers. */
import { type Static, type TSchema, Type } from 'typebox';
import {
  AttendanceStatus,
  AuditEntry,
  CheckinPolicy,
  Course,
  CourseId,
  Enrollment,
  EnrollmentStatus,
  FullRecord,
  Instant,
  MarkUpdate,
  Reason,
  ReducedRecord,
  Remarks,
  RequestId,
  Session,
  SessionId,
  Statistics,
  StudentId,
  UserId,
} from './nouns.ts';

/** Nothing larger is put on a roll, so nothing larger needs to be enrolled, marked or corrected at once. */
const MAX_STUDENTS = 10_000;
const MAX_STAFF = 200;
/** The largest page; how many there are without `limit`. */
const PAGE_MAX = 200;
const PAGE_DEFAULT = 50;

const optionalNull = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));

/** For one line of text that people read. */
const Line = (maxLength: number, description: string) =>
  Type.String({ minLength: 1, maxLength, pattern: '\\S', description });
const Title = Line(200, '1–200 characters');
const Description = Type.String({ maxLength: 5_000 });
const TimeZone = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'IANA time zone',
  examples: ['Europe/Vienna'],
});

/** An instant as clients write it. */
export const InstantInput = Type.Union([Type.String({ minLength: 1, maxLength: 40 }), Type.Integer()], {
  description:
    'ISO 8601 string, or milliseconds since 1970 as a number or a string. An ISO time without an offset is in the course’s time zone',
  examples: ['2026-09-07T08:00:00Z'],
});

export const CourseParams = Type.Object({ id: CourseId });
export const SessionParams = Type.Object({ id: SessionId });
export const RecordParams = Type.Object({ id: SessionId, student_id: StudentId });
export const StudentParams = Type.Object({ id: UserId });

const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: PAGE_DEFAULT })),
  cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'next_cursor of the page before' })),
};
export const PageQuery = Type.Object(paging);

const bound = (which: 'inclusive' | 'exclusive') =>
  Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 40,
      description: `Planned start, ${which}. An ISO time without an offset is in the time zone of the course named by course_id, else UTC`,
    }),
  );
export const SessionsQuery = Type.Object({
  ...paging,
  course_id: Type.Optional(CourseId),
  status: Type.Optional(
    Type.String({
      pattern: '^(scheduled|active|completed|cancelled)(,(scheduled|active|completed|cancelled))*$',
      description: 'One status, or several with commas between them',
    }),
  ),
  from: bound('inclusive'),
  to: bound('exclusive'),
});

export const PageOf = <T extends TSchema>(items: T) =>
  Type.Object({ items: Type.Array(items), next_cursor: Type.Union([Type.String(), Type.Null()]) });

const Staff = Type.Array(UserId, { maxItems: MAX_STAFF, description: 'User ids of co-teachers and assistants' });
export const NewCourse = Type.Object({
  id: Type.Optional(CourseId),
  title: Title,
  teacher_id: Type.Optional(UserId),
  staff: Type.Optional(Staff),
  timezone: Type.Optional(TimeZone),
});
export const CoursePatch = Type.Object({
  title: Type.Optional(Title),
  teacher_id: Type.Optional(UserId),
  staff: Type.Optional(Staff),
  timezone: Type.Optional(TimeZone),
});
export const Courses = PageOf(Course);

export const EnrollmentInput = Type.Object({
  student_id: StudentId,
  user_id: Type.Optional(UserId),
  name: Line(200, '1–200 characters'),
  roll: optionalNull(Type.String({ minLength: 1, maxLength: 64 })),
  status: Type.Optional(EnrollmentStatus),
});
export type EnrollmentInput = Static<typeof EnrollmentInput>;
export const Roster = Type.Object({ enrollments: Type.Array(EnrollmentInput, { maxItems: MAX_STUDENTS }) });
export const RosterCsv = Type.String({ description: 'student_id,name,roll,status,user_id; comma or semicolon' });
export const RosterCounts = Type.Object({
  created: Type.Integer(),
  updated: Type.Integer(),
  unchanged: Type.Integer(),
  total: Type.Integer({ description: 'Students in this request' }),
});
export const EnrollmentsQuery = Type.Object({ ...paging, status: Type.Optional(EnrollmentStatus) });
export const Enrollments = PageOf(Enrollment);

export const NewSession = Type.Object({
  id: Type.Optional(SessionId),
  course_id: CourseId,
  title: Title,
  description: Type.Optional(Description),
  date: InstantInput,
  ends_at: optionalNull(InstantInput),
  checkin: Type.Optional(CheckinPolicy),
});
export const SessionPatch = Type.Object({
  title: Type.Optional(Title),
  description: Type.Optional(Description),
  date: Type.Optional(InstantInput),
  ends_at: optionalNull(InstantInput),
  checkin: Type.Optional(CheckinPolicy),
});
export const Sessions = PageOf(Session);

export const Once = Type.Object({ request_id: Type.Optional(RequestId) });
export const Marks = Type.Object({
  updates: Type.Array(MarkUpdate, { minItems: 1, maxItems: MAX_STUDENTS }),
  only_unmarked: Type.Optional(Type.Boolean()),
  request_id: Type.Optional(RequestId),
});
export const Cancellation = Type.Object({ reason: Type.Optional(Reason) });
export const TicketRequest = Type.Object({
  code: Type.String({ minLength: 1, maxLength: 32 }),
  device_id: Type.Optional(
    Type.String({ minLength: 1, maxLength: 128, description: 'Names this installation, where there are no cookies' }),
  ),
});
export const Ticket = Type.Object({ ticket: Type.String(), expires_at: Instant });

const Version = Type.Integer({ description: '0 while live, 1 at the end, +1 per correction' });
/** A full record with the session version that last changed it. */
export const VersionedRecord = Type.Object({ ...FullRecord.properties, version: Version });
export type VersionedRecord = Static<typeof VersionedRecord>;

export const AttendanceAnswer = Type.Object({
  session: Session,
  attendanceRecords: Type.Union([Type.Array(VersionedRecord), Type.Array(ReducedRecord)], {
    description: 'Staff: every full record. A student: their own, reduced',
  }),
  statistics: Statistics,
  source: Type.Union([Type.Literal('live'), Type.Literal('archive')]),
  version: Version,
});

export const CorrectionOfOne = Type.Object({
  status: AttendanceStatus,
  remarks: optionalNull(Remarks),
  reason: Reason,
});
export const Corrections = Type.Object({
  updates: Type.Array(MarkUpdate, { minItems: 1, maxItems: MAX_STUDENTS }),
  reason: Reason,
});
export const Corrected = Type.Object({
  session_id: SessionId,
  version: Version,
  attendanceRecords: Type.Array(VersionedRecord, { description: 'Of everybody named, as they now are' }),
  statistics: Statistics,
});
export const Audit = PageOf(AuditEntry);

const tally = {
  sessions: Type.Integer({ description: 'Completed sessions with a record of this student' }),
  presentCount: Type.Integer(),
  absentCount: Type.Integer(),
  lateCount: Type.Integer(),
  excusedCount: Type.Integer(),
  attendanceRate: Type.Number({
    description: '(present + late) / (sessions − excused) × 100, two decimals; 0 if none',
  }),
};
export const StudentReport = Type.Object({
  student_id: StudentId,
  student_name: Type.String(),
  roll: Type.Union([Type.String(), Type.Null()]),
  ...tally,
});
export const Report = PageOf(StudentReport);

const HistoryItem = Type.Object({
  session_id: SessionId,
  course_id: CourseId,
  title: Type.String(),
  date: Type.String({ description: 'The planned start as a string of milliseconds' }),
  starts_at: Instant,
  attendanceRecord: Type.Union([VersionedRecord, ReducedRecord]),
});
export const History = Type.Object({
  student_id: UserId,
  ...tally,
  items: Type.Array(HistoryItem),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
});

export const PersonExport = Type.Object({
  student_id: UserId,
  exported_at: Instant,
  enrollments: Type.Array(Type.Object({ course_id: CourseId, ...Enrollment.properties })),
  records: Type.Array(
    Type.Object({
      session_id: SessionId,
      course_id: CourseId,
      title: Type.String(),
      date: Type.String(),
      user_id: Type.String(),
      ...VersionedRecord.properties,
    }),
  ),
  audit: Type.Array(Type.Object({ session_id: SessionId, ...AuditEntry.properties })),
});
export const Erasure = Type.Object({
  status: Type.Union([Type.Literal('erased'), Type.Literal('pending')], {
    description: 'pending: still on a roll that is live or on its way to the archive; it follows by itself',
  }),
});

/** RFC 9457, with this service's code and whether the same request may succeed later. */
export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    retryable: Type.Boolean(),
    field: Type.Optional(Type.String({ description: 'INVALID_PAYLOAD: which field, parts joined by dots' })),
    opens_at: Type.Optional(Instant),
    retry_after_ms: Type.Optional(Type.Integer()),
    student_ids: Type.Optional(Type.Array(Type.String())),
    lines: Type.Optional(
      Type.Array(Type.Object({ line: Type.Integer(), message: Type.String() }), { description: 'CSV: every bad line' }),
    ),
  },
  { description: 'RFC 9457 problem' },
);
