/** What a viewer of a roll has missed: the changes after its numbers, as the events it would have heard (SYNC-1). */
import type { Presence } from '../domain/presence.ts';
import type { Change, RollNow } from '../domain/roll.ts';
import { type Delivery, newsOfChange, newsOfChangeFor } from '../fanout.ts';
import { SYNC_MAX_CHANGES } from '../limits.ts';
import type { Cursor, Viewer } from './live-store.ts';

/**
 * log: the roll's changes up to its seq, from its first or as far back as wantsOlder() asks. Null: the cursor is of
 * another epoch, incomplete, ahead of the roll, or too far behind.
 */
export const missedBy = (
  roll: RollNow,
  presence: Presence,
  viewer: Viewer,
  cursor: Cursor,
  log: Change[],
): Delivery[] | null => {
  const missed = changesMissed(roll, viewer, cursor, log);
  if (missed === null || missed.changes.length > SYNC_MAX_CHANGES) return null;
  return missed.changes.flatMap((change) =>
    viewer.staff
      ? newsOfChange(roll, change, presence).filter(({ receivers }) => receivers.to !== 'student')
      : newsOfChangeFor(viewer.student_id, roll, change),
  );
};

/** Whether changes before those of this log may be missed too, and still few enough to be told. */
export const wantsOlder = (roll: RollNow, viewer: Viewer, cursor: Cursor, log: Change[]): boolean => {
  const missed = changesMissed(roll, viewer, cursor, log);
  return missed !== null && !missed.complete && missed.changes.length <= SYNC_MAX_CHANGES;
};

/** complete: nothing before the log was missed. */
type ChangesMissed = { changes: Change[]; complete: boolean };

const changesMissed = (roll: RollNow, viewer: Viewer, cursor: Cursor, log: Change[]): ChangesMissed | null => {
  if (cursor.epoch !== roll.header.epoch) return null;
  return viewer.staff ? staffChanges(roll, cursor, log) : studentChanges(roll, viewer.student_id, cursor, log);
};

const staffChanges = (roll: RollNow, { since_seq }: Cursor, log: Change[]): ChangesMissed | null => {
  if (since_seq === undefined || since_seq > roll.seq) return null;
  const behind = roll.seq - since_seq;
  return { changes: log.slice(Math.max(0, log.length - behind)), complete: log.length >= behind };
};

/** A student knows room_seq, and own_seq for what concerns them alone; either number may be behind. */
const studentChanges = (roll: RollNow, student_id: string, cursor: Cursor, log: Change[]): ChangesMissed | null => {
  const { since_room_seq } = cursor;
  if (since_room_seq === undefined || since_room_seq > roll.room_seq) return null;
  const own_seq = roll.records.get(student_id)?.own_seq ?? 0;
  const since_own_seq = cursor.since_own_seq ?? own_seq;
  if (since_own_seq > own_seq) return null;
  const changes: Change[] = [];
  let room_behind = roll.room_seq > since_room_seq;
  let own_behind = own_seq > since_own_seq;
  for (let i = log.length - 1; i >= 0 && (room_behind || own_behind); i -= 1) {
    const change = log[i] as Change;
    const own = own_behind ? change.lines.find((line) => line.student_id === student_id) : undefined;
    const tells_room = change.kind !== 'join' && change.room_seq > since_room_seq;
    if (tells_room || (own !== undefined && own.own_seq > since_own_seq)) changes.push(change);
    if (change.room_seq <= since_room_seq) room_behind = false;
    if (own !== undefined && own.own_seq <= since_own_seq + 1) own_behind = false;
  }
  const reached_first = log.length === roll.seq;
  return { changes: changes.reverse(), complete: reached_first || !(room_behind || own_behind) };
};
