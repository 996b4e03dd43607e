/** The embedded live store on a file of its own, reopened at will as a new process would find it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock, MakeId } from '../../src/clock.ts';
import { EmbeddedLiveStore } from '../../src/live/embedded-live-store.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import type { LiveStoreUnderTest } from '../suites/live-scene.ts';
import { Heard } from './heard.ts';

export type EmbeddedUnderTest = LiveStoreUnderTest & {
  db: DatabaseSync;
  /** Session ids of rolls that became due, one per call of onDue. */
  due: { calls: number };
  /** When set, the next commit fails with it, once. */
  failNext: { error: Error | null };
  reopen: () => Promise<EmbeddedUnderTest>;
};

const openOn = (dir: string, clock: Clock, makeId: MakeId): EmbeddedUnderTest => {
  const db = openDatabase({ file: path.join(dir, 'rollcast.db'), busyTimeoutMs: 0 });
  const heard = new Heard();
  const due = { calls: 0 };
  const failNext: EmbeddedUnderTest['failNext'] = { error: null };
  const live = new EmbeddedLiveStore({
    db,
    clock,
    makeId,
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
    db.close();
  };
  return {
    live,
    heard,
    db,
    due,
    failNext,
    reopen: async () => {
      await shut();
      return openOn(dir, clock, makeId);
    },
    close: async () => {
      await shut();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

export const makeEmbedded = async ({ clock, makeId }: { clock: Clock; makeId: MakeId }): Promise<EmbeddedUnderTest> =>
  openOn(mkdtempSync(path.join(tmpdir(), 'rollcast-live-')), clock, makeId);
