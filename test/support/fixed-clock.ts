/** A clock that stands still until a test moves it. */
import type { Clock } from '../../src/clock.ts';

/** Monday, 7 September 2026, 08:00 UTC. */
export const T0 = Date.UTC(2026, 8, 7, 8, 0, 0);
export const MINUTE_MS = 60_000;

export class FixedClock {
  now: number;

  constructor(now = T0) {
    this.now = now;
  }

  readonly read: Clock = () => this.now;

  advance(ms: number): void {
    this.now += ms;
  }
}
