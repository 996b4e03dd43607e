/** Who is in a course changes while its sessions run: live rolls and rooms follow before the change is answered (AUTH-1). */
import type { Enrollment } from '../contract/nouns.ts';
import { type Actor, isStaff } from '../domain/policy.ts';
import type { Registry } from '../registry/registry.ts';
import { rosterEntryOf } from './sending.ts';
import { courseOf, type Services } from './services.ts';

/** Enrollments were written, perhaps as they were. Who was dropped is out of the live rooms when this returns. */
export const followRoster = async (services: Services, course_id: string, written: Enrollment[]): Promise<void> => {
  if (written.length === 0) return;
  await services.live.followRoster(course_id, written.map(rosterEntryOf));
  await services.courseRooms.membersChanged(course_id);
};

/** The same for the staff of a course. */
export const followStaff = async (services: Services, course_id: string): Promise<void> => {
  const course = await courseOf(services, course_id);
  await services.live.followStaff(course_id, [...new Set([course.teacher_id, ...course.staff])]);
  await services.courseRooms.membersChanged(course_id);
};

/** Says of anybody whether they are in a course, as it is now: one reading for all of them. */
export const whoIsIn = async (
  registry: Pick<Registry, 'course' | 'approvedEnrollments'>,
  course_id: string,
): Promise<(actor: Actor) => boolean> => {
  const course = await registry.course(course_id);
  if (course === null) return () => false;
  const students = new Set((await registry.approvedEnrollments(course_id)).map(({ user_id }) => user_id));
  return (actor) => isStaff(actor, course) || (actor.role === 'student' && students.has(actor.user_id));
};
