/**
 * The payload of every event that a roll sends. These builders only place values, they never compute with them: so the
 * same builder makes a payload in process and, called with markers for values, a template that a store fills where the
 * change is made.
 */
import type { ServerPayload } from './contract/events.ts';
import type { AttendanceStatus, FullRecord, ReducedRecord, Session, Statistics } from './contract/nouns.ts';
import { fullRecord, type RollRecord, reducedRecord } from './domain/record.ts';

/** The numbers of a change that the whole room is told. */
export type Numbers = { seq: number; room_seq: number };
/** Who did something, and when. */
export type Done = { by_name: string; at: string };

export const joinedPayload = (
  session_id: string,
  record: Omit<RollRecord, 'joined_at'>,
  joined_at: string,
  online_count: number,
  seq: number,
): ServerPayload<'studentJoinedAttendance'> => ({
  session_id,
  student_id: record.student_id,
  student_name: record.student_name,
  roll: record.roll,
  profile_picture: record.profile_picture,
  joined_at,
  status: record.status,
  online_count,
  seq,
});

/** The same of a student who was gone and is back. */
export const returnedPayload = (
  ...of: Parameters<typeof joinedPayload>
): ServerPayload<'studentJoinedAttendance'> & { returned: true } => ({ ...joinedPayload(...of), returned: true });

export const updatedPayload = (
  session_id: string,
  line: Pick<RollRecord, 'student_id' | 'status' | 'marked_at'>,
  { by_name, at }: Done,
  statistics: Statistics,
  { seq, room_seq }: Numbers,
): ServerPayload<'attendanceUpdated'> => ({
  session_id,
  student_id: line.student_id,
  studentId: line.student_id,
  status: line.status,
  attendanceRecord: reducedRecord(line),
  updated_by: by_name,
  updated_at: at,
  statistics,
  seq,
  room_seq,
});

export const markedPayload = (session_id: string, record: RollRecord, seq: number): ServerPayload<'studentMarked'> => ({
  session_id,
  student_id: record.student_id,
  attendanceRecord: fullRecord(record),
  seq,
});

export const ownMarkPayload = (
  session_id: string,
  student_id: string,
  status: AttendanceStatus,
  marked_at: string,
  own_seq: number,
): ServerPayload<'attendanceMarked'> => ({
  session_id,
  sessionId: session_id,
  student_id,
  studentId: student_id,
  status,
  marked_at,
  own_seq,
});

export const bulkPayload = (
  session_id: string,
  updatedRecords: ReducedRecord[],
  { by_name, at }: Done,
  statistics: Statistics,
  { seq, room_seq }: Numbers,
): ServerPayload<'attendanceBulkUpdated'> => ({
  session_id,
  updatedRecords,
  updated_by: by_name,
  updated_at: at,
  statistics,
  seq,
  room_seq,
});

/** attendanceSessionEnded without records, attendanceSessionEndedConfirm with all of them. */
export const endedPayload = (
  session_id: string,
  finalData: { session: Session; statistics: Statistics; attendanceRecords: FullRecord[] },
  { by_name, at }: Done,
  { seq, room_seq }: Numbers,
): ServerPayload<'attendanceSessionEndedConfirm'> => ({
  session_id,
  finalData,
  ended_by: by_name,
  ended_at: at,
  seq,
  room_seq,
});

/** Its version is what the archive will call it. */
export const submittedPayload = (
  session_id: string,
  statistics: Statistics,
  { by_name, at }: Done,
): ServerPayload<'attendanceSubmitted'> => ({
  session_id,
  statistics,
  submitted_by: by_name,
  submitted_at: at,
  version: 1,
});

export const leftPayload = (
  session_id: string,
  { student_id, student_name, roll }: Pick<RollRecord, 'student_id' | 'student_name' | 'roll'>,
  disconnected_at: string,
  remaining_online_count: number,
): ServerPayload<'studentLeftAttendance'> => ({
  session_id,
  student_id,
  student_name,
  roll,
  disconnected_at,
  remaining_online_count,
});

export const leftShortPayload = (session_id: string, student_id: string): ServerPayload<'studentLeft'> => ({
  session_id,
  studentId: student_id,
});

export const statisticsPayload = (
  session_id: string,
  statistics: Statistics,
  online_count: number,
  { seq, room_seq }: Numbers,
  epoch: string,
): ServerPayload<'attendanceStatistics'> => ({ session_id, statistics, online_count, seq, room_seq, epoch });

export const persistedPayload = (
  session_id: string,
  version: number,
  persisted_at: string,
): ServerPayload<'attendancePersisted'> => ({ session_id, version, persisted_at });
