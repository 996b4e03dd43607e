/** Whatever arrives, the answer is a clear error with a code from the table, the process lives, and nothing else changes. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/contract/errors.ts';
import { type ClientEventName, clientEvents } from '../../src/contract/events.ts';
import { type RouteName, routes } from '../../src/contract/routes.ts';
import type { Classroom } from '../support/classroom.ts';
import { OneNode } from '../support/deployment.ts';
import { type Person, student } from '../support/people.ts';
import { RawConnection } from '../support/raw-connection.ts';
import type { RestInput } from '../support/rest-client.ts';
import { until } from '../support/until.ts';

const node = new OneNode();
let room: Classroom;
let other: Classroom;
let before: unknown;

/** All that bad input could have changed. */
const everything = async (): Promise<unknown> => {
  const of = async (it: Classroom) => [
    await it.attendance(),
    await it.audit(),
    await it.rest.call('listSessions', { query: { course_id: it.course_id } }),
    await it.rest.call('listEnrollments', { params: { id: it.course_id } }),
  ];
  return [await of(room), await of(other)];
};

beforeAll(async () => {
  await node.start();
  [room, other] = await Promise.all([node.classroom({ students: 4 }), node.classroom({ students: 2 })]);
  await Promise.all([room.started(), other.started()]);
  const teacher = await node.connect(room.teacher);
  const mark = { session_id: room.session_id, student_id: room.student(1).student_id };
  await teacher.does('markStudentPresent', mark);
  const client = await node.connect(room.student(0));
  await client.does('joinAttendanceSession', { session_id: room.session_id });
  node.settle();
  before = await everything();
});
afterEach(async () => {
  node.settle();
  expect(node.node.isRunning).toBe(true);
  expect(await everything()).toEqual(before);
});
afterAll(async () => {
  expect(node.node.output).not.toContain('"code":"INTERNAL"');
  await node.stop();
});

const EVENTS = Object.keys(clientEvents) as ClientEventName[];
const raw = (person: Person) => RawConnection.connect(node.node.url, node.token(person));
const deep = (depth: number, open = '[', close = ']') => open.repeat(depth) + close.repeat(depth);

/** Payloads as JSON text, wrong for every event. `S` and `T` stand for ids of the session and of a student. */
const WRONG_PAYLOADS = [
  'null',
  'true',
  '42',
  '"text"',
  '[]',
  '[{"session_id":"S"}]',
  '{}',
  '{"session_id":null}',
  '{"session_id":17}',
  '{"session_id":""}',
  '{"session_id":"a b"}',
  '{"session_id":"../../etc/passwd"}',
  '{"session_id":"__proto__"}',
  '{"session_id":"no-such","student_id":"T","status":"late","attendanceUpdates":[{"student_id":"T","status":"late"}]}',
  `{"session_id":"${'x'.repeat(65)}"}`,
  '{"session_id":["S"]}',
  '{"session_id":{"$ne":null},"course_id":{"$gt":""}}',
  '{"session_id":"S","request_id":{"a":1}}',
  `{"session_id":"S","request_id":"${'r'.repeat(65)}"}`,
  '{"__proto__":{"session_id":"S","course_id":"C","student_id":"T","token":"x"}}',
  '{"constructor":{"prototype":{"session_id":"S"}}}',
  '{"sessionId":5,"courseId":[],"studentId":{}}',
  '{"session_id":"S","student_id":"nobody","status":"asleep","attendanceUpdates":"all","since_seq":-1,"code":5}',
  '{"session_id":"S","student_id":["T"],"status":["late"],"attendanceUpdates":[[]],"epoch":5,"ticket":[]}',
  '{"session_id":"S","student_id":"T","status":"present","remarks":7,"attendanceUpdates":[{"student_id":"T"}]}',
  '{"course_id":""}',
  '{"course_id":"no-such"}',
  '{"token":""}',
  '{"token":"x.y.z"}',
  '{"token":{"a":1}}',
];

/** Events for which one of these is a good payload after all: what is not known to them is ignored. */
const isGood = (event: ClientEventName, text: string): boolean => {
  if (event === 'unsubscribeFromCourse') return text.includes('"course_id":"no-such"');
  if (
    !text.includes('"session_id":"S"') ||
    text.startsWith('[') ||
    text.includes('__proto__') ||
    text.includes('constructor')
  ) {
    return false;
  }
  const reads = ['getAttendanceSessionData', 'getOnlineStudents', 'getCheckInCode', 'syncAttendance'];
  return reads.includes(event) || /"status":"(asleep|present)"|\["late"\]/.test(text);
};

const placed = (text: string): string =>
  text
    .replaceAll('"S"', JSON.stringify(room.session_id))
    .replaceAll('"T"', JSON.stringify(room.student(2).student_id))
    .replaceAll('"C"', JSON.stringify(room.course_id));

describe('events', () => {
  test.each(EVENTS)('%s with a wrong payload', async (event) => {
    for (const person of [room.teacher, room.student(0)]) {
      const connection = await raw(person);
      const texts = WRONG_PAYLOADS.filter((text) => !isGood(event, text)).map(placed);
      for (const [i, text] of texts.entries())
        connection.send(`42${i}${JSON.stringify([event]).slice(0, -1)},${text}]`);
      connection.send(`42900${JSON.stringify([event])}`);
      const ids = [...texts.keys(), 900];
      for (const id of ids) {
        const answer = await connection.acknowledged(id);
        expect(answer, texts[id] ?? 'no payload').toMatchObject({ ok: false, message: expect.any(String) });
        expect(Object.keys(ERRORS), texts[id]).toContain(answer.code);
        expect(answer.code, texts[id]).not.toBe('INTERNAL');
        if (answer.code === 'INVALID_PAYLOAD') expect(answer.field, texts[id]).toEqual(expect.any(String));
      }
      // Without a callback the error event alone says the same.
      const events = connection.frames.length;
      connection.send(`42${JSON.stringify([event, 5])}`);
      await until('an error event', () => connection.frames.length > events);
      const [name, error] = JSON.parse(connection.frames.at(-1)?.slice(2) ?? '') as [string, object];
      expect(name).toBe(clientEvents[event].errorEvent);
      expect(error).toMatchObject({ code: 'INVALID_PAYLOAD', event, field: expect.any(String), retryable: false });
      connection.end();
    }
  });

  test.each(EVENTS.filter((it) => clientEvents[it].who === 'staff'))('a student sends %s', async (event) => {
    for (const [person, session_id] of [
      [room.student(0), room.session_id],
      [room.student(0), other.session_id],
      [student(77), room.session_id],
    ] as const) {
      const student_id = room.student(2).student_id;
      const attendanceUpdates = [{ student_id, status: 'late' }];
      const client = await node.connect(person);
      const payload = { session_id, student_id, status: 'late', attendanceUpdates };
      const error = await client.refused(event, payload, 'FORBIDDEN');
      expect(error.message).toBe(`Only the course teacher can ${clientEvents[event].verb} attendance`);
    }
  });

  test('a student id that a student sends is ignored: the token decides', async () => {
    const client = await node.connect(room.student(0));
    const payload = { session_id: room.session_id, student_id: room.student(3).student_id };
    expect((await client.does('joinAttendanceSession', payload)).own_seq).toBe(1);
  });

  test('unknown events: answered with a callback, else nothing', async () => {
    const connection = await raw(room.student(0));
    const names = [
      'nothing',
      '__proto__',
      'constructor',
      'toString',
      'error',
      '',
      'x'.repeat(5_000),
      'attendanceSessionEnded',
      7,
    ];
    for (const [i, name] of names.entries()) {
      expect(await connection.ask(i, name as string, {})).toMatchObject({ ok: false, code: 'UNKNOWN_EVENT' });
      const heard = connection.frames.length;
      connection.send(`42${JSON.stringify([name, {}])}`);
      await connection.ask(100 + i, 'checkActiveSessions', { course_id: room.course_id });
      expect(connection.frames.slice(heard).map((it) => it.slice(0, 6))).not.toContain('42["at');
    }
    connection.end();
  });

  test('arguments beyond the payload, callbacks as payload, binary payloads', async () => {
    const connection = await raw(room.teacher);
    connection.send(`421${JSON.stringify(['getOnlineStudents', { session_id: room.session_id }, 2, [3]])}`);
    expect(await connection.acknowledged(1)).toMatchObject({ ok: true });
    for (const [id, payload] of [
      [2, '{"_placeholder":true,"num":0}'],
      [3, '{"session_id":{"_placeholder":true,"num":0}}'],
    ] as const) {
      connection.send(`451-${id}["startAttendanceSession",${payload}]`);
      connection.send(Buffer.from([1, 2, 3]));
      expect(await connection.acknowledged(id)).toMatchObject({ ok: false, code: 'INVALID_PAYLOAD' });
    }
    connection.end();
  });

  test('deep nesting, __proto__ and unknown keys beside a good payload change nothing in its meaning', async () => {
    const { session_id } = room;
    const mark = `"session_id":"${session_id}","student_id":"${room.student(1).student_id}"`;
    const connection = await raw(room.teacher);
    const ordinary = [deep(20_000), deep(8_000, '{"a":', '}').replace('}', '1}'), '{"__proto__":{"admin":true}}'];
    for (const [i, extra] of ordinary.entries()) {
      connection.send(`42${i}["markStudentPresent",{${mark},"extra":${extra},"request_id":"deep-${i}"}]`);
      expect(await connection.acknowledged(i)).toMatchObject({ ok: true });
    }
    const update = `{"student_id":"${room.student(1).student_id}","status":"present","extra":${deep(200_000)}}`;
    const bulk = `{"session_id":"${session_id}","attendanceUpdates":[${update}],"request_id":"deep-bulk"}`;
    connection.send(`4210["bulkUpdateAttendance",${bulk}]`);
    expect(await connection.acknowledged(10)).toMatchObject({ ok: true, totalUpdated: 0 });
    connection.end();
  });

  test('huge arrays are refused quickly, and others are served meanwhile', async () => {
    const connection = await raw(room.teacher);
    const client = await node.connect(room.student(0));
    const items = ['1', '{}', '[]', '{"student_id":"x","status":"late"}', '{"student_id":5}'];
    for (const [i, item] of items.entries()) {
      const count = Math.floor(1_000_000 / (item.length + 1));
      const list = `[${Array(count).fill(item).join(',')}]`;
      connection.send(`42${i}["bulkUpdateAttendance",{"session_id":"${room.session_id}","attendanceUpdates":${list}}]`);
      const began = performance.now();
      await client.does('checkActiveSessions', { course_id: room.course_id });
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(await connection.acknowledged(i)).toMatchObject({ ok: false, code: 'INVALID_PAYLOAD' });
    }
    connection.end();
  });
});

describe('frames', () => {
  test.each([
    ['of 2 MB', `42["joinAttendanceSession","${'x'.repeat(2_000_000)}"]`],
    ['just over 1 MiB', `42["bulkUpdateAttendance","${'x'.repeat(1024 * 1024)}"]`],
    ['of 2 MB of bytes', Buffer.alloc(2_000_000)],
    ['cut off', '42["joinAttendanceSession",{"session_id":'],
    ['not JSON', '42[joinAttendanceSession]'],
    ['not an array', '42{"a":1}'],
    ['without a name', '42[]'],
    ['with an object as its name', '42[{"a":1}]'],
    ['with a reserved name', '42["disconnect"]'],
    ['of an unknown type', '49'],
    ['of an unknown engine type', 'z'],
    [
      'with a placeholder for bytes that are none',
      '451-["joinAttendanceSession",{"_placeholder":true,"num":"__proto__"}]',
    ],
    ['with too many attachments', '459999999-["joinAttendanceSession",{}]'],
    ['bytes that were not announced', Buffer.from([4, 5, 6])],
    ['of another namespace', '42/nowhere,["joinAttendanceSession",{}]'],
  ] as const)('LIMIT-1 a frame %s closes that connection only, and is counted', async (_name, frame) => {
    const neighbour = await node.connect(room.student(0));
    const count = async () => {
      const text = await (await fetch(`${node.node.url}/metrics`)).text();
      return Number(/rollcast_connections_closed_total\{why="frame"\} (\d+)/.exec(text)?.[1] ?? 0);
    };
    const counted = await count();
    const connection = await raw(room.teacher);
    connection.send(frame as string);
    if (String(frame).startsWith('451-')) connection.send(Buffer.from([1]));
    await connection.isClosed();
    await neighbour.does('checkActiveSessions', { course_id: room.course_id });
    await until('it is counted', async () => (await count()) === counted + 1);
    expect(neighbour.disconnects).toEqual([]);
  });

  test('LIMIT-1 an ordinary event over 64 KB is refused, whatever stands beside it in the connection', async () => {
    const connection = await raw(room.teacher);
    const { session_id, course_id } = room;
    const ask = (id: number, event: string, bytes: number) =>
      `42${id}${JSON.stringify([event, { session_id, course_id, extra: 'x'.repeat(bytes) }])}`;
    connection.send(ask(1, 'getOnlineStudents', 60_000));
    expect(await connection.acknowledged(1)).toMatchObject({ ok: true });
    connection.send(ask(2, 'getOnlineStudents', 65_600));
    expect(await connection.acknowledged(2)).toMatchObject({ ok: false, code: 'PAYLOAD_TOO_LARGE', retryable: false });
    // A large one and a small one that arrive together are each taken for what they are.
    const { _socket: tcp } = connection.socket as unknown as { _socket: { cork(): void; uncork(): void } };
    tcp.cork();
    connection.send(ask(3, 'getOnlineStudents', 300_000));
    connection.send(ask(4, 'getOnlineStudents', 10));
    tcp.uncork();
    expect(await connection.acknowledged(4)).toMatchObject({ ok: true });
    expect(await connection.acknowledged(3)).toMatchObject({ ok: false, code: 'PAYLOAD_TOO_LARGE' });
    // Attachments do not hide the size of what they are attached to.
    connection.send(
      `451-5["getOnlineStudents",{"session_id":"${session_id}","extra":"${'x'.repeat(300_000)}","b":{"_placeholder":true,"num":0}}]`,
    );
    connection.send(Buffer.from([1]));
    expect(await connection.acknowledged(5)).toMatchObject({ ok: false, code: 'PAYLOAD_TOO_LARGE' });
    connection.end();
  });

  test('LIMIT-1 bulks of up to 1 MiB pass, also beside a small event in one polling request', async () => {
    const { session_id } = room;
    const student_id = room.student(1).student_id;
    const extra = 'x'.repeat(900_000);
    const attendanceUpdates = [{ student_id, status: 'present' }];
    for (const transport of ['websocket', 'polling'] as const) {
      const client = node.client(room.teacher, { transports: [transport] });
      // Not yet connected: the client library sends all three together once it is.
      const answers = await Promise.all([
        client.ask('markStudentPresent', { session_id, student_id }),
        client.ask('bulkUpdateAttendance', { session_id, attendanceUpdates, extra }),
        client.ask('getOnlineStudents', { session_id }),
      ]);
      expect(answers.map(({ ok }) => ok)).toEqual([true, true, true]);
    }
  });
});

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
    ['more than 4 MiB', 'createCourse', { body: `{"title":"${'x'.repeat(5_000_000)}"}` }, 413],
    ['a date that is none', 'createSession', { body: { course_id: 'C', title: 'x', date: 'soon' } }, 400],
    ['a date beyond all calendars', 'createSession', { body: { course_id: 'C', title: 'x', date: 9e18 } }, 400],
    [
      'a rotating code',
      'createSession',
      { body: { course_id: 'C', title: 'x', date: 0, checkin: { code: 'rotating' } } },
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

  const placedIn = (value: unknown): unknown =>
    JSON.parse(placed(JSON.stringify(value)).replaceAll('"O"', JSON.stringify(other.course_id)));

  test.each(byTeacher)('%s (%s)', async (_name, name, input, status) => {
    const answer = await room.rest.send(name, placedIn(input) as RestInput);
    expect([answer.status, answer.text.slice(0, 300)]).toEqual([status, expect.any(String)]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(Object.keys(ERRORS)).toContain((answer.body as { code: string }).code);
  });

  test('a student may do nothing that staff may', async () => {
    const rest = node.rest(room.student(0));
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
    const student_id = room.student(0).student_id;
    const updates = [{ student_id, status: 'late' }];
    for (const name of (Object.keys(routes) as RouteName[]).filter((it) => !open.includes(it))) {
      const id = /course/i.test(routes[name].path) ? room.course_id : room.session_id;
      const course_id = room.course_id;
      const body = { updates, enrollments: [], title: 'x', date: 0, course_id, reason: 'x', status: 'late' };
      const isRead = routes[name].method === 'GET';
      const answer = await rest.send(name, { params: { id, student_id }, ...(isRead ? {} : { body }) });
      expect([403, 404], `${name} answered ${answer.text}`).toContain(answer.status);
    }
    const params = { id: room.student(1).student_id };
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
    const answer = await fetch(node.node.url + path, {
      headers: { authorization: `Bearer ${node.token(room.teacher)}` },
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    await answer.text();
  });
});
