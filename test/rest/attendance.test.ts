import { describe, expect, test, vi } from 'vitest';
import { refuse } from '../../src/contract/errors.ts';
import { ada, admin, anna, bea, ben, carl, dora, machine, RestService, tom } from './rest-service.ts';

const school = () => new RestService().school();
const both = [
  { student_id: 's1', status: 'present' },
  { student_id: 's2', status: 'late', remarks: '=Bus' },
];

describe('marks', () => {
  test('go through the doorway: absolute, idempotent by request_id, only_unmarked', async () => {
    const rest = await school();
    await rest.start('x1');
    const body = { updates: both, request_id: 'r1', odd: { deep: [1] } };
    const done = await rest.ok(machine, 'POST /sessions/x1/marks', body);
    expect(done).toMatchObject({
      totalUpdated: 2,
      updatedRecords: [{ student_id: 's1', marked_by: 'sis' }, { remarks: '=Bus' }],
    });
    expect(await rest.ok(machine, 'POST /sessions/x1/marks', { ...body, odd: 2 })).toEqual(done);
    await rest.refused(machine, 'POST /sessions/x1/marks', 'CONFLICT', { ...body, updates: both.slice(1) });
    const all = ['s1', 's2', 's3'].map((student_id) => ({ student_id, status: 'excused' }));
    const rest_of_them = await rest.ok(ada, 'POST /sessions/x1/marks', { updates: all, only_unmarked: true });
    expect(rest_of_them).toMatchObject({ totalUpdated: 1, updatedRecords: [{ student_id: 's3' }] });
  });

  test.each([
    ['updates', {}],
    ['updates', { updates: [] }],
    ['updates.0.status', { updates: [{ student_id: 's1', status: 'gone' }] }],
    ['updates.0.student_id', { updates: [{ status: 'late' }] }],
    ['updates.1', { updates: [both[0], 's2'] }],
    ['updates.0.remarks', { updates: [{ ...both[0], remarks: 'x'.repeat(501) }] }],
    ['only_unmarked', { updates: both, only_unmarked: 'yes' }],
    ['request_id', { updates: both, request_id: 'x'.repeat(65) }],
  ])('INVALID_PAYLOAD for %s', async (field, body) => {
    const rest = await school();
    await rest.start('x1');
    expect((await rest.refused(ada, 'POST /sessions/x1/marks', 'INVALID_PAYLOAD', body)).field).toBe(field);
  });

  test('the allowed values are told', async () => {
    const rest = await school();
    await rest.start('x1');
    const updates = [{ student_id: 's1', status: 'gone' }];
    const { detail } = await rest.refused(ada, 'POST /sessions/x1/marks', 'INVALID_PAYLOAD', { updates });
    expect(detail).toBe('updates.0.status: must be present or absent or late or excused');
  });

  test('MARK-2 not for strangers, not before the start, not after the end; all or nothing', async () => {
    const rest = await school();
    await rest.schedule('x1');
    await rest.refused(ada, 'POST /sessions/x1/marks', 'SESSION_NOT_ACTIVE', { updates: both });
    await rest.ok(ada, 'POST /sessions/x1/start');
    const updates = [...both, { student_id: 's4', status: 'present' }, { student_id: 's9', status: 'present' }];
    const problem = await rest.refused(ada, 'POST /sessions/x1/marks', 'STUDENT_NOT_ON_ROLL', { updates });
    expect(problem.student_ids).toEqual(['s4', 's9']);
    expect((await rest.ok(ada, 'GET /sessions/x1/attendance')).statistics.absentCount).toBe(3);
    await rest.ok(ada, 'POST /sessions/x1/end');
    await rest.refused(ada, 'POST /sessions/x1/marks', 'SESSION_NOT_ACTIVE', { updates: both });
  });

  test('AUTH-1 only by staff of that course', async () => {
    const rest = await school();
    await rest.start('x1');
    const { detail } = await rest.refused(anna, 'POST /sessions/x1/marks', 'FORBIDDEN', { updates: both });
    expect(detail).toBe('Only the course teacher can update attendance');
    for (const who of [bea, carl, dora]) {
      await rest.refused(who, 'POST /sessions/x1/marks', 'SESSION_NOT_FOUND', { updates: both });
    }
    expect((await rest.ok(admin, 'GET /sessions/x1/attendance')).statistics.absentCount).toBe(3);
  });
});

describe('reading', () => {
  test('the same shape while live, after the end and from the archive', async () => {
    const rest = await school();
    await rest.schedule('x1');
    await rest.refused(ada, 'GET /sessions/x1/attendance', 'SESSION_NOT_ACTIVE');
    await rest.ok(ada, 'POST /sessions/x1/start');
    await rest.ok(ada, 'POST /sessions/x1/marks', { updates: both });
    const live = await rest.ok(tom, 'GET /sessions/x1/attendance');
    expect(live).toMatchObject({ source: 'live', version: 0, session: { status: 'active' } });
    expect(live.attendanceRecords[1]).toEqual({
      student_id: 's2',
      student_name: 'Ben Canary',
      roll: '2',
      status: 'late',
      joined_at: null,
      marked_at: '2026-09-07T08:00:00.000Z',
      marked_by: ada.user_id,
      remarks: '=Bus',
      version: 0,
    });
    await rest.ok(ada, 'POST /sessions/x1/end');
    const ended = await rest.ok(ada, 'GET /sessions/x1/attendance');
    expect(ended).toMatchObject({ source: 'live', version: 1, session: { status: 'completed' } });
    await rest.archive();
    // END-3
    expect(await rest.ok(ada, 'GET /sessions/x1/attendance')).toEqual({ ...ended, source: 'archive' });
  });

  test('AUTH-1 a student gets their own record alone, reduced, live and stored', async () => {
    const rest = await school();
    await rest.start('x1');
    await rest.ok(ada, 'POST /sessions/x1/marks', { updates: both });
    const own = { student_id: 's1', status: 'present', marked_at: '2026-09-07T08:00:00.000Z' };
    expect((await rest.ok(anna, 'GET /sessions/x1/attendance')).attendanceRecords).toEqual([own]);
    await rest.ok(ada, 'POST /sessions/x1/end');
    await rest.archive();
    const stored = await rest.ok(anna, 'GET /sessions/x1/attendance');
    expect(stored.attendanceRecords).toEqual([own]);
    expect(stored.statistics.totalStudents).toBe(3);
  });

  test('AUTH-1 a student whose user id has changed hands: the record follows the enrollment', async () => {
    const rest = await school();
    await rest.finished('x1', { s1: 'present', s2: 'absent' });
    const enrollments = [
      { student_id: 's1', user_id: 's2', name: 'Anna Canary' },
      { student_id: 's2', user_id: 'other', name: 'Ben Canary' },
    ];
    await rest.ok(ada, 'PUT /courses/c1/enrollments', { enrollments });
    expect((await rest.ok(ben, 'GET /sessions/x1/attendance')).attendanceRecords).toMatchObject([{ student_id: 's1' }]);
    await rest.refused(anna, 'GET /sessions/x1/attendance', 'SESSION_NOT_FOUND');
  });
});

describe('the download', () => {
  const HEAD = 'session_id,date,student_id,roll,student_name,status,joined_at,marked_at,marked_by,remarks,version';

  test('has one header, a byte order mark, times with the offset of the course, and no formulas', async () => {
    const rest = await school();
    await rest.start('x1');
    await rest.ok(ada, 'POST /sessions/x1/marks', { updates: both });
    const expected = (version: number) =>
      [
        `\uFEFF${HEAD}`,
        `x1,2026-09-07T10:00:00+02:00,s1,1,Anna Canary,present,,2026-09-07T10:00:00+02:00,t-ada,,${version}`,
        `x1,2026-09-07T10:00:00+02:00,s2,2,Ben Canary,late,,2026-09-07T10:00:00+02:00,t-ada,'=Bus,${version}`,
        `x1,2026-09-07T10:00:00+02:00,s3,,Cleo Canary,absent,,,,,${version}`,
        '',
      ].join('\r\n');
    const live = await rest.send(ada, 'GET /sessions/x1/attendance.csv');
    expect(live.text).toBe(expected(0));
    expect(live.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="attendance-x1.csv"',
      'cache-control': 'no-store',
    });
    await rest.ok(ada, 'POST /sessions/x1/end');
    expect((await rest.send(ada, 'GET /sessions/x1/attendance.csv')).text).toBe(expected(1));
    await rest.archive();
    expect((await rest.send(tom, 'GET /sessions/x1/attendance.csv')).text).toBe(expected(1));
  });

  test('of more students than one page, each once', async () => {
    const rest = await school();
    const enrollments = Array.from({ length: 1_203 }, (_, index) => ({ student_id: `n${index}`, name: `N${index}` }));
    await rest.ok(ada, 'PUT /courses/c1/enrollments', { enrollments });
    await rest.finished('x1');
    const lines = (await rest.send(ada, 'GET /sessions/x1/attendance.csv')).text.trimEnd().split('\r\n');
    expect(lines).toHaveLength(1 + 1_206);
    expect(new Set(lines).size).toBe(lines.length);
    const report = (await rest.send(ada, 'GET /courses/c1/report.csv')).text.trimEnd().split('\r\n');
    expect(new Set(report).size).toBe(1 + 1_206);
  });

  test('breaks off when the store goes away in the middle, and is logged', async () => {
    const rest = await school();
    await rest.finished('x1');
    const records = vi.spyOn(rest.services.archive, 'records');
    records.mockResolvedValueOnce(await rest.services.archive.records('x1'));
    records.mockRejectedValue(refuse('STORE_UNAVAILABLE'));
    await rest.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = rest.app.server.address() as { port: number };
    const headers = { authorization: `Bearer ${await rest.token(ada)}` };
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/sessions/x1/attendance.csv`, { headers });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(rest.lines()).toContainEqual(expect.objectContaining({ level: 50, msg: 'a download broke off' }));
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  });

  test('is a problem when the store is away or nothing was taken, and for staff only', async () => {
    const rest = await school();
    await rest.finished('x1');
    vi.spyOn(rest.services.archive, 'records').mockRejectedValue(refuse('STORE_UNAVAILABLE'));
    expect(await rest.refused(ada, 'GET /sessions/x1/attendance.csv', 'STORE_UNAVAILABLE')).toMatchObject({
      retryable: true,
    });
    await rest.schedule('x2');
    await rest.refused(ada, 'GET /sessions/x2/attendance.csv', 'SESSION_NOT_ACTIVE');
    await rest.refused(anna, 'GET /sessions/x1/attendance.csv', 'FORBIDDEN');
    await rest.refused(bea, 'GET /sessions/x1/attendance.csv', 'SESSION_NOT_FOUND');
  });
});
