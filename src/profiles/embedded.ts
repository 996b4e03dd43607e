/** One node that keeps everything in one SQLite file, in a directory that it has for itself. */
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { SqliteArchive } from '../archive/sqlite-archive.ts';
import { whoIsIn } from '../attendance/membership.ts';
import type { Clock, MakeId } from '../clock.ts';
import { type Config, ConfigError } from '../config.ts';
import { EmbeddedLiveStore } from '../live/embedded-live-store.ts';
import type { JournalReports } from '../live/journal.ts';
import { SqliteRegistry } from '../registry/sqlite-registry.ts';
import { keptSecret } from '../secret-file.ts';
import { LocalCourseRooms } from '../sockets/local-course-rooms.ts';
import { lockDataDir } from '../sqlite/data-dir.ts';
import { openDatabase } from '../sqlite/database.ts';
import type { Profile } from './profile.ts';

/** Another process' write lock on the file is waited for this long; the directory is locked, so it is a tool at most. */
const DATABASE_BUSY_MS = 2_000;

export type EmbeddedOptions = {
  config: Pick<Config, 'DATA_DIR' | 'tokenKey'>;
  clock: Clock;
  makeId: MakeId;
  /** How commits of live changes go. */
  journal: JournalReports;
  /** For fault tests: runs before each commit of live changes. */
  beforeCommit?: (() => void) | undefined;
};

/** Throws an Error of one line when the directory is locked, not writable, or holds files that do not open. */
export const embeddedProfile = ({ config, clock, makeId, journal, beforeCommit }: EmbeddedOptions): Profile => {
  const dir = config.DATA_DIR;
  const lock = lockDataDir(dir);
  const secret = config.tokenKey === null ? keptSecret(dir, () => makeId() + makeId()) : null;
  const db = openData(dir);
  const registry = new SqliteRegistry(db);
  return {
    name: 'embedded',
    registry,
    archive: new SqliteArchive(db),
    ownKey: secret === null ? null : { kind: 'secret', secret },
    allowsLocalhost: true,
    // A start that was under way died with the process before this one.
    startGrace_ms: 0,
    warnings: [],
    live: (rooms, onDue) => ({
      store: new EmbeddedLiveStore({ db, clock, makeId, audience: rooms, onDue, journal, beforeCommit }),
      courseRooms: new LocalCourseRooms(rooms, (course_id) => whoIsIn(registry, course_id)),
      start: () => {},
      stop: () => {},
    }),
    close: async () => {
      db.close();
      lock.release();
    },
  };
};

const openData = (dir: string): DatabaseSync => {
  try {
    return openDatabase({ file: join(dir, 'rollcast.db'), busyTimeoutMs: DATABASE_BUSY_MS });
  } catch (error) {
    throw new ConfigError(`DATA_DIR ${dir}: ${(error as Error).message}`, { cause: error });
  }
};
