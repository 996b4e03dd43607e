/** The files of a node hold names: whatever the directory allows, they are their owner's alone. */
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keptSecret } from '../../src/secret-file.ts';
import { lockDataDir } from '../../src/sqlite/data-dir.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** A directory that everybody may look into, and a process that lets everybody read what it makes. */
const openDirectory = (): string => {
  const umask = process.umask(0);
  onTestFinished(() => {
    process.umask(umask);
  });
  const dir = temporaryDirectory();
  chmodSync(dir, 0o755);
  return dir;
};

/** Opens everything that a node keeps open there, and answers the modes of all files meanwhile. */
const modesWhileOpen = (dir: string): Record<string, string> => {
  const lock = lockDataDir(dir);
  keptSecret(dir, () => 'a secret');
  const db = openDatabase({ file: path.join(dir, 'rollcast.db'), busyTimeoutMs: 0 });
  const modes = readdirSync(dir).map((file) => [file, (statSync(path.join(dir, file)).mode & 0o777).toString(8)]);
  db.close();
  lock.release();
  return Object.fromEntries(modes);
};

const ALL_PRIVATE = Object.fromEntries(
  ['jwt-secret', 'rollcast.db', 'rollcast.db-shm', 'rollcast.db-wal', 'rollcast.lock'].map((file) => [file, '600']),
);

test('files that are made', () => {
  expect(modesWhileOpen(openDirectory())).toMatchObject(ALL_PRIVATE);
});

test('files of a node before, which was killed, and a restored database', () => {
  const dir = openDirectory();
  for (const file of Object.keys(ALL_PRIVATE)) writeFileSync(path.join(dir, file), '', { mode: 0o644 });
  expect(modesWhileOpen(dir)).toMatchObject(ALL_PRIVATE);
});

test('the directory itself stays as it was', () => {
  const dir = openDirectory();
  modesWhileOpen(dir);
  expect(statSync(dir).mode & 0o777).toBe(0o755);
});
