import { expect, test } from 'vitest';
import type { Outcome } from '../../src/domain/commands.ts';
import type { Roll } from '../../src/domain/roll.ts';
import { REQUESTS_KEPT_MAX, REQUESTS_KEPT_MS } from '../../src/limits.ts';
import { KeptRequests } from '../../src/live/kept-requests.ts';
import { sessionObjectOf } from '../suites/live-fixtures.ts';
import { rollOf } from '../suites/roll-commands.ts';

const outcome: Outcome = { ok: true, seq: 1, room_seq: 1, changed: true, records: [] };

const rollWith = (id: string, requests: number): Roll => {
  const roll = rollOf();
  roll.header = { ...roll.header, session: sessionObjectOf(id) };
  for (let n = 0; n < requests; n += 1) roll.requests.set(`r${n}`, { hash: 'h', outcome });
  return roll;
};

const knows = (kept: KeptRequests, id: string, now: number) => kept.answer(id, { key: 'r0', hash: 'h' }, now) !== null;

test('requests are known for their time, and no longer, whether others come or not', () => {
  const kept = new KeptRequests();
  kept.keep(rollWith('a', 1), 0);
  expect(knows(kept, 'a', REQUESTS_KEPT_MS - 1)).toBe(true);
  expect(knows(kept, 'a', REQUESTS_KEPT_MS)).toBe(false);
});

test('beyond their number, those that were archived first go first', () => {
  const kept = new KeptRequests();
  const third = Math.ceil(REQUESTS_KEPT_MAX / 3);
  for (const id of ['a', 'b', 'c']) kept.keep(rollWith(id, third), 0);
  expect(['a', 'b', 'c'].map((id) => knows(kept, id, 0))).toEqual([false, true, true]);
});

test('a roll that is archived again counts once', () => {
  const kept = new KeptRequests();
  kept.keep(rollWith('other', 1), 0);
  for (let again = 0; again < 5; again += 1) kept.keep(rollWith('a', REQUESTS_KEPT_MAX - 1), 0);
  expect(knows(kept, 'other', 0)).toBe(true);
  expect(knows(kept, 'a', 0)).toBe(true);
});
