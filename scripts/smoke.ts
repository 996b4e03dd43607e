/**
 * Starts the compiled service the way an image does, asks it whether it is ready, and stops it: shows that dist/ is
 * complete, which no test of src/ can. Exit code 0 if it came up and went down by itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';

const READY_WITHIN_MS = 20_000;
const POLL_EVERY_MS = 100;

/** A port that was free a moment ago; a stranger could take it in between, which makes this fail and not lie. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no TCP address');
  return address.port;
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false; // nobody listens yet
  }
}

const root = path.resolve(import.meta.dirname, '..');
const port = await freePort();
const dataDir = mkdtempSync(path.join(os.tmpdir(), 'rollcast-smoke-'));
// An environment of its own: settings of the caller (a REDIS_URL, say) would test something else.
const child = spawn(process.execPath, [path.join(root, 'dist/main.js')], {
  cwd: dataDir,
  env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: String(port), DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
  stdio: 'inherit',
});
const exited = new Promise<number | null>((resolve) => {
  child.once('exit', (code) => resolve(code));
});

let ready = false;
const deadline = performance.now() + READY_WITHIN_MS;
while (!ready && child.exitCode === null && child.signalCode === null && performance.now() < deadline) {
  ready = await isReady(`http://127.0.0.1:${port}/readyz`);
  if (!ready) await delay(POLL_EVERY_MS);
}

child.kill('SIGTERM');
// A service that ignores the signal must not hang the build; its exit code is then null and the check fails.
const killer = setTimeout(() => child.kill('SIGKILL'), READY_WITHIN_MS);
const code = await exited;
clearTimeout(killer);
rmSync(dataDir, { recursive: true, force: true });

if (ready && code === 0) {
  console.log('smoke: dist/main.js became ready and stopped cleanly');
} else {
  console.error(`smoke: ${ready ? `exit code ${code} after SIGTERM` : 'dist/main.js did not become ready'}`);
  process.exitCode = 1;
}
