/** Who was taken out of a course while this node could not hear it. */
import type { Connection } from '../domain/presence.ts';
import type { RollView } from '../live/live-store.ts';
import type { LocalRooms } from './feed-options.ts';

/**
 * Connections that are not in the roll and could not come back. (Others that are not in it were taken for gone with their
 * node, and will be brought back.)
 */
export const strangersAmong = (
  connections: Connection[],
  { roll, presence }: RollView,
  rooms: Pick<LocalRooms, 'isStaffOf'>,
): string[] => {
  const mayBeHere = ({ id, user_id, student_id }: Connection): boolean =>
    student_id === null
      ? rooms.isStaffOf(id, roll.header)
      : roll.users.get(user_id) === student_id && roll.records.get(student_id)?.approved === true;
  return connections.flatMap((it) => (presence.connections.has(it.id) || mayBeHere(it) ? [] : [it.id]));
};
