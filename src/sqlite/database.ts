/**
 * The SQLite file of the embedded profile: how it is opened, what a transaction is, and what its failures mean.
 *
 * Durability: WAL with synchronous=FULL, so a commit that returned survives the death of the process and of the machine.
 * Everything here is synchronous: nothing of this process can come between the statements of one transaction.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Refusal, refuse, unavailable } from '../contract/errors.ts';
import { ownersDatabase } from '../owner-only.ts';
import { MIGRATIONS } from './migrations.ts';

const IN_MEMORY = ':memory:';

export type DatabaseOptions = {
  /** Path of the file (made when missing; its owner's alone from now on), or ":memory:". */
  file: string;
  /** How long a statement waits for another process' write before it fails with STORE_UNAVAILABLE. */
  busyTimeoutMs: number;
  /** The schema's steps; another list only in tests. */
  migrations?: readonly string[];
};

/** Opens the file and brings its schema up to date. Throws an Error of one line that names the file. */
export function openDatabase({ file, busyTimeoutMs, migrations = MIGRATIONS }: DatabaseOptions): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    if (file !== IN_MEMORY) ownersDatabase(file);
    // Foreign keys stay off: rows follow each other in an order that a store without transactions can keep as well.
    db = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    db.exec(`PRAGMA busy_timeout = ${Math.trunc(busyTimeoutMs)}`);
    setJournalMode(db, file);
    db.exec('PRAGMA synchronous = FULL');
    // What an erasure overwrites or deletes is gone from the pages, not only from the tables.
    db.exec('PRAGMA secure_delete = ON');
    migrate(db, migrations);
    return db;
  } catch (error) {
    db?.close();
    throw new Error(`Cannot open the database ${file}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

function setJournalMode(db: DatabaseSync, file: string): void {
  const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode;
  // Some file systems cannot share memory; SQLite then keeps the old mode without an error.
  if (mode !== 'wal' && file !== IN_MEMORY) throw new Error(`the file system allows no write-ahead log (${mode})`);
}

/** Each step is one transaction; another process that opens the same file at the same moment waits and finds it done. */
function migrate(db: DatabaseSync, migrations: readonly string[]): void {
  const done = () => Number(db.prepare('PRAGMA user_version').get()?.user_version);
  if (done() > migrations.length) throw new Error('it was written by a newer version of Rollcast');
  for (const [index, step] of migrations.entries()) {
    if (done() > index) continue;
    inTransaction(db, () => {
      if (done() > index) return;
      db.exec(step);
      db.exec(`PRAGMA user_version = ${index + 1}`);
    });
  }
}

/**
 * Runs fn, which must be synchronous, between BEGIN IMMEDIATE and COMMIT. When fn or the commit throws, nothing of it
 * remains and the error goes on; when it returns, all of it is durable. Does not nest.
 */
export function inTransaction<T>(db: DatabaseSync, fn: () => T): T {
  const { begin, commit } = transactionOf(db);
  begin.run();
  try {
    const result = fn();
    commit.run();
    return result;
  } catch (error) {
    // Some failures (disk full) have rolled back already; a rollback that fails must not hide why.
    try {
      if (db.isTransaction) db.exec('ROLLBACK');
    } catch {}
    throw error;
  }
}

const transactions = new WeakMap<DatabaseSync, { begin: StatementSync; commit: StatementSync }>();

/** Prepared once per database: every turn of a class is a transaction. */
function transactionOf(db: DatabaseSync): { begin: StatementSync; commit: StatementSync } {
  let transaction = transactions.get(db);
  if (transaction === undefined) {
    transaction = { begin: db.prepare('BEGIN IMMEDIATE'), commit: db.prepare('COMMIT') };
    transactions.set(db, transaction);
  }
  return transaction;
}

/** Failures that say something about the code and not about the store: error, constraint, mismatch, misuse, range. */
const FAULTS_OF_OURS = new Set([1, 19, 20, 21, 25]);

/**
 * Runs fn and turns a failure of the store (busy, full, read-only, input/output, corrupt, closed) into a Refusal with
 * STORE_UNAVAILABLE whose cause is the original error. Everything else goes on as it is.
 */
export function inStore<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw storeUnavailable(error) ?? error;
  }
}

function storeUnavailable(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || error instanceof Refusal) return undefined;
  const { code, errcode } = error as Error & { code?: string; errcode?: number };
  // ERR_INVALID_STATE: the database has been closed, or its statements with it.
  const failed =
    code === 'ERR_SQLITE_ERROR' ? !FAULTS_OF_OURS.has((errcode ?? 0) & 0xff) : code === 'ERR_INVALID_STATE';
  return failed ? unavailable(error) : undefined;
}

/** Whether a write was refused because a key is taken. */
export function isKeyTaken(error: unknown): boolean {
  const { code, errcode } = (error ?? {}) as { code?: string; errcode?: number };
  return code === 'ERR_SQLITE_ERROR' && ((errcode ?? 0) & 0xff) === 19;
}

/** Answers the prepared statement of a text, prepared at its first use. The texts are a bounded set: values are bound. */
export function statementsOf(db: DatabaseSync): (sql: string) => StatementSync {
  const prepared = new Map<string, StatementSync>();
  return (sql) => {
    let statement = prepared.get(sql);
    if (statement === undefined) {
      statement = db.prepare(sql);
      prepared.set(sql, statement);
    }
    return statement;
  };
}

/**
 * Rewrites the file from what it holds and empties the write-ahead log. Overwriting alone is not enough: when a page is
 * split, copies of rows stay behind in its free space, and secure_delete does not reach those. After an erasure and
 * this no erased text is left in any file. The larger the file the longer it takes, and nothing else runs meanwhile: once after a batch.
 * STORE_UNAVAILABLE when another connection is in the way: then the erasure holds, but this must be repeated.
 */
export function scrub(db: DatabaseSync): void {
  inStore(() => db.exec('VACUUM'));
  emptyLog(db);
}

/** Brings the write-ahead log into the file and empties it: what was overwritten or deleted before is in neither. */
export function emptyLog(db: DatabaseSync): void {
  inStore(() => {
    if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0) throw refuse('STORE_UNAVAILABLE');
  });
}
