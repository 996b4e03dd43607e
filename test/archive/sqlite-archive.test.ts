import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { Refusal } from '../../src/contract/errors.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { openDatabase, scrub } from '../../src/sqlite/database.ts';
import { fillWithPerson } from '../suites/archive-personal-data.ts';
import { describeArchive } from '../suites/archive-suite.ts';
import { refused } from '../suites/expectations.ts';
import { beginSession, enrollmentOf, finalRollOf, recordOf } from '../suites/fixtures.ts';
import { collectStatements, wholeTableReads } from '../support/query-plans.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const statements = new Set<string>();

function open(file = ':memory:') {
  const db = openDatabase({ file, busyTimeoutMs: 0 });
  collectStatements(db, statements);
  return { db, registry: new SqliteRegistry(db), archive: new SqliteArchive(db) };
}

describeArchive('SQLite', async () => {
  const { db, ...made } = open();
  return { ...made, close: async () => db.close() };
});

test('no statement of the contract suite reads a whole table', () => {
  const db = openDatabase({ file: ':memory:', busyTimeoutMs: 0 });
  expect(wholeTableReads(db, statements)).toEqual([]);
  expect(wholeTableReads(db, ['SELECT a.line FROM attendance a WHERE a.remarks = ?'])).toHaveLength(1);
});

test('a report reads its students in the order of an index, without sorting', () => {
  const [text = ''] = [...statements].filter((statement) => statement.includes('AS latest'));
  const plan = open().db.prepare(`EXPLAIN QUERY PLAN ${text}`).all();
  expect(plan.map((step) => step.detail).join('\n')).not.toContain('TEMP B-TREE');
});

test('a roll that names a student twice is refused as a whole', async () => {
  const { archive, registry } = open();
  await beginSession(registry, 'x1');
  const outcome = await archive
    .store(finalRollOf('x1', { records: [recordOf(0, 's1'), recordOf(1, 's1')] }))
    .catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Error);
  expect(outcome).not.toBeInstanceOf(Refusal);
  expect((await registry.session('x1'))?.status).toBe('active');
  expect(await archive.records('x1')).toEqual([]);
});

test('a full disk is STORE_UNAVAILABLE, leaves nothing behind, and a repeat succeeds', async () => {
  const { db, archive, registry } = open(path.join(temporaryDirectory(), 'a.db'));
  await beginSession(registry, 'x1');
  const records = Array.from({ length: 400 }, (_, line) => recordOf(line, `s${line}`, { remarks: 'r'.repeat(200) }));
  const pages = Number(db.prepare('PRAGMA page_count').get()?.page_count);
  db.exec(`PRAGMA max_page_count = ${pages + 2}`);
  const refusal = await refused(archive.store(finalRollOf('x1', { records })), 'STORE_UNAVAILABLE');
  expect((refusal.cause as Error).message).toMatch(/full/);
  expect(await archive.records('x1')).toEqual([]);
  expect((await registry.session('x1'))?.status).toBe('active');
  db.exec(`PRAGMA max_page_count = ${pages + 1_000}`);
  await archive.store(finalRollOf('x1', { records }));
  expect(await archive.records('x1')).toHaveLength(400);
});

const filesHold = (dir: string, text: RegExp): string[] => {
  const found = new Set<string>();
  for (const file of readdirSync(dir)) {
    const bytes = readFileSync(path.join(dir, file)).toString('latin1');
    for (const [match] of bytes.matchAll(text)) found.add(`${file}: ${match}`);
  }
  return [...found];
};

test('after an erasure and a scrub no byte of the person is in any file', async () => {
  const dir = temporaryDirectory();
  const { db, ...made } = open(path.join(dir, 'a.db'));
  await fillWithPerson(made);
  expect(filesHold(dir, /secret[ -]\w+/gi)).not.toEqual([]);
  await made.archive.erasePerson({ id: 'pu', user: true }, 'anon1');
  scrub(db);
  expect(filesHold(dir, /secret[ -]?\w*/gi)).toEqual([]);
  expect(await made.archive.records('x1')).toHaveLength(2);
  db.close();
  expect(filesHold(dir, /secret[ -]?\w*/gi)).toEqual([]);
});

test('copies of rows that page splits leave behind are gone after a scrub as well', async () => {
  const dir = temporaryDirectory();
  const { db, archive, registry } = open(path.join(dir, 'a.db'));
  const students = Array.from({ length: 120 }, (_, n) =>
    enrollmentOf(`canary-s${n}-`, { user_id: `canary-u${n}-`, name: `canary name ${n}-`, roll: `canary roll ${n}-` }),
  );
  await registry.putEnrollments('c1', students, 1);
  for (let n = 0; n < 40; n += 1) {
    // Not in the order of their ids, so that pages are split in the middle.
    const id = `x${(n * 7919) % 1000}`;
    await beginSession(registry, id);
    const records = students.map(({ student_id, user_id, name, roll }, line) =>
      recordOf(line, student_id, { user_id, student_name: name, roll, remarks: `canary remark ${line}-` }),
    );
    const audit = students.map(({ student_id, user_id }, seq) => ({
      seq,
      at: '2026-09-07T08:05:00.000Z',
      by: user_id,
      student_id,
      from: 'absent',
      to: 'present',
      source: 'checkin' as const,
    }));
    await archive.store(finalRollOf(id, { records, audit, seq: students.length }));
    for (const one of [n, n + 40, n + 80]) {
      const updates = [{ student_id: `canary-s${one}-`, status: 'late' as const, remarks: 'r'.repeat(n * 5) }];
      const reason = `canary reason ${one}-`;
      await archive.correct({ session_id: id, updates, reason, by: 't1', at: 'now', admit: [] });
    }
  }
  for (let n = 0; n < 120; n += 3) await archive.erasePerson({ id: `canary-s${n}-`, user: false }, `anon${n}`);
  scrub(db);
  const left = filesHold(dir, /canary[ -]\w+?[ ]?\d+-/g).filter(
    (match) => Number(match.match(/(\d+)-$/)?.[1]) % 3 === 0,
  );
  expect(left).toEqual([]);
  expect(filesHold(dir, /canary name 1-/g)).not.toEqual([]);
});
