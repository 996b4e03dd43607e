/** Check-in rules as instants of the store's clock, fixed for a roll when it opens. */
import type { AttendanceStatus, CheckinPolicy } from '../contract/nouns.ts';
import { AUTO_END_AFTER_ENDS_AT_MS } from '../limits.ts';

const MINUTE_MS = 60_000;

/** All in milliseconds since the epoch; null: no such rule. */
export type CheckinWindows = {
  opens_at: number | null;
  late_at: number | null;
  closes_at: number | null;
  auto_end_at: number;
};

type Plan = { checkin: CheckinPolicy; date: number; ends_at: number | null };

/** The rules of a plan before its start is known. Instants and waits in milliseconds; null: no such rule. */
export const rulesOf = ({ checkin, date, ends_at }: Plan, auto_end_after_minutes: number) => {
  const wait = (minutes: number | undefined) => (minutes === undefined ? null : minutes * MINUTE_MS);
  const before = wait(checkin.opens_before_minutes);
  return {
    opens_at: before === null ? null : date - before,
    late_after: wait(checkin.late_after_minutes),
    closes_after: wait(checkin.closes_after_minutes),
    auto_end_after: wait(checkin.auto_end_after_minutes),
    ends_at,
    end_after: auto_end_after_minutes * MINUTE_MS,
  };
};

/** opens counts back from the planned start; late, close and end count from the actual start. */
export const windowsOf = (plan: Plan, started_at: number, auto_end_after_minutes: number): CheckinWindows => {
  const { opens_at, late_after, closes_after, auto_end_after, ends_at, end_after } = rulesOf(
    plan,
    auto_end_after_minutes,
  );
  const after = (wait: number | null) => (wait === null ? null : started_at + wait);
  const closes_at = after(closes_after);
  const planned_end = ends_at !== null && ends_at > started_at ? ends_at + AUTO_END_AFTER_ENDS_AT_MS : null;
  return {
    // Started so early that it would close before it opens, it is open from the start: or nobody could ever check in.
    opens_at: opens_at !== null && closes_at !== null && opens_at >= closes_at ? null : opens_at,
    late_at: after(late_after),
    closes_at,
    auto_end_at: after(auto_end_after) ?? planned_end ?? started_at + end_after,
  };
};

export type CheckinVerdict =
  | { ok: true; status: Extract<AttendanceStatus, 'present' | 'late'> }
  | { ok: false; code: 'CHECKIN_NOT_OPEN'; opens_at: number }
  | { ok: false; code: 'CHECKIN_CLOSED' };

/** What a first join at `now` is: only a first join is asked. */
export const checkinAt = (windows: CheckinWindows, now: number): CheckinVerdict => {
  if (windows.opens_at !== null && now < windows.opens_at) {
    return { ok: false, code: 'CHECKIN_NOT_OPEN', opens_at: windows.opens_at };
  }
  if (windows.closes_at !== null && now >= windows.closes_at) return { ok: false, code: 'CHECKIN_CLOSED' };
  return { ok: true, status: windows.late_at !== null && now >= windows.late_at ? 'late' : 'present' };
};
