import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import type { RollRecord } from '../../src/domain/record.ts';
import { recount } from '../../src/domain/roll.ts';
import { EmbeddedLiveStore } from '../../src/live/embedded-live-store.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { countedIds, SESSION } from '../suites/live-fixtures.ts';
import { Heard } from '../support/heard.ts';

describe('a process that is killed in its commit', () => {
  const script = fileURLToPath(new URL('../support/crash-in-commit.ts', import.meta.url));
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), 'rollcast-crash-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  type Line = {
    turn?: number;
    event?: string;
    seq?: number;
    acknowledged?: number;
    records?: RollRecord[];
    admitted?: string;
    survived?: boolean;
  };

  /** What had left the process, line by line, and the roll that a new process finds. */
  const crash = async (commits: number, when: 'before' | 'after') => {
    const [file, log] = [path.join(dir, 'rollcast.db'), path.join(dir, 'log')];
    const child = spawn(process.execPath, [script, file, log, String(commits), when], { stdio: 'inherit' });
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    const lines = readFileSync(log, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((it) => JSON.parse(it) as Line);
    const db = openDatabase({ file, busyTimeoutMs: 0 });
    const audience = new Heard();
    const onDue = () => {};
    const live = new EmbeddedLiveStore({ db, clock: systemClock, makeId: countedIds(), audience, onDue });
    const view = await live.read(SESSION);
    if (view === null) throw new Error('the roll is gone');
    await live.close();
    db.close();
    return { lines, roll: view.roll };
  };

  const acknowledgedIn = (lines: Line[]) => lines.flatMap((it) => (it.acknowledged === undefined ? [] : [it]));

  test.each([0, 1, 7])(
    'JOIN-2 before the commit of turn %i + 1: nothing of that turn had left, and the rest is all there',
    async (commits) => {
      const { lines, roll } = await crash(commits, 'before');
      expect(lines.at(-1)).toEqual({ turn: commits + 1 });
      const acknowledged = acknowledgedIn(lines);
      expect(acknowledged.map((it) => it.acknowledged)).toEqual(Array.from({ length: commits * 4 }, (_, n) => n + 1));
      expect(roll).toMatchObject({ state: 'active', seq: commits * 4, joined: commits * 3 });
      expect(recount(roll)).toEqual(roll.counts);
      // Each record is as its last acknowledgement said, and whatever nobody was told of is as it was opened.
      const last = new Map(acknowledged.flatMap((it) => it.records ?? []).map((record) => [record.student_id, record]));
      for (const record of roll.records.values()) {
        if (last.has(record.student_id)) expect(record).toEqual(last.get(record.student_id));
        else expect(record).toMatchObject({ status: 'absent', joined_at: null, own_seq: 0 });
      }
    },
  );

  test('JOIN-6 after the commit, before anything was told: what was not acknowledged is there all the same', async () => {
    const { lines, roll } = await crash(3, 'after');
    expect(acknowledgedIn(lines)).toHaveLength(12);
    expect(lines.filter((it) => it.seq !== undefined && it.seq > 12)).toEqual([]);
    expect(roll.seq).toBe(16);
    expect(recount(roll)).toEqual(roll.counts);
  });
});
