/** What a correction says, and what it does to the documents around it: decided here, written by mongo-corrections.ts. */
import { refuse } from '../contract/errors.ts';
import type { AuditEntry, MarkUpdate } from '../contract/nouns.ts';
import { type Counts, noCounts } from '../domain/statistics.ts';
import { REFUSAL_MAX_IDS } from '../limits.ts';
import type {
  AttendanceDocument,
  AuditDocument,
  CorrectionDocument,
  LineChange,
  SessionDocument,
} from '../mongo/collections.ts';
import type { ArchivedRecord, Correction } from './archive.ts';

/** A session as the archive has it: everything that it says from the archive on is there. */
export type ArchivedDocument = SessionDocument & { counts: Counts; end_seq: number };

type Decided = { changes: LineChange[]; records: ArchivedRecord[]; counts: Counts };

export const idOf = (session_id: string, version: number): string => `${session_id}:${version}`;

/** The seq of a correction: the roll's changes first, then one per version after the first. */
export const nextOf = (
  session: ArchivedDocument,
  what: Pick<CorrectionDocument, 'by' | 'at' | 'reason' | 'changes' | 'counts' | 'cancels'>,
): CorrectionDocument => ({
  _id: idOf(session._id, session.version + 1),
  session_id: session._id,
  course_id: session.course_id,
  version: session.version + 1,
  seq: session.end_seq + session.version,
  open: true,
  erasures: 0,
  ...what,
});

type Named = { records: Map<string, ArchivedRecord>; next_line: number };

export const decide = (session: ArchivedDocument, { records, next_line }: Named, correction: Correction): Decided => {
  const { by, at } = correction;
  const version = session.version + 1;
  // The last of several updates of one student is the one that counts.
  const updates = new Map(correction.updates.map((update) => [update.student_id, update]));
  const admissible = new Map(correction.admit.map((student) => [student.student_id, student]));
  const unknown = [...updates.keys()].filter((id) => !records.has(id) && !admissible.has(id));
  if (unknown.length > 0) {
    throw refuse('STUDENT_NOT_ON_ROLL', undefined, { student_ids: unknown.slice(0, REFUSAL_MAX_IDS) });
  }
  const decided: Decided = { changes: [], records: [], counts: { ...noCounts(), ...session.counts } };
  let line = next_line;
  for (const [student_id, update] of updates) {
    const before = records.get(student_id);
    const student = admissible.get(student_id);
    if (before !== undefined && changesNothing(before, update)) {
      decided.records.push(before);
      continue;
    }
    const base = before ?? absentRecord(line++, student as Correction['admit'][number]);
    const remarks = update.remarks === undefined ? base.remarks : update.remarks;
    decided.records.push({ ...base, status: update.status, remarks, marked_at: at, marked_by: by, version });
    const from = before?.status ?? null;
    const change: LineChange = { line: base.line, student_id, from, to: update.status };
    if (update.remarks !== undefined) change.remarks = update.remarks;
    if (before === undefined) {
      const { user_id, student_name, roll } = base;
      change.admitted = { user_id, student_name, roll, date: session.date };
    }
    decided.changes.push(change);
    if (from !== null) decided.counts[from] -= 1;
    decided.counts[update.status] += 1;
  }
  return decided;
};

const changesNothing = (before: ArchivedRecord, { status, remarks }: MarkUpdate): boolean =>
  before.status === status && (remarks === undefined || remarks === before.remarks);

const absentRecord = (line: number, { student_id, user_id, student_name, roll }: Correction['admit'][number]) => ({
  line,
  student_id,
  user_id,
  student_name,
  roll,
  status: 'absent' as const,
  joined_at: null,
  marked_at: null,
  marked_by: null,
  remarks: null,
  version: 0,
});

export const admittedRecord = (
  { session_id, course_id }: CorrectionDocument,
  { line, student_id, admitted }: LineChange,
): AttendanceDocument[] => {
  if (admitted === undefined) return [];
  const { date, ...who } = admitted;
  return [{ _id: `${session_id}:${line}`, session_id, course_id, date, ...absentRecord(line, { student_id, ...who }) }];
};

export const changedFields = ({ at, by, version }: CorrectionDocument, { to, remarks }: LineChange) => ({
  status: to,
  marked_at: at,
  marked_by: by,
  version,
  ...(remarks === undefined ? {} : { remarks }),
});

export const auditOf = (document: CorrectionDocument): AuditDocument[] => {
  const { session_id, seq, at, by, reason, changes, cancels } = document;
  const entry = (
    place: number,
    line: number | null,
    it: Pick<AuditEntry, 'student_id' | 'from' | 'to' | 'remarks'>,
  ) => {
    const source = cancels ? ('cancel' as const) : ('correction' as const);
    return { _id: `${session_id}:${seq}:${place}`, session_id, place, line, seq, at, by, reason, source, ...it };
  };
  if (cancels) return [entry(0, null, { student_id: null, from: 'completed', to: 'cancelled' })];
  return changes.map(({ line, student_id, from, to, remarks }, place) =>
    entry(place, line, { student_id, from, to, ...(remarks === undefined ? {} : { remarks }) }),
  );
};

/** The same object when there is nothing to take out. */
export const erasedChange = (change: LineChange, name: string | null): LineChange => {
  const { remarks, admitted } = change;
  if (name === null) return change;
  const done =
    change.student_id === name && (remarks === undefined || remarks === null) && (admitted?.student_name ?? '') === '';
  if (done) return change;
  const erased: LineChange = { ...change, student_id: name };
  if (remarks !== undefined) erased.remarks = null;
  if (admitted !== undefined) erased.admitted = { ...admitted, user_id: name, student_name: '', roll: null };
  return erased;
};

export const isErased = (record: AttendanceDocument, name: string): boolean =>
  record.student_id === name &&
  record.user_id === name &&
  record.student_name === '' &&
  record.roll === null &&
  record.remarks === null &&
  record.flags === undefined;

/** What is to be written; null: nothing. */
export const erasedEntry = (entry: AuditDocument, name: string): Partial<AuditDocument> | null => {
  const { student_id, by, source, remarks, reason } = entry;
  const set: Partial<AuditDocument> = {};
  if (student_id !== name) set.student_id = name;
  // "by" is the student's own user id on a check-in; anywhere else it is staff, who are not erased here.
  if (source === 'checkin' && by !== name) set.by = name;
  if (remarks !== undefined && remarks !== null) set.remarks = null;
  if (reason !== undefined && reason !== '') set.reason = '';
  return Object.keys(set).length === 0 ? null : set;
};
