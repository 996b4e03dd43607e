import { describe, expect, test } from 'vitest';
import { MINUTE_MS, T0 } from '../support/fixed-clock.ts';
import { ada, admin, anna, bea, carl, dora, machine, RestService, tom } from './rest-service.ts';

const school = () => new RestService().school();
const ids = (page: { items: { id: string }[] }) => page.items.map(({ id }) => id);

describe('planning', () => {
  test('answers the session object', async () => {
    const rest = await school();
    const body = { id: 'x1', course_id: 'c1', title: 'Sets', date: '2024-01-15T00:00:00Z', ends_at: 1_705_280_400_000 };
    const session = await rest.ok(tom, 'POST /sessions', { ...body, checkin: { late_after_minutes: 5, odd: 1 } });
    expect(session).toEqual({
      id: 'x1',
      _id: 'x1',
      course_id: 'c1',
      title: 'Sets',
      topic: 'Sets',
      description: '',
      date: '1705276800000',
      starts_at: '2024-01-15T00:00:00.000Z',
      ends_at: '2024-01-15T01:00:00.000Z',
      status: 'scheduled',
      teacher_id: ada.user_id,
      checkin: { late_after_minutes: 5 },
      created_at: '2026-09-07T08:00:00.000Z',
    });
    expect(await rest.ok(anna, 'GET /sessions/x1')).toEqual(session);
    await rest.refused(ada, 'POST /sessions', 'CONFLICT', body);
  });

  test.each([
    ['1705276800000', '1705276800000'],
    [1_705_276_800_000, '1705276800000'],
    ['2024-01-15T01:00:00+01:00', '1705276800000'],
    // Without an offset it is in the course's time zone, Vienna.
    ['2024-01-15T01:00:00.000', '1705276800000'],
    ['2024-07-15 02:00', '1721001600000'],
    ['2024-01-15', '1705273200000'],
  ])('date %s', async (date, expected) => {
    const rest = await school();
    expect(await rest.ok(ada, 'POST /sessions', { course_id: 'c1', title: 'A', date })).toMatchObject({
      date: expected,
    });
  });

  test.each([
    ['date', { date: undefined }],
    ['date', { date: 'tomorrow' }],
    ['date', { date: '' }],
    ['date', { date: '2024-02-31' }],
    ['date', { date: -1 }],
    ['date', { date: 1e17 }],
    ['date', { date: 1.5 }],
    ['date', { date: null }],
    ['date', { date: {} }],
    ['title', { title: null }],
    ['course_id', { course_id: 7 }],
    ['ends_at', { ends_at: T0 }],
    ['ends_at', { ends_at: 'later' }],
    ['checkin.code', { checkin: { code: 'fixed' } }],
    ['checkin.late_after_minutes', { checkin: { late_after_minutes: -1 } }],
    ['checkin.auto_end_after_minutes', { checkin: { auto_end_after_minutes: 0 } }],
  ])('INVALID_PAYLOAD for %s', async (field, more) => {
    const rest = await school();
    const body = { course_id: 'c1', title: 'A', date: T0, ...more };
    expect((await rest.refused(ada, 'POST /sessions', 'INVALID_PAYLOAD', body)).field).toBe(field);
  });

  test('AUTH-1 only staff of that course plan in it', async () => {
    const rest = await school();
    const body = { course_id: 'c1', title: 'A', date: T0 };
    await rest.refused(bea, 'POST /sessions', 'COURSE_NOT_FOUND', body);
    await rest.refused(anna, 'POST /sessions', 'FORBIDDEN', body);
    await rest.refused(ada, 'POST /sessions', 'COURSE_NOT_FOUND', { ...body, course_id: 'c7' });
    await rest.ok(machine, 'POST /sessions', body);
  });
});

describe('changing', () => {
  test('what is scheduled, and nothing else', async () => {
    const rest = await school();
    await rest.schedule('x1', { ends_at: T0 + 60 * MINUTE_MS });
    const patch = { title: 'New', description: 'More', date: T0 + MINUTE_MS, checkin: { closes_after_minutes: 9 } };
    expect(await rest.ok(tom, 'PATCH /sessions/x1', patch)).toMatchObject({
      title: 'New',
      topic: 'New',
      description: 'More',
      date: String(T0 + MINUTE_MS),
      checkin: { closes_after_minutes: 9 },
      ends_at: '2026-09-07T09:00:00.000Z',
    });
    expect(await rest.ok(ada, 'PATCH /sessions/x1', { ends_at: null })).toMatchObject({ ends_at: null, title: 'New' });
    expect(await rest.ok(ada, 'PATCH /sessions/x1', {})).toMatchObject({ title: 'New' });
    expect((await rest.refused(ada, 'PATCH /sessions/x1', 'INVALID_PAYLOAD', { ends_at: T0 })).field).toBe('ends_at');
    await rest.refused(bea, 'PATCH /sessions/x1', 'SESSION_NOT_FOUND', patch);
    await rest.refused(anna, 'PATCH /sessions/x1', 'FORBIDDEN', patch);
    await rest.ok(ada, 'POST /sessions/x1/start');
    await rest.refused(ada, 'PATCH /sessions/x1', 'CONFLICT', patch);
  });
});

describe('listing', () => {
  test('newest first, by course, status and planned start', async () => {
    const rest = await school();
    for (const [index, id] of ['x1', 'x2', 'x3'].entries()) {
      rest.clock.advance(1_000);
      await rest.schedule(id, { date: T0 + index * 60 * MINUTE_MS });
    }
    await rest.schedule('y1', { course_id: 'c2' }, bea);
    await rest.ok(ada, 'POST /sessions/x2/start');
    const list = async (query: string, who = ada) => ids(await rest.ok(who, `GET /sessions${query}`));
    expect(await list('')).toEqual(['x3', 'x2', 'x1']);
    expect(await list('?course_id=c1&status=scheduled')).toEqual(['x3', 'x1']);
    expect(await list('?status=active,completed')).toEqual(['x2']);
    expect(await list(`?from=${T0 + 60 * MINUTE_MS}`)).toEqual(['x3', 'x2']);
    // c1 is in Vienna, two hours ahead in September.
    expect(await list('?course_id=c1&to=2026-09-07T11:00')).toEqual(['x1']);
    expect(await list('?to=2026-09-07T09:00:00Z')).toEqual(['x1']);
    expect((await rest.all(admin, '/sessions', 1)).map(({ id }) => id).sort()).toEqual(['x1', 'x2', 'x3', 'y1']);
    for (const [field, value] of Object.entries({
      status: 'gone',
      from: 'x',
      to: 'y',
      course_id: 'a b',
      cursor: 'z',
    })) {
      expect(
        (await rest.refused(ada, `GET /sessions?${field}=${encodeURIComponent(value)}`, 'INVALID_PAYLOAD')).field,
      ).toBe(field);
    }
  });

  test('AUTH-1 only of courses that one is in', async () => {
    const rest = await school();
    await rest.schedule('x1');
    await rest.schedule('y1', { course_id: 'c2' }, bea);
    for (const [who, seen] of [
      [anna, ['x1']],
      [carl, ['y1']],
      [dora, []],
      [bea, ['y1']],
      [tom, ['x1']],
    ] as const) {
      expect(ids(await rest.ok(who, 'GET /sessions'))).toEqual(seen);
    }
    for (const who of [bea, carl, dora]) {
      await rest.refused(who, 'GET /sessions?course_id=c1', 'COURSE_NOT_FOUND');
      await rest.refused(who, 'GET /sessions/x1', 'SESSION_NOT_FOUND');
    }
  });

  test('a session is completed from the acknowledged end on, archived or not', async () => {
    const rest = await school();
    for (const id of ['x1', 'x2', 'x3']) await rest.start(id);
    await rest.ok(ada, 'POST /sessions/x1/end');
    await rest.ok(ada, 'POST /sessions/x2/cancel');
    const statuses = async () => {
      for (const [status, id] of [
        ['completed', 'x1'],
        ['cancelled', 'x2'],
        ['active', 'x3'],
      ]) {
        expect((await rest.ok(anna, `GET /sessions/${id}`)).status).toBe(status);
        expect(await rest.all(anna, `/sessions?status=${status}`, 1)).toMatchObject([{ id, status }]);
        expect(ids(await rest.ok(ada, `GET /sessions?course_id=c1&status=${status}`))).toEqual([id]);
      }
    };
    await statuses();
    await rest.archive();
    await statuses();
  });
});

describe('running', () => {
  test('start, start again, end, end again: by staff and machines, as the events do it', async () => {
    const rest = await school();
    await rest.schedule('x1');
    const started = await rest.ok(machine, 'POST /sessions/x1/start');
    expect(started).toMatchObject({ totalStudents: 3, session: { status: 'active' }, seq: 0 });
    expect(started.attendanceRecords.map((it: { status: string }) => it.status)).toEqual([
      'absent',
      'absent',
      'absent',
    ]);
    await rest.ok(ada, 'POST /sessions/x1/marks', { updates: [{ student_id: 's1', status: 'present' }] });
    const again = await rest.ok(ada, 'POST /sessions/x1/start', '', { contentType: 'application/json' });
    expect(again).toMatchObject({ epoch: started.epoch, seq: 1, statistics: { presentCount: 1 } });
    const ended = await rest.ok(tom, 'POST /sessions/x1/end', { request_id: 'r1' });
    expect(ended).toMatchObject({ ended_by: 'Tom', finalData: { session: { status: 'completed' } } });
    await rest.archive();
    expect(await rest.ok(ada, 'POST /sessions/x1/end')).toEqual(ended);
    await rest.refused(ada, 'POST /sessions/x1/start', 'SESSION_ALREADY_ENDED');
    expect(rest.told.map(({ event }) => event)).toEqual([
      'courseSessionStarted',
      'activeSessionsData',
      'courseSessionEnded',
      'activeSessionsData',
    ]);
  });

  test('AUTH-1 not by others, who learn nothing; enrolled students learn that it is for staff', async () => {
    const rest = await school();
    await rest.start('x1');
    for (const action of ['start', 'end', 'cancel']) {
      await rest.refused(bea, `POST /sessions/x1/${action}`, 'SESSION_NOT_FOUND');
      await rest.refused(dora, `POST /sessions/x1/${action}`, 'SESSION_NOT_FOUND');
      await rest.refused(ada, `POST /sessions/nothing/${action}`, 'SESSION_NOT_FOUND');
    }
    expect((await rest.refused(anna, 'POST /sessions/x1/start', 'FORBIDDEN')).detail).toBe(
      'Only the course teacher can start attendance',
    );
    expect((await rest.refused(anna, 'POST /sessions/x1/end', 'FORBIDDEN')).detail).toBe(
      'Only the course teacher can end attendance',
    );
    expect((await rest.ok(ada, 'GET /sessions/x1')).status).toBe('active');
  });

  test('what has not started cannot be ended', async () => {
    const rest = await school();
    await rest.schedule('x1');
    const { detail } = await rest.refused(ada, 'POST /sessions/x1/end', 'SESSION_NOT_ACTIVE');
    expect(detail).toBe('Attendance session not active');
  });
});

describe('cancelling', () => {
  test('what is scheduled or active needs no reason, what is completed does', async () => {
    const rest = await school();
    await rest.schedule('x1');
    expect(await rest.ok(ada, 'POST /sessions/x1/cancel', { reason: 'ill' })).toMatchObject({ status: 'cancelled' });
    await rest.refused(ada, 'POST /sessions/x1/start', 'SESSION_NOT_ACTIVE');
    await rest.start('x2');
    expect(await rest.ok(ada, 'POST /sessions/x2/cancel')).toMatchObject({ status: 'cancelled' });
    expect(await rest.refused(ada, 'POST /sessions/x2/cancel', 'CONFLICT')).toMatchObject({ retryable: true });
    await rest.archive();
    expect(await rest.ok(ada, 'POST /sessions/x2/cancel')).toMatchObject({ status: 'cancelled' });
    await rest.finished('x3', { s1: 'present' });
    expect((await rest.refused(ada, 'POST /sessions/x3/cancel', 'INVALID_PAYLOAD')).field).toBe('reason');
    expect((await rest.refused(ada, 'POST /sessions/x3/cancel', 'INVALID_PAYLOAD', { reason: ' ' })).field).toBe(
      'reason',
    );
    expect(await rest.ok(ada, 'POST /sessions/x3/cancel', { reason: 'wrong class' })).toMatchObject({
      status: 'cancelled',
    });
  });

  test('out of reports and histories, kept in the audit list', async () => {
    const rest = await school();
    await rest.finished('x1', { s1: 'present', s2: 'late' });
    await rest.finished('x2', { s1: 'absent' });
    await rest.ok(ada, 'POST /sessions/x2/cancel', { reason: 'wrong class' });
    expect((await rest.ok(ada, 'GET /courses/c1/report')).items).toMatchObject([
      { student_id: 's1', sessions: 1, attendanceRate: 100 },
      { student_id: 's2', sessions: 1 },
      { student_id: 's3', sessions: 1 },
    ]);
    expect((await rest.ok(anna, `GET /students/s1/attendance`)).items).toMatchObject([{ session_id: 'x1' }]);
    expect((await rest.all(ada, '/sessions/x2/audit', 50)).at(-1)).toMatchObject({
      source: 'cancel',
      from: 'completed',
      to: 'cancelled',
      by: ada.user_id,
      reason: 'wrong class',
    });
  });
});

describe('check-in tickets', () => {
  test('are not to be had in this version, whoever asks', async () => {
    const rest = await school();
    await rest.start('x1');
    const { detail } = await rest.refused(null, 'POST /sessions/x1/checkin-ticket', 'CONFLICT', { code: '123456' });
    expect(detail).toBe('This session takes check-ins without a code');
    await rest.refused(null, 'POST /sessions/x9/checkin-ticket', 'SESSION_NOT_FOUND', { code: '123456' });
    expect((await rest.refused(null, 'POST /sessions/x1/checkin-ticket', 'INVALID_PAYLOAD', {})).field).toBe('code');
  });
});
