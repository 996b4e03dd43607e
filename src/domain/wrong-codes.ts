/** How often somebody has sent a wrong check-in code of late: windows that begin with the first one. Pure. */
import { WRONG_CODES_WINDOW_MS } from '../limits.ts';

/** since: milliseconds since the epoch. */
export type WrongCodes = { since: number; count: number };

const isOpen = ({ since }: WrongCodes, now: number): boolean => Math.abs(now - since) < WRONG_CODES_WINDOW_MS;

/** Milliseconds until a code is looked at again; null: it is looked at now. */
export const mustWait = (wrong: WrongCodes | undefined, max: number, now: number): number | null =>
  wrong !== undefined && isOpen(wrong, now) && wrong.count >= max ? wrong.since + WRONG_CODES_WINDOW_MS - now : null;

export const oneMore = (wrong: WrongCodes | undefined, now: number): WrongCodes =>
  wrong !== undefined && isOpen(wrong, now) ? { since: wrong.since, count: wrong.count + 1 } : { since: now, count: 1 };
