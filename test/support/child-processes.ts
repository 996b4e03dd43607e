/** Nothing may outlive a test run, however that ends: by itself, by a signal, or because its runner is gone. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

const running = new Set<ChildProcess>();
const directories = new Set<string>();

const removeDirectory = (dir: string): void => {
  // Retried, because a process that was killed a moment ago may still finish a write in it.
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  directories.delete(dir);
};

const endAll = (): void => {
  for (const child of running) child.kill('SIGKILL');
  for (const dir of directories) removeDirectory(dir);
};
process.on('exit', endAll);
process.on('disconnect', endAll);
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => process.exit());

/** Killed with this process, unless it ends before. */
export const endWithThisProcess = (child: ChildProcess): void => {
  running.add(child);
  child.once('close', () => running.delete(child));
};

/** A directory for data, removed by `remove`, or with this process. */
export const dataDirectory = (): { dir: string; remove: () => void } => {
  const dir = mkdtempSync(path.join(tmpdir(), 'rollcast-test-'));
  directories.add(dir);
  return { dir, remove: () => removeDirectory(dir) };
};
