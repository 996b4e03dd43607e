/** Once for all tests: the console as it is in src/, for those that look at it. Nothing is done when it is built already. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';

export const setup = (): void => {
  const script = path.resolve(import.meta.dirname, '../../scripts/build-console.ts');
  const built = spawnSync(process.execPath, [script, '--if-changed'], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the console could not be built:\n${built.stderr}`);
};
