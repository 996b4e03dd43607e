/**
 * Erasing a student. The wish is kept before anything is done, so that a restart cannot forget it. Enrollments are
 * dropped at once, so that no further roll gets the student; the rest goes once no roll that is under way or on its
 * way to the archive holds them, since such a roll would bring the name back.
 */
import type { Attendance } from './attendance.ts';
import { unarchivedSessions } from './person.ts';
import type { Services } from './services.ts';

export type ErasureStatus = 'erased' | 'pending';

/** `person`: a student_id or user_id. Idempotent. Pending: finishPendingErasures ends it. */
export const erase = async (services: Services, attendance: Attendance, person: string): Promise<ErasureStatus> => {
  await services.registry.pendErasure(person, services.clock());
  await drop(services, attendance, person);
  return finish(services, person);
};

/** To be called at the start and whenever a session was archived. Those that still have to wait, wait on. */
export const finishPendingErasures = async (services: Services): Promise<void> => {
  for (const person of await services.registry.pendingErasures()) await finish(services, person);
};

const coursesOf = async ({ registry }: Services, person: string): Promise<string[]> => {
  const enrollments = await registry.enrollmentsOfPerson(person);
  return [...new Set(enrollments.map(({ course_id }) => course_id))];
};

const drop = async ({ registry, clock }: Services, attendance: Attendance, person: string): Promise<void> => {
  for (const { course_id, enrollment } of await registry.enrollmentsOfPerson(person)) {
    if (enrollment.status === 'dropped' || enrollment.status === 'rejected') continue;
    const dropped = { ...enrollment, status: 'dropped' as const };
    const { changed } = await registry.putEnrollments(course_id, [dropped], clock());
    await attendance.followRoster(course_id, changed);
  }
};

const finish = async (services: Services, person: string): Promise<ErasureStatus> => {
  const { registry, archive, makeId } = services;
  for (const { stored, roll } of await unarchivedSessions(services, await coursesOf(services, person))) {
    // Its roll is being opened: from a roster that may have been read before the student was dropped.
    if (roll === null && stored.opened_at === null) return 'pending';
    for (const { student_id, user_id } of roll?.records.values() ?? []) {
      if (student_id === person || user_id === person) return 'pending';
    }
  }
  await archive.erasePerson(person, makeId());
  await registry.erasureDone(person);
  return 'erased';
};
