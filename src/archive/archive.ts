/**
 * The archive: what remains after class. Records, corrections and the audit list of finished sessions.
 *
 * store() is insert-only and idempotent: repeated, by anybody, at any time, it changes nothing that is there; its last
 * write makes the session completed (or cancelled), and until then readers see the session as active. Everything else
 * applies only to stored sessions. A write that fails throws a Refusal with STORE_UNAVAILABLE and may be repeated.
 */
import { createHash } from 'node:crypto';
import type { AuditEntry, FullRecord, MarkUpdate } from '../contract/nouns.ts';
import type { FinalRoll } from '../domain/final-roll.ts';
import type { Counts } from '../domain/statistics.ts';
import type { Page, PageRequest } from '../registry/registry.ts';

export type { FinalRoll } from '../domain/final-roll.ts';

/** A full record with what only the archive keeps. line: the student's fixed number on the roll, from 0. */
export type ArchivedRecord = FullRecord & {
  line: number;
  user_id: string;
  /** The session version that last changed it. */
  version: number;
};

export type ArchivedSession = {
  session_id: string;
  course_id: string;
  outcome: 'completed' | 'cancelled';
  version: number;
  counts: Counts;
  started_at: string;
  ended_at: string;
  ended_by: string;
  ended_by_name: string;
  /** The roll's numbers at its end. */
  seq: number;
  room_seq: number;
};

export type Correction = {
  session_id: string;
  updates: MarkUpdate[];
  reason: string;
  by: string;
  at: string;
  /** Approved students named in updates who have no record yet; they get one (absent) first. */
  admit: { student_id: string; user_id: string; student_name: string; roll: string | null }[];
};

export type StudentTotals = {
  student_id: string;
  student_name: string;
  roll: string | null;
  sessions: number;
  counts: Counts;
};

/** Who somebody is, is said per course: two courses may know two people by the same id. */
export type StudentOfCourse = { course_id: string; student_id: string };

export type HistoryEntry = {
  session_id: string;
  course_id: string;
  title: string;
  date: number;
  record: ArchivedRecord;
};

export interface Archive {
  /** INTERNAL for a session that is unknown or was never begun: that roll must not be taken for archived. */
  store(roll: FinalRoll): Promise<void>;
  session(session_id: string): Promise<ArchivedSession | null>;
  /** All records by line; a page at a time for streaming (cursor: after this line). */
  records(session_id: string, page?: { after_line: number; limit: number }): Promise<ArchivedRecord[]>;
  recordOf(session_id: string, student_id: string): Promise<ArchivedRecord | null>;
  audit(session_id: string, page: PageRequest): Promise<Page<AuditEntry>>;
  /**
   * All updates or none; version +1; one audit line per changed record, source "correction", all with the next seq. An
   * update that changes neither status nor remarks is left out; when nothing changes the version stays. An admitted
   * student is a change always (from: null). Of several updates of one student the last counts. Answers the records of
   * everybody named, as they now are. Null: not stored (yet).
   * STUDENT_NOT_ON_ROLL when an update names somebody who has no record and is not admitted. CONFLICT: cancelled.
   */
  correct(correction: Correction): Promise<{ version: number; records: ArchivedRecord[]; counts: Counts } | null>;
  /** Completed → cancelled with an audit line (source "cancel"); false when it is not stored or already cancelled. */
  cancel(session_id: string, by: string, reason: string, at: string): Promise<boolean>;

  /**
   * Per student over the completed sessions of a course in which they have a record; ordered by student_id, "" before
   * the first. Name and roll number are those of the latest session.
   */
  report(course_id: string, page: { after_student_id: string; limit: number }): Promise<StudentTotals[]>;
  /** Completed sessions with a record of any of these students, newest first. */
  history(students: StudentOfCourse[], page: PageRequest): Promise<Page<HistoryEntry>>;
  /** Sums over the same records as history, per status. */
  historyCounts(students: StudentOfCourse[]): Promise<Counts>;

  /** Everything that is held about a person, in the archive and in the registry's enrollments. */
  exportPerson(person: PersonId): Promise<PersonExport>;
  /**
   * Replaces the person's ids by `pseudonym` everywhere in archive and enrollments, blanks name, roll number, remarks,
   * flags and reasons that concern them (a correction of several people has one reason: it goes for all of them).
   * Counts and statuses of records stay; enrollments become dropped, so that no later roll holds the pseudonym.
   * The student is erased, not the staff member: where the same user id is a course's teacher or staff, or made a mark,
   * a correction or an end, it stays. Should one course know the person as two students, the second becomes
   * `pseudonym` + "-2".
   * Idempotent. CONFLICT when a course or session knows the pseudonym already. Answers how many rows it touched.
   */
  erasePerson(person: PersonId, pseudonym: string): Promise<number>;

  /** Sessions that ended before this instant (ISO) and whose records still say who they are about; at most limit. */
  expired(before: string, limit: number): Promise<string[]>;
  /**
   * Takes everybody out of the records, corrections and audit list of a session: each line gets an id of its own that
   * leads to nobody, and no name, roll number, remark, flag or reason. Statuses, times and what staff did stay. From then
   * on the session is in no report, and a correction of it is refused with CONFLICT. Idempotent.
   */
  anonymise(session_id: string, at: number): Promise<void>;

  /** Finishes what a node that died has left half-done; readers would, of what they read. To be called now and then. */
  finishUnfinished(): Promise<void>;

  /** When it resolves, nothing that was erased before is left in any file of the store. Once after a batch: it is slow. */
  scrub(): Promise<void>;
}

/** Who a line of an anonymised session is: the same whoever says it, and nobody. */
export const nobodyOf = (session_id: string, line: number): string =>
  `anonymous-${createHash('sha256').update(session_id).digest('hex').slice(0, 16)}-${line}`;

/** Whom an id names: the student of this student_id; with `user` also every student whose user id it is. */
export type PersonId = { id: string; user: boolean };

export type PersonExport = {
  enrollments: {
    course_id: string;
    student_id: string;
    user_id: string;
    name: string;
    roll: string | null;
    status: string;
  }[];
  records: (ArchivedRecord & { session_id: string; course_id: string; date: number; title: string })[];
  audit: (AuditEntry & { session_id: string })[];
};
