/** The pages of the guides in a real browser: the one without a build, and the React one as Vite builds it. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InProcess } from '../support/in-process.ts';
import { InstalledPackage } from '../support/installed-package.ts';
import type { Person } from '../support/people.ts';

const EXAMPLES = path.resolve(import.meta.dirname, '../../docs/guides/examples');
const MISSING = 'needs Chromium on the path (apt-get install chromium), or TEST_CHROMIUM';
const TEST_MS = 120_000;
const SEEN_WITHIN_MS = 30_000;
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

const executable = [process.env.TEST_CHROMIUM, 'chromium', 'chromium-browser', 'google-chrome']
  .filter((it) => it !== undefined)
  .map((it) => spawnSync('sh', ['-c', 'command -v "$0"', it], { encoding: 'utf8' }).stdout.trim())
  .find((it) => it !== '');

/** Any server of files. */
const serve = async (dir: string): Promise<Server> => {
  const server = createServer((request, response) => {
    const file = path.join(dir, new URL(request.url ?? '', 'http://localhost').pathname);
    try {
      const text = readFileSync(file);
      response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'text/plain' }).end(text);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

const left_out = executable === undefined ? { skip: true, meta: { left_out: MISSING } } : {};
describe('the guides in a browser', left_out, () => {
  const node = new InProcess();
  let project: InstalledPackage;
  let server: Server;
  let browser: Browser;
  beforeAll(async () => {
    await node.start();
    project = await InstalledPackage.install();
    cpSync(EXAMPLES, project.dir, { recursive: true });
    project.write('react.html', '<!doctype html><div id="root"></div><script type="module" src="./main.tsx"></script>');
    await build({
      configFile: false,
      logLevel: 'silent',
      root: project.dir,
      base: './',
      build: { outDir: 'dist', rolldownOptions: { input: path.join(project.dir, 'react.html') } },
    });
    server = await serve(project.dir);
    browser = await chromium.launch({ executablePath: executable ?? '', args: ['--no-sandbox', '--disable-gpu'] });
  }, TEST_MS);
  afterAll(async () => {
    await browser?.close();
    server?.close();
    project?.remove();
    await node.stop();
  });

  /** A page of the project, with what it needs in its address. */
  const open = async (file: string, person: Person, session: string, more = {}): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(SEEN_WITHIN_MS);
    const { port } = server.address() as AddressInfo;
    const values = { url: node.nodes[0]?.url ?? '', session, token: node.token(person), ...more };
    await page.goto(`http://localhost:${port}/${file}#${new URLSearchParams(values)}`);
    return page;
  };

  test('a page with an import map and no build checks a student in, and sees marks and the end', {
    timeout: TEST_MS,
  }, async () => {
    const room = await node.classroom();
    const { session_id } = room;
    const teacher = await room.started();
    const page = await open('page.html', room.student(0), session_id);
    await page.getByRole('button', { name: 'Check in' }).click();
    await page.getByText('You are present.').waitFor();
    const { student_id } = room.student(0);
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
    await page.getByText('You are late.').waitFor();
    await teacher.does('endAttendanceSession', { session_id });
    await page.getByText('It is over, and 33.33 % attended.').waitFor();
    await page.context().close();
  });

  test('React: a teacher starts, a student checks in and is marked, both see the end', {
    timeout: TEST_MS,
  }, async () => {
    const room = await node.classroom();
    const teacher = await open('dist/react.html', room.teacher, room.session_id, { as: 'teacher' });
    const student = await open('dist/react.html', room.student(0), room.session_id);
    await teacher.getByRole('button', { name: 'Start' }).click();
    await teacher.getByText('0 % attend').waitFor();
    await student.getByRole('button', { name: 'Check in' }).click();
    await student.getByText('You are present.').waitFor();
    const line = teacher.getByRole('listitem').filter({ hasText: room.student(0).name });
    await line.filter({ hasText: '(online)' }).waitFor();
    await line.getByRole('combobox').selectOption('late');
    await student.getByText('You are late.').waitFor();
    await teacher.getByRole('button', { name: 'End' }).click();
    await teacher.getByText('Stored.').waitFor();
    await student.getByText('It is over.').waitFor();
    expect(await line.getByRole('combobox').isDisabled()).toBe(true);
    for (const page of [teacher, student]) await page.context().close();
  });
});
