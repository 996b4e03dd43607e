/** What a viewer has missed of a roll in Redis: its log is read backwards, no further than is wanted. */
import type { Change } from '../domain/roll.ts';
import type { Delivery } from '../fanout.ts';
import { SYNC_MAX_CHANGES } from '../limits.ts';
import type { Cursor, RollView, Viewer } from './live-store.ts';
import { missedBy, wantsOlder } from './missed.ts';
import type { RedisRolls } from './redis-rolls.ts';

/** Null: too much or unknown. Changes do not change any more, so they may be read after the roll. STORE_UNAVAILABLE. */
export const missedOf = async (
  rolls: RedisRolls,
  { roll, presence }: RollView,
  viewer: Viewer,
  cursor: Cursor,
): Promise<Delivery[] | null> => {
  let log: Change[] = [];
  while (wantsOlder(roll, viewer, cursor, log)) {
    const oldest = log[0]?.seq ?? roll.seq + 1;
    const older = await rolls.changesBefore(roll.header.session.id, oldest, SYNC_MAX_CHANGES + 1);
    // The roll is gone meanwhile.
    if (older.length === 0) return null;
    log = [...older.reverse(), ...log];
  }
  return missedBy(roll, presence, viewer, cursor, log);
};
