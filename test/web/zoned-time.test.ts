/** The console reads local times as the service does, also where clocks change. */
import { expect, test } from 'vitest';
import { instantFrom } from '../../src/rest/instant.ts';
import { instantOf, laterText, localTextOf } from '../../src/web/courses/zoned-time.ts';

test.each([
  ['2026-09-07T08:00', 'Europe/Vienna'],
  ['2026-09-07T08:00', 'Asia/Kathmandu'],
  ['2026-03-29T02:30', 'Europe/Vienna'],
  ['2026-10-25T02:30', 'Europe/Vienna'],
  ['2026-11-01T01:30', 'America/New_York'],
  ['2026-04-05T01:45', 'Australia/Lord_Howe'],
])('%s in %s', (local, zone) => {
  const at = instantOf(local, zone);
  expect(at).toBe(instantFrom(local, 'date', zone));
  expect(instantOf(localTextOf(at, zone), zone)).toBe(at);
});

test('what is no time yet is none, and no error', () => {
  expect(instantOf('', 'UTC')).toBeNaN();
  expect(laterText('', 60_000)).toBe('');
  expect(laterText('0002-09-07T08:00', 60_000)).toBe('0002-09-07T08:01');
});
