/**
 * Erasing a student who is in everything that is kept: enrolled in two courses, on an archived roll with corrections, on
 * a roll that is live while the erasure is wished, with request ids and remarks. Whoever keeps something is searched
 * afterwards for their name, their ids and what was said about them.
 */
import { expect } from 'vitest';
import type { Deployment } from '../support/deployment.ts';
import { freshId, type Student, staffMember } from '../support/people.ts';
import { until } from '../support/until.ts';

/** Part of everything that is the student's own. */
const MARK = 'xGoneForGoodx';

const ERASED_WITHIN_MS = 60_000;

/** Resolves when the student is erased. Answers what must not be found anywhere, as long as it is searched for. */
export const eraseSomebody = async (deployment: Deployment): Promise<string> => {
  const somebody: Student = {
    role: 'student',
    sub: freshId(`${MARK}user`),
    student_id: freshId(`${MARK}student`),
    name: `${MARK} Name`,
    roll: `${MARK}7`,
  };
  const remarks = `${MARK} was ill`;
  const { student_id } = somebody;
  const room = await deployment.classroom({ students: 3 });
  const other = await deployment.classroom({ students: 1 });
  for (const it of [room, other]) await it.enroll([somebody]);
  const teacher = await deployment.connect(room.teacher);
  const student = await deployment.connect(somebody);

  const lesson = async (session_id: string) => {
    await teacher.does('startAttendanceSession', { session_id });
    await student.does('joinAttendanceSession', { session_id, request_id: freshId('r') });
    const update = { session_id, student_id, status: 'late' as const, remarks, request_id: freshId('r') };
    await teacher.does('markStudentAttendance', update);
  };
  await lesson(room.session_id);
  await teacher.does('endAttendanceSession', { session_id: room.session_id });
  await room.archived();
  const params = { id: room.session_id };
  const updates = [
    { student_id, status: 'excused', remarks },
    { student_id: room.student(0).student_id, status: 'present' },
  ];
  await room.rest.call('correctRecords', { params, body: { updates, reason: `${MARK} brought a note` } });

  const live = await room.schedule(freshId('x'));
  await lesson(live);
  const admin = deployment.rest(staffMember('admin'));
  const wish = await admin.send('eraseStudent', { params: { id: student_id } });
  expect(wish).toMatchObject({ status: 202, body: { status: 'pending' } });
  // No way back onto a roll meanwhile.
  const again = await deployment.connect(somebody);
  await again.refused('joinAttendanceSession', { session_id: live }, 'STUDENT_NOT_ENROLLED');
  await teacher.does('endAttendanceSession', { session_id: live });
  await until(
    'the student is erased',
    async () => {
      const { items } = await room.rest.call('listEnrollments', { params: { id: room.course_id } });
      const { attendanceRecords } = await room.attendance(live);
      const { attendanceRecords: earlier } = await room.attendance();
      return !JSON.stringify([items, attendanceRecords, earlier]).includes(MARK);
    },
    ERASED_WITHIN_MS,
  );
  const { attendanceRecords } = await room.attendance();
  expect(attendanceRecords).toHaveLength(4);
  expect(attendanceRecords.map(({ status }) => status).sort()).toEqual(['absent', 'absent', 'excused', 'present']);
  return MARK;
};
