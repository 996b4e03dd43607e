/** A finished roll as the archive takes it: every record, the audit list and the counts, exactly as the roll ended (END-3). */
import type { AuditEntry, FullRecord } from '../contract/nouns.ts';
import { fullRecord, type Line } from './record.ts';
import type { Change, Roll, RollHeader } from './roll.ts';
import type { Counts } from './statistics.ts';

export type FinalRecord = FullRecord & {
  /** The student's fixed number on the roll, from 0. */
  line: number;
  user_id: string;
};

export type FinalRoll = {
  session_id: string;
  course_id: string;
  outcome: 'completed' | 'cancelled';
  /** Why it was cancelled. */
  reason: string | null;
  ended_at: string;
  ended_by: string;
  ended_by_name: string;
  started_at: string;
  records: FinalRecord[];
  audit: AuditEntry[];
  counts: Counts;
  /** The roll's numbers at its end. */
  seq: number;
  room_seq: number;
  /** Of the event that ended it, when that was traced; not archived. */
  traceparent: string | null;
};

type Ended = Omit<Roll, 'followers' | 'requests' | 'remembered_no_ops' | 'wrong_codes' | 'devices'>;

/** Throws when the roll has not ended. */
export const finalRoll = (roll: Ended): FinalRoll => {
  const { end, header } = roll;
  if (end === null) throw new Error('the roll has not ended');
  return {
    session_id: header.session.id,
    course_id: header.course_id,
    outcome: end.outcome,
    reason: end.reason,
    ended_at: end.at,
    ended_by: end.by,
    ended_by_name: end.by_name,
    started_at: header.started_at,
    records: Array.from(roll.records.values(), (record) => ({
      ...fullRecord(record),
      line: record.line,
      user_id: record.user_id,
    })),
    audit: auditOf(header, roll.log),
    counts: roll.counts,
    seq: roll.seq,
    room_seq: roll.room_seq,
    traceparent: end.traceparent ?? null,
  };
};

/** Every change with who, when, from, to (MARK-1); the end itself is the last entry. */
export const auditOf = (header: RollHeader, changes: Change[]): AuditEntry[] => {
  const entries: AuditEntry[] = [];
  if (header.rebuilt) {
    const { started_at: at, started_by: by } = header;
    entries.push({ seq: 0, at, by, student_id: null, from: null, to: 'active', source: 'rebuilt' });
  }
  for (const change of changes) {
    for (const line of change.lines) entries.push(entryOf(change, line));
    const { end } = change;
    if (end === undefined) continue;
    const closing: AuditEntry = {
      seq: change.seq,
      at: change.at,
      by: change.by,
      student_id: null,
      from: 'active',
      to: end.outcome,
      source: end.outcome === 'cancelled' ? 'cancel' : change.source,
    };
    if (end.reason !== null) closing.reason = end.reason;
    entries.push(closing);
  }
  return entries;
};

const entryOf = (change: Change, line: Line): AuditEntry => {
  const entry: AuditEntry = {
    seq: change.seq,
    at: change.at,
    by: change.by,
    student_id: line.student_id,
    from: line.from,
    to: line.status,
    source: change.source,
  };
  if (line.remarks !== null) entry.remarks = line.remarks;
  return entry;
};
