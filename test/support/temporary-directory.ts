import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory of the running test's own, removed after it. */
export function temporaryDirectory(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'rollcast-test-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
