import { expect, test } from 'vitest';
import type { Deployment } from '../support/deployment.ts';
import { staffMember, student } from '../support/people.ts';

export const startingScenarios = (deployment: () => Deployment): void => {
  test('START-1 every approved student is on the roll as absent, and nobody else', async () => {
    const room = await deployment().classroom({ students: 4 });
    const out = [student(1), student(2), student(3)];
    for (const [i, status] of (['pending', 'rejected', 'dropped'] as const).entries()) {
      await room.enroll(out.slice(i, i + 1), status);
    }
    const teacher = await deployment().connect(room.teacher);
    const started = await teacher.does('startAttendanceSession', { session_id: room.session_id });
    expect(started.attendanceRecords).toEqual(
      room.students.map(({ student_id, name, roll }) => ({
        student_id,
        student_name: name,
        roll,
        status: 'absent',
        joined_at: null,
        marked_at: null,
        marked_by: null,
        remarks: null,
      })),
    );
    for (const person of out) {
      const client = await deployment().connect(person);
      const error = await client.refused(
        'joinAttendanceSession',
        { session_id: room.session_id },
        'STUDENT_NOT_ENROLLED',
      );
      expect(error.message).toBe('Student is not enrolled in this course');
    }
  });

  test('START-2 starting again answers the same roll with its records', async () => {
    const room = await deployment().classroom({ students: 3 });
    const { session_id } = room;
    const teacher = await room.started();
    await room.joined(0);
    await teacher.does('markStudentAttendance', {
      session_id,
      student_id: room.student(1).student_id,
      status: 'excused',
    });
    const assistant = await deployment().connect(room.assistant);
    const again = await assistant.does('startAttendanceSession', { session_id });
    expect(again.attendanceRecords.map(({ status }) => status)).toEqual(['present', 'excused', 'absent']);
    expect(again.seq).toBe(2);
    expect(again.epoch).toBe(teacher.payloads('attendanceSessionStarted')[0]?.epoch);
    // The socket that started again is in the session.
    await teacher.does('markStudentPresent', { session_id, student_id: room.student(2).student_id });
    await assistant.hears('studentMarked');
  });

  test('START-2 many starts at once give one roll, told to the course once', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id, course_id } = room;
    const watcher = await deployment().connect(room.student(0));
    await watcher.does('subscribeToCourse', { course_id });
    const staff = await Promise.all(
      Array.from({ length: 8 }, (_, i) => deployment().connect(i % 2 === 0 ? room.teacher : room.assistant)),
    );
    const starts = await Promise.all([
      ...staff.map((client) => client.does('startAttendanceSession', { session_id })),
      room.rest.call('startSession', { params: { id: session_id } }),
    ]);
    expect(new Set(starts.map(({ epoch }) => epoch)).size).toBe(1);
    await watcher.does('joinAttendanceSession', { session_id });
    for (const client of staff) await client.hears('studentJoinedAttendance');
    await watcher.does('checkActiveSessions', { course_id });
    expect(watcher.payloads('courseSessionStarted')).toHaveLength(1);
  });

  test('START-2 start and cancel cannot both win', async () => {
    for (let round = 0; round < 5; round += 1) {
      const room = await deployment().classroom({ students: 1 });
      const { session_id } = room;
      const teacher = await deployment().connect(room.teacher);
      const [started, cancelled] = await Promise.all([
        teacher.ask('startAttendanceSession', { session_id }),
        room.rest.send('cancelSession', { params: { id: session_id }, body: {} }),
      ]);
      const { status } = await room.rest.call('getSession', { params: { id: session_id } });
      // A cancel after the start is an end; a start after the cancel is refused.
      if (cancelled.status === 200) expect(status).toBe('cancelled');
      else expect([started.ok, status]).toEqual([true, 'active']);
      if (!started.ok) expect(status).toBe('cancelled');
    }
  });

  test('START-3 only staff of that course, only a scheduled or active session', async () => {
    const room = await deployment().classroom({ students: 1 });
    const { session_id } = room;
    const elsewhere = await deployment().classroom({ students: 1 });
    const teacher = await deployment().connect(room.teacher);
    const strangers = [elsewhere.teacher, room.student(0), { ...room.student(0), sub: room.teacher.sub }];
    for (const person of strangers) {
      const client = await deployment().connect(person);
      const error = await client.refused('startAttendanceSession', { session_id }, 'FORBIDDEN');
      expect(error.message).toBe('Only the course teacher can start attendance');
      expect((await room.rest.call('getSession', { params: { id: session_id } })).status).toBe('scheduled');
    }
    const unknown = await teacher.refused('startAttendanceSession', { session_id: 'no-such' }, 'SESSION_NOT_FOUND');
    expect(unknown.message).toBe('Attendance session not found');
    const admin = await deployment().connect(staffMember('admin'));
    await admin.does('startAttendanceSession', { session_id });
    await teacher.does('startAttendanceSession', { session_id });
    await teacher.does('endAttendanceSession', { session_id });
    await teacher.refused('startAttendanceSession', { session_id }, 'SESSION_ALREADY_ENDED');
    await room.archived();
    await teacher.refused('startAttendanceSession', { session_id }, 'SESSION_ALREADY_ENDED');
    const cancelled = await room.schedule(`${session_id}-2`);
    await room.rest.call('cancelSession', { params: { id: cancelled }, body: {} });
    await teacher.refused('startAttendanceSession', { session_id: cancelled }, 'SESSION_NOT_ACTIVE');
  });
};
