import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { refuse } from '../../src/contract/errors.ts';
import { inStore, inTransaction, isKeyTaken, openDatabase, scrub, statementsOf } from '../../src/sqlite/database.ts';
import { MIGRATIONS } from '../../src/sqlite/migrations.ts';
import { refused } from '../suites/expectations.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const fresh = () => path.join(temporaryDirectory(), 'rollcast.db');
const open = (file = fresh(), migrations?: string[]) =>
  openDatabase({ file, busyTimeoutMs: 250, ...(migrations === undefined ? {} : { migrations }) });
const pragma = (db: DatabaseSync, name: string) => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0];

describe('openDatabase', () => {
  test('END-2 JOIN-2 a commit is on the disk when it returns: synchronous is FULL, the journal is a write-ahead log', () => {
    const db = open();
    expect(pragma(db, 'synchronous')).toBe(2);
    expect(pragma(db, 'journal_mode')).toBe('wal');
    expect(pragma(db, 'secure_delete')).toBe(1);
    expect(pragma(db, 'busy_timeout')).toBe(250);
    expect(pragma(db, 'user_version')).toBe(MIGRATIONS.length);
  });

  test('holds everything again when it is opened again', () => {
    const file = fresh();
    const db = open(file);
    db.exec(`INSERT INTO live_rolls VALUES ('x1', '{}')`);
    db.exec(`INSERT INTO live_changes (session_id, changes) VALUES ('x1', '[]')`);
    db.close();
    const again = open(file);
    expect(again.prepare('SELECT * FROM live_rolls').all()).toEqual([{ session_id: 'x1', opening: '{}' }]);
    expect(again.prepare('SELECT * FROM live_changes').all()).toEqual([{ id: 1, session_id: 'x1', changes: '[]' }]);
  });

  test('does each step of the schema once, and new ones on an old file', () => {
    const file = fresh();
    const first = 'CREATE TABLE a (n); INSERT INTO a VALUES (1);';
    open(file, [first]).close();
    const db = open(file, [first, 'ALTER TABLE a ADD COLUMN m; UPDATE a SET m = n + 1;']);
    expect(db.prepare('SELECT n, m FROM a').all()).toEqual([{ n: 1, m: 2 }]);
    expect(pragma(db, 'user_version')).toBe(2);
  });

  test('a step that fails leaves the file as it was', () => {
    const file = fresh();
    open(file, ['CREATE TABLE a (n)']).close();
    expect(() => open(file, ['', 'CREATE TABLE b (n); CREATE TABLE a (n)'])).toThrow(
      /Cannot open the database .*rollcast\.db/,
    );
    const db = open(file, ['']);
    expect(pragma(db, 'user_version')).toBe(1);
    expect(db.prepare(`SELECT name FROM sqlite_schema`).all()).toEqual([{ name: 'a' }]);
  });

  test('refuses a file of a newer version, and one that is no database', () => {
    const file = fresh();
    open(file, ['', '']).close();
    expect(() => open(file, [''])).toThrow(/newer version of Rollcast/);
    writeFileSync(file, 'not a database, but longer than the header of one would be. '.repeat(20));
    expect(() => open(file)).toThrow(/^Cannot open the database .*: file is not a database$/);
    expect(() => open(path.join(file, 'below-a-file.db'))).toThrow(/^Cannot open the database /);
  });

  test('two that open a new file at once both find the whole schema', () => {
    const file = fresh();
    const [a, b] = [open(file), open(file)];
    a.exec(`INSERT INTO live_rolls VALUES ('x1', '{}')`);
    expect(b.prepare('SELECT count(*) AS n FROM live_rolls').get()).toEqual({ n: 1 });
  });
});

describe('inTransaction', () => {
  const numbers = (db: DatabaseSync) =>
    db
      .prepare('SELECT n FROM a ORDER BY n')
      .all()
      .map((row) => row.n);
  const openNumbers = () => open(fresh(), ['CREATE TABLE a (n INTEGER PRIMARY KEY)']);

  test('answers what fn answers; all of it is there', () => {
    const db = openNumbers();
    expect(inTransaction(db, () => db.prepare('INSERT INTO a VALUES (1), (2)').run().changes)).toBe(2);
    expect(numbers(db)).toEqual([1, 2]);
  });

  test('leaves nothing when fn throws, and the next one works', () => {
    const db = openNumbers();
    const error = new Error('from inside');
    expect(() =>
      inTransaction(db, () => {
        db.exec('INSERT INTO a VALUES (1)');
        throw error;
      }),
    ).toThrow(error);
    expect(numbers(db)).toEqual([]);
    inTransaction(db, () => db.exec('INSERT INTO a VALUES (3)'));
    expect(numbers(db)).toEqual([3]);
  });

  test('does not nest, and what was open stays open', () => {
    const db = openNumbers();
    inTransaction(db, () => {
      db.exec('INSERT INTO a VALUES (1)');
      expect(() => inTransaction(db, () => db.exec('INSERT INTO a VALUES (2)'))).toThrow(/within a transaction/);
    });
    expect(numbers(db)).toEqual([1]);
  });
});

describe('failures', () => {
  test('of the store become STORE_UNAVAILABLE with their cause', async () => {
    const db = open();
    db.close();
    const refusal = await refused((async () => inStore(() => db.exec('SELECT 1')))(), 'STORE_UNAVAILABLE');
    expect(refusal.cause).toBeInstanceOf(Error);
  });

  test('of ours, refusals and other errors go on as they are', () => {
    const db = open();
    expect(() => inStore(() => db.exec('SELECT nonsense'))).toThrow(/no such column/);
    const conflict = refuse('CONFLICT');
    expect(() =>
      inStore(() => {
        throw conflict;
      }),
    ).toThrow(conflict);
    expect(() => inStore(() => JSON.parse('{'))).toThrow(SyntaxError);
  });

  test('a taken key is told apart', () => {
    const db = open();
    const insert = () => db.exec(`INSERT INTO live_rolls VALUES ('x1', '{}')`);
    insert();
    expect(insert).toThrow(expect.toSatisfy(isKeyTaken));
    expect(isKeyTaken(new Error('x'))).toBe(false);
    expect(isKeyTaken(undefined)).toBe(false);
  });
});

test('statements are prepared once', () => {
  const sql = statementsOf(open());
  expect(sql('SELECT 1')).toBe(sql('SELECT 1'));
  expect(sql('SELECT 2')).not.toBe(sql('SELECT 1'));
});

test('a scrub is refused while somebody reads, and works after', async () => {
  const file = fresh();
  const db = openDatabase({ file, busyTimeoutMs: 0 });
  const reader = new DatabaseSync(file);
  reader.exec('BEGIN; SELECT count(*) FROM live_rolls');
  reader.prepare('SELECT count(*) FROM live_rolls').get();
  db.exec(`INSERT INTO live_rolls VALUES ('x1', '{}')`);
  await refused((async () => scrub(db))(), 'STORE_UNAVAILABLE');
  reader.exec('COMMIT');
  scrub(db);
  expect(db.prepare('SELECT count(*) AS n FROM live_rolls').get()).toEqual({ n: 1 });
});
