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

/** opens counts back from the planned start; late, close and end count from the actual start. */
export const windowsOf = (
  plan: { checkin: CheckinPolicy; date: number; ends_at: number | null },
  started_at: number,
  auto_end_after_minutes: number,
): CheckinWindows => {
  const { checkin } = plan;
  const after = (minutes: number | undefined) => (minutes === undefined ? null : started_at + minutes * MINUTE_MS);
  const planned_end =
    plan.ends_at !== null && plan.ends_at > started_at ? plan.ends_at + AUTO_END_AFTER_ENDS_AT_MS : null;
  return {
    opens_at: checkin.opens_before_minutes === undefined ? null : plan.date - checkin.opens_before_minutes * MINUTE_MS,
    late_at: after(checkin.late_after_minutes),
    closes_at: after(checkin.closes_after_minutes),
    auto_end_at:
      after(checkin.auto_end_after_minutes) ?? planned_end ?? started_at + auto_end_after_minutes * MINUTE_MS,
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
