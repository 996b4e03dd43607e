/** Wrong codes of those who ask for a ticket, for one roll; in memory alone, so a restart forgives them. */
import { isSlotValid } from '../domain/checkin-code.ts';
import type { RollState } from '../domain/roll.ts';
import { mustWait, oneMore, type WrongCodes } from '../domain/wrong-codes.ts';
import { GUESSERS_MAX, WRONG_CODES_MAX, WRONG_CODES_OF_ADDRESS_MAX, WRONG_CODES_WINDOW_MS } from '../limits.ts';
import type { CodeTried, Guesser } from './live-store.ts';

export class Guessers {
  private readonly wrong = new Map<string, WrongCodes>();
  private cleared_at = Number.NEGATIVE_INFINITY;

  /** As LiveStore.tryCode; lua/try-code.lua does the same. */
  try(state: RollState, slot: number | null, { device, address }: Guesser, now: number): CodeTried {
    if (state !== 'active') return { ok: false, code: 'SESSION_NOT_ACTIVE' };
    if (slot !== null && isSlotValid(slot, now)) return { ok: true, now };
    const of_device = this.wrong.get(device);
    const of_address = this.wrong.get(address);
    const wait =
      mustWait(of_device, WRONG_CODES_MAX, now) ??
      mustWait(of_address, WRONG_CODES_OF_ADDRESS_MAX, now) ??
      this.full(now);
    if (wait !== null) return { ok: false, code: 'RATE_LIMITED', retry_after_ms: wait };
    this.wrong.set(device, oneMore(of_device, now));
    this.wrong.set(address, oneMore(of_address, now));
    return { ok: false, code: 'CHECKIN_CODE_INVALID' };
  }

  /** Milliseconds to wait while too many are counted; those whose time is over are forgotten, once in a window. */
  private full(now: number): number | null {
    if (this.wrong.size < GUESSERS_MAX) return null;
    const next = this.cleared_at + WRONG_CODES_WINDOW_MS - now;
    if (next > 0) return next;
    this.cleared_at = now;
    for (const [who, { since }] of this.wrong) {
      if (Math.abs(now - since) >= WRONG_CODES_WINDOW_MS) this.wrong.delete(who);
    }
    return this.wrong.size < GUESSERS_MAX ? null : WRONG_CODES_WINDOW_MS;
  }
}
