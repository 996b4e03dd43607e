/** A roster of thousands in one request, while a session of the course runs. */
import { expect, test } from 'vitest';
import type { Deployment } from '../support/deployment.ts';
import { staffMember, student } from '../support/people.ts';
import { untilAccepted } from '../support/until-accepted.ts';

const STUDENTS = 5_000;
const csvOf = (lines: string[]) => ({
  body: ['student_id,name,status', ...lines].join('\r\n'),
  contentType: 'text/csv',
});

export const largeRosterScenarios = (deployment: () => Deployment): void => {
  test(`a roster of ${STUDENTS} by CSV: all or nothing, every bad line named, and a live roll follows before the answer`, async () => {
    const room = await deployment().classroom({ students: 1 });
    const params = { id: room.course_id };
    const { session_id } = room;
    const everybody = Array.from({ length: STUDENTS }, (_, n) => student(n + 1, `big-${room.course_id.slice(-6)}`));
    const line = ({ student_id, name }: { student_id: string; name: string }, status = '') =>
      `${student_id},${name},${status}`;
    const put = (lines: string[]) => room.rest.call('putEnrollments', { params, ...csvOf(lines) });

    expect(await put(everybody.map((it) => line(it)))).toEqual({
      created: STUDENTS,
      updated: 0,
      unchanged: 0,
      total: STUDENTS,
    });
    const teacher = await deployment().connect(room.teacher);
    // A database that is slower than a start may take has the start repeated, as clients repeat it.
    const { answer: started } = await untilAccepted(teacher.socket, 'startAttendanceSession', { session_id });
    expect(started.totalStudents).toBe(STUDENTS + 1);
    const [leaves, stays] = everybody as [(typeof everybody)[0], (typeof everybody)[0]];
    const [leaving, staying] = [
      await deployment().connect({ ...leaves, sub: leaves.student_id }),
      await deployment().connect({ ...stays, sub: stays.student_id }),
    ];
    for (const it of [leaving, staying]) await it.does('joinAttendanceSession', { session_id });

    const bad = everybody.map((it, n) => (n % 1_000 === 7 ? line({ ...it, name: '' }) : line(it, 'dropped')));
    const problem = await room.rest.refused('putEnrollments', 'INVALID_PAYLOAD', { params, ...csvOf(bad) });
    expect((problem as { lines?: { line: number }[] }).lines?.map((it) => it.line)).toEqual([
      9, 1_009, 2_009, 3_009, 4_009,
    ]);

    // The first is dropped, ten get another name.
    const next = everybody.map((it, n) =>
      line(n < 10 ? { ...it, name: `${it.name} Jr.` } : it, n === 0 ? 'dropped' : ''),
    );
    expect(await put(next)).toEqual({ created: 0, updated: 10, unchanged: STUDENTS - 10, total: STUDENTS });
    await leaving.refused('joinAttendanceSession', { session_id }, 'STUDENT_NOT_ENROLLED');
    await teacher.does('markStudentAbsent', { session_id, student_id: stays.student_id });
    await staying.hears('attendanceUpdated');
    expect(leaving.payloads('attendanceUpdated')).toEqual([]);
    expect(await deployment().rest(staffMember('service')).call('getCourse', { params })).toMatchObject(params);
  }, 60_000);
};
