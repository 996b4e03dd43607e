/** What the doorway works with, and how it finds out about a session before anything is allowed. */
import type { Archive } from '../archive/archive.ts';
import type { Clock, MakeId } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { ServerEventName, ServerPayload } from '../contract/events.ts';
import type { AttendanceStatus, Course } from '../contract/nouns.ts';
import { type Actor, isStaff, staffOnly } from '../domain/policy.ts';
import type { StudentVisibility } from '../domain/roll.ts';
import type { LiveStore, RollPeek } from '../live/live-store.ts';
import type { Registry, StoredSession } from '../registry/registry.ts';

/** The rooms `course_{course_id}`: who wants to hear of starts and ends. */
export interface CourseRooms {
  tell<E extends ServerEventName>(course_id: string, event: E, payload: ServerPayload<E>): void;
  /**
   * Somebody may not be in the course any more: who is not is out of its room, here when this returns and on other nodes
   * soon after. STORE_UNAVAILABLE: not everywhere; to be repeated.
   */
  membersChanged(course_id: string): Promise<void>;
}

/** What the doorway tells of; only what happens now, never what is only answered once more. */
export type AttendanceReports = {
  /** A student is answered that they have checked in: for the first time in the session, or again. */
  checkedIn(which: 'new' | 'again'): void;
  /** Staff gave so many records of a live roll this status. */
  marked(status: AttendanceStatus, records: number): void;
  /** A roll was opened that was not there before. */
  started(): void;
  /** A live roll was ended or cancelled. */
  ended(by: 'staff' | 'clock'): void;
};

export type Services = {
  live: LiveStore;
  registry: Registry;
  archive: Archive;
  courseRooms: CourseRooms;
  clock: Clock;
  makeId: MakeId;
  /** AUTO_END_AFTER_MINUTES. */
  autoEndAfterMinutes: number;
  /** STUDENT_VISIBILITY: of rolls that start from now on. */
  studentVisibility: StudentVisibility;
  /** DEVICE_SIGNALS. */
  deviceSignals: boolean;
  reports: AttendanceReports;
};

/** A session as the doorway finds it: with its roll, or only as the registry has it. */
export type Found = { roll: RollPeek; stored: null } | { roll: null; stored: StoredSession };

/** known: as this node last saw it, which is enough for a command, since the roll refuses one that is outdated. */
type Freshness = 'now' | 'known';

/** One read of the live store; the registry only when there is no roll. SESSION_NOT_FOUND. */
export const find = async (
  { live, registry }: Services,
  session_id: string,
  freshness: Freshness = 'now',
): Promise<Found> => {
  const roll = await (freshness === 'now' ? live.peek(session_id) : live.known(session_id));
  if (roll !== null) return { roll, stored: null };
  const stored = await registry.session(session_id);
  if (stored === null) throw refuse('SESSION_NOT_FOUND');
  return { roll: null, stored };
};

export const courseOf = async ({ registry }: Services, course_id: string): Promise<Course> => {
  const course = await registry.course(course_id);
  if (course === null) throw refuse('COURSE_NOT_FOUND');
  return course;
};

/** The session, for staff of its course alone. SESSION_NOT_FOUND, FORBIDDEN. */
export const findAsStaff = async (
  services: Services,
  actor: Actor,
  session_id: string,
  verb: Parameters<typeof staffOnly>[0],
  freshness: Freshness = 'now',
): Promise<Found> => {
  const found = await find(services, session_id, freshness);
  const allowed =
    found.roll !== null
      ? isStaff(actor, found.roll.header)
      : isStaff(actor, await courseOf(services, found.stored.course_id));
  if (!allowed) throw refuse('FORBIDDEN', staffOnly(verb));
  return found;
};
