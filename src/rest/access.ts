/**
 * Who may see and change what over REST. What a caller may not know about answers exactly like what does not exist;
 * only someone who is in the course learns that something is for its staff (AUTH-1).
 */
import type { Services } from '../attendance/services.ts';
import { refuse } from '../contract/errors.ts';
import type { Course } from '../contract/nouns.ts';
import { type Actor, isStaff, staffOnly } from '../domain/policy.ts';
import type { StoredSession } from '../registry/registry.ts';

/** How an actor stands to a course that they are in. */
export type Standing = { staff: true } | { staff: false; student_id: string };
export type CourseAccess = { course: Course; standing: Standing };
export type SessionAccess = CourseAccess & { stored: StoredSession };
type Verb = Parameters<typeof staffOnly>[0];

const COURSE_STAFF_ONLY = 'Only staff of this course can do this';

/** admin and service: a caller without bounds. */
export const seesEverything = (actor: Actor): boolean => actor.role === 'admin' || actor.role === 'service';

/** Null: not in this course, as far as they may know. */
const standingIn = async ({ registry }: Services, actor: Actor, course: Course): Promise<Standing | null> => {
  if (isStaff(actor, course)) return { staff: true };
  if (actor.role !== 'student') return null;
  const enrollment = await registry.enrollmentOfUser(course.id, actor.user_id);
  return enrollment?.status === 'approved' ? { staff: false, student_id: enrollment.student_id } : null;
};

/** COURSE_NOT_FOUND. */
export const courseFor = async (services: Services, actor: Actor, course_id: string): Promise<CourseAccess> => {
  const course = await services.registry.course(course_id);
  const standing = course === null ? null : await standingIn(services, actor, course);
  if (course === null || standing === null) throw refuse('COURSE_NOT_FOUND');
  return { course, standing };
};

/** COURSE_NOT_FOUND; FORBIDDEN for its students. */
export const courseForStaff = async (services: Services, actor: Actor, course_id: string): Promise<Course> => {
  const { course, standing } = await courseFor(services, actor, course_id);
  if (!standing.staff) throw refuse('FORBIDDEN', COURSE_STAFF_ONLY);
  return course;
};

/** SESSION_NOT_FOUND. */
export const sessionFor = async (services: Services, actor: Actor, session_id: string): Promise<SessionAccess> => {
  const stored = await services.registry.session(session_id);
  const course = stored === null ? null : await services.registry.course(stored.course_id);
  const standing = course === null ? null : await standingIn(services, actor, course);
  if (stored === null || course === null || standing === null) throw refuse('SESSION_NOT_FOUND');
  return { stored, course, standing };
};

/** SESSION_NOT_FOUND; FORBIDDEN for students of its course. Without a verb: not about attendance. */
export const sessionForStaff = async (
  services: Services,
  actor: Actor,
  session_id: string,
  verb?: Verb,
): Promise<{ stored: StoredSession; course: Course }> => {
  const { stored, course, standing } = await sessionFor(services, actor, session_id);
  if (!standing.staff) throw refuse('FORBIDDEN', verb === undefined ? COURSE_STAFF_ONLY : staffOnly(verb));
  return { stored, course };
};

/** Ids of the courses that an actor is in; null: every course. */
export const courseIdsOf = async ({ registry }: Services, actor: Actor): Promise<string[] | null> => {
  if (seesEverything(actor)) return null;
  if (actor.role === 'teacher') return registry.courseIdsOfStaff(actor.user_id);
  const enrollments = await registry.enrollmentsOfPerson(actor.user_id);
  return enrollments
    .filter(({ enrollment }) => enrollment.user_id === actor.user_id && enrollment.status === 'approved')
    .map(({ course_id }) => course_id);
};
