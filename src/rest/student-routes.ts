/** What concerns one student over all courses: history, export, erasure. */

import type { ArchivedRecord, PersonExport, PersonId, StudentOfCourse } from '../archive/archive.ts';
import { erase } from '../attendance/erasure.ts';
import { enrollmentsOfUser, exportPerson, isOf, personOf } from '../attendance/person.ts';
import { versionedRecordOf } from '../attendance/results.ts';
import type { Services } from '../attendance/services.ts';
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { Enrollment } from '../contract/nouns.ts';
import { routes } from '../contract/routes.ts';
import { type Actor, mayErase, mayExport } from '../domain/policy.ts';
import { reducedRecord } from '../domain/record.ts';
import { PAGE_DEFAULT_ITEMS } from '../limits.ts';
import { courseIdsOf, seesEverything } from './access.ts';
import type { RestContext } from './context.ts';
import { tallyOf } from './report-routes.ts';
import type { AddRoute } from './route.ts';

export const addStudentRoutes = (add: AddRoute, { services }: RestContext): void => {
  const { archive, clock } = services;

  add(routes.getHistory, async ({ actor, params, query }) => {
    const students = await studentsFor(services, actor, params.id);
    const { limit = PAGE_DEFAULT_ITEMS, cursor } = query;
    const page = await archive.history(students, { limit, cursor });
    const recordFor = (record: ArchivedRecord) =>
      actor.role === 'student' ? reducedRecord(record) : versionedRecordOf(record);
    return {
      student_id: params.id,
      ...tallyOf(await archive.historyCounts(students)),
      items: page.items.map(({ session_id, course_id, title, date, record }) => ({
        session_id,
        course_id,
        title,
        date: String(date),
        starts_at: isoFrom(date),
        attendanceRecord: recordFor(record),
      })),
      next_cursor: page.next_cursor,
    };
  });

  add(routes.exportStudent, async ({ actor, params }) => {
    if (!mayExport(actor, actor.role === 'student'))
      throw refuse('FORBIDDEN', 'Only the student or an admin can export');
    const students = await studentsFor(services, actor, params.id);
    const held = await services.registry.enrollmentsOfPerson(params.id);
    const person = readablePerson(params.id, held);
    const { enrollments, records, audit } = await exportPerson(services, person, students, seesEverything(actor));
    return {
      student_id: params.id,
      exported_at: isoFrom(clock()),
      enrollments,
      records: records.map(({ line: _line, date, ...record }) => ({ ...record, date: String(date) })),
      audit: seesEverything(actor) ? audit : audit.map(withoutReason),
    };
  });

  add(routes.eraseStudent, async ({ actor, params, reply }) => {
    if (!mayErase(actor)) throw refuse('FORBIDDEN', 'Only an admin can erase a student');
    const status = await erase(services, params.id);
    reply.code(status === 'erased' ? 200 : 202);
    return { status };
  });
};

/** For reading, an id that no student has may be a user's. */
const readablePerson = (id: string, held: { enrollment: Enrollment }[]): PersonId => {
  const { user, isStudent } = personOf(id, held);
  return { id, user: user || !isStudent };
};

/** One correction of several people has one reason, which may speak of any of them. */
const withoutReason = ({ reason: _reason, ...entry }: PersonExport['audit'][number]) => entry;

/**
 * The student of each course that `id` means, as far as the caller may know: a student means themselves alone, by
 * their user id or a student_id of theirs; a teacher their courses. NOT_FOUND when that is nobody.
 */
const studentsFor = async (services: Services, actor: Actor, id: string): Promise<StudentOfCourse[]> => {
  const { registry } = services;
  const notFound = () => refuse('NOT_FOUND', 'Student not found');
  if (actor.role === 'student') {
    const own = await enrollmentsOfUser(registry, actor.user_id, id);
    if (own.length === 0 && id !== actor.user_id) throw notFound();
    return own;
  }
  const visible = await courseIdsOf(services, actor);
  const held = await registry.enrollmentsOfPerson(id);
  const person = readablePerson(id, held);
  const students = held
    .filter(({ course_id }) => visible === null || visible.includes(course_id))
    .filter(({ enrollment }) => isOf(person, enrollment))
    .map(({ course_id, enrollment }) => ({ course_id, student_id: enrollment.student_id }));
  if (students.length === 0) throw notFound();
  return students;
};
