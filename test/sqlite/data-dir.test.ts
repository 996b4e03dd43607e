import { existsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockDataDir } from '../../src/sqlite/data-dir.ts';
import { type NodeProcess, runModule } from '../support/node-process.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A process that has the lock when it has written a line, and keeps it, though it keeps nothing of the answer. */
async function lockedElsewhere(dir: string): Promise<NodeProcess> {
  const holder = runModule(
    `const { lockDataDir } = await import(src('sqlite/data-dir.ts'));
     lockDataDir(process.argv[1]);
     (await import('node:v8')).setFlagsFromString('--expose-gc');
     (await import('node:vm')).runInNewContext('gc')();
     console.log('locked');
     setInterval(() => {}, 1_000_000);`,
    dir,
  );
  onTestFinished(() => holder.kill());
  await holder.untilLines(1);
  return holder;
}

test('makes the directory, for its owner alone', () => {
  const dir = path.join(temporaryDirectory(), 'deep', 'data');
  const lock = lockDataDir(dir);
  expect(existsSync(dir)).toBe(true);
  expect(statSync(dir).mode & 0o077).toBe(0);
  lock.release();
});

test('refuses a second one, in this process too, until the first is released', () => {
  const dir = temporaryDirectory();
  const lock = lockDataDir(dir);
  expect(() => lockDataDir(dir)).toThrow(`DATA_DIR ${dir} is in use by another Rollcast process`);
  lock.release();
  lock.release();
  lockDataDir(dir).release();
});

test('refuses while another process has it; kill -9 of that process frees it', async () => {
  const dir = temporaryDirectory();
  const holder = await lockedElsewhere(dir);
  expect(() => lockDataDir(dir)).toThrow(`DATA_DIR ${dir} is in use by another Rollcast process`);
  await holder.kill();
  lockDataDir(dir).release();
});

test('another process is refused with one line while this one has it', async () => {
  const dir = temporaryDirectory();
  const lock = lockDataDir(dir);
  const second = runModule(
    `const { lockDataDir } = await import(src('sqlite/data-dir.ts'));
     try { lockDataDir(process.argv[1]); } catch (error) { console.log(error.message); process.exit(1); }`,
    dir,
  );
  expect(await second.exited).toBe(1);
  expect(second.lines).toEqual([`DATA_DIR ${dir} is in use by another Rollcast process`]);
  lock.release();
});

test('says in one line when the directory cannot be written to', () => {
  const file = path.join(temporaryDirectory(), 'a-file');
  writeFileSync(file, '');
  // Under /proc nobody can make anything, not even root.
  for (const dir of [file, path.join(file, 'below'), '/proc/rollcast-test/data']) {
    expect(() => lockDataDir(dir)).toThrow(/^DATA_DIR \S+ is not writable: [^\n]+$/);
  }
});
