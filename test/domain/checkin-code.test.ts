import { expect, test } from 'vitest';
import {
  codeOf,
  isSlotValid,
  slotEnds,
  slotOf,
  slotOfCode,
  ticketFor,
  ticketValidUntil,
} from '../../src/domain/checkin-code.ts';
import { deviceNames, hidden } from '../../src/domain/device.ts';
import { mustWait, oneMore } from '../../src/domain/wrong-codes.ts';
import { CODE_CLOCK_MAX_SLOTS, CODE_SLOT_MS } from '../../src/limits.ts';
import { T0 } from '../support/fixed-clock.ts';

const SECRET = 'secret';

test('CODE-1 a code is six digits of its roll, session and slot', () => {
  const slot = slotOf(T0);
  const code = codeOf(SECRET, 's', slot);
  expect(code).toMatch(/^\d{6}$/);
  expect(codeOf(SECRET, 's', slot)).toBe(code);
  const others = [codeOf('other', 's', slot), codeOf(SECRET, 't', slot), codeOf(SECRET, 's', slot + 1)];
  // That all three are the same by chance does not happen.
  expect(others.every((it) => it === code)).toBe(false);
});

test('CODE-1 codes are spread over all there are', () => {
  const count = 20_000;
  const codes = Array.from({ length: count }, (_, slot) => Number(codeOf(SECRET, 's', slot)));
  // A tenth of them in each tenth, give or take four deviations.
  for (let tenth = 0; tenth < 10; tenth += 1) {
    const share = codes.filter((it) => Math.floor(it / 100_000) === tenth).length / count;
    expect(Math.abs(share - 0.1)).toBeLessThan(4 * Math.sqrt((0.1 * 0.9) / count));
  }
});

test('CODE-1 a slot is valid until the end of the next', () => {
  const slot = slotOf(T0);
  expect(slotEnds(slot)).toBeGreaterThan(T0);
  expect(isSlotValid(slot, slotEnds(slot) - CODE_SLOT_MS)).toBe(true);
  expect(isSlotValid(slot, slotEnds(slot) + CODE_SLOT_MS - 1)).toBe(true);
  expect(isSlotValid(slot, slotEnds(slot) + CODE_SLOT_MS)).toBe(false);
  expect(isSlotValid(slot, slotEnds(slot) - CODE_SLOT_MS - 1)).toBe(false);
});

test('a node finds the slot of a code though its clock is minutes off, and no further', () => {
  const slot = slotOf(T0);
  const code = codeOf(SECRET, 's', slot);
  for (const off of [0, -1, 1, 5, -CODE_CLOCK_MAX_SLOTS, CODE_CLOCK_MAX_SLOTS]) {
    expect(slotOfCode(SECRET, 's', code, T0 + off * CODE_SLOT_MS)).toBe(slot);
  }
  expect(slotOfCode(SECRET, 's', code, T0 + (CODE_CLOCK_MAX_SLOTS + 1) * CODE_SLOT_MS)).toBeNull();
  for (const wrong of ['', '12345', '1234567', 'abcdef', `${code} `, '１２３４５６'])
    expect(slotOfCode(SECRET, 's', wrong, T0)).toBeNull();
});

test('a ticket holds for its session, its holder and its time, as nobody can write another', () => {
  const holder = 'device phone';
  const ticket = ticketFor(SECRET, 's', T0, holder);
  expect(ticketValidUntil(SECRET, 's', ticket, ['cookie x', holder])).toBe(T0);
  expect(ticketValidUntil(SECRET, 's', ticket, [])).toBeNull();
  expect(ticketValidUntil(SECRET, 's', ticket, ['device other'])).toBeNull();
  expect(ticketValidUntil(SECRET, 't', ticket, [holder])).toBeNull();
  expect(ticketValidUntil('other', 's', ticket, [holder])).toBeNull();
  const [until = '', mac = ''] = ticket.split('.');
  const longer = `${(T0 + 1).toString(36)}.${mac}`;
  const odd = [longer, until, `.${mac}`, `${until}.`, `${until}.${'é'.repeat(mac.length)}`, '', '....'];
  for (const it of odd) expect(ticketValidUntil(SECRET, 's', it, [holder])).toBeNull();
});

test('a device is hidden by the secret of the roll, and its two names are two things', () => {
  expect(deviceNames({ device_id: null, cookie: null })).toEqual([]);
  const [device = '', cookie = ''] = deviceNames({ device_id: 'x', cookie: 'x' });
  expect(hidden(SECRET, device)).not.toBe(hidden(SECRET, cookie));
  expect(hidden(SECRET, device)).not.toBe(hidden('other', device));
  expect(hidden(SECRET, device)).not.toContain('x'.repeat(5));
});

test('CODE-1 wrong codes are counted from the first of a minute', () => {
  let wrong = oneMore(undefined, T0);
  for (let n = 1; n < 5; n += 1) {
    expect(mustWait(wrong, 5, T0 + n)).toBeNull();
    wrong = oneMore(wrong, T0 + n);
  }
  expect(wrong).toEqual({ since: T0, count: 5 });
  expect(mustWait(wrong, 5, T0 + 10)).toBe(59_990);
  expect(mustWait(wrong, 5, T0 + 59_999)).toBe(1);
  expect(mustWait(wrong, 5, T0 + 60_000)).toBeNull();
  expect(oneMore(wrong, T0 + 60_000)).toEqual({ since: T0 + 60_000, count: 1 });
  // A clock that was set back locks nobody out for hours.
  expect(mustWait(wrong, 5, T0 - 3_600_000)).toBeNull();
});
