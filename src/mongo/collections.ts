/**
 * The collections of registry and archive: what a document of each holds, and which indexes it has. Documents are flat
 * and complete, so that a reader of one needs no other; what belongs to the same session or course carries its id.
 *
 * No document key holds a person's id: an erasure replaces ids in place.
 */
import { type Collection, type Db, MongoServerError } from 'mongodb';
import type { ArchivedRecord } from '../archive/archive.ts';
import type { AttendanceStatus, AuditEntry, Course, Enrollment } from '../contract/nouns.ts';
import type { Counts } from '../domain/statistics.ts';
import type { StoredSession } from '../registry/registry.ts';

/** What a server answers about a collection that nothing was written to yet. */
const NAMESPACE_NOT_FOUND = 26;

export type CourseDocument = Omit<Course, 'id'> & { _id: string };

/** _id: <course>:<the student's number in the course>. revision: of the roster, when this was last changed. */
export type EnrollmentDocument = Enrollment & {
  _id: string;
  course_id: string;
  created_at: number;
  revision: number;
};

/** How far a course's roster has come: every change up to this revision is in the enrollments. _id: the course. */
export type RosterDocument = { _id: string; revision: number };

/**
 * One change of a roster, committed by being inserted. _id: <course>:<revision>. Once the enrollments have it, only the
 * key stays, so that nobody can commit that revision again.
 */
export type RosterChangeDocument = {
  _id: string;
  course_id: string;
  revision: number;
  /** How many the course has ever had, before this and with it. */
  size_before: number;
  size: number;
  open: boolean;
  rows?: RosterRow[];
};
/** number: the student's in the course, from 0. */
export type RosterRow = Enrollment & { number: number; created_at: number };

/** One document from plan to archive. Everything from started_at on is the archive's: it is there once version is over 0. */
export type SessionDocument = Omit<StoredSession, 'id'> & {
  _id: string;
  started_at?: string;
  ended_at?: string;
  ended_by?: string;
  ended_by_name?: string;
  end_seq?: number;
  end_room_seq?: number;
  counts?: Counts;
  /** The end that is being archived: the latest that an archiver has come with. */
  archiving?: string;
  /** Its records are being anonymised, or are since then (milliseconds). */
  anonymising?: boolean;
  anonymised_at?: number;
};

/**
 * A session leaves its schedule once, for its start or its cancellation: whoever inserts this has decided which. _id: the
 * session. set: what the session's document says from then on.
 */
export type TransitionDocument = { _id: string; set: Partial<SessionDocument> };

/**
 * A record. _id: <session>:<line>. date: the session's, for lists in the order of dates. of_end: when the roll ended of
 * which it was stored; not there when a correction has added it.
 */
export type AttendanceDocument = ArchivedRecord & {
  _id: string;
  session_id: string;
  course_id: string;
  date: number;
  of_end?: string;
};

/** _id: <session>:<seq>:<place among the entries of its seq>. line: the student's, where it is about one. */
export type AuditDocument = AuditEntry & {
  _id: string;
  session_id: string;
  place: number;
  line: number | null;
  of_end?: string;
};

/**
 * A correction of a completed session, or its cancellation, committed by being inserted: it holds all of it. _id:
 * <session>:<version>. open: records, audit and session may not have all of it yet.
 */
export type CorrectionDocument = {
  _id: string;
  session_id: string;
  course_id: string;
  version: number;
  seq: number;
  by: string;
  at: string;
  reason: string;
  changes: LineChange[];
  /** Of the whole session, with this correction. */
  counts: Counts;
  cancels: boolean;
  open: boolean;
  /** How often somebody was erased from it: it is written back only as it was read. */
  erasures: number;
};

export type LineChange = {
  line: number;
  student_id: string;
  /** Null: admitted by this correction, as `admitted` says. */
  from: AttendanceStatus | null;
  to: AttendanceStatus;
  /** Absent: not touched. */
  remarks?: string | null;
  admitted?: { user_id: string; student_name: string; roll: string | null; date: number };
};

/** Who is to be erased (registry.ts, PendingErasure). _id: the person. */
export type ErasureDocument = { _id: string; user: boolean; pseudonym: string; wished_at: number };

export type Collections = {
  courses: Collection<CourseDocument>;
  enrollments: Collection<EnrollmentDocument>;
  rosters: Collection<RosterDocument>;
  rosterChanges: Collection<RosterChangeDocument>;
  sessions: Collection<SessionDocument>;
  transitions: Collection<TransitionDocument>;
  attendance: Collection<AttendanceDocument>;
  audit: Collection<AuditDocument>;
  corrections: Collection<CorrectionDocument>;
  erasures: Collection<ErasureDocument>;
};

export const collectionsOf = (db: Db): Collections => ({
  courses: db.collection('courses'),
  enrollments: db.collection('enrollments'),
  rosters: db.collection('rosters'),
  rosterChanges: db.collection('roster_changes'),
  sessions: db.collection('sessions'),
  transitions: db.collection('transitions'),
  attendance: db.collection('attendance'),
  audit: db.collection('audit'),
  corrections: db.collection('corrections'),
  erasures: db.collection('erasures'),
});

type Index = { key: Record<string, 1>; unique?: true };

/** Their names are made of their keys, as the server would. */
export const INDEXES: { [N in keyof Collections]: Index[] } = {
  courses: [{ key: { created_at: 1, _id: 1 } }, { key: { teacher_id: 1 } }, { key: { staff: 1 } }],
  enrollments: [
    { key: { course_id: 1, student_id: 1 }, unique: true },
    { key: { course_id: 1, user_id: 1 } },
    { key: { course_id: 1, created_at: 1, student_id: 1 } },
    { key: { student_id: 1 } },
    { key: { user_id: 1 } },
  ],
  rosters: [],
  rosterChanges: [{ key: { open: 1 } }],
  sessions: [
    { key: { created_at: 1, _id: 1 } },
    { key: { course_id: 1, created_at: 1, _id: 1 } },
    { key: { date: 1 } },
    { key: { status: 1, created_at: 1, _id: 1 } },
    { key: { status: 1, opened_at: 1, begun_at: 1 } },
    { key: { anonymised_at: 1, ended_at: 1 } },
  ],
  transitions: [],
  attendance: [
    { key: { session_id: 1, student_id: 1 }, unique: true },
    { key: { session_id: 1, line: 1 } },
    { key: { course_id: 1, student_id: 1, date: 1, session_id: 1, line: 1 } },
    { key: { student_id: 1 } },
    { key: { user_id: 1 } },
  ],
  audit: [{ key: { session_id: 1, seq: 1, place: 1 } }, { key: { session_id: 1, line: 1 } }],
  corrections: [{ key: { open: 1, course_id: 1 } }, { key: { session_id: 1 } }, { key: { 'changes.student_id': 1 } }],
  erasures: [],
};

/** Makes what is missing, one after the other, and waits for it. What is there already is not asked for again. */
export const makeIndexes = async (collections: Collections): Promise<void> => {
  for (const name of Object.keys(INDEXES) as (keyof Collections)[]) {
    const indexes = INDEXES[name];
    if (indexes.length === 0) continue;
    const there = await namesOfIndexes(collections[name]);
    for (const { key, unique = false } of indexes) {
      if (!there.has(nameOf(key))) await collections[name].createIndex(key, { name: nameOf(key), unique });
    }
  }
};

const nameOf = (key: Index['key']): string =>
  Object.entries(key)
    .map(([field, direction]) => `${field}_${direction}`)
    .join('_');

const namesOfIndexes = async (collection: Pick<Collection, 'indexes'>): Promise<Set<string>> => {
  try {
    const indexes = await collection.indexes();
    return new Set(indexes.map(({ name }) => String(name)));
  } catch (error) {
    if (error instanceof MongoServerError && error.code === NAMESPACE_NOT_FOUND) return new Set();
    throw error;
  }
};
