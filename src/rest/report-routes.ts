/** Reports over the completed sessions of a course. */

import type { StudentTotals } from '../archive/archive.ts';
import type { Services } from '../attendance/services.ts';
import { routes } from '../contract/routes.ts';
import { attendanceRate, type Counts } from '../domain/statistics.ts';
import { CSV_PAGE_ROWS, PAGE_DEFAULT_ITEMS } from '../limits.ts';
import { decodeCursor, encodeCursor, pageOf } from '../registry/cursor.ts';
import { courseForStaff } from './access.ts';
import type { RestContext } from './context.ts';
import { sendCsv } from './csv-download.ts';
import type { AddRoute } from './route.ts';

export const addReportRoutes = (add: AddRoute, { services }: RestContext): void => {
  add(routes.getReport, async ({ actor, params, query }) => {
    const course = await courseForStaff(services, actor, params.id);
    const { limit = PAGE_DEFAULT_ITEMS, cursor } = query;
    const [after_student_id] = cursor === undefined ? [''] : decodeCursor<[string]>('report', ['string'], cursor);
    const found = await services.archive.report(course.id, { after_student_id, limit: limit + 1 });
    return pageOf(found.map(reported), limit, ({ student_id }) => encodeCursor('report', [student_id]));
  });

  add(routes.downloadReport, async ({ actor, params, reply }) => {
    const course = await courseForStaff(services, actor, params.id);
    return sendCsv(reply, `report-${course.id}.csv`, HEADER, reportPages(services, course.id));
  });
};

/** Sums of a student's records in completed sessions, and the rate by the same formula as a session's. */
export const tallyOf = (counts: Counts) => ({
  sessions: counts.present + counts.absent + counts.late + counts.excused,
  presentCount: counts.present,
  absentCount: counts.absent,
  lateCount: counts.late,
  excusedCount: counts.excused,
  attendanceRate: attendanceRate(counts),
});

const reported = ({ student_id, student_name, roll, counts }: StudentTotals) => ({
  student_id,
  student_name,
  roll,
  ...tallyOf(counts),
});

const HEADER = [
  'student_id',
  'roll',
  'student_name',
  'sessions',
  'present',
  'absent',
  'late',
  'excused',
  'attendance_rate',
];

async function* reportPages({ archive }: Services, course_id: string) {
  let after_student_id = '';
  for (;;) {
    const students = await archive.report(course_id, { after_student_id, limit: CSV_PAGE_ROWS });
    if (students.length === 0) return;
    yield students
      .map(reported)
      .map((it) => [
        it.student_id,
        it.roll,
        it.student_name,
        it.sessions,
        it.presentCount,
        it.absentCount,
        it.lateCount,
        it.excusedCount,
        it.attendanceRate,
      ]);
    after_student_id = students.at(-1)?.student_id ?? after_student_id;
  }
}
