/** Where time and randomness enter. Everything below main.ts takes these as arguments, so tests can fix them. */
import { randomBytes } from 'node:crypto';

/** Milliseconds since the epoch. */
export type Clock = () => number;
/** A fresh opaque id: 24 hex digits, unguessable. */
export type MakeId = () => string;

export const systemClock: Clock = () => Date.now();
export const randomId: MakeId = () => randomBytes(12).toString('hex');

export const isoFrom = (ms: number): string => new Date(ms).toISOString();
