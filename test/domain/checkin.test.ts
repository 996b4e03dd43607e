import { describe, expect, test } from 'vitest';
import { type CheckinWindows, checkinAt, windowsOf } from '../../src/domain/checkin.ts';
import { MINUTE_MS, T0 } from '../support/fixed-clock.ts';

const STARTED = T0 + 2 * MINUTE_MS;
const plan = (checkin: Parameters<typeof windowsOf>[0]['checkin'], ends_at: number | null = null) => ({
  checkin,
  date: T0,
  ends_at,
});

describe('windows', () => {
  test('without rules: open from the start, never late, never closed, ended after the default', () => {
    expect(windowsOf(plan({}), STARTED, 720)).toEqual({
      opens_at: null,
      late_at: null,
      closes_at: null,
      auto_end_at: STARTED + 720 * MINUTE_MS,
    });
  });

  test('opening counts back from the planned start, the others from the actual one', () => {
    const checkin = { opens_before_minutes: 10, late_after_minutes: 5, closes_after_minutes: 15 };
    expect(windowsOf(plan({ ...checkin, auto_end_after_minutes: 50 }), STARTED, 720)).toEqual({
      opens_at: T0 - 10 * MINUTE_MS,
      late_at: STARTED + 5 * MINUTE_MS,
      closes_at: STARTED + 15 * MINUTE_MS,
      auto_end_at: STARTED + 50 * MINUTE_MS,
    });
  });

  test('zero minutes are a rule, not the lack of one', () => {
    const checkin = { opens_before_minutes: 0, late_after_minutes: 0, closes_after_minutes: 0 };
    expect(windowsOf(plan(checkin), STARTED, 720)).toMatchObject({
      opens_at: T0,
      late_at: STARTED,
      closes_at: STARTED,
    });
  });

  test.each([
    ['auto_end_after_minutes before all others', { auto_end_after_minutes: 500 }, T0 + 60 * MINUTE_MS, 502],
    ['ten minutes after ends_at', {}, T0 + 60 * MINUTE_MS, 70],
    ['ends_at later than the default, still ends_at', {}, T0 + 900 * MINUTE_MS, 910],
    ['ends_at one millisecond after the start', {}, STARTED + 1, 12 + 1 / MINUTE_MS],
    ['the default when ends_at is the start', {}, STARTED, 722],
    ['the default when ends_at had passed before the start', {}, T0 - 60 * MINUTE_MS, 722],
  ])('END-4 the limit is %s', (_which, checkin, ends_at, minutes) => {
    expect(windowsOf(plan(checkin, ends_at), STARTED, 720).auto_end_at).toBe(T0 + Math.round(minutes * MINUTE_MS));
  });
});

describe('a first join', () => {
  const windows: CheckinWindows = { opens_at: 1000, late_at: 2000, closes_at: 3000, auto_end_at: 9000 };

  test.each([
    [999, { ok: false, code: 'CHECKIN_NOT_OPEN', opens_at: 1000 }],
    [1000, { ok: true, status: 'present' }],
    [1999, { ok: true, status: 'present' }],
    [2000, { ok: true, status: 'late' }],
    [2999, { ok: true, status: 'late' }],
    [3000, { ok: false, code: 'CHECKIN_CLOSED' }],
    [9999, { ok: false, code: 'CHECKIN_CLOSED' }],
  ])('JOIN-1 at %i of 1000, 2000 and 3000', (now, verdict) => {
    expect(checkinAt(windows, now)).toEqual(verdict);
  });

  test('JOIN-1 without rules is present at any time', () => {
    const none = { opens_at: null, late_at: null, closes_at: null, auto_end_at: 0 };
    expect(checkinAt(none, 0)).toEqual({ ok: true, status: 'present' });
    expect(checkinAt(none, Number.MAX_SAFE_INTEGER)).toEqual({ ok: true, status: 'present' });
  });

  test('JOIN-1 where closing comes before late, closed is what counts; where opening comes last, not open', () => {
    expect(checkinAt({ ...windows, late_at: 3500 }, 3000)).toEqual({ ok: false, code: 'CHECKIN_CLOSED' });
    const never = { ...windows, opens_at: 5000 };
    expect(checkinAt(never, 4000)).toMatchObject({ code: 'CHECKIN_NOT_OPEN' });
    expect(checkinAt(never, 5000)).toMatchObject({ code: 'CHECKIN_CLOSED' });
  });
});
