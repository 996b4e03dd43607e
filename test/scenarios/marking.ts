import { expect, test } from 'vitest';
import type { Deployment } from '../support/deployment.ts';
import { REMARK_MARK, student } from '../support/people.ts';
import { until } from '../support/until.ts';

export const markingScenarios = (deployment: () => Deployment): void => {
  test('MARK-1 the last write by seq wins, and every change is on the audit list', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const teacher = await room.started();
    const assistant = await deployment().connect(room.assistant);
    await assistant.does('joinAttendanceSession', { session_id });
    const { student_id } = room.student(0);
    const statuses = ['present', 'late', 'excused', 'absent'] as const;
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const by = i % 2 === 0 ? teacher : assistant;
        return by.does('markStudentAttendance', { session_id, student_id, status: statuses[i % 4] });
      }),
    );
    const data = await teacher.does('getAttendanceSessionData', { session_id });
    for (const staff of [teacher, assistant]) {
      await staff.hears('studentMarked', (it) => it.seq === data.seq);
      const told = staff.payloads('studentMarked');
      expect(told.map(({ seq }) => seq)).toEqual(told.map((_, i) => i + 1));
      expect(told.at(-1)?.attendanceRecord).toEqual(data.attendanceRecords[0]);
    }
    const audit = await room.audit();
    expect(audit).toHaveLength(data.seq);
    for (const [i, entry] of audit.entries()) {
      expect(entry).toMatchObject({
        seq: i + 1,
        student_id,
        source: 'mark',
        from: i === 0 ? 'absent' : audit[i - 1]?.to,
      });
      expect([room.teacher.sub, room.assistant.sub]).toContain(entry.by);
    }
    // The same mark by the same hand again is no change.
    const { by, to } = audit.at(-1) as { by: string; to: string };
    const last = by === room.teacher.sub ? teacher : assistant;
    await last.does('markStudentAttendance', { session_id, student_id, status: to });
    expect((await teacher.does('getAttendanceSessionData', { session_id })).seq).toBe(data.seq);
  });

  test('a mark or submit repeated with its request_id answers the same, also when the archive has the session', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const { student_id } = room.student(0);
    const teacher = await room.started();
    const mark = { session_id, student_id, status: 'late', request_id: 'mark' };
    const submit = { session_id, attendanceUpdates: [{ student_id, status: 'excused' }], request_id: 'submit' };
    const marked = await teacher.does('markStudentAttendance', mark);
    const submitted = await teacher.does('submitAttendance', submit);
    await room.archived();
    const audit = await room.audit();
    expect(await teacher.repeats('markStudentAttendance', mark)).toEqual(marked);
    expect(await teacher.repeats('submitAttendance', submit)).toEqual(submitted);
    await teacher.refused('markStudentAttendance', { ...mark, status: 'absent' }, 'CONFLICT');
    await teacher.refused('submitAttendance', { ...submit, attendanceUpdates: [] }, 'CONFLICT');
    await teacher.refused('markStudentAttendance', { ...mark, request_id: 'new' }, 'SESSION_NOT_ACTIVE');
    const stranger = await deployment().connect(room.student(1));
    await stranger.refused('markStudentAttendance', mark, 'FORBIDDEN');
    expect(await room.audit()).toEqual(audit);
  });

  test('MARK-2 no mark for a stranger, all or nothing, and none after the end', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const stranger = student(7);
    await room.enroll([stranger], 'pending');
    const teacher = await room.started();
    const { student_id } = room.student(0);
    for (const id of [stranger.student_id, 'nobody']) {
      await teacher.refused('markStudentPresent', { session_id, student_id: id }, 'STUDENT_NOT_ON_ROLL');
      const attendanceUpdates = [student_id, id].map((it) => ({ student_id: it, status: 'late' }));
      const error = await teacher.refused(
        'bulkUpdateAttendance',
        { session_id, attendanceUpdates },
        'STUDENT_NOT_ON_ROLL',
      );
      expect(error.student_ids).toEqual([id]);
      await teacher.refused('submitAttendance', { session_id, attendanceUpdates }, 'STUDENT_NOT_ON_ROLL');
    }
    expect(await teacher.does('getAttendanceSessionData', { session_id })).toMatchObject({
      seq: 0,
      session: { status: 'active' },
    });
    await teacher.does('endAttendanceSession', { session_id });
    const late = { session_id, student_id };
    const refusedMark = async () => {
      const error = await teacher.refused('markStudentPresent', late, 'SESSION_NOT_ACTIVE');
      expect(error.message).toBe('Attendance session not active');
    };
    await refusedMark();
    await room.archived();
    await refusedMark();
    const updates = [{ student_id, status: 'late' }];
    await teacher.refused('bulkUpdateAttendance', { session_id, attendanceUpdates: updates }, 'SESSION_NOT_ACTIVE');
    await room.rest.refused('markAttendance', 'SESSION_NOT_ACTIVE', { params: { id: session_id }, body: { updates } });
    expect((await room.attendance()).statistics.absentCount).toBe(2);
  });

  test('END-3 half a character in a text is the same, live and archived', async () => {
    const room = await deployment().classroom({ students: 1 });
    const { session_id } = room;
    const { student_id } = room.student(0);
    const teacher = await room.started();
    const mark = { session_id, student_id, status: 'late', remarks: `${REMARK_MARK} cut \ud83d` };
    await teacher.does('markStudentAttendance', mark);
    const remarks = `${REMARK_MARK} cut \ufffd`;
    expect((await room.attendance()).attendanceRecords[0]).toMatchObject({ remarks });
    await teacher.does('endAttendanceSession', { session_id });
    await room.archived();
    expect((await room.attendance()).attendanceRecords[0]).toMatchObject({ remarks });
    expect((await room.audit())[0]?.remarks).toBe(remarks);
  });

  test('a bulk is one change: one seq, one event to the room, one to each student concerned', async () => {
    const room = await deployment().classroom({ students: 25 });
    const { session_id } = room;
    const teacher = await room.started();
    const clients = await Promise.all([0, 1, 2].map((i) => room.joined(i)));
    const attendanceUpdates = room.students.map(({ student_id }) => ({ student_id, status: 'late', remarks: null }));
    const { totalUpdated } = await teacher.does('bulkUpdateAttendance', { session_id, attendanceUpdates });
    expect(totalUpdated).toBe(25);
    await until('every record is told', () => teacher.payloads('studentMarked').length === 25);
    expect(new Set(teacher.payloads('studentMarked').map(({ seq }) => seq))).toEqual(new Set([4]));
    for (const client of clients) {
      const bulk = await client.hears('attendanceBulkUpdated');
      expect(bulk).toMatchObject({ seq: 4, room_seq: 1, updated_by: room.teacher.name });
      expect(bulk.updatedRecords).toHaveLength(25);
      expect(client.payloads('attendanceMarked')).toHaveLength(1);
    }
  });
};
