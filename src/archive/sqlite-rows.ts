/** Records and audit entries as SQLite rows. */
import type { SQLInputValue } from 'node:sqlite';
import type { AuditEntry } from '../contract/nouns.ts';
import type { ArchivedRecord } from './archive.ts';

export const RECORD_COLUMNS =
  'line, student_id, user_id, student_name, roll, status, joined_at, marked_at, marked_by, remarks, flags, version';

export type RecordRow = Omit<ArchivedRecord, 'flags'> & { flags: string | null };

/** In the order of RECORD_COLUMNS. */
export const recordValues = (record: ArchivedRecord): SQLInputValue[] => [
  record.line,
  record.student_id,
  record.user_id,
  record.student_name,
  record.roll,
  record.status,
  record.joined_at,
  record.marked_at,
  record.marked_by,
  record.remarks,
  record.flags === undefined ? null : JSON.stringify(record.flags),
  record.version,
];

export const recordFrom = (row: RecordRow): ArchivedRecord => ({
  line: row.line,
  student_id: row.student_id,
  user_id: row.user_id,
  student_name: row.student_name,
  roll: row.roll,
  status: row.status,
  joined_at: row.joined_at,
  marked_at: row.marked_at,
  marked_by: row.marked_by,
  remarks: row.remarks,
  ...(row.flags === null ? {} : { flags: JSON.parse(row.flags) }),
  version: row.version,
});

export const AUDIT_COLUMNS = 'seq, at, by, student_id, from_status, to_status, remarks, reason, source';

export type AuditRow = Pick<AuditEntry, 'seq' | 'at' | 'by' | 'student_id' | 'source'> & {
  from_status: string | null;
  to_status: string;
  /** JSON, since null (cleared) and absent (not touched) are two things. */
  remarks: string | null;
  reason: string | null;
};

/** In the order of AUDIT_COLUMNS. */
export const auditValues = (entry: AuditEntry): SQLInputValue[] => [
  entry.seq,
  entry.at,
  entry.by,
  entry.student_id,
  entry.from,
  entry.to,
  entry.remarks === undefined ? null : JSON.stringify(entry.remarks),
  entry.reason ?? null,
  entry.source,
];

export const auditFrom = (row: AuditRow): AuditEntry => ({
  seq: row.seq,
  at: row.at,
  by: row.by,
  student_id: row.student_id,
  from: row.from_status,
  to: row.to_status,
  ...(row.remarks === null ? {} : { remarks: JSON.parse(row.remarks) }),
  ...(row.reason === null ? {} : { reason: row.reason }),
  source: row.source,
});
