/** Times as clocks in a course's time zone show them. */
const DAY_MS = 24 * 60 * 60_000;
const MINUTE_MS = 60_000;

export const hereZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** `2026-09-07T08:00`, what a datetime-local field holds; empty for no time. */
export const localTextOf = (at: number, zone: string): string => {
  // Swedes write dates as ISO does.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  return Number.isNaN(at) ? '' : format.format(at).replace(' ', 'T').padStart('yyyy-mm-ddThh:mm'.length, '0');
};

const offsetMs = (at: number, zone: string): number =>
  Date.parse(`${localTextOf(at, zone)}Z`) - Math.floor(at / MINUTE_MS) * MINUTE_MS;

/** When clocks in this zone show that; in the hours of a clock change as the service has it. NaN: no time. */
export const instantOf = (local: string, zone: string): number => {
  const shown = Date.parse(`${local}Z`);
  if (Number.isNaN(shown)) return Number.NaN;
  const before = shown - offsetMs(shown - DAY_MS, zone);
  const after = shown - offsetMs(shown + DAY_MS, zone);
  const shows = (at: number) => at + offsetMs(at, zone) === shown;
  return !shows(before) && shows(after) ? after : before;
};

/** So much later on the clock. */
export const laterText = (local: string, ms: number): string => localTextOf(Date.parse(`${local}Z`) + ms, 'UTC');

export const textSpanMs = (from: string, to: string): number => Date.parse(`${to}Z`) - Date.parse(`${from}Z`);

const WHOLE = { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } as const;
const CLOCK = { hour: '2-digit', minute: '2-digit' } as const;

export const spanText = (from: number, to: number | null, zone: string): string => {
  const format = new Intl.DateTimeFormat(undefined, { ...WHOLE, ...CLOCK, timeZone: zone });
  return to === null || to <= from ? format.format(from) : format.formatRange(from, to);
};

export const dayText = (at: number, zone: string): string =>
  new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric', timeZone: zone }).format(at);

export const clockText = (at: number, zone: string): string =>
  new Intl.DateTimeFormat(undefined, { ...CLOCK, timeZone: zone }).format(at);

/** Whether clocks there show something else than here. */
export const isElsewhere = (at: number, zone: string): boolean => localTextOf(at, zone) !== localTextOf(at, hereZone());
