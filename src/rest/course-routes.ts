/** Courses and their enrollments. */
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { Course } from '../contract/nouns.ts';
import { routes } from '../contract/routes.ts';
import { type Actor, mayCreateCourse } from '../domain/policy.ts';
import { PAGE_DEFAULT_ITEMS } from '../limits.ts';
import { courseFor, courseForStaff, seesEverything } from './access.ts';
import type { RestContext } from './context.ts';
import { isTimeZone } from './instant.ts';
import { rosterFrom } from './roster.ts';
import type { AddRoute } from './route.ts';

export const addCourseRoutes = (add: AddRoute, { services, attendance }: RestContext): void => {
  const { registry, clock, makeId } = services;

  add(routes.createCourse, async ({ actor, body }) => {
    const teacher_id = teacherOf(actor, body.teacher_id, body.staff);
    assertTimeZone(body.timezone);
    const course: Course = {
      id: body.id ?? makeId(),
      title: body.title,
      teacher_id,
      staff: [...new Set(body.staff)],
      timezone: body.timezone ?? 'UTC',
      created_at: isoFrom(clock()),
    };
    await registry.createCourse(course);
    return course;
  });

  add(routes.listCourses, async ({ actor, query }) => {
    const { limit = PAGE_DEFAULT_ITEMS, cursor } = query;
    return registry.courses(visibleTo(actor), { limit, cursor });
  });

  add(routes.getCourse, async ({ actor, params }) => (await courseFor(services, actor, params.id)).course);

  add(routes.patchCourse, async ({ actor, params, body }) => {
    const before = await courseForStaff(services, actor, params.id);
    const staffChanges = body.teacher_id !== undefined || body.staff !== undefined;
    const handsOver = body.teacher_id !== undefined && body.teacher_id !== before.teacher_id;
    if (handsOver && !seesEverything(actor) && before.teacher_id !== actor.user_id) {
      throw refuse('FORBIDDEN', 'Only the course’s teacher can hand it over');
    }
    assertTimeZone(body.timezone);
    const patch = body.staff === undefined ? body : { ...body, staff: [...new Set(body.staff)] };
    const course = await registry.patchCourse(before.id, patch);
    if (course === null) throw refuse('COURSE_NOT_FOUND');
    if (staffChanges) await attendance.followStaff(course.id);
    return course;
  });

  add(routes.putEnrollments, async ({ actor, params, body }) => {
    const course = await courseForStaff(services, actor, params.id);
    const enrollments = await rosterFrom(registry, course.id, body);
    const { created, updated, unchanged } = await registry.putEnrollments(course.id, enrollments, clock());
    // Unchanged ones too: a request that failed after it was written is made good by its repetition.
    await attendance.followRoster(course.id, enrollments);
    return { created, updated, unchanged, total: enrollments.length };
  });

  add(routes.listEnrollments, async ({ actor, params, query }) => {
    const course = await courseForStaff(services, actor, params.id);
    const { limit = PAGE_DEFAULT_ITEMS, cursor, status } = query;
    return registry.enrollments(course.id, { limit, cursor, statuses: status === undefined ? undefined : [status] });
  });
};

/**
 * A teacher becomes the teacher of what they create. Who may do everything names one; else it is the first of the staff,
 * or themselves.
 */
const teacherOf = (actor: Actor, teacher_id: string | undefined, staff: string[] | undefined): string => {
  if (!mayCreateCourse(actor)) throw refuse('FORBIDDEN', 'Students cannot create courses');
  if (seesEverything(actor)) {
    return teacher_id ?? staff?.[0] ?? actor.user_id;
  }
  if (teacher_id === undefined || teacher_id === actor.user_id) return actor.user_id;
  throw refuse('FORBIDDEN', 'A teacher creates courses for themselves; add others as staff');
};

const visibleTo = (actor: Actor) => {
  if (seesEverything(actor)) return {};
  return actor.role === 'teacher' ? { staff_user_id: actor.user_id } : { enrolled_user_id: actor.user_id };
};

const assertTimeZone = (timezone: string | undefined): void => {
  if (timezone === undefined || isTimeZone(timezone)) return;
  throw refuse('INVALID_PAYLOAD', 'timezone: must be an IANA time zone such as Europe/Vienna', { field: 'timezone' });
};
