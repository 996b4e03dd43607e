/** Who is in a course changes while its sessions run: live rolls and rooms follow before the change is answered (AUTH-1). */
import type { EnrollmentChange } from '../registry/registry.ts';
import { rosterEntryOf } from './sending.ts';
import { courseOf, type Services } from './services.ts';

/** A roster changed. Who was dropped is out of the live rooms when this returns. */
export const followRoster = async (
  services: Services,
  course_id: string,
  changed: EnrollmentChange['changed'],
): Promise<void> => {
  if (changed.length === 0) return;
  const entries = changed.map(({ enrollment }) => rosterEntryOf(enrollment));
  await services.live.followRoster(course_id, entries);
  const course = await courseOf(services, course_id);
  const entitled = new Set([course.teacher_id, ...course.staff]);
  for (const { approved, user_id } of entries) if (approved) entitled.add(user_id);
  const affected = changed.flatMap(({ enrollment: { user_id }, previous_user_id }) => [
    user_id,
    previous_user_id ?? user_id,
  ]);
  services.courseRooms.expelFromCourse(
    course_id,
    affected.filter((id) => !entitled.has(id)),
  );
};

/** The staff of a course changed; `before` are the user ids that were staff until now. */
export const followStaff = async (services: Services, course_id: string, before: string[]): Promise<void> => {
  const course = await courseOf(services, course_id);
  const staff = [...new Set([course.teacher_id, ...course.staff])];
  await services.live.followStaff(course_id, staff);
  const out: string[] = [];
  for (const id of before) {
    if (staff.includes(id)) continue;
    const enrolled = await services.registry.enrollmentOfUser(course_id, id);
    if (enrolled?.status !== 'approved') out.push(id);
  }
  services.courseRooms.expelFromCourse(course_id, out);
};
