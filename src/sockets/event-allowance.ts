/**
 * How many events one socket may send: a token bucket. Per socket and not per address, since a whole lecture hall may
 * share an address; a flood hurts the socket that makes it (LIMIT-1).
 */
import type { Role } from '../contract/nouns.ts';
import {
  RATE_LIMITED_EVENTS_BEFORE_CLOSE,
  STAFF_EVENTS_BURST,
  STAFF_EVENTS_PER_SECOND,
  STUDENT_EVENTS_BURST,
  STUDENT_EVENTS_PER_SECOND,
} from '../limits.ts';

export type Allowed = { ok: true } | { ok: false; retry_after_ms: number; close: boolean };

const ALLOWED: Allowed = { ok: true };

export class EventAllowance {
  private readonly burst: number;
  private readonly perSecond: number;
  private left: number;
  private at: number;
  private refused = 0;

  constructor(role: Role, now: number) {
    const student = role === 'student';
    this.burst = student ? STUDENT_EVENTS_BURST : STAFF_EVENTS_BURST;
    this.perSecond = student ? STUDENT_EVENTS_PER_SECOND : STAFF_EVENTS_PER_SECOND;
    this.left = this.burst;
    this.at = now;
  }

  /** Takes `cost` events at `now` (ms). `close`: refusals have gone on for so long that the connection should go. */
  take(cost: number, now: number): Allowed {
    this.left = Math.min(this.burst, this.left + ((now - this.at) / 1000) * this.perSecond);
    this.at = now;
    if (this.left >= cost) {
      this.left -= cost;
      // One at a time: a flood is let through a little all the time, and that must not make it forgotten.
      if (this.refused > 0) this.refused -= 1;
      return ALLOWED;
    }
    this.refused += 1;
    const retry_after_ms = Math.ceil(((cost - this.left) / this.perSecond) * 1000);
    return { ok: false, retry_after_ms, close: this.refused > RATE_LIMITED_EVENTS_BEFORE_CLOSE };
  }
}
