/** Who may do what. One table for events and routes; nothing else in the service decides about permission. */
import { type ClientEventName, clientEvents } from '../contract/events.ts';
import type { Role } from '../contract/nouns.ts';

/** Who is calling, as their token says. */
export type Actor = {
  user_id: string;
  role: Role;
  name: string;
  picture: string | null;
  /** Milliseconds since the epoch. */
  expires_at: number;
};

/** Whom a course belongs to. */
export type CourseStaff = { readonly staff: readonly string[]; readonly teacher_id?: string };

/** admin and service may do everything; a teacher is staff where they are named. Being named without the role is nothing. */
export const isStaff = (actor: Actor, course: CourseStaff): boolean => {
  if (actor.role === 'admin' || actor.role === 'service') return true;
  if (actor.role !== 'teacher') return false;
  return course.teacher_id === actor.user_id || course.staff.includes(actor.user_id);
};

/** Text of the refusal that clients already show. */
export const staffOnly = (verb: 'start' | 'mark' | 'view' | 'update' | 'end'): string =>
  `Only the course teacher can ${verb} attendance`;

/** What staff must be staff for, by event. */
export const staffVerb = (event: ClientEventName): 'start' | 'mark' | 'view' | 'update' | 'end' | null =>
  clientEvents[event].verb;

/** Roles that may open a socket at all. */
export const maySocket = (role: Role): boolean => role !== 'service';

export const mayCreateCourse = (actor: Actor): boolean => actor.role !== 'student';

/** Export: the person, admin or service. Erasure: admin or service. */
export const mayExport = (actor: Actor, isThatPerson: boolean): boolean =>
  actor.role === 'admin' || actor.role === 'service' || (actor.role === 'student' && isThatPerson);
export const mayErase = (actor: Actor): boolean => actor.role === 'admin' || actor.role === 'service';
