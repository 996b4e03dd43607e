/** Requests with wrong contents: a problem with a code from the table, the process lives, nothing else changes. */
import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/contract/errors.ts';
import { routes } from '../../src/contract/routes.ts';
import type { RestInput, RouteName } from '../support/rest-client.ts';
import { until } from '../support/until.ts';
import { deep, Untouched } from '../support/untouched.ts';

const scene = new Untouched();

describe('REST', () => {
  const byTeacher: [string, RouteName, RestInput, number][] = [
    ['not JSON', 'createCourse', { body: '{"title":' }, 400],
    ['another type of content', 'createCourse', { body: '<a/>', contentType: 'application/xml' }, 415],
    ['a text', 'createCourse', { body: '"x"' }, 400],
    ['an array', 'createCourse', { body: '[]' }, 400],
    ['null', 'createCourse', { body: 'null' }, 400],
    ['deep nesting', 'createCourse', { body: `{"title":"x","a":${deep(100_000)}}` }, 400],
    ['__proto__', 'createCourse', { body: '{"title":"x","__proto__":{"staff":["me"]}}' }, 400],
    ['wrong types', 'createCourse', { body: { title: 5 } }, 400],
    ['an id of forbidden characters', 'createCourse', { body: { id: 'a b', title: 'x' } }, 400],
    ['an unknown time zone', 'createCourse', { body: { title: 'x', timezone: 'Mars/Base' } }, 400],
    ['an endless title', 'createCourse', { body: { title: 'x'.repeat(100_000) } }, 400],
    ['a date that is none', 'createSession', { body: { course_id: 'C', title: 'x', date: 'soon' } }, 400],
    ['a date beyond all calendars', 'createSession', { body: { course_id: 'C', title: 'x', date: 9e18 } }, 400],
    [
      'a code of another kind',
      'createSession',
      { body: { course_id: 'C', title: 'x', date: 0, checkin: { code: 'fixed' } } },
      400,
    ],
    ['another course', 'createSession', { body: { course_id: 'O', title: 'x', date: 0 } }, 404],
    ['a limit of 0', 'listSessions', { query: { limit: 0 } }, 400],
    ['a limit that is none', 'listSessions', { query: { limit: 'all' } }, 400],
    ['a cursor of nobody', 'listSessions', { query: { cursor: '!!!' } }, 400],
    ['a status of nobody', 'listSessions', { query: { status: 'asleep' } }, 400],
    ['an unknown session', 'getSession', { params: { id: 'no-such' } }, 404],
    ['an id with a slash', 'getSession', { params: { id: '../courses' } }, 400],
    ['an endless id', 'getSession', { params: { id: 'x'.repeat(3_000) } }, 404],
    [
      'marks of a stranger',
      'markAttendance',
      { params: { id: 'S' }, body: { updates: [{ student_id: 'x', status: 'late' }] } },
      422,
    ],
    ['no marks', 'markAttendance', { params: { id: 'S' }, body: { updates: [] } }, 400],
    [
      'a correction while it runs',
      'correctRecords',
      { params: { id: 'S' }, body: { updates: [{ student_id: 'T', status: 'late' }], reason: 'x' } },
      409,
    ],
    ['a change while it runs', 'patchSession', { params: { id: 'S' }, body: { title: 'x' } }, 409],
    [
      'a roster with one bad line',
      'putEnrollments',
      {
        params: { id: 'C' },
        body: {
          enrollments: [
            { student_id: 'ok', name: 'A' },
            { student_id: '', name: 'B' },
          ],
        },
      },
      400,
    ],
    [
      'a CSV with one bad line',
      'putEnrollments',
      { params: { id: 'C' }, contentType: 'text/csv', body: 'student_id,name\nok,A\n"open,B\n' },
      400,
    ],
    ['an erasure', 'eraseStudent', { params: { id: 'T' } }, 403],
  ];

  test.each(byTeacher)('%s (%s)', async (_name, name, input, status) => {
    const answer = await scene.room.rest.send(name, JSON.parse(scene.placed(JSON.stringify(input))) as RestInput);
    expect([answer.status, answer.text.slice(0, 300)]).toEqual([status, expect.any(String)]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(Object.keys(ERRORS)).toContain((answer.body as { code: string }).code);
  });

  test('a student may do nothing that staff may', async () => {
    const rest = scene.node.rest(scene.room.student(0));
    const open: RouteName[] = [
      'listCourses',
      'getCourse',
      'listSessions',
      'getSession',
      'getAttendance',
      'checkinTicket',
      'getHistory',
      'exportStudent',
    ];
    const student_id = scene.room.student(0).student_id;
    const updates = [{ student_id, status: 'late' }];
    for (const name of (Object.keys(routes) as RouteName[]).filter((it) => !open.includes(it))) {
      const id = /course/i.test(routes[name].path) ? scene.room.course_id : scene.room.session_id;
      const course_id = scene.room.course_id;
      const body = { updates, enrollments: [], title: 'x', date: 0, course_id, reason: 'x', status: 'late' };
      const isRead = routes[name].method === 'GET';
      const answer = await rest.send(name, { params: { id, student_id }, ...(isRead ? {} : { body }) });
      expect([403, 404], `${name} answered ${answer.text}`).toContain(answer.status);
    }
    const params = { id: scene.room.student(1).student_id };
    expect((await rest.send('getHistory', { params })).status).toBe(404);
    expect((await rest.send('exportStudent', { params })).status).toBeGreaterThanOrEqual(403);
  });

  test.each([
    '/api/v1/nothing',
    '/api/v1/courses/%',
    '/api/v1/sessions/%00',
    '/nothing',
    '/socket.io/',
    '/socket.io/?EIO=9&transport=x',
  ])('the address %s', async (path) => {
    const answer = await fetch(scene.node.node.url + path, {
      headers: { authorization: `Bearer ${scene.node.token(scene.room.teacher)}` },
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    await answer.text();
  });

  test('a body of more than 4 MiB is refused before it is read', async () => {
    const { port } = scene.node.node;
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => {
      // The service need not read on.
    });
    const token = scene.node.token(scene.room.teacher);
    socket.write(`POST /api/v1/courses HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n`);
    socket.write('Content-Type: application/json\r\nContent-Length: 5000000\r\n\r\n{"title":"');
    await until('an answer', () => answer.includes('PAYLOAD_TOO_LARGE'));
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
    socket.destroy();
  });

  test.each([
    ['no HTTP at all', 'hello\r\n\r\n'],
    ['a header of 100 KB', `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`],
    ['a length that is none', 'POST /api/v1/courses HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n'],
  ])('%s closes that connection', async (_name, text) => {
    const socket = connect(scene.node.node.port, '127.0.0.1');
    socket.on('error', () => {
      // Reset instead of closed: as good.
    });
    socket.resume();
    socket.write(text);
    await until('it is closed', () => socket.destroyed || socket.readableEnded);
    socket.destroy();
  });
});
