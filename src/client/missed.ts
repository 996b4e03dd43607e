/** What is asked of the service when something was missed, and what its answer makes of what is known. Pure as roll.ts. */
import type { Snapshot, SyncAnswer } from './answers.ts';
import { RollcastError } from './error.ts';
import { type Follower, type Known, type RollRecord, take } from './roll.ts';

/** Since when something is missed, by the numbers that this follower counts. */
export const cursorOf = ({ roll, me }: Known, { isStaff }: Follower): object => {
  const { seq, room_seq, epoch } = roll;
  const own = isStaff ? {} : { since_room_seq: room_seq, since_own_seq: me.own_seq };
  return epoch === null ? {} : { epoch, since_seq: seq, ...own };
};

export const takeMissed = (before: Known, answer: SyncAnswer, follower: Follower): Known => {
  const { events, snapshot, seq, room_seq, epoch, own_seq } = answer;
  let known = snapshot === undefined ? before : fromSnapshot(before, snapshot, answer, follower);
  for (const { event, data } of events ?? []) known = take(known, event, data, follower).known;
  const { roll, me } = known;
  // Some changes tell this follower nothing, but count.
  const reached = { seq: Math.max(seq, roll.seq), room_seq: Math.max(room_seq, roll.room_seq), epoch };
  const phase = roll.phase === 'over' ? roll.phase : 'in';
  return {
    roll: { ...roll, ...reached, phase },
    me: { ...me, own_seq: own_seq ?? me.own_seq },
    whole: reached.room_seq,
  };
};

/** What the archive answers is of an epoch that says which version it is. */
const ARCHIVED = /^archive-(\d+)$/;

/** The roll as the service says that it is. */
const fromSnapshot = (
  { roll, me, whole }: Known,
  snapshot: Snapshot,
  numbers: SyncAnswer,
  { isStaff }: Follower,
): Known => {
  const { session, attendanceRecords, statistics, online_students } = snapshot;
  const pictures = new Map([...roll.records].map(([id, it]) => [id, it.profile_picture]));
  for (const it of online_students ?? []) pictures.set(it.student_id, it.profile_picture);
  const records = attendanceRecords.map((it): RollRecord => {
    const profile_picture = pictures.get(it.student_id);
    return profile_picture === undefined ? it : { ...it, profile_picture };
  });
  const own = isStaff ? undefined : records[0];
  const { seq, room_seq, epoch } = numbers;
  const isOver = session.status === 'completed' || session.status === 'cancelled';
  const version = ARCHIVED.exec(epoch)?.[1];
  return {
    roll: {
      ...roll,
      phase: isOver ? 'over' : roll.phase,
      session,
      statistics,
      // A student's snapshot says nothing of others: what was known of them may be old.
      records: new Map(records.map((it) => [it.student_id, it])),
      online: new Set((online_students ?? []).map(({ student_id }) => student_id)),
      online_count: isStaff ? (online_students ?? []).length : roll.online_count,
      seq,
      room_seq,
      epoch,
      persisted_version: version === undefined ? roll.persisted_version : Number(version),
    },
    whole,
    me: {
      ...me,
      own_seq: numbers.own_seq ?? me.own_seq,
      ...(own === undefined ? {} : { student_id: own.student_id, status: own.status, marked_at: own.marked_at }),
    },
  };
};

const PHASE_AFTER: Record<string, 'out' | 'removed'> = {
  STUDENT_NOT_ENROLLED: 'removed',
  SESSION_NOT_FOUND: 'removed',
  // The roll was lost and begun anew: who was in it has to check in again, if that is still possible.
  FORBIDDEN: 'out',
  CHECKIN_NOT_OPEN: 'out',
  CHECKIN_CLOSED: 'out',
  CHECKIN_CODE_REQUIRED: 'out',
};

/** What a session is for those to whom it is refused; null: it may be asked for again. */
export const phaseAfter = (error: unknown, follower: Follower | null): 'out' | 'removed' | null => {
  const phase = error instanceof RollcastError ? PHASE_AFTER[error.code] : undefined;
  if (phase === undefined) return null;
  return follower?.isStaff === true ? 'removed' : phase;
};
