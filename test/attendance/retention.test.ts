import { expect, test } from 'vitest';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { anonymiseExpired } from '../../src/attendance/retention.ts';
import { readConfig } from '../../src/config.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { beginSession, finalRollOf } from '../suites/fixtures.ts';

const DAY_MS = 24 * 60 * 60_000;
const ENDED = '2026-09-07T09:30:00.000Z';

test('RETENTION_DAYS is off or a number of days', () => {
  expect(readConfig({}).RETENTION_DAYS).toBeNull();
  expect(readConfig({ RETENTION_DAYS: 'off' }).RETENTION_DAYS).toBeNull();
  expect(readConfig({ RETENTION_DAYS: '30' }).RETENTION_DAYS).toBe(30);
});

test('sessions that ended so many days ago are anonymised, all of them, and no other', async () => {
  const db = openDatabase({ file: ':memory:', busyTimeoutMs: 0 });
  const [registry, archive] = [new SqliteRegistry(db), new SqliteArchive(db)];
  // More than one look takes at a time.
  const old = Array.from({ length: 120 }, (_, n) => `old-${n}`);
  for (const id of [...old, 'recent']) {
    await beginSession(registry, id);
    const ended_at = id === 'recent' ? new Date(Date.parse(ENDED) + 1).toISOString() : ENDED;
    await archive.store(finalRollOf(id, { ended_at }));
  }
  const clock = () => Date.parse(ENDED) + 30 * DAY_MS + 1;
  expect(await anonymiseExpired({ archive, clock }, 31)).toBe(0);
  expect(await anonymiseExpired({ archive, clock }, 30)).toBe(120);
  expect(await anonymiseExpired({ archive, clock }, 30)).toBe(0);
  for (const id of old) expect(JSON.stringify(await archive.records(id))).not.toContain('Name of');
  expect(JSON.stringify(await archive.records('recent'))).toContain('Name of s1');
});
