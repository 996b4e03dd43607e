/** The embedded live store on a file of its own, reopened at will as a new process would find it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock, MakeId } from '../../src/clock.ts';
import { CommitPace } from '../../src/live/commit-pace.ts';
import { EmbeddedLiveStore } from '../../src/live/embedded-live-store.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import type { LiveStoreUnderTest, WholeRoll } from '../suites/live-scene.ts';
import { Heard } from './heard.ts';

export type EmbeddedUnderTest = LiveStoreUnderTest & {
  db: DatabaseSync;
  /** How often a roll became due at once. */
  due: { calls: number };
  failNext: { error: Error | null };
  reopen: () => Promise<EmbeddedUnderTest>;
};

type Options = { clock: Clock; makeId: MakeId };

const openOn = (dir: string, { clock, makeId }: Options, synced: boolean): EmbeddedUnderTest => {
  const db = openDatabase({ file: path.join(dir, 'rollcast.db'), busyTimeoutMs: 0 });
  if (!synced) db.exec('PRAGMA synchronous = OFF');
  const heard = new Heard();
  const due = { calls: 0 };
  const failNext: EmbeddedUnderTest['failNext'] = { error: null };
  const live = new EmbeddedLiveStore({
    db,
    clock,
    makeId,
    pace: new CommitPace(0),
    audience: heard,
    onDue: () => {
      due.calls += 1;
    },
    beforeCommit: () => {
      const { error } = failNext;
      failNext.error = null;
      if (error !== null) throw error;
    },
  });
  const shut = async () => {
    await live.close();
    if (db.isOpen) db.close();
  };
  return {
    live,
    heard,
    // What it reads is the very roll that it keeps.
    whole: async (id) => (await live.read(id)) as WholeRoll | null,
    db,
    due,
    failNext,
    reopen: async () => {
      await shut();
      return openOn(dir, { clock, makeId }, synced);
    },
    close: async () => {
      await shut();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

const newDir = () => mkdtempSync(path.join(tmpdir(), 'rollcast-live-'));

export const makeEmbedded = async (options: Options): Promise<EmbeddedUnderTest> => openOn(newDir(), options, true);

/** The same without waiting for the disk: for tests that make tens of thousands of commits and survive only processes. */
export const makeEmbeddedUnsynced = async (options: Options): Promise<EmbeddedUnderTest> =>
  openOn(newDir(), options, false);
