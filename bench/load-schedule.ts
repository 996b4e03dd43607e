import type { Size } from './roster.ts';

/**
 * When every student means to join. The times are fixed before the round and do not wait for the server (an open
 * loop): a server that falls behind is measured by how late it answers, not sent less.
 */

export interface Load {
  /** All joins are meant to be sent within this time. */
  window_ms: number;
  /** The same seed gives the same times. */
  seed: number;
}

/**
 * When each join is to be sent, in milliseconds after the round's begin, ascending. Join number k is that of student
 * `floor(k / classes)` of class `k mod classes`: the classes take turns, so all of them fill up over the whole window.
 * Arrivals are independent, their times evenly likely over the window: some fall together, some alone, as people do.
 */
export function joinTimes({ classes, students }: Size, { window_ms, seed }: Load): Float64Array {
  const times = new Float64Array(classes * students);
  const random = randomNumbers(seed);
  for (let join = 0; join < times.length; join += 1) times[join] = random() * window_ms;
  return times.sort();
}

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
