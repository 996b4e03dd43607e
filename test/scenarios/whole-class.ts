import { expect, test } from 'vitest';
import type { Deployment } from '../support/deployment.ts';
import { REMARK_MARK } from '../support/people.ts';

/** One lesson from the schedule to the download, with everything that a teacher does in it. */
export const wholeClassScenarios = (deployment: () => Deployment): void => {
  test('a whole class: schedule, start, arrivals, marks, bulk, submit, result, CSV, audit', async () => {
    const room = await deployment().classroom({ students: 6, starts_in_minutes: 5, timezone: 'Europe/Vienna' });
    const { session_id, course_id } = room;
    const [one, two, three, four, five, six] = room.students.map((it) => it.student_id) as [string, ...string[]];
    const scheduled = await room.rest.call('getSession', { params: { id: session_id } });
    expect(scheduled).toMatchObject({ status: 'scheduled', _id: session_id, topic: scheduled.title });
    expect(scheduled.date).toMatch(/^\d{13}$/);

    const teacher = await deployment().connect(room.teacher);
    const assistant = await deployment().connect(room.assistant);
    await assistant.does('subscribeToCourse', { course_id });
    const started = await teacher.does('startAttendanceSession', { session_id });
    expect(started).toMatchObject({ totalStudents: 6, statistics: { absentCount: 6, attendanceRate: 0 }, seq: 0 });
    expect(await assistant.hears('courseSessionStarted')).toMatchObject({ session_id, total_students: 6 });
    const observer = await assistant.does('joinAttendanceSession', { session_id });
    expect(observer).toMatchObject({ status: null, joined_at: null });

    const first = await room.joined(0);
    const second = await room.joined(1);
    for (const staff of [teacher, assistant]) {
      const arrival = await staff.hears('studentJoinedAttendance', (it) => it.student_id === one);
      expect(arrival).toMatchObject({
        student_name: room.student(0).name,
        roll: 'R-1',
        status: 'present',
        online_count: 1,
      });
      expect(arrival.profile_picture).toContain(one);
      await staff.hears('studentJoinedAttendance', (it) => it.student_id === two && it.online_count === 2);
    }
    expect((await assistant.does('getActiveSessions', { course_id })).activeSessions).toMatchObject([
      { sessionId: session_id, teacherId: room.teacher.sub, studentCount: 2 },
    ]);

    const remarks = `${REMARK_MARK}: bus strike`;
    await teacher.does('markStudentPresent', { session_id, student_id: three, remarks });
    await assistant.does('markStudentAbsent', { session_id, student_id: two });
    await teacher.does('markStudentAttendance', { session_id, student_id: four, status: 'excused', remarks });
    const late = await teacher.does('markStudentAttendance', { session_id, student_id: five, status: 'late' });
    expect(late.attendanceRecord).toMatchObject({ status: 'late', marked_by: room.teacher.sub, joined_at: null });
    await teacher.does('markStudentAttendance', { session_id, student_id: one, status: 'present' });
    await teacher.does('markStudentAttendance', { session_id, student_id: one, status: 'absent' });
    expect(await second.hears('attendanceMarked')).toMatchObject({
      sessionId: session_id,
      student_id: two,
      studentId: two,
      status: 'absent',
    });
    for (const student_id of [one, two, three, four, five]) {
      for (const client of [teacher, assistant, first, second]) {
        await client.hears('attendanceUpdated', (it) => it.student_id === student_id && it.studentId === student_id);
      }
      for (const staff of [teacher, assistant])
        await staff.hears('studentMarked', (it) => it.student_id === student_id);
    }

    // Somebody who was marked already stays as they are.
    const rest = await teacher.does('bulkUpdateAttendance', {
      session_id,
      attendanceUpdates: room.students.map(({ student_id }) => ({ student_id, status: 'excused' })),
      only_unmarked: true,
    });
    expect(rest.updatedRecords.map((it) => it.student_id)).toEqual([six]);
    const bulk = await assistant.does('bulkUpdateAttendance', {
      session_id,
      attendanceUpdates: [
        { student_id: one, status: 'present' },
        { student_id: six, status: 'late', remarks },
      ],
    });
    expect(bulk.totalUpdated).toBe(2);
    for (const client of [teacher, assistant, first, second]) {
      await client.hears('attendanceBulkUpdated', (it) => it.updatedRecords.length === 2);
    }
    await first.hears('attendanceMarked', (it) => it.status === 'present');
    await first.hears('attendanceStatistics', (it) => it.statistics.lateCount === 2 && it.online_count === 2);

    const live = await room.attendance();
    expect(live).toMatchObject({ source: 'live', version: 0, session: { status: 'active' } });
    const own = await deployment()
      .rest(room.student(1))
      .call('getAttendance', { params: { id: session_id } });
    expect(own.attendanceRecords).toEqual([{ student_id: two, status: 'absent', marked_at: expect.any(String) }]);

    const submitted = await teacher.does('submitAttendance', {
      session_id,
      attendanceUpdates: [{ student_id: two, status: 'late' }],
    });
    expect(submitted).toMatchObject({ submitted_by: room.teacher.name, version: 1 });
    expect(submitted.statistics).toEqual({
      totalStudents: 6,
      presentCount: 2,
      absentCount: 0,
      lateCount: 3,
      excusedCount: 1,
      attendanceRate: 100,
    });
    for (const client of [teacher, assistant, first, second]) {
      const ended = await client.hears('attendanceSessionEnded');
      expect(ended.finalData).toMatchObject({ attendanceRecords: [], statistics: submitted.statistics });
    }
    for (const staff of [teacher, assistant]) {
      expect((await staff.hears('attendanceSessionEndedConfirm')).finalData.attendanceRecords).toHaveLength(6);
      await staff.hears('attendanceSubmitted');
      expect(await staff.hears('attendancePersisted')).toMatchObject({ version: 1 });
    }
    expect(await assistant.hears('courseSessionEnded')).toMatchObject({ final_statistics: submitted.statistics });
    await assistant.hears('activeSessionsData', (it) => it.activeSessions.length === 0, assistant.heard.length - 3);

    const stored = await room.archived();
    expect(stored).toMatchObject({ version: 1, session: { status: 'completed' }, statistics: submitted.statistics });
    const csv = await room.rest.send('downloadAttendance', { params: { id: session_id } });
    const [header, ...lines] = csv.text
      .replace(/^\uFEFF/, '')
      .trimEnd()
      .split(/\r?\n/);
    expect(header).toBe(
      'session_id,date,student_id,roll,student_name,status,joined_at,marked_at,marked_by,remarks,version',
    );
    expect(lines).toHaveLength(6);
    expect(lines.find((it) => it.includes(`,${six},`))).toContain(remarks);
    expect(lines.find((it) => it.includes(`,${one},`))).toMatch(/\+0[12]:00/);
    const audit = await room.audit();
    expect(audit.map(({ seq }) => seq)).toEqual([...audit.map(({ seq }) => seq)].sort((a, b) => a - b));
    const said = audit.map(({ source, student_id, from, to }) => `${source} ${student_id ?? ''} ${from}>${to}`);
    expect(said.slice(0, 3)).toEqual([
      `checkin ${one} absent>present`,
      `checkin ${two} absent>present`,
      `mark ${three} absent>present`,
    ]);
    expect(said.slice(-2)).toEqual([`submit ${two} absent>late`, 'submit  active>completed']);
  });

  test('what happens over REST reaches everybody in the session like what happens over sockets', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const params = { id: session_id };
    await room.rest.call('startSession', { params });
    const teacher = await room.started();
    const student = await room.joined(0);
    const second = room.student(1).student_id;
    const marks = { updates: [{ student_id: second, status: 'late' }], request_id: 'r1' };
    const marked = await room.rest.call('markAttendance', { params, body: marks });
    expect(await room.rest.call('markAttendance', { params, body: marks })).toEqual(marked);
    for (const client of [teacher, student]) {
      await client.hears('attendanceBulkUpdated', (it) => it.updatedRecords[0]?.student_id === second);
    }
    await room.rest.call('endSession', { params });
    await student.hears('attendanceSessionEnded');
    await teacher.hears('attendancePersisted');
    expect(student.payloads('attendanceBulkUpdated')).toHaveLength(1);
    await room.archived();
  });

  test('corrections need a reason, make a new version and are on the audit list; a whole end can be undone', async () => {
    const room = await deployment().classroom({ students: 4 });
    const { session_id } = room;
    const params = { id: session_id };
    const teacher = await room.started();
    await room.joined(0);
    await teacher.does('endAttendanceSession', { session_id });
    await room.archived();
    const one = room.student(0).student_id;
    const of = { params: { ...params, student_id: one } };
    await room.rest.refused('correctRecord', 'INVALID_PAYLOAD', { ...of, body: { status: 'late' } });
    await room.rest.refused('correctRecord', 'INVALID_PAYLOAD', { ...of, body: { status: 'late', reason: '  ' } });
    const corrected = await room.rest.call('correctRecord', { ...of, body: { status: 'late', reason: 'came later' } });
    expect(corrected).toMatchObject({ version: 2, statistics: { lateCount: 1 } });
    const updates = room.students.map(({ student_id }) => ({ student_id, status: 'present' }));
    await room.rest.refused('correctRecords', 'INVALID_PAYLOAD', { params, body: { updates } });
    const strangers = [...updates, { student_id: 'nobody', status: 'present' }];
    const body = { updates: strangers, reason: 'ended by accident' };
    await room.rest.refused('correctRecords', 'STUDENT_NOT_ON_ROLL', { params, body });
    expect((await room.attendance()).version).toBe(2);
    await room.rest.call('correctRecords', { params, body: { ...body, updates } });
    expect(await room.attendance()).toMatchObject({ version: 3, statistics: { presentCount: 4, attendanceRate: 100 } });
    const corrections = (await room.audit()).filter((it) => it.source === 'correction');
    expect(corrections).toHaveLength(5);
    expect(corrections[0]).toMatchObject({ from: 'present', to: 'late', reason: 'came later', by: room.teacher.sub });
    await room.rest.refused('cancelSession', 'INVALID_PAYLOAD', { params, body: {} });
    await room.rest.call('cancelSession', { params, body: { reason: 'wrong session' } });
    expect((await room.rest.call('getSession', { params })).status).toBe('cancelled');
    const report = await room.rest.call('getReport', { params: { id: room.course_id } });
    expect(report.items).toEqual([]);
    expect((await room.audit()).at(-1)).toMatchObject({ source: 'cancel', reason: 'wrong session' });
  });

  test('a session that is cancelled while active ends for everybody, as cancelled', async () => {
    const room = await deployment().classroom({ students: 1 });
    const { session_id } = room;
    const teacher = await room.started();
    const student = await room.joined(0);
    await room.rest.call('cancelSession', { params: { id: session_id }, body: {} });
    expect((await student.hears('attendanceSessionEnded')).finalData.session.status).toBe('cancelled');
    expect((await teacher.hears('attendanceSessionEndedConfirm')).finalData.session.status).toBe('cancelled');
    await teacher.hears('attendancePersisted');
    await student.refused('joinAttendanceSession', { session_id }, 'SESSION_NOT_ACTIVE');
  });
};
