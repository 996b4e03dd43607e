import { expect, test } from 'vitest';
import { instantFrom, isTimeZone } from '../../src/rest/instant.ts';

const utc = (value: string | number, zone = 'UTC') => new Date(instantFrom(value, 'date', zone)).toISOString();

test.each([
  ['2026-09-07T08:00:00Z', '2026-09-07T08:00:00.000Z'],
  ['2026-09-07t08:00:00.5z', '2026-09-07T08:00:00.500Z'],
  ['2026-09-07T08:00:00.123456Z', '2026-09-07T08:00:00.123Z'],
  ['2026-09-07T08:00+0530', '2026-09-07T02:30:00.000Z'],
  ['2026-09-07T08:00-03:00', '2026-09-07T11:00:00.000Z'],
  [' 2026-09-07 ', '2026-09-07T00:00:00.000Z'],
  ['0', '1970-01-01T00:00:00.000Z'],
])('%s', (value, expected) => {
  expect(utc(value)).toBe(expected);
});

test.each([
  ['2026-01-07T08:00', 'Europe/Vienna', '2026-01-07T07:00:00.000Z'],
  ['2026-07-07T08:00', 'Europe/Vienna', '2026-07-07T06:00:00.000Z'],
  ['2026-03-29T03:30', 'Europe/Vienna', '2026-03-29T01:30:00.000Z'],
  ['2026-10-25T04:00', 'Europe/Vienna', '2026-10-25T03:00:00.000Z'],
  ['2026-07-07T08:00', 'Asia/Kathmandu', '2026-07-07T02:15:00.000Z'],
  ['2026-07-07T23:30', 'America/Los_Angeles', '2026-07-08T06:30:00.000Z'],
  // Skipped, and shown twice; clock-changes.test.ts has more.
  ['2026-03-29T02:30', 'Europe/Vienna', '2026-03-29T01:30:00.000Z'],
  ['2026-10-25T02:30', 'Europe/Vienna', '2026-10-25T00:30:00.000Z'],
])('%s in %s', (value, zone, expected) => {
  expect(utc(value, zone)).toBe(expected);
});

test.each([
  '',
  'x',
  '2026-13-01',
  '2026-02-30',
  '2026-09-07T25:00Z',
  '2026-09-07T08:00 Vienna',
  '1e3',
  '+5',
  '-1',
  '99999999999999999',
  '10000-01-01',
])('INVALID_PAYLOAD for "%s"', (value) => {
  expect(() => utc(value)).toThrow('date: must be an ISO 8601 date or milliseconds since 1970');
});

test('time zones are those that the platform knows', () => {
  expect(['UTC', 'Europe/Vienna', 'Asia/Kolkata'].every(isTimeZone)).toBe(true);
  expect(['', 'Mars', '../etc', 'Europe/Vienna '].some(isTimeZone)).toBe(false);
});
