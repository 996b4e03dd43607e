/**
 * Request ids of rolls that the archive has taken. A client that lost the answer to its last mark repeats it when it is
 * back, and the session may have ended meanwhile: it is answered as before, for a while. Bounded by time and number.
 */
import type { Outcome, Remembered, RequestKey, Roll } from '../domain/roll.ts';
import { REQUESTS_KEPT_MAX, REQUESTS_KEPT_MS } from '../limits.ts';

export class KeptRequests {
  /** In the order in which they were archived. */
  private readonly sessions = new Map<string, { requests: Map<string, Remembered>; until: number }>();
  private size = 0;

  /** now: milliseconds since the epoch. */
  keep(roll: Roll, now: number): void {
    if (roll.requests.size > 0) {
      this.sessions.set(roll.header.session.id, { requests: roll.requests, until: now + REQUESTS_KEPT_MS });
      this.size += roll.requests.size;
    }
    for (const [session_id, { requests, until }] of this.sessions) {
      if (until > now && this.size <= REQUESTS_KEPT_MAX) break;
      this.sessions.delete(session_id);
      this.size -= requests.size;
    }
  }

  /** What the request was answered; null: unknown. */
  answer(session_id: string, { key, hash }: RequestKey): Outcome | null {
    const earlier = this.sessions.get(session_id)?.requests.get(key);
    if (earlier === undefined) return null;
    return earlier.hash === hash ? { ...earlier.outcome, repeated: true } : { ok: false, code: 'CONFLICT' };
  }
}
