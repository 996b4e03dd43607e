/** A roll as the embedded store keeps it, and when it next needs a look. */
import { Presence } from '../domain/presence.ts';
import type { Roll } from '../domain/roll.ts';
import { ARCHIVE_LEASE_MS } from '../limits.ts';
import { Guessers } from './guessers.ts';
import type { Backlog, Claim } from './live-store.ts';

export type LiveRoll = {
  roll: Roll;
  presence: Presence;
  /** Students who may have been online when the process before this one ended, and have not been since. */
  awaited: Set<string>;
  /** Journal rows of this roll, to delete when it is archived. */
  rows: number[];
  /** When it next needs a look, milliseconds since the epoch: its limit, an archive try, or the end of a lease. */
  due_at: number;
  fence: number;
  /** Archive tries so far. */
  tries: number;
  /** When its statistics were last sent. */
  statistics_at: number;
  guessers: Guessers;
};

/** Where a roll stood at some moment. */
export type Standing = Pick<Roll, 'seq' | 'room_seq' | 'state'>;

export const liveRoll = (roll: Roll, rows: number[]): LiveRoll => ({
  roll,
  presence: new Presence(),
  awaited: new Set(),
  rows,
  due_at: dueSince(roll),
  fence: 0,
  tries: 0,
  statistics_at: Number.NEGATIVE_INFINITY,
  guessers: new Guessers(),
});

/** Of a roll that is brought back: who joined it and has not left. */
export const maybeOnline = (roll: Roll): Set<string> => {
  const ids = new Set<string>();
  if (roll.state !== 'active') return ids;
  for (const { student_id, user_id, joined_at } of roll.records.values()) {
    if (joined_at !== null && roll.followers.has(user_id)) ids.add(student_id);
  }
  return ids;
};

/** Its limit while it is active, its end after that. */
const dueSince = (roll: Roll): number =>
  roll.end === null ? roll.header.windows.auto_end_at : Date.parse(roll.end.at);

/** Takes at most `limit` rolls that are due, each with a lease. Looks at every roll: there are hundreds. */
export const claimDue = (rolls: Iterable<LiveRoll>, now: number, limit: number): Claim[] => {
  const claims: Claim[] = [];
  for (const live of rolls) {
    if (claims.length >= limit) break;
    if (live.due_at > now) continue;
    live.due_at = now + ARCHIVE_LEASE_MS;
    live.fence += 1;
    const due = live.roll.state === 'active' ? 'end' : 'archive';
    claims.push({ session_id: live.roll.header.session.id, fence: live.fence, due, tries: live.tries });
    if (due === 'archive') live.tries += 1;
  }
  return claims;
};

export const backlogOf = (rolls: Iterable<LiveRoll>, now: number): Backlog => {
  const backlog: Backlog = { rolls: 0, overdue: 0, oldest_overdue_ms: 0 };
  for (const { roll } of rolls) {
    backlog.rolls += 1;
    const waited = now - dueSince(roll);
    if (waited < 0) continue;
    backlog.overdue += 1;
    backlog.oldest_overdue_ms = Math.max(backlog.oldest_overdue_ms, waited);
  }
  return backlog;
};
