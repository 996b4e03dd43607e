import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

test('a node whose log nobody reads any more goes on serving, and stops when it is told to', async () => {
  const env = { HOST: '127.0.0.1', PORT: '0', DATA_DIR: temporaryDirectory(), LOG_LEVEL: 'info' };
  const node = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => {
    node.kill('SIGKILL');
  });
  let log = '';
  node.stdout.on('data', (chunk) => {
    log += chunk;
  });
  const listening = await until('it listens', () => /"port":(\d+),"profile"/.exec(log));
  node.stdout.destroy();
  // Each of these is a line of log.
  for (let i = 0; i < 20; i += 1) {
    expect((await fetch(`http://127.0.0.1:${listening[1]}/livez`)).status).toBe(200);
  }
  const exited = once(node, 'exit');
  node.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
