/**
 * Erasing a student. The wish is kept before anything is done, so that a restart cannot forget it. Enrollments are
 * dropped at once, so that no further roll gets the student; the rest goes once no roll that is under way or on its
 * way to the archive holds them, since such a roll would bring the name back.
 */
import { followRoster } from './membership.ts';
import { unarchivedSessions } from './person.ts';
import type { Services } from './services.ts';

export type ErasureStatus = 'erased' | 'pending';

/** `person`: a student_id or user_id. Idempotent. Pending: finishPendingErasures ends it. */
export const erase = async (services: Services, person: string): Promise<ErasureStatus> => {
  await services.registry.pendErasure(person, services.clock());
  return goOn(services, person);
};

/** To be called at the start and whenever a session was archived. Those that still have to wait, wait on. */
export const finishPendingErasures = async (services: Services): Promise<void> => {
  for (const person of await services.registry.pendingErasures()) await goOn(services, person);
};

/** Every step may be repeated, so it does not matter where an earlier try ended. */
const goOn = async (services: Services, person: string): Promise<ErasureStatus> => {
  const { registry, archive, makeId } = services;
  const course_ids = await drop(services, person);
  for (const { stored, roll } of await unarchivedSessions(services, course_ids)) {
    // Its roll is being opened: from a roster that may have been read before the student was dropped.
    if (roll === null && stored.opened_at === null) return 'pending';
    for (const { student_id, user_id } of roll?.records.values() ?? []) {
      if (student_id === person || user_id === person) return 'pending';
    }
  }
  await archive.erasePerson(person, makeId());
  await archive.scrub();
  await registry.erasureDone(person);
  return 'erased';
};

/** Out of every course, in the registry and on live rolls. Answers the courses. */
const drop = async (services: Services, person: string): Promise<string[]> => {
  const { registry, clock } = services;
  const course_ids = new Set<string>();
  for (const { course_id, enrollment } of await registry.enrollmentsOfPerson(person)) {
    course_ids.add(course_id);
    const out = enrollment.status === 'dropped' || enrollment.status === 'rejected';
    const dropped = out ? enrollment : { ...enrollment, status: 'dropped' as const };
    if (!out) await registry.putEnrollments(course_id, [dropped], clock());
    await followRoster(services, course_id, [{ enrollment: dropped, previous_user_id: enrollment.user_id }]);
  }
  return [...course_ids];
};
