/** Instants as clients write them: ISO 8601, or milliseconds since 1970 as a number or a string. */
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import { formatInZone } from './csv.ts';

/** The last instant whose ISO text has a year of four digits; text order is time order up to it. */
const LAST_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);
const DAY_MS = 24 * 60 * 60_000;
const MILLISECONDS = /^-?\d{1,16}$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * Milliseconds since the epoch. A time without an offset is in `zone`: guessing the server's would be an hour off for
 * somebody. INVALID_PAYLOAD naming the field.
 */
export const instantFrom = (value: string | number, field: string, zone: string): number => {
  const text = String(value).trim();
  const ms = MILLISECONDS.test(text) ? Number(text) : fromIso(text, zone);
  if (ms === null || !(ms >= 0 && ms <= LAST_MS)) {
    throw refuse('INVALID_PAYLOAD', `${field}: must be an ISO 8601 date or milliseconds since 1970`, { field });
  }
  return ms;
};

const fromIso = (text: string, zone: string): number | null => {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', offset] = match;
  const utc = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.padEnd(3, '0').slice(0, 3)}Z`);
  // Date.parse takes 31 February for 3 March.
  if (Number.isNaN(utc) || new Date(utc).getUTCDate() !== Number(day)) return null;
  if (offset === undefined) return inZone(utc, zone);
  return utc - offsetMs(offset);
};

const offsetMs = (offset: string): number => {
  if (/^z$/i.test(offset)) return 0;
  const [hours, minutes] = [Number(offset.slice(1, 3)), Number(offset.slice(-2))];
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
};

/**
 * The instant at which clocks in this zone show what `utc` shows in UTC. As RFC 5545 has it, in every zone alike: of a
 * time that comes twice the first, and a time that is skipped counts on with the offset from before.
 */
const inZone = (utc: number, zone: string): number => {
  // No zone is a day away from UTC, so these two are the offsets before and after the change that matters, if there is one.
  const before = utc - zoneOffsetMs(utc - DAY_MS, zone);
  const after = utc - zoneOffsetMs(utc + DAY_MS, zone);
  const shows = (at: number) => at + zoneOffsetMs(at, zone) === utc;
  return !shows(before) && shows(after) ? after : before;
};

/** How far clocks in this zone are ahead of UTC at an instant. */
const zoneOffsetMs = (at: number, zone: string): number => {
  const shown = formatInZone(isoFrom(at), zone).slice(0, 'yyyy-mm-ddThh:mm:ss'.length);
  return Date.parse(`${shown}Z`) - Math.floor(at / 1000) * 1000;
};

export const isTimeZone = (zone: string): boolean => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};
