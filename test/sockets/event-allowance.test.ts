import { expect, test } from 'vitest';
import {
  RATE_LIMITED_EVENTS_BEFORE_CLOSE,
  STAFF_EVENTS_BURST,
  STUDENT_EVENTS_BURST,
  STUDENT_EVENTS_PER_SECOND,
} from '../../src/limits.ts';
import { EventAllowance } from '../../src/sockets/event-allowance.ts';

const takeAll = (allowance: EventAllowance, events: number, now: number) =>
  Array.from({ length: events }, () => allowance.take(1, now)).filter(({ ok }) => ok).length;

test('LIMIT-1 a student may send a burst, and then as many per second as the limit says', () => {
  const allowance = new EventAllowance('student', 0);
  expect(takeAll(allowance, STUDENT_EVENTS_BURST * 2, 0)).toBe(STUDENT_EVENTS_BURST);
  expect(takeAll(allowance, STUDENT_EVENTS_BURST, 1_000)).toBe(STUDENT_EVENTS_PER_SECOND);
});

test('LIMIT-1 staff may mark a large class one by one', () => {
  expect(takeAll(new EventAllowance('teacher', 0), 10_000, 0)).toBe(STAFF_EVENTS_BURST);
});

test('LIMIT-1 a refusal says when the next event can succeed', () => {
  const allowance = new EventAllowance('student', 0);
  takeAll(allowance, STUDENT_EVENTS_BURST, 0);
  const refused = allowance.take(1, 0);
  if (refused.ok) throw new Error('it was allowed');
  expect(allowance.take(1, refused.retry_after_ms).ok).toBe(true);
});

test('LIMIT-1 whoever goes on after being refused is to be closed, and whoever stops is not', () => {
  const allowance = new EventAllowance('student', 0);
  takeAll(allowance, STUDENT_EVENTS_BURST, 0);
  const answers = Array.from({ length: RATE_LIMITED_EVENTS_BEFORE_CLOSE + 1 }, () => allowance.take(1, 0));
  expect(answers.map((it) => !it.ok && it.close).indexOf(true)).toBe(RATE_LIMITED_EVENTS_BEFORE_CLOSE);
  expect(allowance.take(1, 60_000).ok).toBe(true);
});

test('LIMIT-1 a flood is to be closed however slowly it is worked off: what it is allowed in between is not enough', () => {
  const allowance = new EventAllowance('student', 0);
  // Five times as many as the limit says, for five minutes.
  const gap_ms = 1_000 / (5 * STUDENT_EVENTS_PER_SECOND);
  const closes = Array.from({ length: 30_000 }, (_, i) => allowance.take(1, i * gap_ms)).some(
    (it) => !it.ok && it.close,
  );
  expect(closes).toBe(true);
  const patient = new EventAllowance('student', 0);
  const steady = Array.from({ length: 6_000 }, (_, i) => patient.take(1, i * 4 * gap_ms));
  expect(steady.some((it) => !it.ok && it.close)).toBe(false);
});
