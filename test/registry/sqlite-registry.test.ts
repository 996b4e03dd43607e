import path from 'node:path';
import { expect, test } from 'vitest';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { refused } from '../suites/expectations.ts';
import { courseOf, enrollmentOf, sessionOf } from '../suites/fixtures.ts';
import { describeRegistry } from '../suites/registry-suite.ts';
import { runModule } from '../support/node-process.ts';
import { collectStatements, wholeTableReads } from '../support/query-plans.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const open = (file = ':memory:') => openDatabase({ file, busyTimeoutMs: 0 });
const statements = new Set<string>();

describeRegistry('SQLite', async () => {
  const db = open();
  collectStatements(db, statements);
  return { registry: new SqliteRegistry(db), archive: new SqliteArchive(db), close: async () => db.close() };
});

test('no statement of the contract suite reads a whole table', () => {
  expect(wholeTableReads(open(), statements)).toEqual([]);
});

test('STORE_UNAVAILABLE while another process writes and while the database is closed', async () => {
  const file = path.join(temporaryDirectory(), 'r.db');
  const db = open(file);
  const registry = new SqliteRegistry(db);
  await registry.createSession(sessionOf('x1'));
  const other = open(file);
  other.exec('BEGIN IMMEDIATE');
  for (const write of [
    () => registry.createCourse(courseOf('c1')),
    () => registry.putEnrollments('c1', [enrollmentOf('s1')], 1),
    () => registry.createSession(sessionOf('x2')),
    () => registry.patchScheduled('x1', { title: 'New' }),
    () => registry.begin('x1', { user_id: 't1', name: 'Ada' }, 1),
  ]) {
    const refusal = await refused(write(), 'STORE_UNAVAILABLE');
    expect(refusal.retryable).toBe(true);
    expect(refusal.cause).toMatchObject({ code: 'ERR_SQLITE_ERROR' });
  }
  // Readers are not in its way, and nothing was left half-done.
  expect(await registry.session('x1')).toMatchObject({ status: 'scheduled', title: 'Session x1' });
  other.exec('ROLLBACK');
  other.close();
  await registry.createCourse(courseOf('c1'));
  db.close();
  for (const attempt of [registry.ping(), registry.course('c1'), registry.opened('x1', 1)]) {
    await refused(attempt, 'STORE_UNAVAILABLE');
  }
});

test('what was acknowledged is there after kill -9', async () => {
  const file = path.join(temporaryDirectory(), 'r.db');
  const writer = runModule(
    `const { openDatabase } = await import(src('sqlite/database.ts'));
     const { SqliteRegistry } = await import(src('registry/sqlite-registry.ts'));
     const registry = new SqliteRegistry(openDatabase({ file: process.argv[1], busyTimeoutMs: 0 }));
     const rest = { title: 't', teacher_id: 't1', staff: [], timezone: 'UTC', created_at: '2026-09-01T08:00:00.000Z' };
     for (let n = 0; ; n++) {
       await registry.createCourse({ id: 'c' + n, ...rest });
       await new Promise((resolve) => process.stdout.write('c' + n + '\\n', resolve));
     }`,
    file,
  );
  await writer.untilLines(100);
  await writer.kill();
  const registry = new SqliteRegistry(open(file));
  for (const id of writer.lines) expect((await registry.course(id))?.id).toBe(id);
});
