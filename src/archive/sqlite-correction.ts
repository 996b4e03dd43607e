/** What a correction writes, inside the transaction of its caller. */
import type { StatementSync } from 'node:sqlite';
import { refuse } from '../contract/errors.ts';
import type { AuditEntry, MarkUpdate } from '../contract/nouns.ts';
import type { Counts } from '../domain/statistics.ts';
import { REFUSAL_MAX_IDS } from '../limits.ts';
import type { ArchivedRecord, Correction } from './archive.ts';
import { RECORD_COLUMNS, type RecordRow, recordFrom, recordValues } from './sqlite-rows.ts';

export type CorrectionResult = { version: number; records: ArchivedRecord[]; counts: Counts };
export type StoredState = { course_id: string; version: number; end_seq: number };
type Sql = (text: string) => StatementSync;

/** One changed line: the record before (null: admitted by this correction) and after. */
type Change = { before: ArchivedRecord | null; after: ArchivedRecord; update: MarkUpdate };

/** The same, as a correction's row keeps it. */
export type LineChange = Pick<AuditEntry, 'from' | 'to'> & {
  line: number;
  student_id: string;
  remarks?: string | null | undefined;
};

/** Writes records, session and correction; answers the audit entries for its caller to write. */
export function writeCorrection(sql: Sql, state: StoredState, correction: Correction) {
  const { session_id, by, at, reason } = correction;
  // The last of several updates of one student is the one that counts.
  const updates = new Map(correction.updates.map((update) => [update.student_id, update]));
  const before = recordsBefore(sql, correction, updates);
  const changes: Change[] = [];
  const records: ArchivedRecord[] = [];
  for (const { record, admitted } of before) {
    const update = updates.get(record.student_id) as MarkUpdate;
    const remarks = update.remarks === undefined ? record.remarks : update.remarks;
    if (!admitted && update.status === record.status && remarks === record.remarks) {
      records.push(record);
      continue;
    }
    const version = state.version + 1;
    const after = { ...record, status: update.status, remarks, marked_at: at, marked_by: by, version };
    changes.push({ before: admitted ? null : record, after, update });
    records.push(after);
  }
  if (changes.length === 0) return { version: state.version, records, audit: [] };

  for (const { after } of changes) {
    sql(
      `INSERT INTO attendance (session_id, course_id, ${RECORD_COLUMNS})
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (session_id, line) DO UPDATE SET status = excluded.status, remarks = excluded.remarks,
         marked_at = excluded.marked_at, marked_by = excluded.marked_by, version = excluded.version`,
    ).run(session_id, state.course_id, ...recordValues(after));
  }
  const version = state.version + 1;
  const seq = state.end_seq + state.version;
  const audit = changes.map((change) => auditOf(change, { seq, at, by, reason }));
  sql('INSERT INTO corrections VALUES (?, ?, ?, ?, ?, ?, ?)').run(
    session_id,
    version,
    seq,
    by,
    at,
    reason,
    JSON.stringify(changes.map(lineChangeOf)),
  );
  sql('UPDATE sessions SET version = ? WHERE id = ?').run(version, session_id);
  return { version, records, audit };
}

const lineChangeOf = ({ before, after, update }: Change): LineChange => ({
  line: after.line,
  student_id: after.student_id,
  from: before?.status ?? null,
  to: after.status,
  remarks: update.remarks,
});

function auditOf({ before, after, update }: Change, common: { seq: number; at: string; by: string; reason: string }) {
  const entry: AuditEntry = {
    ...common,
    student_id: after.student_id,
    from: before?.status ?? null,
    to: after.status,
    source: 'correction',
  };
  if (update.remarks !== undefined) entry.remarks = update.remarks;
  return entry;
}

/** The record of everybody whom the updates name, admitted ones as absent with the next free lines. */
function recordsBefore(sql: Sql, { session_id, admit }: Correction, updates: Map<string, MarkUpdate>) {
  const found: { record: ArchivedRecord; admitted: boolean }[] = [];
  const unknown: string[] = [];
  const admissible = new Map(admit.map((student) => [student.student_id, student]));
  let line = Number(
    sql('SELECT coalesce(max(line), -1) AS last FROM attendance WHERE session_id = ?').get(session_id)?.last,
  );
  for (const student_id of updates.keys()) {
    const row = sql(`SELECT ${RECORD_COLUMNS} FROM attendance WHERE session_id = ? AND student_id = ?`).get(
      session_id,
      student_id,
    );
    const student = admissible.get(student_id);
    if (row !== undefined) {
      found.push({ record: recordFrom(row as RecordRow), admitted: false });
    } else if (student !== undefined) {
      line += 1;
      found.push({ record: absentRecord(line, student), admitted: true });
    } else {
      unknown.push(student_id);
    }
  }
  if (unknown.length > 0) {
    throw refuse('STUDENT_NOT_ON_ROLL', undefined, { student_ids: unknown.slice(0, REFUSAL_MAX_IDS) });
  }
  return found;
}

const absentRecord = (line: number, student: Correction['admit'][number]): ArchivedRecord => ({
  line,
  student_id: student.student_id,
  user_id: student.user_id,
  student_name: student.student_name,
  roll: student.roll,
  status: 'absent',
  joined_at: null,
  marked_at: null,
  marked_by: null,
  remarks: null,
  version: 0,
});
