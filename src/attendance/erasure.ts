/**
 * Erasing a student. The wish is kept before anything is done, so that a restart cannot forget it. Enrollments are
 * dropped at once, so that no further roll gets the student; the rest goes once no roll that is under way or on its
 * way to the archive holds them, since such a roll would bring the name back.
 */
import type { PersonId } from '../archive/archive.ts';
import { refuse } from '../contract/errors.ts';
import { REFUSAL_MAX_IDS } from '../limits.ts';
import type { PendingErasure } from '../registry/registry.ts';
import { followRoster } from './membership.ts';
import { isOf, personOf, unarchivedSessions } from './person.ts';
import type { Services } from './services.ts';

export type ErasureStatus = 'erased' | 'pending';

/**
 * Idempotent. Pending: finishPendingErasures ends it. CONFLICT when no student has this id but a user: an id that was
 * erased and is sent once more must not reach somebody else whose user id reads the same.
 */
export const erase = async (services: Services, student_id: string): Promise<ErasureStatus> => {
  const { registry, clock, makeId } = services;
  const held = await registry.enrollmentsOfPerson(student_id);
  if (held.length > 0 && !personOf(student_id, held).isStudent) {
    const student_ids = [...new Set(held.map(({ enrollment }) => enrollment.student_id))].slice(0, REFUSAL_MAX_IDS);
    throw refuse('CONFLICT', 'This is a user id and no student_id: erase by student_id', { student_ids });
  }
  const { user } = personOf(student_id, held);
  await registry.pendErasure({ person: student_id, user, pseudonym: makeId() }, clock());
  const wished = (await registry.pendingErasures()).find(({ person }) => person === student_id);
  // Another node was quicker.
  return wished === undefined ? 'erased' : goOn(services, wished);
};

/**
 * To be called at the start, whenever a session was archived, and now and then. Those that still have to wait, wait on;
 * one that fails keeps nobody else waiting.
 */
export const finishPendingErasures = async (
  services: Services,
  onError: (error: unknown) => void = () => {},
): Promise<void> => {
  for (const wished of await services.registry.pendingErasures()) await goOn(services, wished).catch(onError);
};

/** Every step may be repeated, by any node and by several at once, so it does not matter where an earlier try ended. */
const goOn = async (services: Services, wished: PendingErasure): Promise<ErasureStatus> => {
  const { registry, archive, live } = services;
  const person: PersonId = { id: wished.person, user: wished.user };
  const course_ids = await drop(services, person);
  for (const { roll } of await unarchivedSessions(services, course_ids)) {
    // Its roll is being opened, or lost and perhaps opened anew: from a roster that may have been read before the drop.
    if (roll === null) return 'pending';
    for (const record of roll.records.values()) if (isOf(person, record)) return 'pending';
  }
  const { records, enrollments } = await archive.exportPerson(person);
  const session_ids = [...new Set(records.map(({ session_id }) => session_id))];
  // The archive has it, and the live store has not been told so yet.
  if ((await live.states(session_ids)).size > 0) return 'pending';
  const user_ids = [...records, ...enrollments].map(({ user_id }) => user_id);
  await live.forgetPerson(session_ids, [...new Set([person.id, ...user_ids])]);
  await archive.erasePerson(person, wished.pseudonym);
  await archive.scrub();
  await registry.erasureDone(person.id);
  return 'erased';
};

/** Out of every course, in the registry and on live rolls. Answers the courses. */
const drop = async (services: Services, person: PersonId): Promise<string[]> => {
  const { registry, clock } = services;
  const course_ids = new Set<string>();
  for (const { course_id, enrollment } of await registry.enrollmentsOfPerson(person.id)) {
    if (!isOf(person, enrollment)) continue;
    course_ids.add(course_id);
    const out = enrollment.status === 'dropped' || enrollment.status === 'rejected';
    const dropped = out ? enrollment : { ...enrollment, status: 'dropped' as const };
    if (!out) await registry.putEnrollments(course_id, [dropped], clock());
    await followRoster(services, course_id, [dropped]);
  }
  return [...course_ids];
};
