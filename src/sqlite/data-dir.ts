/** The data directory of the embedded profile: made when missing, and held by one process at a time. */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ownersDatabase } from '../owner-only.ts';

const SQLITE_BUSY = 5;

/** Kept here, since a database that nobody refers to is collected, and its lock with it, whoever forgot to keep the answer. */
const held = new Set<DatabaseSync>();

export type DataDirLock = {
  /** Lets another process have the directory. Repeating it does nothing. */
  release(): void;
};

/**
 * Makes sure that the directory exists and can be written to, and takes it for this process. The lock is the operating
 * system's, on a small file inside, so it ends with the process however that dies. Throws an Error of one line when
 * another process has it or when it is not writable.
 */
export function lockDataDir(dir: string): DataDirLock {
  let db: DatabaseSync | undefined;
  try {
    makeDirectory(path.resolve(dir));
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
    const file = path.join(dir, 'rollcast.lock');
    // Without content, but whoever can open it can hold it.
    ownersDatabase(file);
    db = new DatabaseSync(file);
    db.exec('PRAGMA journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db?.close();
    throw lockFailure(dir, error);
  }
  const locked = db;
  held.add(locked);
  return {
    release() {
      if (held.delete(locked)) locked.close();
    },
  };
}

/** Names of people will lie in it: what we make is its owner's alone. Not `recursive`: under /proc that never returns. */
function makeDirectory(dir: string): void {
  if (existsSync(dir)) return;
  makeDirectory(path.dirname(dir));
  mkdirSync(dir, { mode: 0o700 });
}

function lockFailure(dir: string, error: unknown): Error {
  const { errcode, message } = error as Error & { errcode?: number };
  if (((errcode ?? 0) & 0xff) === SQLITE_BUSY) {
    return new Error(`DATA_DIR ${dir} is in use by another Rollcast process`, { cause: error });
  }
  return new Error(`DATA_DIR ${dir} is not writable: ${message}`, { cause: error });
}
