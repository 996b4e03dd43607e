/** What a viewer of a roll has missed: the changes after its numbers, as the events it would have heard (SYNC-1). */
import type { Presence } from '../domain/presence.ts';
import type { Change, Roll } from '../domain/roll.ts';
import { type Delivery, newsOfChange } from '../fanout.ts';
import { SYNC_MAX_CHANGES } from '../limits.ts';
import type { Cursor, Viewer } from './live-store.ts';

/** Null: the cursor is of another epoch, incomplete, ahead of the roll, or too far behind. */
export const missedBy = (roll: Roll, presence: Presence, viewer: Viewer, cursor: Cursor): Delivery[] | null => {
  if (cursor.epoch !== roll.header.epoch) return null;
  const after = viewer.staff ? staffChanges(roll, cursor) : studentChanges(roll, viewer.student_id, cursor);
  if (after === null || after.length > SYNC_MAX_CHANGES) return null;
  return after.flatMap((change) => newsOfChange(roll, change, presence).filter((it) => isFor(viewer, it)));
};

const staffChanges = (roll: Roll, { since_seq }: Cursor): Change[] | null =>
  since_seq === undefined || since_seq > roll.seq ? null : roll.log.slice(since_seq);

/** A student knows room_seq, and own_seq for what concerns them alone; either number may be behind. */
const studentChanges = (roll: Roll, student_id: string, cursor: Cursor): Change[] | null => {
  const { since_room_seq } = cursor;
  if (since_room_seq === undefined || since_room_seq > roll.room_seq) return null;
  const own_seq = roll.records.get(student_id)?.own_seq ?? 0;
  const since_own_seq = cursor.since_own_seq ?? own_seq;
  if (since_own_seq > own_seq) return null;
  const changes: Change[] = [];
  let room_behind = roll.room_seq > since_room_seq;
  let own_behind = own_seq > since_own_seq;
  for (let i = roll.log.length - 1; i >= 0 && (room_behind || own_behind); i -= 1) {
    const change = roll.log[i] as Change;
    const own = own_behind ? change.lines.find((line) => line.student_id === student_id) : undefined;
    const tells_room = change.kind !== 'join' && change.room_seq > since_room_seq;
    if (tells_room || (own !== undefined && own.own_seq > since_own_seq)) changes.push(change);
    if (change.room_seq <= since_room_seq) room_behind = false;
    if (own !== undefined && own.own_seq <= since_own_seq + 1) own_behind = false;
  }
  return changes.reverse();
};

const isFor = (viewer: Viewer, { receivers }: Delivery): boolean => {
  if (receivers.to === 'room') return true;
  if (receivers.to === 'staff') return viewer.staff;
  return !viewer.staff && receivers.student_id === viewer.student_id;
};
