/**
 * The registry: what exists before class. Courses, enrollments and sessions, and the status of a session.
 *
 * Every method either has its whole effect durably or throws a Refusal with STORE_UNAVAILABLE and has none
 * (for a write whose answer was lost, "none or all": each write may be repeated). Reads see every acknowledged write.
 * Lists are ordered by (created_at, id), newest first for sessions, oldest first otherwise; a cursor is opaque, stays
 * valid while rows are added, and one that was not made here is refused with INVALID_PAYLOAD.
 */
import type { CheckinPolicy, Course, Enrollment, EnrollmentStatus, SessionStatus } from '../contract/nouns.ts';

/** A session as stored: the plan, and how far it has come. Instants are milliseconds since the epoch. */
export type StoredSession = {
  id: string;
  course_id: string;
  title: string;
  description: string;
  /** Planned start. */
  date: number;
  ends_at: number | null;
  checkin: CheckinPolicy;
  status: SessionStatus;
  teacher_id: string;
  created_at: number;
  /** Set by begin(): when it became active, and by whom. */
  begun_at: number | null;
  begun_by: string | null;
  begun_by_name: string | null;
  /** Set by opened(): its roll has been open at least once. With this and no roll, the roll was lost. */
  opened_at: number | null;
  /** How often a lost roll was about to be opened anew. */
  reopenings: number;
  /** 0 until archived, 1 then, +1 per correction. */
  version: number;
  /** Set when it was cancelled without ever reaching the archive, which has its own entry otherwise. */
  cancelled_at: number | null;
  cancelled_by: string | null;
  cancel_reason: string | null;
};

export type NewSession = Pick<
  StoredSession,
  'id' | 'course_id' | 'title' | 'description' | 'date' | 'ends_at' | 'checkin' | 'teacher_id' | 'created_at'
>;
export type SessionPatch = Partial<Pick<StoredSession, 'title' | 'description' | 'date' | 'ends_at' | 'checkin'>>;

export type Page<T> = { items: T[]; next_cursor: string | null };
/** limit: 1–200 rows. */
export type PageRequest = { limit: number; cursor?: string | undefined };

export type SessionFilter = {
  /** Any of these courses; an empty list matches nothing; undefined: every course. */
  course_ids?: string[] | undefined;
  /** Any of these statuses. */
  statuses?: SessionStatus[] | undefined;
  /** Planned start, milliseconds, inclusive from, exclusive to. */
  from?: number | undefined;
  to?: number | undefined;
};

/** Who may see a course: undefined fields do not restrict. */
export type CourseFilter = {
  /** Courses whose teacher or staff this user is, or (with enrolled) where an approved enrollment carries this user id. */
  staff_user_id?: string | undefined;
  enrolled_user_id?: string | undefined;
};

export interface Registry {
  /** CONFLICT when the id is taken. */
  createCourse(course: Course): Promise<void>;
  course(id: string): Promise<Course | null>;
  courses(filter: CourseFilter, page: PageRequest): Promise<Page<Course>>;
  /** Null when it does not exist. */
  patchCourse(
    id: string,
    patch: Partial<Pick<Course, 'title' | 'teacher_id' | 'staff' | 'timezone'>>,
  ): Promise<Course | null>;
  /** Ids of all courses of which this user is teacher or staff. */
  courseIdsOfStaff(user_id: string): Promise<string[]>;

  /**
   * Upserts by (course, student_id), all or nothing, and answers what changed. CONFLICT when a user_id would then
   * belong to two students of the course; two may change users in one call. INVALID_PAYLOAD when a student is named twice.
   */
  putEnrollments(course_id: string, enrollments: Enrollment[], at: number): Promise<EnrollmentChange>;
  enrollments(
    course_id: string,
    page: PageRequest & { statuses?: EnrollmentStatus[] | undefined },
  ): Promise<Page<Enrollment>>;
  /** All approved ones of a course, ordered by student_id: the roster that a roll starts from. */
  approvedEnrollments(course_id: string): Promise<Enrollment[]>;
  enrollment(course_id: string, student_id: string): Promise<Enrollment | null>;
  /** The one student of this course whose token carries user_id, whatever its status. */
  enrollmentOfUser(course_id: string, user_id: string): Promise<Enrollment | null>;
  /** Several at once, by student_id; unknown ones are left out. */
  enrollmentsOf(course_id: string, student_ids: string[]): Promise<Enrollment[]>;
  /** Every (course, enrollment) in which student_id or user_id is this id. */
  enrollmentsOfPerson(id: string): Promise<{ course_id: string; enrollment: Enrollment }[]>;

  /** CONFLICT when the id is taken. */
  createSession(session: NewSession): Promise<void>;
  session(id: string): Promise<StoredSession | null>;
  sessions(filter: SessionFilter, page: PageRequest): Promise<Page<StoredSession>>;
  /** Only while scheduled; null otherwise (or when it does not exist). One conditional write. */
  patchScheduled(id: string, patch: SessionPatch): Promise<StoredSession | null>;
  /** Scheduled → active, conditionally: of two callers one wins. Answers the session as it then is; null: unknown id. */
  begin(id: string, by: { user_id: string; name: string }, at: number): Promise<StoredSession | null>;
  /** Its roll is open: sets opened_at once. */
  opened(id: string, at: number): Promise<void>;
  /** Scheduled → cancelled, conditionally; false when it was not scheduled any more. */
  cancelScheduled(id: string, by: string, reason: string | null, at: number): Promise<boolean>;
  /** A lost roll is about to be opened anew: counts it. False: the session is not active any more. */
  reopening(id: string): Promise<boolean>;
  /**
   * Active → cancelled for a roll that is lost (reason "roll lost"). seen: the session as it was read before its roll was
   * looked for. False when it was not active any more, or somebody has begun to open its roll anew since.
   */
  cancelLost(seen: Pick<StoredSession, 'id' | 'reopenings'>, by: string, reason: string, at: number): Promise<boolean>;
  /** Active sessions that never had a roll (a start that died half-way), at most limit. */
  unopened(limit: number): Promise<StoredSession[]>;

  /** Keeps the wish to erase a person until erasureDone. Repeating it changes nothing. */
  pendErasure(wish: PendingErasure, at: number): Promise<void>;
  /** Everybody whose erasure is wished and not done, in no particular order. */
  pendingErasures(): Promise<PendingErasure[]>;
  /** Forgets the wish; nothing of it is left in any file of the store, neither id. */
  erasureDone(person: string): Promise<void>;

  /** A cheap read that shows the store answers; for readiness. */
  ping(): Promise<void>;
}

/**
 * Who is to be erased, decided once when it was wished: so whoever goes on with it, and wherever, does the same. person: a
 * student_id; user: with it every student whose user id it is. pseudonym: the id that replaces theirs.
 */
export type PendingErasure = { person: string; user: boolean; pseudonym: string };

export type EnrollmentChange = {
  created: number;
  updated: number;
  unchanged: number;
  /** What was written, for live rolls to follow: every created or updated enrollment, with the user id it had before. */
  changed: { enrollment: Enrollment; previous_user_id: string | null }[];
};
