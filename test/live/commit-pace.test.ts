import { expect, test } from 'vitest';
import { COMMIT_CROWD_PER_SECOND } from '../../src/limits.ts';
import { CommitPace } from '../../src/live/commit-pace.ts';

const INTERVAL_MS = 20;

/** Commands `every_ms`, each a turn of its own that is committed when its wait is over; the waits of all of them. */
const waitsOf = (every_ms: number, count: number): number[] => {
  let now = 1_000;
  const pace = new CommitPace(INTERVAL_MS, () => now);
  const waits: number[] = [];
  let commit_at = 0;
  for (let i = 0; i < count; i += 1, now += every_ms) {
    pace.arrived();
    if (now < commit_at) continue;
    const wait = pace.wait();
    waits.push(wait);
    commit_at = now + wait;
    const arrived_at = now;
    now = commit_at;
    pace.committed();
    now = arrived_at;
  }
  return waits;
};

test('whoever is alone never waits, however long', () => {
  const every_ms = 1_000 / (COMMIT_CROWD_PER_SECOND * 0.8);
  expect(new Set(waitsOf(every_ms, 2_000))).toEqual(new Set([0]));
});

test('a crowd shares commits that are an interval apart, once it is one', () => {
  const waits = waitsOf(1, 2_000);
  expect(waits[0]).toBe(0);
  // 2,000 ms are a hundred intervals; until the crowd is noticed each has its own.
  expect(waits.length).toBeLessThan(100 + COMMIT_CROWD_PER_SECOND / 10 + 2);
  expect(Math.max(...waits)).toBeLessThanOrEqual(INTERVAL_MS);
  expect(waits.slice(-50).every((wait) => wait > 0)).toBe(true);
});

test('after the crowd has gone nobody waits', () => {
  let now = 0;
  const pace = new CommitPace(INTERVAL_MS, () => now);
  expect(pace.wait()).toBe(0);
  for (let i = 0; i < 1_000; i += 1) pace.arrived();
  pace.committed();
  expect(pace.wait()).toBeGreaterThan(0);
  now += 300;
  pace.arrived();
  pace.committed();
  expect(pace.wait()).toBe(0);
});
