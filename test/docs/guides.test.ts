/** The guides: what stands in them is the files of docs/guides/examples, and those run as the guides say. */
import { once } from 'node:events';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDemo } from '../demo/demo-process.ts';
import type { Classroom } from '../support/classroom.ts';
import { InProcess } from '../support/in-process.ts';
import { InstalledPackage } from '../support/installed-package.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';

const GUIDES = path.resolve(import.meta.dirname, '../../docs/guides');
const EXAMPLES = path.join(GUIDES, 'examples');
/** Several programs, one after another, on a machine with other things to do. */
const TEST_MS = 120_000;
const STARTS_WITHIN_MS = 30_000;

const guide = (name: string): string => readFileSync(path.join(GUIDES, name), 'utf8');
const PROGRAMS = ['javascript.md', 'react.md'].map(guide).join('\n');

describe('the text', () => {
  const embedded = [...PROGRAMS.matchAll(/<!-- examples\/(\S+) -->\n\n```\w+\n([\s\S]*?)```/g)];

  test('every example is a file, word for word, and every file is an example', () => {
    for (const [, file, text] of embedded) {
      expect(text, file).toBe(readFileSync(path.join(EXAMPLES, file as string), 'utf8'));
    }
    expect(embedded.map(([, file]) => file).sort()).toEqual(readdirSync(EXAMPLES).sort());
  });

  test('no other code stands in the guides for JavaScript and React', () => {
    const blocks = [...PROGRAMS.matchAll(/^```(?:js|ts|jsx|tsx|html)\n/gm)];
    expect(blocks).toHaveLength(embedded.length);
  });
});

describe('the examples', () => {
  let project: InstalledPackage;
  const node = new InProcess();
  beforeAll(async () => {
    project = await InstalledPackage.install();
    cpSync(EXAMPLES, project.dir, { recursive: true });
    await node.start();
  }, TEST_MS);
  afterAll(async () => {
    await node.stop();
    project.remove();
  });

  const printedIn = (after: string): string =>
    new RegExp(`${after}\\n\\n\`\`\`text\\n([\\s\\S]*?)\`\`\``).exec(guide('javascript.md'))?.[1] ?? '';
  const envFor = (room: Classroom, student = 0) => ({
    URL: node.nodes[0]?.url ?? '',
    SESSION: room.session_id,
    COURSE: room.course_id,
    STUDENT_1: node.token(room.student(student)),
  });

  test('teacher.js and student.js print with the demo what the guide says', { timeout: TEST_MS }, async () => {
    const demo = await startDemo(temporaryDirectory());
    const teacher = project.start(['teacher.js'], demo.exported);
    await until('the session is started', () => teacher.output().startsWith('started'), STARTS_WITHIN_MS);
    const student = project.start(['student.js'], demo.exported);
    expect(await teacher.ended).toBe(printedIn('Now the first prints, and ends:'));
    expect(await student.ended).toBe(printedIn('And the second:'));
    expect(await project.start(['student.js'], demo.exported).ended).toBe(
      'SESSION_NOT_ACTIVE: Attendance session not active\n',
    );
    await demo.stop();
  });

  test('course.js waits for the next session, checks in, and sees it end', { timeout: TEST_MS }, async () => {
    const room = await node.classroom();
    const program = project.start(['course.js'], envFor(room));
    const teacher = await room.started();
    await until('it is in', () => program.output().includes('you are present'), STARTS_WITHIN_MS);
    await teacher.does('endAttendanceSession', { session_id: room.session_id });
    expect(await program.ended).toBe(`Meeting ${room.session_id} has begun, you are present\nit has ended\n`);
  });

  test('check-in.js has words for every way in which a check-in can go', { timeout: TEST_MS }, async () => {
    const tries = `
      import { Rollcast } from 'rollcast/client';
      import { checkIn } from './check-in.js';
      const { URL, SESSION, STUDENT_1 } = process.env;
      const client = new Rollcast({ url: URL, token: STUDENT_1 }).connect();
      for (const code of process.argv.slice(2)) console.log(await checkIn(client.session(SESSION), code));
      client.close();
    `;
    project.write('tries.js', tries);
    const run = async (room: Classroom, student: number, ...codes: string[]) =>
      (await project.start(['tries.js', ...codes], envFor(room, student)).ended).trimEnd().split('\n');

    const room = await node.classroom({ checkin: { code: 'rotating' } });
    const teacher = await room.started();
    const { code } = await teacher.does('getCheckInCode', { session_id: room.session_id });
    const wrong = code === '000000' ? '000001' : '000000';
    expect(await run(room, 0, '', wrong, code)).toEqual([
      'Type the code that your teacher shows.',
      'That is not the code of this moment. Look again.',
      'You are present.',
    ]);
    const guesses = await run(room, 1, ...Array.from({ length: 6 }, () => wrong));
    expect(guesses.at(-1)).toMatch(/^Too many wrong codes\. Wait \d+ seconds\.$/);
    await teacher.does('endAttendanceSession', { session_id: room.session_id });
    expect(await run(room, 2, '')).toEqual(['Attendance session not active']);

    const early = await node.classroom({ starts_in_minutes: 30, checkin: { opens_before_minutes: 10 } });
    await early.started();
    expect((await run(early, 0, ''))[0]).toMatch(/^Check-in opens at .*\d/);
  });

  test('sign-in.js gets tokens from a service that fails now and then, and says when nobody is signed in', {
    timeout: TEST_MS,
  }, async () => {
    const room = await node.classroom();
    const answers: [number, string][] = [
      [500, ''],
      [200, node.token(room.teacher)],
      [401, ''],
    ];
    const tokens = createServer((_request, response) => {
      const [status, text] = answers.shift() ?? [401, ''];
      response.writeHead(status).end(text);
    }).listen(0, '127.0.0.1');
    await once(tokens, 'listening');
    try {
      const { port } = tokens.address() as AddressInfo;
      const script = `
        import { when } from 'rollcast/client';
        import { connect } from './sign-in.js';
        const tokenUrl = 'http://127.0.0.1:${port}/token';
        const client = connect(process.env.URL, tokenUrl, () => {});
        await when(client.connection, ({ status }) => status === 'connected');
        console.log('connected');
        client.close();
        const other = connect(process.env.URL, tokenUrl, (code) => {
          console.log(code);
          other.close();
        });
      `;
      project.write('signing-in.js', script);
      expect(await project.start(['signing-in.js'], envFor(room)).ended).toBe('connected\nTOKEN_MISSING\n');
    } finally {
      tokens.close();
    }
  });

  const REACT = { jsx: 'react-jsx', module: 'esnext', moduleResolution: 'bundler', target: 'es2022' };
  const BROWSER = { lib: ['es2023', 'dom', 'dom.iterable'], skipLibCheck: true };

  test('the React components type-check, and render a session as it is', { timeout: TEST_MS }, async () => {
    const checked = { ...REACT, ...BROWSER, noEmit: true, allowImportingTsExtensions: true };
    expect(await project.typeCheck(['main.tsx', 'roll-call.tsx'], checked)).toBe('');
    expect(await project.typeCheck(['roll-call.tsx'], { ...REACT, ...BROWSER, outDir: 'built' })).toBe('');
    const room = await node.classroom();
    const script = `
      import { createElement } from 'react';
      import { renderToString } from 'react-dom/server';
      import { Rollcast } from 'rollcast/client';
      import { CheckIn, RollCall } from './built/roll-call.js';
      const { URL, SESSION: session_id, TEACHER, STUDENT_1 } = process.env;
      const [teacher, student] = [TEACHER, STUDENT_1].map((token) => new Rollcast({ url: URL, token }).connect());
      const show = () => {
        console.log(renderToString(createElement(RollCall, { client: teacher, session_id })));
        console.log(renderToString(createElement(CheckIn, { client: student, session_id })));
      };
      show();
      await teacher.session(session_id).start();
      await student.session(session_id).join();
      show();
      await teacher.session(session_id).end();
      show();
      teacher.close();
      student.close();
    `;
    project.write('rendering.js', script);
    const env = { ...envFor(room), TEACHER: node.token(room.teacher) };
    const pages = (await project.start(['rendering.js'], env).ended).trimEnd().split('\n');
    expect(pages).toHaveLength(6);
    const [before, out, during, present, after] = pages;
    expect(before).toContain('>Start</button>');
    expect(out).toContain('>Check in</button>');
    expect(during).toContain(`<h1>Meeting ${room.session_id}</h1>`);
    expect(during).toContain('>End</button>');
    expect(during?.match(/<li>/g)).toHaveLength(3);
    expect(during).toContain(room.student(2).name);
    expect(present).toContain('You are <!-- -->present');
    expect(after).toMatch(/Being stored|Stored/);
    expect(after).toContain('disabled');
  });
});
