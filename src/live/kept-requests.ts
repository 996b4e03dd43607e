/**
 * Request ids of rolls that the archive has taken. A client that lost the answer to its last mark repeats it when it is
 * back, and the session may have ended meanwhile: it is answered as before, for a while. Bounded by time and number.
 */
import type { Outcome, RequestKey } from '../domain/commands.ts';
import type { Remembered, Roll } from '../domain/roll.ts';
import { REQUESTS_KEPT_MAX, REQUESTS_KEPT_MS } from '../limits.ts';

/** What a remembered request is answered: as before, or CONFLICT with another payload; null: not remembered. */
export const answerRemembered = (requests: Map<string, Remembered>, { key, hash }: RequestKey): Outcome | null => {
  const earlier = requests.get(key);
  if (earlier === undefined) return null;
  return earlier.hash === hash ? { ...earlier.outcome, repeated: true } : { ok: false, code: 'CONFLICT' };
};

export class KeptRequests {
  /** In the order in which they were archived. */
  private readonly sessions = new Map<string, { requests: Map<string, Remembered>; until: number }>();
  private size = 0;

  /** now: milliseconds since the epoch. */
  keep(roll: Roll, now: number): void {
    const session_id = roll.header.session.id;
    // A roll that was rebuilt may be archived again.
    this.drop(session_id);
    if (roll.requests.size > 0) {
      this.sessions.set(session_id, { requests: roll.requests, until: now + REQUESTS_KEPT_MS });
      this.size += roll.requests.size;
    }
    for (const [id, { until }] of this.sessions) {
      if (until > now && this.size <= REQUESTS_KEPT_MAX) break;
      this.drop(id);
    }
  }

  /** What the request was answered; null: unknown, or too long ago. */
  answer(session_id: string, request: RequestKey, now: number): Outcome | null {
    const kept = this.sessions.get(session_id);
    if (kept === undefined || kept.until <= now) return null;
    return answerRemembered(kept.requests, request);
  }

  drop(session_id: string): void {
    this.size -= this.sessions.get(session_id)?.requests.size ?? 0;
    this.sessions.delete(session_id);
  }
}
