/** Records and audit entries as MongoDB documents. */
import type { AuditEntry } from '../contract/nouns.ts';
import type { AttendanceDocument, AuditDocument } from '../mongo/collections.ts';
import type { ArchivedRecord } from './archive.ts';

export const recordFrom = (it: AttendanceDocument): ArchivedRecord => ({
  line: it.line,
  student_id: it.student_id,
  user_id: it.user_id,
  student_name: it.student_name,
  roll: it.roll,
  status: it.status,
  joined_at: it.joined_at,
  marked_at: it.marked_at,
  marked_by: it.marked_by,
  remarks: it.remarks,
  ...(it.flags === undefined ? {} : { flags: it.flags }),
  version: it.version,
});

export const auditFrom = (it: AuditDocument): AuditEntry => ({
  seq: it.seq,
  at: it.at,
  by: it.by,
  student_id: it.student_id,
  from: it.from,
  to: it.to,
  ...(it.remarks === undefined ? {} : { remarks: it.remarks }),
  ...(it.reason === undefined ? {} : { reason: it.reason }),
  source: it.source,
});
