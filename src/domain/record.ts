/** One student's record on a roll, and the line of a change that moves it. Pure. */
import type { AttendanceStatus, Flag, FullRecord, ReducedRecord } from '../contract/nouns.ts';

/** One student's line. Replaced, never mutated, so that a reference is a snapshot. */
export type RollRecord = {
  /** Fixed number on this roll, from 0; the archive's key. */
  readonly line: number;
  readonly student_id: string;
  readonly user_id: string;
  readonly student_name: string;
  readonly roll: string | null;
  readonly profile_picture: string | null;
  readonly status: AttendanceStatus;
  readonly joined_at: string | null;
  readonly marked_at: string | null;
  readonly marked_by: string | null;
  readonly remarks: string | null;
  /** Changes of this record so far. */
  readonly own_seq: number;
  /** False once the student was dropped or rejected: the record stays, nobody can join or be marked on it. */
  readonly approved: boolean;
  /** Unset: none. */
  readonly flags?: readonly Flag[];
};

/** A student to put on the roll: at the opening, or later by a join or a mark (JOIN-4). */
export type Admission = { student_id: string; user_id: string; student_name: string; roll: string | null };

/** A registry change that a live roll follows. */
export type RosterEntry = Admission & { approved: boolean };

/** The record of a line after a change. */
export type Line = {
  student_id: string;
  from: AttendanceStatus;
  status: AttendanceStatus;
  joined_at: string | null;
  marked_at: string | null;
  marked_by: string | null;
  remarks: string | null;
  own_seq: number;
  profile_picture?: string | null;
  admitted?: Admission;
  /** Unset: none. */
  flags?: readonly Flag[];
};

/** The record of a student who is put on the roll: absent, unmarked. */
export const admittedRecord = (line: number, it: Admission): RollRecord => ({
  line,
  student_id: it.student_id,
  user_id: it.user_id,
  student_name: it.student_name,
  roll: it.roll,
  profile_picture: null,
  status: 'absent',
  joined_at: null,
  marked_at: null,
  marked_by: null,
  remarks: null,
  own_seq: 0,
  approved: true,
});

/** A record as a line changes it. */
export const changedRecord = (before: RollRecord, line: Line): RollRecord => ({
  ...before,
  status: line.status,
  joined_at: line.joined_at,
  marked_at: line.marked_at,
  marked_by: line.marked_by,
  remarks: line.remarks,
  own_seq: line.own_seq,
  profile_picture: line.profile_picture === undefined ? before.profile_picture : line.profile_picture,
  ...(line.flags === undefined ? {} : { flags: line.flags }),
});

/** A record with one flag more, or one less. */
export const withFlag = (record: RollRecord, flag: Flag): RollRecord =>
  hasFlag(record, flag) ? record : { ...record, flags: [...(record.flags ?? []), flag] };

export const hasFlag = ({ flags }: RollRecord, flag: Flag): boolean => flags?.includes(flag) === true;

const withoutFlag = ({ flags = [], ...record }: RollRecord, flag: Flag): RollRecord => {
  const rest = flags.filter((it) => it !== flag);
  return rest.length === 0 ? record : { ...record, flags: rest };
};

export const fullRecord = (record: RollRecord): FullRecord => ({
  student_id: record.student_id,
  student_name: record.student_name,
  roll: record.roll,
  status: record.status,
  joined_at: record.joined_at,
  marked_at: record.marked_at,
  marked_by: record.marked_by,
  remarks: record.remarks,
  // Last, and only where there are some: the scripts in Redis cut and append it there.
  ...(record.flags === undefined ? {} : { flags: [...record.flags] }),
});

export const reducedRecord = (record: Pick<RollRecord, 'student_id' | 'status' | 'marked_at'>): ReducedRecord => ({
  student_id: record.student_id,
  status: record.status,
  marked_at: record.marked_at,
});

/** A record as the registry has it by now. */
export const followed = (record: RollRecord, { approved, user_id, student_name, roll }: RosterEntry): RollRecord => {
  const after = { ...record, approved, user_id, student_name, roll };
  return approved ? withoutFlag(after, 'removed') : withFlag(after, 'removed');
};
