import { describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/contract/nouns.ts';
import { MINUTE_MS, T0 } from '../support/fixed-clock.ts';
import { ada, anna, bea, RestService, tom } from './rest-service.ts';

const school = () => new RestService().school();
const both = [
  { student_id: 's1', status: 'present' },
  { student_id: 's2', status: 'late', remarks: '=Bus' },
];

describe('corrections', () => {
  test('need a reason, make a new version and are on the audit list', async () => {
    const rest = await school();
    await rest.finished('x1', { s1: 'present' });
    rest.clock.advance(MINUTE_MS);
    const one = 'PATCH /sessions/x1/attendance/s2';
    expect((await rest.refused(ada, one, 'INVALID_PAYLOAD', { status: 'excused' })).field).toBe('reason');
    expect((await rest.refused(ada, one, 'INVALID_PAYLOAD', { status: 'excused', reason: '  ' })).field).toBe('reason');
    expect((await rest.refused(ada, one, 'INVALID_PAYLOAD', { reason: 'ill' })).field).toBe('status');
    const body = { status: 'excused', remarks: 'note seen', reason: 'was ill' };
    expect(await rest.ok(tom, one, body)).toEqual({
      session_id: 'x1',
      version: 2,
      attendanceRecords: [
        {
          student_id: 's2',
          student_name: 'Ben Canary',
          roll: '2',
          status: 'excused',
          joined_at: null,
          marked_at: '2026-09-07T08:01:00.000Z',
          marked_by: tom.user_id,
          remarks: 'note seen',
          version: 2,
        },
      ],
      statistics: {
        totalStudents: 3,
        presentCount: 1,
        absentCount: 1,
        lateCount: 0,
        excusedCount: 1,
        attendanceRate: 50,
      },
    });
    const { version, attendanceRecords } = await rest.ok(ada, 'GET /sessions/x1/attendance');
    expect([version, ...attendanceRecords.map((it: { version: number }) => it.version)]).toEqual([2, 1, 2, 1]);
    expect((await rest.all(ada, '/sessions/x1/audit', 1)).at(-1)).toEqual({
      seq: 3,
      at: '2026-09-07T08:01:00.000Z',
      by: tom.user_id,
      student_id: 's2',
      from: 'absent',
      to: 'excused',
      remarks: 'note seen',
      reason: 'was ill',
      source: 'correction',
    });
  });

  test('an accidental end is undone in bulk, all or nothing', async () => {
    const rest = await school();
    await rest.finished('x1');
    const updates = ['s1', 's2', 's3'].map((student_id) => ({ student_id, status: 'present' }));
    const reason = 'ended by accident';
    const strangers = [...updates, { student_id: 's4', status: 'present' }, { student_id: 'nobody', status: 'late' }];
    const body = { updates: strangers, reason };
    const { student_ids } = await rest.refused(ada, 'POST /sessions/x1/corrections', 'STUDENT_NOT_ON_ROLL', body);
    expect(student_ids).toEqual(['s4', 'nobody']);
    expect((await rest.ok(ada, 'GET /sessions/x1/attendance')).version).toBe(1);
    await rest.ok(ada, 'POST /sessions/x1/corrections', { updates, reason });
    expect((await rest.ok(ada, 'GET /sessions/x1/attendance')).statistics.attendanceRate).toBe(100);
    const audit: AuditEntry[] = await rest.all(ada, '/sessions/x1/audit', 50);
    expect(audit.filter((entry) => entry.reason === reason)).toHaveLength(3);
    // The same again changes nothing.
    expect((await rest.ok(ada, 'POST /sessions/x1/corrections', { updates, reason })).version).toBe(2);
  });

  test('JOIN-4 who was enrolled later gets a record by being corrected', async () => {
    const rest = await school();
    await rest.finished('x1');
    await rest.ok(ada, 'PUT /courses/c1/enrollments', { enrollments: [{ student_id: 's6', name: 'Fred' }] });
    const body = { status: 'present', reason: 'was there' };
    expect(await rest.ok(ada, 'PATCH /sessions/x1/attendance/s6', body)).toMatchObject({
      statistics: { totalStudents: 4, presentCount: 1 },
    });
  });

  test('CONFLICT for what is not over, retryable only while the archive is at work', async () => {
    const rest = await school();
    const correct = async (id: string) => {
      const body = { status: 'present', reason: 'r' };
      const { detail, retryable } = await rest.refused(ada, `PATCH /sessions/${id}/attendance/s1`, 'CONFLICT', body);
      return [retryable, detail];
    };
    await rest.schedule('x1');
    expect(await correct('x1')).toEqual([false, 'The session has not started; there is nothing to correct']);
    await rest.ok(ada, 'POST /sessions/x1/start');
    expect(await correct('x1')).toEqual([false, 'The session is still active; mark it live instead']);
    await rest.ok(ada, 'POST /sessions/x1/end');
    expect(await correct('x1')).toEqual([true, 'The session is being archived; try again']);
    await rest.start('x2');
    await rest.ok(ada, 'POST /sessions/x2/cancel');
    expect(await correct('x2')).toEqual([false, 'The session was cancelled']);
    await rest.archive();
    expect(await correct('x2')).toEqual([false, 'The session was cancelled']);
  });

  test('AUTH-1 only by staff of that course', async () => {
    const rest = await school();
    await rest.finished('x1');
    const body = { status: 'present', reason: 'please' };
    await rest.refused(anna, 'PATCH /sessions/x1/attendance/s1', 'FORBIDDEN', body);
    await rest.refused(bea, 'PATCH /sessions/x1/attendance/s1', 'SESSION_NOT_FOUND', body);
    await rest.refused(anna, 'POST /sessions/x1/corrections', 'FORBIDDEN', {
      updates: [{ student_id: 's1', status: 'present' }],
      reason: 'please',
    });
    expect((await rest.ok(ada, 'GET /sessions/x1/attendance')).version).toBe(1);
  });
});

describe('the audit list', () => {
  test('is served from the roll first, then from the archive, with the same cursors', async () => {
    const rest = await school();
    await rest.schedule('x1');
    expect(await rest.ok(ada, 'GET /sessions/x1/audit')).toEqual({ items: [], next_cursor: null });
    await rest.ok(ada, 'POST /sessions/x1/start');
    await rest.ok(ada, 'POST /sessions/x1/marks', { updates: both });
    await rest.ok(tom, 'POST /sessions/x1/marks', { updates: [{ student_id: 's1', status: 'excused' }] });
    await rest.ok(ada, 'POST /sessions/x1/end');
    const live: AuditEntry[] = await rest.all(ada, '/sessions/x1/audit', 1);
    expect(live.map((it) => [it.seq, it.by, it.student_id, it.from, it.to, it.source])).toEqual([
      [1, 't-ada', 's1', 'absent', 'present', 'bulk'],
      [1, 't-ada', 's2', 'absent', 'late', 'bulk'],
      [2, 't-tom', 's1', 'present', 'excused', 'bulk'],
      [3, 't-ada', null, 'active', 'completed', 'end'],
    ]);
    const first = await rest.ok(ada, 'GET /sessions/x1/audit?limit=1');
    await rest.archive();
    const then = await rest.ok(ada, `GET /sessions/x1/audit?cursor=${first.next_cursor}`);
    expect([...first.items, ...then.items]).toEqual(live);
    expect(await rest.all(ada, '/sessions/x1/audit', 3)).toEqual(live);
    expect((await rest.refused(ada, 'GET /sessions/x1/audit?cursor=abc', 'INVALID_PAYLOAD')).field).toBe('cursor');
  });

  test('AUTH-1 is for staff of that course', async () => {
    const rest = await school();
    await rest.start('x1');
    await rest.refused(anna, 'GET /sessions/x1/audit', 'FORBIDDEN');
    await rest.refused(bea, 'GET /sessions/x1/audit', 'SESSION_NOT_FOUND');
  });
});

describe('the course report', () => {
  test('sums completed sessions, excused ones out of the divisor, and pages', async () => {
    const rest = await school();
    await rest.finished('x1', { s1: 'present', s2: 'late', s3: 'excused' });
    await rest.finished('x2', { s1: 'late', s3: 'excused' });
    await rest.finished('x3', { s1: 'absent' }, { date: T0 + MINUTE_MS });
    await rest.start('x4');
    const items = await rest.all(ada, '/courses/c1/report', 2);
    const counts = { presentCount: 0, absentCount: 0, lateCount: 0, excusedCount: 0 };
    expect(items).toEqual([
      {
        student_id: 's1',
        student_name: 'Anna Canary',
        roll: '1',
        sessions: 3,
        ...counts,
        presentCount: 1,
        lateCount: 1,
        absentCount: 1,
        attendanceRate: 66.67,
      },
      {
        student_id: 's2',
        student_name: 'Ben Canary',
        roll: '2',
        sessions: 3,
        ...counts,
        lateCount: 1,
        absentCount: 2,
        attendanceRate: 33.33,
      },
      {
        student_id: 's3',
        student_name: 'Cleo Canary',
        roll: null,
        sessions: 3,
        ...counts,
        excusedCount: 2,
        absentCount: 1,
        attendanceRate: 0,
      },
    ]);
    expect(
      (await rest.send(ada, 'GET /courses/c1/report.csv')).text.replace('\uFEFF', '').trimEnd().split('\r\n'),
    ).toEqual([
      'student_id,roll,student_name,sessions,present,absent,late,excused,attendance_rate',
      's1,1,Anna Canary,3,1,1,1,0,66.67',
      's2,2,Ben Canary,3,0,2,1,0,33.33',
      's3,,Cleo Canary,3,0,1,0,2,0',
    ]);
    expect((await rest.refused(ada, 'GET /courses/c1/report?cursor=abc', 'INVALID_PAYLOAD')).field).toBe('cursor');
  });

  test('AUTH-1 is for staff of that course', async () => {
    const rest = await school();
    for (const path of ['/courses/c1/report', '/courses/c1/report.csv']) {
      await rest.refused(anna, `GET ${path}`, 'FORBIDDEN');
      await rest.refused(bea, `GET ${path}`, 'COURSE_NOT_FOUND');
    }
  });
});
