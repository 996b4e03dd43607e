import { describe, expect, test, vi } from 'vitest';
import { refuse } from '../../src/contract/errors.ts';
import { T0 } from '../support/fixed-clock.ts';
import { ada, admin, anna, bea, ben, carl, machine, RestService, tom } from './rest-service.ts';

const school = () => new RestService().school();
const own = encodeURIComponent(anna.user_id);

describe('history', () => {
  test('with the rate, newest first, by either id; a student gets reduced records', async () => {
    const rest = await school();
    await rest.finished('x1', { s1: 'present', s2: 'late' });
    await rest.finished('x2', { s1: 'excused' }, { date: T0 + 1_000 });
    await rest.finished('x3', { s1: 'absent' }, { date: T0 + 2_000 });
    const history = await rest.ok(anna, 'GET /students/s1/attendance');
    expect(history).toMatchObject({
      student_id: 's1',
      sessions: 3,
      presentCount: 1,
      excusedCount: 1,
      attendanceRate: 50,
    });
    expect(history.items[2]).toEqual({
      session_id: 'x1',
      course_id: 'c1',
      title: 'Session x1',
      date: String(T0),
      starts_at: '2026-09-07T08:00:00.000Z',
      attendanceRecord: { student_id: 's1', status: 'present', marked_at: '2026-09-07T08:00:00.000Z' },
    });
    expect(await rest.ok(anna, `GET /students/${own}/attendance`)).toEqual({ ...history, student_id: anna.user_id });
    const ofStaff = await rest.ok(tom, `GET /students/${own}/attendance`);
    expect(ofStaff.items[2].attendanceRecord).toMatchObject({ student_name: 'Anna Canary', version: 1 });
    expect((await rest.all(admin, '/students/s1/attendance', 1)).map((it) => it.session_id)).toEqual([
      'x3',
      'x2',
      'x1',
    ]);
  });

  test('records from before they dropped count, for themselves too', async () => {
    const rest = await school();
    await rest.finished('x1', { s2: 'present' });
    await rest.ok(ada, 'PUT /courses/c1/enrollments', {
      enrollments: [{ student_id: 's2', name: 'B', status: 'dropped' }],
    });
    expect(await rest.ok(ben, 'GET /students/s2/attendance')).toMatchObject({ sessions: 1, attendanceRate: 100 });
    await rest.refused(ben, 'GET /sessions/x1/attendance', 'SESSION_NOT_FOUND');
  });

  test('AUTH-1 staff see their own courses alone; nobody sees another student', async () => {
    const rest = await school();
    await rest.ok(bea, 'PUT /courses/c2/enrollments', { enrollments: [{ student_id: 's2', name: 'Ben Canary' }] });
    await rest.finished('x1', { s2: 'present' });
    await rest.finished('y1', { s2: 'late' }, { course_id: 'c2' }, bea);
    const seen = async (who: typeof ada) =>
      (await rest.ok(who, 'GET /students/s2/attendance')).items
        .map((it: { session_id: string }) => it.session_id)
        .sort();
    expect(await seen(ada)).toEqual(['x1']);
    expect(await seen(bea)).toEqual(['y1']);
    expect(await seen(ben)).toEqual(['x1', 'y1']);
    expect(await seen(machine)).toEqual(['x1', 'y1']);
    const unknown = await rest.refused(ada, 'GET /students/nobody/attendance', 'NOT_FOUND');
    expect(await rest.refused(ada, 'GET /students/s9/attendance', 'NOT_FOUND')).toEqual(unknown);
    expect(await rest.refused(anna, 'GET /students/s2/attendance', 'NOT_FOUND')).toEqual(unknown);
    expect(await rest.refused(anna, 'GET /students/nobody/attendance', 'NOT_FOUND')).toEqual(unknown);
    expect(await rest.refused(admin, 'GET /students/nobody/attendance', 'NOT_FOUND')).toEqual(unknown);
    await rest.refused(ada, 'GET /students/a%20b/attendance', 'INVALID_PAYLOAD');
  });

  test('AUTH-1 one id that means two people in two courses gives each their own', async () => {
    const rest = await school();
    // In c2 "s1" is Carl's other number, and Anna's user id is somebody's student number nowhere.
    const enrollments = [{ student_id: 's1', user_id: 'u-other', name: 'Other Canary' }];
    await rest.ok(bea, 'PUT /courses/c2/enrollments', { enrollments });
    await rest.finished('x1', { s1: 'present' });
    await rest.finished('y1', { s1: 'late' }, { course_id: 'c2' }, bea);
    expect((await rest.ok(anna, 'GET /students/s1/attendance')).items).toMatchObject([{ session_id: 'x1' }]);
    expect(await rest.ok(anna, 'GET /students/s1/attendance')).toMatchObject({ sessions: 1, attendanceRate: 100 });
    const held = await rest.ok(anna, 'GET /students/s1/export');
    expect(JSON.stringify(held)).not.toContain('Other');
    expect(held.records).toMatchObject([{ session_id: 'x1' }]);
    // To a student whose user id is somebody else's student number, that somebody stays unknown.
    const namesake = { ...ben, user_id: 's1' };
    expect(await rest.ok(namesake, 'GET /students/s1/attendance')).toMatchObject({ sessions: 0, items: [] });
    expect(await rest.ok(namesake, 'GET /students/s1/export')).toMatchObject({
      enrollments: [],
      records: [],
      audit: [],
    });
  });
});

describe('export', () => {
  test('is everything that is held, on live rolls too, and nothing of others', async () => {
    const rest = await school();
    await rest.finished('x1', { s1: 'present', s2: 'late' });
    await rest.start('x2');
    const updates = [
      { student_id: 's1', status: 'excused', remarks: 'doctor' },
      { student_id: 's2', status: 'late', remarks: 'theirs' },
    ];
    await rest.ok(ada, 'POST /sessions/x2/marks', { updates });
    for (const who of [anna, admin, machine]) {
      for (const id of ['s1', own]) {
        const held = await rest.ok(who, `GET /students/${id}/export`);
        expect(held.enrollments).toEqual([
          {
            course_id: 'c1',
            student_id: 's1',
            user_id: anna.user_id,
            name: 'Anna Canary',
            roll: '1',
            status: 'approved',
          },
        ]);
        expect(held.records).toMatchObject([
          { session_id: 'x1', status: 'present', version: 1, date: String(T0) },
          { session_id: 'x2', status: 'excused', version: 0, remarks: 'doctor' },
        ]);
        expect(held.audit).toMatchObject([
          { session_id: 'x1', student_id: 's1', to: 'present' },
          { session_id: 'x2', student_id: 's1', to: 'excused' },
        ]);
        expect(JSON.stringify(held)).not.toMatch(/Ben|theirs|s2/);
      }
    }
  });

  test('the reason of a correction of several is not for one of them', async () => {
    const rest = await school();
    await rest.finished('x1');
    const updates = ['s1', 's2'].map((student_id) => ({ student_id, status: 'excused' }));
    await rest.ok(ada, 'POST /sessions/x1/corrections', { updates, reason: 'Ben and Anna were ill' });
    expect((await rest.ok(admin, 'GET /students/s1/export')).audit).toMatchObject([
      { reason: 'Ben and Anna were ill' },
    ]);
    expect((await rest.ok(anna, 'GET /students/s1/export')).audit).toMatchObject([
      { to: 'excused', source: 'correction' },
    ]);
    expect((await rest.send(anna, 'GET /students/s1/export')).text).not.toContain('Ben');
  });

  test('AUTH-1 is for that student, admin and service', async () => {
    const rest = await school();
    await rest.refused(ada, 'GET /students/s1/export', 'FORBIDDEN');
    const unknown = await rest.refused(ben, 'GET /students/nobody/export', 'NOT_FOUND');
    expect(await rest.refused(ben, 'GET /students/s1/export', 'NOT_FOUND')).toEqual(unknown);
  });
});

describe('erasure', () => {
  test('takes the ids, names and remarks, keeps the counts, and can be repeated', async () => {
    const rest = await school();
    await rest.start('x1');
    const updates = [{ student_id: 's1', status: 'late', remarks: 'Anna was late' }];
    await rest.ok(ada, 'POST /sessions/x1/marks', { updates });
    await rest.ok(ada, 'POST /sessions/x1/end');
    await rest.archive();
    const before = (await rest.ok(ada, 'GET /sessions/x1/attendance')).statistics;
    const erased = await rest.send(admin, 'DELETE /students/s1');
    expect(erased).toMatchObject({ status: 200, body: { status: 'erased' } });
    const left = await rest.ok(ada, 'GET /sessions/x1/attendance');
    expect(left.statistics).toEqual(before);
    const lists = [
      left,
      await rest.all(ada, '/sessions/x1/audit', 50),
      await rest.all(ada, '/courses/c1/enrollments', 50),
    ];
    expect(JSON.stringify(lists)).not.toMatch(/Anna|"s1"|u\.anna/);
    expect(await rest.send(machine, 'DELETE /students/s1')).toMatchObject({ status: 200, body: { status: 'erased' } });
    expect(await rest.services.registry.pendingErasures()).toEqual([]);
    await rest.refused(anna, 'GET /courses/c1', 'COURSE_NOT_FOUND');
    await rest.refused(admin, 'GET /students/s1/export', 'NOT_FOUND');
  });

  test('AUTH-1 reaches the student of that id alone, not a student whose user id reads the same', async () => {
    const rest = await school();
    // Carl is student s3 everywhere; his user id is Anna's student number.
    const enrollments = [{ student_id: 's3', user_id: 's1', name: 'Carl Canary' }];
    for (const [who, course] of [[ada, 'c1'] as const, [bea, 'c2'] as const])
      await rest.ok(who, `PUT /courses/${course}/enrollments`, { enrollments });
    await rest.finished('x1', { s1: 'present', s3: 'late' });
    await rest.finished('y1', { s3: 'excused' }, { course_id: 'c2' }, bea);
    const carl3 = async () => [
      await rest.ok(admin, 'GET /students/s3/export'),
      await rest.ok(admin, 'GET /students/s3/attendance'),
    ];
    const before = await carl3();
    expect(before[1].items).toHaveLength(2);
    expect(await rest.ok(admin, 'GET /students/s1/attendance')).toMatchObject({ sessions: 1, presentCount: 1 });
    expect(JSON.stringify(await rest.ok(admin, 'GET /students/s1/export'))).not.toContain('Carl');
    await rest.ok(admin, 'DELETE /students/s1');
    const withoutTime = (all: { exported_at?: string }[]) => all.map(({ exported_at: _, ...rest }) => rest);
    expect(withoutTime(await carl3())).toEqual(withoutTime(before));
    // Sent once more, when no student has the id any more, it must not mean Carl either.
    const again = await rest.refused(admin, 'DELETE /students/s1', 'CONFLICT');
    expect(again).toMatchObject({ student_ids: ['s3'] });
    expect(withoutTime(await carl3())).toEqual(withoutTime(before));
  });

  test('waits for live rolls, drops at once, survives a restart, and finishes by itself', async () => {
    const rest = await school();
    await rest.finished('x1', { s1: 'present' });
    await rest.start('x2');
    expect(await rest.send(admin, 'DELETE /students/s1')).toMatchObject({ status: 202, body: { status: 'pending' } });
    expect(rest.changed).toContain('c1');
    await rest.refused(anna, 'GET /sessions/x2', 'SESSION_NOT_FOUND');
    // Kept in the registry, not in this process.
    expect(await rest.services.registry.pendingErasures()).toMatchObject([{ person: 's1' }]);
    await rest.start('x3');
    expect((await rest.ok(ada, 'GET /sessions/x3/attendance')).statistics.totalStudents).toBe(2);
    await rest.ok(ada, 'POST /sessions/x2/end');
    expect(await rest.send(admin, 'DELETE /students/s1')).toMatchObject({ status: 202 });
    await rest.archive();
    expect(await rest.services.registry.pendingErasures()).toEqual([]);
    for (const id of ['x1', 'x2']) {
      const { attendanceRecords, statistics } = await rest.ok(ada, `GET /sessions/${id}/attendance`);
      expect(statistics.totalStudents).toBe(3);
      expect(JSON.stringify(attendanceRecords)).not.toMatch(/Anna|"s1"/);
    }
  });

  test('what failed half-way is made good by a repetition', async () => {
    const rest = await school();
    await rest.start('x1');
    const follow = vi.spyOn(rest.services.live, 'followRoster').mockRejectedValueOnce(refuse('STORE_UNAVAILABLE'));
    await rest.refused(admin, 'DELETE /students/s1', 'STORE_UNAVAILABLE');
    expect(await rest.send(admin, 'DELETE /students/s1')).toMatchObject({ status: 202 });
    const updates = [{ student_id: 's1', status: 'present' }];
    await rest.refused(ada, 'POST /sessions/x1/marks', 'STUDENT_NOT_ON_ROLL', { updates });
    follow.mockRejectedValueOnce(refuse('STORE_UNAVAILABLE'));
    const body = { enrollments: [{ student_id: 's2', name: 'Ben Canary', status: 'dropped' }] };
    await rest.refused(ada, 'PUT /courses/c1/enrollments', 'STORE_UNAVAILABLE', body);
    expect(await rest.ok(ada, 'PUT /courses/c1/enrollments', body)).toMatchObject({ unchanged: 1 });
    const others = [{ student_id: 's2', status: 'present' }];
    await rest.refused(ada, 'POST /sessions/x1/marks', 'STUDENT_NOT_ON_ROLL', { updates: others });
  });

  test('waits while a roll is being opened', async () => {
    const rest = await school();
    await rest.schedule('x1');
    await rest.services.registry.begin('x1', { user_id: ada.user_id, name: 'Ada' }, T0);
    expect(await rest.send(admin, 'DELETE /students/s1')).toMatchObject({ status: 202 });
    await rest.ok(ada, 'POST /sessions/x1/start');
    await rest.archive();
    expect(await rest.services.registry.pendingErasures()).toEqual([]);
  });

  test('AUTH-1 is for admin and service', async () => {
    const rest = await school();
    for (const who of [ada, anna, carl]) await rest.refused(who, 'DELETE /students/s1', 'FORBIDDEN');
    expect(await rest.ok(anna, 'GET /courses/c1')).toMatchObject({ id: 'c1' });
  });
});
