/** Events with wrong contents: a clear error with a code from the table, the process lives, nothing else changes. */
import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../src/contract/errors.ts';
import { type ClientEventName, clientEvents } from '../../src/contract/events.ts';
import { MAIL_MARK, STUDENT_MARK, student } from '../support/people.ts';
import { RestClient } from '../support/rest-client.ts';
import { until } from '../support/until.ts';
import { deep, Untouched } from '../support/untouched.ts';

const scene = new Untouched();

const EVENTS = Object.keys(clientEvents) as ClientEventName[];

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

describe('events', () => {
  test.each(EVENTS)('%s with a wrong payload', async (event) => {
    for (const person of [scene.room.teacher, scene.room.student(0)]) {
      const connection = await scene.raw(person);
      const texts = WRONG_PAYLOADS.filter((text) => !isGood(event, text)).map((text) => scene.placed(text));
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
      const before = connection.frames.length;
      connection.send(`42${JSON.stringify([event, 5])}`);
      const prefix = `42["${clientEvents[event].errorEvent}",`;
      const frame = await until('an error event', () =>
        connection.frames.slice(before).find((it) => it.startsWith(prefix)),
      );
      const [, error] = JSON.parse(frame.slice(2)) as [string, object];
      expect(error).toMatchObject({ code: 'INVALID_PAYLOAD', event, field: expect.any(String), retryable: false });
      connection.end();
    }
  });

  test.each(EVENTS.filter((it) => clientEvents[it].who === 'staff'))('a student sends %s', async (event) => {
    for (const [person, session_id] of [
      [scene.room.student(0), scene.room.session_id],
      [scene.room.student(0), scene.other.session_id],
      [student(77), scene.room.session_id],
    ] as const) {
      const student_id = scene.room.student(2).student_id;
      const attendanceUpdates = [{ student_id, status: 'late' }];
      const client = await scene.node.connect(person);
      const payload = { session_id, student_id, status: 'late', attendanceUpdates };
      const error = await client.refused(event, payload, 'FORBIDDEN');
      expect(error.message).toBe(`Only the course teacher can ${clientEvents[event].verb} attendance`);
    }
  });

  test('a student id that a student sends is ignored: the token decides', async () => {
    const client = await scene.node.connect(scene.room.student(0));
    const payload = { session_id: scene.room.session_id, student_id: scene.room.student(3).student_id };
    expect((await client.does('joinAttendanceSession', payload)).own_seq).toBe(1);
  });

  test('unknown events: answered with a callback, else nothing', async () => {
    const connection = await scene.raw(scene.room.student(0));
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
      await connection.ask(100 + i, 'checkActiveSessions', { course_id: scene.room.course_id });
      expect(connection.frames.slice(heard).join()).not.toContain('attendanceError');
    }
    connection.end();
  });

  test('arguments beyond the payload, callbacks as payload, binary payloads', async () => {
    const connection = await scene.raw(scene.room.teacher);
    connection.send(`421${JSON.stringify(['getOnlineStudents', { session_id: scene.room.session_id }, 2, [3]])}`);
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
    const { session_id } = scene.room;
    const mark = `"session_id":"${session_id}","student_id":"${scene.room.student(1).student_id}"`;
    const connection = await scene.raw(scene.room.teacher);
    const ordinary = [deep(20_000), deep(8_000, '{"a":', '}').replace('}', '1}'), '{"__proto__":{"admin":true}}'];
    for (const [i, extra] of ordinary.entries()) {
      connection.send(`42${i}["markStudentPresent",{${mark},"extra":${extra},"request_id":"deep-${i}"}]`);
      expect(await connection.acknowledged(i)).toMatchObject({ ok: true });
    }
    const update = `{"student_id":"${scene.room.student(1).student_id}","status":"present","extra":${deep(200_000)}}`;
    const bulk = `{"session_id":"${session_id}","attendanceUpdates":[${update}],"request_id":"deep-bulk"}`;
    connection.send(`4210["bulkUpdateAttendance",${bulk}]`);
    expect(await connection.acknowledged(10)).toMatchObject({ ok: true, totalUpdated: 0 });
    connection.end();
  });

  test('huge arrays are refused quickly, and others are served meanwhile', async () => {
    const connection = await scene.raw(scene.room.teacher);
    const client = await scene.node.connect(scene.room.student(0));
    const items = ['1', '{}', '[]', '{"student_id":"x","status":"late"}', '{"student_id":5}'];
    for (const [i, item] of items.entries()) {
      const count = Math.floor(1_000_000 / (item.length + 1));
      const list = `[${Array(count).fill(item).join(',')}]`;
      connection.send(
        `42${i}["bulkUpdateAttendance",{"session_id":"${scene.room.session_id}","attendanceUpdates":${list}}]`,
      );
      const began = performance.now();
      await client.does('checkActiveSessions', { course_id: scene.room.course_id });
      expect(performance.now() - began).toBeLessThan(2_000);
      expect(await connection.acknowledged(i)).toMatchObject({ ok: false, code: 'INVALID_PAYLOAD' });
    }
    connection.end();
  });

  test('names and addresses in the place of ids are refused, and not logged', async () => {
    // The logs are looked through for these marks at the end.
    const mail = `someone${MAIL_MARK}`;
    const connection = await scene.raw(scene.room.teacher);
    for (const [i, session_id] of [mail, `${STUDENT_MARK} Someone`].entries()) {
      const refused = await connection.ask(i, 'endAttendanceSession', { session_id, request_id: mail });
      expect(refused.ok).toBe(false);
    }
    const rest = new RestClient(scene.node.node.url, scene.node.token(scene.room.teacher));
    for (const it of [mail, `${STUDENT_MARK} Someone`]) {
      const answer = await rest.send('getSession', { params: { id: it }, headers: { 'x-request-id': it } });
      expect(answer.status).toBe(400);
    }
    connection.end();
  });
});
