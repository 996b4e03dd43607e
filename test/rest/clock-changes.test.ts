/** Local times about a change of the clocks: as clients write them without an offset, and as CSV shows them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatInZone } from '../../src/rest/csv.ts';
import { instantFrom } from '../../src/rest/instant.ts';
import { CLOCK_CHANGES } from '../support/clock-changes.ts';
import { MINUTE_MS } from '../support/fixed-clock.ts';

const read = (local: string, zone: string) => new Date(instantFrom(local, 'date', zone)).toISOString();
const written = (ms: number, zone: string) => formatInZone(new Date(ms).toISOString(), zone);
const withoutOffset = (text: string) => text.slice(0, 'yyyy-mm-ddThh:mm:ss'.length);

describe('reading a local time without an offset', () => {
  test.each([
    // Europe changes in all its zones at one o'clock UTC.
    ['Europe/Berlin', '2026-03-29T01:59:59.999', '2026-03-29T00:59:59.999Z'],
    ['Europe/Berlin', '2026-03-29T03:00', '2026-03-29T01:00:00.000Z'],
    ['Europe/Berlin', '2026-03-29T03:59:59', '2026-03-29T01:59:59.000Z'],
    ['Europe/Berlin', '2026-10-25T01:59:59.999', '2026-10-24T23:59:59.999Z'],
    ['Europe/Berlin', '2026-10-25T03:00', '2026-10-25T02:00:00.000Z'],
    // America changes at two o'clock local, hours after the same time in UTC.
    ['America/New_York', '2026-03-08T01:59:59.999', '2026-03-08T06:59:59.999Z'],
    ['America/New_York', '2026-03-08T03:00', '2026-03-08T07:00:00.000Z'],
    ['America/New_York', '2026-03-08T03:59:59', '2026-03-08T07:59:59.000Z'],
    ['America/New_York', '2026-11-01T00:59:59.999', '2026-11-01T04:59:59.999Z'],
    ['America/New_York', '2026-11-01T02:00', '2026-11-01T07:00:00.000Z'],
    // Lord Howe changes by half an hour, on what is still the day before in UTC.
    ['Australia/Lord_Howe', '2026-10-04T01:59:59.999', '2026-10-03T15:29:59.999Z'],
    ['Australia/Lord_Howe', '2026-10-04T02:30', '2026-10-03T15:30:00.000Z'],
    ['Australia/Lord_Howe', '2026-10-04T02:59:59', '2026-10-03T15:59:59.000Z'],
    ['Australia/Lord_Howe', '2026-04-05T01:29:59.999', '2026-04-04T14:29:59.999Z'],
    ['Australia/Lord_Howe', '2026-04-05T02:00', '2026-04-04T15:30:00.000Z'],
  ])('beside the change: in %s, %s is %s', (zone, local, utc) => {
    expect(read(local, zone)).toBe(utc);
  });

  test.each([
    ['Europe/Berlin', '2026-03-29T02:00', '2026-03-29T01:00:00.000Z', '2026-03-29T03:00:00+02:00'],
    ['Europe/Berlin', '2026-03-29T02:59:59', '2026-03-29T01:59:59.000Z', '2026-03-29T03:59:59+02:00'],
    ['America/New_York', '2026-03-08T02:00', '2026-03-08T07:00:00.000Z', '2026-03-08T03:00:00-04:00'],
    ['America/New_York', '2026-03-08T02:59:59', '2026-03-08T07:59:59.000Z', '2026-03-08T03:59:59-04:00'],
    ['Australia/Lord_Howe', '2026-10-04T02:00', '2026-10-03T15:30:00.000Z', '2026-10-04T02:30:00+11:00'],
    ['Australia/Lord_Howe', '2026-10-04T02:29:59', '2026-10-03T15:59:59.000Z', '2026-10-04T02:59:59+11:00'],
    // A day whose midnight is skipped begins with it, and not on the evening before.
    ['America/Santiago', '2026-09-06', '2026-09-06T04:00:00.000Z', '2026-09-06T01:00:00-03:00'],
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00.000Z', '2026-04-24T01:00:00+03:00'],
  ])('skipped: in %s, %s is %s, counted on from before the change', (zone, local, utc, shown) => {
    expect(read(local, zone)).toBe(utc);
    expect(written(Date.parse(utc), zone)).toBe(shown);
  });

  test.each([
    ['Europe/Berlin', '2026-10-25T02:00', '2026-10-25T00:00:00.000Z', '+01:00', '2026-10-25T01:00:00.000Z'],
    ['Europe/Berlin', '2026-10-25T02:59:59', '2026-10-25T00:59:59.000Z', '+01:00', '2026-10-25T01:59:59.000Z'],
    ['America/New_York', '2026-11-01T01:00', '2026-11-01T05:00:00.000Z', '-05:00', '2026-11-01T06:00:00.000Z'],
    ['America/New_York', '2026-11-01T01:59:59', '2026-11-01T05:59:59.000Z', '-05:00', '2026-11-01T06:59:59.000Z'],
    ['Australia/Lord_Howe', '2026-04-05T01:30', '2026-04-04T14:30:00.000Z', '+10:30', '2026-04-04T15:00:00.000Z'],
    ['Australia/Lord_Howe', '2026-04-05T01:59:59', '2026-04-04T14:59:59.000Z', '+10:30', '2026-04-04T15:29:59.000Z'],
    // A day whose midnight comes twice begins with the first.
    ['America/Havana', '2026-11-01T00:00', '2026-11-01T04:00:00.000Z', '-05:00', '2026-11-01T05:00:00.000Z'],
  ])('twice: in %s, %s is %s, the first, and with %s the second', (zone, local, utc, offset, second) => {
    expect(read(local, zone)).toBe(utc);
    expect(read(`${local}${offset}`, zone)).toBe(second);
  });

  test.each(CLOCK_CHANGES)(
    'around $at in $zone: what clocks show is read as the first time that they show it',
    (change) => {
      const { zone, at } = change;
      const firstShown = new Map<string, number>();
      for (let ms = Date.parse(at) - 180 * MINUTE_MS; ms < Date.parse(at) + 180 * MINUTE_MS; ms += MINUTE_MS) {
        const shown = written(ms, zone);
        const local = withoutOffset(shown);
        if (!firstShown.has(local)) firstShown.set(local, ms);
        expect(instantFrom(shown, 'date', zone), shown).toBe(ms);
        expect(instantFrom(local, 'date', zone), local).toBe(firstShown.get(local));
      }
    },
  );

  test('what clocks of any zone show is read as that time, and as the first of two', () => {
    const seconds = fc.integer({ min: Date.UTC(1971, 0, 1) / 1_000, max: Date.UTC(2060, 0, 1) / 1_000 });
    fc.assert(
      fc.property(seconds, fc.constantFrom(...Intl.supportedValuesOf('timeZone')), (second, zone) => {
        const local = withoutOffset(written(second * 1_000, zone));
        const ms = instantFrom(local, 'date', zone);
        expect(withoutOffset(written(ms, zone))).toBe(local);
        expect(ms).toBeLessThanOrEqual(second * 1_000);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('writing an instant with the offset of its zone', () => {
  test.each(CLOCK_CHANGES)('in $zone $last is followed by $first', ({ zone, at, last, first }) => {
    const ms = Date.parse(at);
    expect(written(ms - 1_000, zone)).toBe(last);
    expect(written(ms - 1, zone)).toBe(last);
    expect(written(ms, zone)).toBe(first);
    expect(written(ms + 999, zone)).toBe(first);
  });

  test.each([
    ['Europe/Berlin', '2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00', ['+02:00', '+01:00']],
    ['America/New_York', '2026-11-01T05:30:00Z', '2026-11-01T06:30:00Z', '2026-11-01T01:30:00', ['-04:00', '-05:00']],
    [
      'Australia/Lord_Howe',
      '2026-04-04T14:45:00Z',
      '2026-04-04T15:15:00Z',
      '2026-04-05T01:45:00',
      ['+11:00', '+10:30'],
    ],
  ])('in %s the offset alone tells %s from %s', (zone, earlier, later, local, offsets) => {
    expect([earlier, later].map((iso) => formatInZone(iso, zone))).toEqual(offsets.map((offset) => local + offset));
  });
});
