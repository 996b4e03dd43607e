import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import type { Static } from 'typebox';
import { expect, test } from 'vitest';
import type { AttendanceAnswer } from '../../src/contract/rest-shapes.ts';
import { DEMO_USAGE } from '../../src/demo/demo-options.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';
import { type RunningDemo, runProgram, startDemo } from './demo-process.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const STUDENTS = 30;
/** Those whose tokens are printed, and the one who is excused. */
const NOT_ARRIVING = 3;
/** A simulation of a few seconds on a machine with other things to do. */
const PLAYED_WITHIN_MS = 18_000;
const TEST_MS = 60_000;

type Attendance = Static<typeof AttendanceAnswer>;

const attendance = async ({ exported }: RunningDemo): Promise<Attendance> => {
  const url = `${exported.URL}/api/v1/sessions/${exported.SESSION}/attendance`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${exported.TEACHER}` } });
  return (await response.json()) as Attendance;
};

test('the links that it prints work, Ctrl-C stops it cleanly, and the next start goes on', {
  timeout: TEST_MS,
}, async () => {
  const dir = temporaryDirectory();
  const first = await startDemo(dir);
  const links = [...first.output().matchAll(/^ {2}(http:\S+)/gm)].map(([, link]) => link as string);
  const { URL: url, SESSION: session } = first.exported;
  const check_in = `${url}/join/${session}`;
  const pages = [`${url}/`, `${url}/docs`, `${url}/docs/events`, `${url}/sessions/${session}`, check_in, check_in];
  expect(links.map((it) => it.split('#')[0])).toEqual(pages);
  for (const link of links) expect((await fetch(link)).status, link).toBe(200);
  expect(await first.stop()).toBe(0);
  expect(first.errors()).toBe('');

  const second = await startDemo(dir);
  expect(second.exported.SESSION).toBe(first.exported.SESSION);
  expect(await second.stop()).toBe(0);
});

test('the lesson of the README runs as printed there; the next start has a new session', {
  timeout: TEST_MS,
}, async () => {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  const script = /<!-- lesson -->\n\n```sh\nnode --input-type=module <<'EOF'\n([\s\S]*?)\nEOF\n```/.exec(readme)?.[1];
  const printed = /It prints:\n\n```text\n([\s\S]*?)\n```/.exec(readme)?.[1];
  if (script === undefined || printed === undefined) throw new Error('the README has no lesson');
  const dir = temporaryDirectory();
  const demo = await startDemo(dir);

  const child = spawn(process.execPath, ['--input-type=module'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, ...demo.exported },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.end(script);
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  // What two clients hear has an order each and none between them; statistics come when they come.
  const comparable = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '' && !line.includes('attendanceStatistics'))
      .sort();
  expect(comparable(output)).toEqual(comparable(printed));

  expect(await attendance(demo)).toMatchObject({ source: 'archive', version: 1, session: { status: 'completed' } });
  await demo.stop();
  const next = await startDemo(dir);
  expect(next.exported.SESSION).not.toBe(demo.exported.SESSION);
  expect(next.output()).toContain('is scheduled.');
});

test('--simulate plays a lesson that the teacher hears, and leaves it active', { timeout: TEST_MS }, async () => {
  const demo = await startDemo(temporaryDirectory(), '--simulate', '--seconds', '3');
  await until('the lesson is played', () => demo.output().includes('The session goes on'), PLAYED_WITHIN_MS);
  const heard = (event: string) =>
    demo
      .output()
      .split('\n')
      .filter((line) => line.split(/\s+/)[1] === event);
  expect(heard('attendanceSessionStarted')).toHaveLength(1);
  const arrivals = heard('studentJoinedAttendance');
  expect(arrivals.filter((line) => !line.includes('is back'))).toHaveLength(STUDENTS - NOT_ARRIVING);
  expect(heard('studentMarked').filter((line) => line.includes('excused'))).toHaveLength(1);
  expect(heard('studentLeftAttendance')).toHaveLength(1);
  await until('the lost student is back', () =>
    heard('studentJoinedAttendance').some((line) => line.includes('is back')),
  );

  const { session, statistics } = await attendance(demo);
  expect(session.status).toBe('active');
  expect(statistics).toMatchObject({ presentCount: STUDENTS - NOT_ARRIVING, excusedCount: 1, absentCount: 2 });
  expect(await demo.stop()).toBe(0);
  expect(demo.errors()).toBe('');
});

test('--simulate --end brings it into the archive', { timeout: TEST_MS }, async () => {
  const demo = await startDemo(temporaryDirectory(), '--simulate', '--seconds', '1', '--end');
  await until('it has ended', () => demo.output().includes('is in the archive'), PLAYED_WITHIN_MS);
  const { source, statistics } = await attendance(demo);
  expect(source).toBe('archive');
  expect(statistics).toMatchObject({ presentCount: STUDENTS - NOT_ARRIVING, excusedCount: 1, absentCount: 2 });
});

test('Ctrl-C in the middle of a simulation ends it cleanly', { timeout: TEST_MS }, async () => {
  const demo = await startDemo(temporaryDirectory(), '--simulate');
  await until('somebody has arrived', () => demo.output().includes('studentJoinedAttendance'));
  expect(await demo.stop()).toBe(0);
  expect(demo.errors()).toBe('');
});

test('a port or an address that is not to be had, or a wrong option: one clear line and exit code 1', {
  timeout: TEST_MS,
}, async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    const program = runProgram('demo.ts', ['--port', String(port)], { DATA_DIR: temporaryDirectory() });
    expect(await program.ended).toBe(1);
    expect(program.errors()).toBe(`demo: PORT ${port} is in use by another process; choose another with --port\n`);
    const env = { DATA_DIR: temporaryDirectory(), PORT: '0', METRICS_PORT: String(port) };
    const metrics = runProgram('demo.ts', [], env);
    expect(await metrics.ended).toBe(1);
    expect(metrics.errors()).toBe(`demo: METRICS_PORT ${port} is in use by another process\n`);
  } finally {
    server.close();
  }
  const elsewhere = runProgram('demo.ts', [], { DATA_DIR: temporaryDirectory(), PORT: '0', HOST: '203.0.113.7' });
  expect(await elsewhere.ended).toBe(1);
  expect(elsewhere.errors()).toMatch(/^demo: HOST 203\.0\.113\.7 is not an address of this machine [^\n]*\n$/);
  const wrong = runProgram('demo.ts', ['--end'], { DATA_DIR: temporaryDirectory() });
  expect(await wrong.ended).toBe(1);
  expect(wrong.errors()).toBe('demo: --end is for --simulate\n');
});

test('when whoever reads its output goes, it goes on, and stops cleanly when it is told to', {
  timeout: TEST_MS,
}, async () => {
  const env = { DATA_DIR: temporaryDirectory(), PORT: '0', LOG_LEVEL: 'info' };
  const program = runProgram('demo.ts', ['--simulate', '--seconds', '1'], env);
  await until('it listens', () => /Server listening at (\S+)/.test(program.output()), PLAYED_WITHIN_MS);
  const url = /Server listening at (\S+)/.exec(program.output())?.[1];
  program.child.stdout?.destroy();
  // Each is a line of its log, and the simulation speaks as well.
  for (let i = 0; i < 3; i += 1) expect((await fetch(`${url}/nothing`)).status).toBe(404);
  program.child.kill('SIGTERM');
  expect(await program.ended).toBe(0);
  expect(program.errors()).toBe('');
});

test('--help says how to use it and starts nothing; README and --help name the same options', async () => {
  const dir = path.join(temporaryDirectory(), 'none');
  const program = runProgram('demo.ts', ['--help'], { DATA_DIR: dir });
  expect(await program.ended).toBe(0);
  expect({ output: program.output(), errors: program.errors() }).toEqual({ output: `${DEMO_USAGE}\n`, errors: '' });
  expect(existsSync(dir)).toBe(false);
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  for (const [option] of DEMO_USAGE.matchAll(/--[a-z]+/g)) expect(readme).toContain(option);
});

test('a key that the demo cannot sign for: one clear line and exit code 1', async () => {
  const env = { DATA_DIR: temporaryDirectory(), PORT: '0', JWT_JWKS_URL: 'https://login.example.edu/jwks' };
  const program = runProgram('demo.ts', [], env);
  expect(await program.ended).toBe(1);
  expect(program.errors()).toMatch(/^demo: the demo signs tokens: unset [^\n]*\n$/);
});
