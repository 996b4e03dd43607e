/** Files that hold names, attendance or secrets are their owner's alone, whatever the umask and the directory allow. */
import { accessSync, chmodSync, closeSync, constants, openSync, statSync } from 'node:fs';

const OWNER = 0o700;
const OWNER_FILE = 0o600;

/**
 * Makes sure that a database file is there, that it can be written, and that nobody but its owner can open it or the
 * files beside it. For SQLite, which gives new files beside a database (-wal, -shm, -journal) the mode of the database.
 * Never opens a file that exists: closing it would drop the locks that another connection of this process has on it.
 * Throws what the system says.
 */
export const ownersDatabase = (file: string): void => {
  try {
    closeSync(openSync(file, 'wx', OWNER_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    accessSync(file, constants.R_OK | constants.W_OK);
  }
  for (const it of [file, `${file}-wal`, `${file}-shm`, `${file}-journal`]) keepToOwner(it);
};

/** Takes an existing file from everybody else. Where its modes are not ours to change it stays as it is. */
export const keepToOwner = (file: string): void => {
  const mode = statSync(file, { throwIfNoEntry: false })?.mode ?? 0;
  if ((mode & 0o077) === 0) return;
  try {
    chmodSync(file, mode & OWNER);
  } catch {
    // Another user's file that our group may write, or a mounted file system without modes: whoever arranged that knows.
  }
};
