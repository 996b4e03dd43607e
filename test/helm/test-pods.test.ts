/** What `helm test` runs in its pods, run here: it passes with a node as it is, and fails with anything else. */
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { endWithThisProcess } from '../support/child-processes.ts';
import { dataDirectory, Service } from '../support/service.ts';

const SCRIPTS = path.resolve(import.meta.dirname, '../../helm/rollcast/files/tests');
const NAMES = ['http', 'socket', 'refused'];
/** A cold start on a busy machine. */
const START_DEADLINE_MS = 60_000;

type Outcome = { code: number | null; output: string };

const runScript = (name: string, url: string, env: Record<string, string> = {}): Promise<Outcome> => {
  const child = spawn(process.execPath, [path.join(SCRIPTS, `${name}.mjs`)], {
    env: { ROLLCAST_URL: url, FOUND_WITHIN_MS: '0', ...env },
  });
  endWithThisProcess(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (it) => (output += it));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
};

describe('the scripts of helm test', () => {
  const { dir, remove } = dataDirectory();
  const node = new Service({ DATA_DIR: dir, METRICS_PORT: '0', JWT_SECRET: 'a'.repeat(40) });
  beforeAll(() => node.start(), START_DEADLINE_MS);
  afterAll(async () => {
    await node.stop();
    remove();
  });

  test.each(NAMES)('%s passes with a node', async (name) => {
    const { code, output } = await runScript(name, node.url);
    expect(output).toMatch(/^ok /m);
    expect(output).not.toMatch(/^not ok/m);
    expect(code).toBe(0);
  });

  test.each(['socket', 'refused'])('%s passes by long polling alone', async (name) => {
    expect(await runScript(name, node.url, { TRANSPORTS: 'polling' })).toMatchObject({ code: 0 });
  });

  test('http fails when metrics are where clients are', async () => {
    const other = dataDirectory();
    const open = new Service({ DATA_DIR: other.dir, JWT_SECRET: 'a'.repeat(40) });
    try {
      await open.start();
      const { code, output } = await runScript('http', open.url);
      expect(output).toMatch(/^not ok {2}GET \/metrics .*: the status is 200, expected 404$/m);
      expect(code).toBe(1);
    } finally {
      await open.stop();
      other.remove();
    }
  });

  test.each(NAMES)('%s fails when nobody is there', async (name) => {
    const { code, output } = await runScript(name, 'http://127.0.0.1:1');
    expect(output).toContain('not ok  nobody answers at http://127.0.0.1:1');
    expect(code).toBe(1);
  });
});

describe('the scripts of helm test, with a service that lets everybody in and is never ready', () => {
  /** Speaks just enough of HTTP long polling to be believed. */
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    if (url.pathname === '/readyz') response.writeHead(503).end('{}');
    else if (url.pathname !== '/socket.io/') response.end('{"status":"ok"}');
    else if (request.method === 'POST') response.end('ok');
    else response.end(url.searchParams.has('sid') ? '40{"sid":"b"}' : '0{"sid":"a"}');
  });
  let url = '';
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('http fails', async () => {
    const { code, output } = await runScript('http', url);
    expect(output).toMatch(/^not ok {2}GET \/readyz\?parts=live .*503/m);
    expect(code).toBe(1);
  });

  test('refused fails, for every token and wherever it came in', async () => {
    const { code, output } = await runScript('refused', url, { TRANSPORTS: 'polling' });
    expect(output.match(/^not ok .* is refused on .*: it was not refused/gm)).toHaveLength(6);
    expect(output.match(/^not ok .* is refused over REST: the status is 200/gm)).toHaveLength(3);
    expect(code).toBe(1);
  });

  test('socket fails when WebSockets are on but not let through', async () => {
    const { code, output } = await runScript('socket', url);
    expect(output.match(/^not ok {2}a packet on .* is answered/gm)).toHaveLength(2);
    expect(code).toBe(1);
  });
});
