/** `npm run demo -- --url …` at a node that runs already, as somebody with a token alone and somebody with its secret. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readDemoOptions } from '../../src/demo/demo-options.ts';
import { OneNode, TEST_SECRET } from '../support/deployment.ts';
import { freePort } from '../support/free-port.ts';
import { staffMember, student } from '../support/people.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';
import { exportedBy, runProgram } from './demo-process.ts';

/** Each program takes seconds to start on a busy machine. */
const TEST_MS = 90_000;
const PLAYED_WITHIN_MS = 30_000;
const STUDENTS = 30;

describe('at a node that runs already', () => {
  let node: OneNode;
  beforeAll(async () => {
    node = await new OneNode().start();
  });
  afterAll(() => node.stop());

  const url = () => node.nodes[0]?.url ?? '';
  const demo = async (args: string[], env: Record<string, string> = {}) => {
    // Nothing may lie in DATA_DIR: no node is started.
    const program = runProgram('demo.ts', ['--url', url(), ...args], { DATA_DIR: path.join(url(), 'none'), ...env });
    const code = await program.ended;
    return { code, output: program.output(), errors: program.errors(), exported: exportedBy(program) };
  };
  const sessionIn = (output: string) => /^Session (\S+) /m.exec(output)?.[1] ?? '';
  const demoTeacher = staffMember('teacher', 'demo-teacher');

  test('a token of an admin seeds; the next time finds it all again, and no token is printed', {
    timeout: TEST_MS,
  }, async () => {
    const token = node.token(staffMember('admin'));
    // What is set for a node here is nothing to the service there.
    const first = await demo(['--token', token], { REDIS_URL: 'redis://127.0.0.1:1' });
    expect({ code: first.code, errors: first.errors }).toEqual({ code: 0, errors: '' });
    expect(first.output).toContain(`${url()}/join/${sessionIn(first.output)}`);
    expect(first.output).toContain('sub "demo-teacher" and role "teacher"');
    expect(first.output).not.toContain('eyJ');

    const second = await demo([], { ROLLCAST_TOKEN: token });
    expect({ code: second.code, output: second.output }).toEqual({ code: 0, output: first.output });
    const rest = node.rest(demoTeacher);
    expect((await rest.call('listCourses')).items).toMatchObject([{ id: 'demo', teacher_id: 'demo-teacher' }]);
    const params = { id: 'demo' };
    expect((await rest.call('listEnrollments', { params, query: { limit: 200 } })).items).toHaveLength(STUDENTS);
    expect((await rest.call('listSessions', { query: { course_id: 'demo' } })).items).toHaveLength(1);
  });

  test('a teacher seeds a course of their own, which keeps the sessions and students that it has', {
    timeout: TEST_MS,
  }, async () => {
    const teacher = staffMember();
    const rest = node.rest(teacher);
    const course = await rest.call('createCourse', { body: { title: 'Botany' } });
    const params = { id: course.id };
    const [enrolled] = [student(0)];
    const { student_id, name, sub } = enrolled;
    await rest.call('putEnrollments', { params, body: { enrollments: [{ student_id, name, user_id: sub }] } });
    const planned = { course_id: course.id, title: 'Mosses', date: '2040-01-01T08:00:00Z' };
    const session = await rest.call('createSession', { body: planned });

    const { code, output } = await demo(['--course', course.id], { ROLLCAST_TOKEN: node.token(teacher) });
    expect(code).toBe(0);
    expect(output).toContain(`sub "${teacher.sub}" and role "teacher"`);
    expect(output).toContain(`sub "${sub}"`);
    expect(await rest.call('getSession', { params: { id: session.id } })).toEqual(session);
    expect((await rest.call('listEnrollments', { params })).items.map((it) => it.student_id)).toEqual([student_id]);
    expect(sessionIn(output)).not.toBe(session.id);
    // Made for the teacher whose token it is.
    const made = await demo(['--course', 'of-my-own'], { ROLLCAST_TOKEN: node.token(teacher) });
    expect(made.code).toBe(0);
    expect((await rest.call('getCourse', { params: { id: 'of-my-own' } })).teacher_id).toBe(teacher.sub);
  });

  test.each([
    ['CSV', 'student_id;name;user_id\nroster-1;Ada;user-1\nroster-2;Grace;user-2\n'],
    [
      'a list in JSON',
      '[{"student_id":"roster-1","name":"Ada","user_id":"user-1"},{"student_id":"roster-2","name":"Grace"}]',
    ],
    [
      'JSON as the REST API has it',
      '{"enrollments":[{"student_id":"roster-1","name":"Ada"},{"student_id":"roster-2","name":"Grace"}]}',
    ],
  ])('a roster as %s', { timeout: TEST_MS }, async (what, text) => {
    const file = path.join(temporaryDirectory(), 'roster');
    writeFileSync(file, text);
    const course = `roster-${what.length}`;
    const args = ['--course', course, '--roster', file];
    for (const _time of ['first', 'again']) {
      const { code, output, errors } = await demo(args, { ROLLCAST_TOKEN: node.token(staffMember('service')) });
      expect({ code, errors }).toEqual({ code: 0, errors: '' });
      expect(output).toContain('has 2 students.');
    }
    const { items } = await node.service().call('listEnrollments', { params: { id: course } });
    expect(items.map(({ student_id, name }) => [student_id, name])).toEqual([
      ['roster-1', 'Ada'],
      ['roster-2', 'Grace'],
    ]);
  });

  test('with the secret: tokens, and a lesson that ends in the archive', { timeout: TEST_MS }, async () => {
    const args = ['--course', 'played', '--simulate', '--seconds', '2', '--end'];
    const { code, output, errors, exported } = await demo(args, { JWT_SECRET: TEST_SECRET });
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(output.match(/ studentJoinedAttendance .*: present;/g)).toHaveLength(STUDENTS - 3);
    expect(output).toContain('The session has ended and is in the archive.');
    const answer = await fetch(`${exported.URL}/api/v1/sessions/${exported.SESSION}/attendance`, {
      headers: { authorization: `Bearer ${exported.TEACHER}` },
    });
    expect(await answer.json()).toMatchObject({
      source: 'archive',
      statistics: { presentCount: STUDENTS - 3, excusedCount: 1, absentCount: 2 },
    });
    const again = await demo(['--course', 'played'], { JWT_SECRET: TEST_SECRET });
    expect(again.exported.SESSION).not.toBe(exported.SESSION);
  });

  test('students who are to stay do so until Ctrl-C', { timeout: TEST_MS }, async () => {
    const args = ['--url', url(), '--course', 'staying', '--simulate', '--seconds', '1'];
    const program = runProgram('demo.ts', args, { JWT_SECRET: TEST_SECRET });
    await until('the lesson is played', () => program.output().includes('The session goes on'), PLAYED_WITHIN_MS);
    program.child.kill('SIGINT');
    expect({ code: await program.ended, errors: program.errors() }).toEqual({ code: 0, errors: '' });
    const { SESSION: id = '' } = exportedBy(program);
    const session = await node.service().call('getSession', { params: { id } });
    expect(session.status).toBe('active');
  });

  test.each([
    ['a token that is none', () => 'nonsense', /refuses the token: The token is not valid \(/],
    ['a token that has expired', () => node.token(staffMember(), -600), /refuses the token: The token has expired \(/],
    ['a student', () => node.token(student(1)), /refuses POST \/courses: Students cannot create courses \(FORBIDDEN\)/],
  ])('%s: one clear line, and exit code 1', { timeout: TEST_MS }, async (_what, token, message) => {
    const { code, output, errors } = await demo(['--course', 'refused'], { ROLLCAST_TOKEN: token() });
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(/^demo: [^\n]+\n$/);
    expect(errors).toMatch(message);
  });

  test('a course of somebody else, a bad roster, a wrong secret: one clear line each', {
    timeout: TEST_MS,
  }, async () => {
    await node.service().call('createCourse', { body: { id: 'theirs', title: 'Theirs' } });
    const theirs = await demo(['--course', 'theirs'], { ROLLCAST_TOKEN: node.token(staffMember()) });
    expect(theirs.errors).toMatch(/^demo: course theirs is there and not for whoever this token names; [^\n]+\n$/);

    const file = path.join(temporaryDirectory(), 'roster.csv');
    writeFileSync(file, 'student_id,name\n,Nobody\n');
    const admin = { ROLLCAST_TOKEN: node.token(staffMember('admin')) };
    const bad = await demo(['--course', 'bad-roster', '--roster', file], admin);
    expect(bad.errors).toMatch(/^demo: \S+ refuses PUT \/courses\/bad-roster\/enrollments: [^\n]+\n$/);

    await node.service().call('createCourse', { body: { id: 'real', title: 'Real', teacher_id: 'ada' } });
    const asThem = await demo(['--course', 'real', '--simulate'], { JWT_SECRET: TEST_SECRET });
    expect(asThem.errors).toMatch(
      /^demo: course real is not the demo's, [^\n]+ choose another with --course, [^\n]+\n$/,
    );
    expect((await node.service().call('listSessions', { query: { course_id: 'real' } })).items).toEqual([]);

    const wrong = await demo(['--course', 'wrong-secret'], { ...admin, JWT_SECRET: `${TEST_SECRET}, but another` });
    expect(wrong.errors).toMatch(/^demo: JWT_SECRET is not what \S+ verifies tokens with; [^\n]+\n$/);
    expect([theirs.code, bad.code, asThem.code, wrong.code]).toEqual([1, 1, 1, 1]);
  });
});

test('nobody at that address, or somebody else: one clear line, and exit code 1', { timeout: TEST_MS }, async () => {
  const gone = `http://127.0.0.1:${await freePort()}`;
  const nobody = runProgram('demo.ts', ['--url', gone, '--token', 't'], {});
  expect(await nobody.ended).toBe(1);
  expect(nobody.errors()).toMatch(new RegExp(`^demo: ${gone} is not reachable: [^\\n]*ECONNREFUSED[^\\n]*\\n$`));

  const server = createServer((_request, response) => response.end('<h1>It works!</h1>')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    const other = runProgram('demo.ts', ['--url', `http://127.0.0.1:${port}`, '--token', 't'], {});
    expect(await other.ended).toBe(1);
    expect(other.errors()).toMatch(
      /^demo: \S+ does not answer as Rollcast does: 200 for GET \/api\/v1\/courses\/demo\n$/,
    );
  } finally {
    server.close();
  }
});

test('without any token, and a simulation without the secret: says what to set', { timeout: TEST_MS }, async () => {
  const none = runProgram('demo.ts', ['--url', 'http://127.0.0.1:1'], {});
  expect(await none.ended).toBe(1);
  expect(none.errors()).toMatch(/^demo: --url needs a token of staff: --token, ROLLCAST_TOKEN, [^\n]+\n$/);
  const unsigned = runProgram('demo.ts', ['--url', 'http://127.0.0.1:1', '--token', 't', '--simulate'], {});
  expect(await unsigned.ended).toBe(1);
  expect(unsigned.errors()).toMatch(/^demo: --simulate signs a token for each student: set JWT_SECRET [^\n]+\n$/);
});

const AT = ['--url', 'https://attendance.example.edu'];

test('a token of the command line is taken before that of the environment; an address is taken without its slash', () => {
  const read = readDemoOptions([...AT.slice(0, 1), `${AT[1]}/`, '--token', 'a'], { ROLLCAST_TOKEN: 'b' });
  expect(read).toMatchObject({ remote: { url: AT[1], token: 'a', course_id: 'demo' } });
  expect(readDemoOptions(AT, { ROLLCAST_TOKEN: '' })).toMatchObject({ remote: { token: undefined } });
});

test.each([
  ['a token without an address', ['--token', 't'], '--token is for --url'],
  ['a roster without an address', ['--roster', 'r.csv'], '--roster is for --url'],
  ['a course without an address', ['--course', 'c'], '--course is for --url'],
  ['a port of somebody else', [...AT, '--port', '1'], '--port is for a node of its own'],
  ['an empty token', [...AT, '--token', ''], '--token is empty'],
  ['no address', ['--url', 'attendance'], '--url must be an address'],
  ['an address with a path', ['--url', 'https://example.edu/rollcast'], '--url must be an address without a path'],
  ['another protocol', ['--url', 'ftp://example.edu'], '--url must be an address'],
])('refuses %s', (_what, args, message) => {
  expect(() => readDemoOptions(args)).toThrow(message);
});
