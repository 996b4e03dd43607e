/**
 * One person as student of several courses. Who a user is, is said per course by its enrollment, never by an id alone:
 * two courses may know two people by the same student_id.
 */
import type { PersonExport, PersonId, StudentOfCourse } from '../archive/archive.ts';
import type { Enrollment } from '../contract/nouns.ts';
import { auditOf } from '../domain/final-roll.ts';
import { fullRecord, type RollRecord } from '../domain/record.ts';
import type { RollNow } from '../domain/roll.ts';
import { ROLL_MAX_CHANGES } from '../limits.ts';
import type { Registry, StoredSession } from '../registry/registry.ts';
import { versionOf } from './results.ts';
import type { Services } from './services.ts';

/** A session that has begun and that the archive does not have; its roll, unless it is being opened or is lost. */
export type Unarchived = { stored: StoredSession; roll: RollNow | null };

const SESSIONS_AT_ONCE = 200;

/**
 * Whom an id names, by the enrollments that hold it as student_id or user_id. A student_id comes first: another student's
 * user id may read the same. Where the student of that id is known by it as a user too, the other students of this user
 * are the same person.
 */
export const personOf = (id: string, held: { enrollment: Enrollment }[]): PersonId & { isStudent: boolean } => {
  const students = held.filter(({ enrollment }) => enrollment.student_id === id);
  return {
    id,
    user: students.some(({ enrollment }) => enrollment.user_id === id),
    isStudent: students.length > 0,
  };
};

/** Whether a student is this person. */
export const isOf = ({ id, user }: PersonId, it: { student_id: string; user_id: string }): boolean =>
  it.student_id === id || (user && it.user_id === id);

/** The enrollments in which a user is the student; only those that know them by `id`, when that is not their own user id. */
export const enrollmentsOfUser = async (
  registry: Registry,
  user_id: string,
  id: string,
): Promise<StudentOfCourse[]> => {
  const own = (await registry.enrollmentsOfPerson(user_id)).filter(({ enrollment }) => enrollment.user_id === user_id);
  return own
    .map(({ course_id, enrollment }) => ({ course_id, student_id: enrollment.student_id }))
    .filter(({ student_id }) => id === user_id || student_id === id);
};

/** Sessions of these courses that are under way or on their way to the archive. */
export const unarchivedSessions = async ({ registry, live }: Services, course_ids: string[]): Promise<Unarchived[]> => {
  const found: Unarchived[] = [];
  let cursor: string | undefined;
  do {
    const page = await registry.sessions({ course_ids, statuses: ['active'] }, { limit: SESSIONS_AT_ONCE, cursor });
    for (const stored of page.items) found.push({ stored, roll: (await live.read(stored.id))?.roll ?? null });
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return found;
};

/**
 * Everything that is held about a person, in the archive, in enrollments and on rolls. `students`: only what these
 * students of these courses have, whatever else goes by that id.
 */
export const exportPerson = async (
  services: Services,
  person: PersonId,
  students: StudentOfCourse[],
  everything: boolean,
): Promise<PersonExport> => {
  const keys = new Set(students.map(keyOf));
  const isTheirs = (it: StudentOfCourse) => everything || keys.has(keyOf(it));
  const found: PersonExport = { enrollments: [], records: [], audit: [] };
  const seen = new Set<string>();
  const known = everything ? [] : students.map(({ student_id }) => student_id);
  for (const id of new Set([person.id, ...known])) {
    const held = await services.archive.exportPerson(everything ? person : { id, user: true });
    found.enrollments.push(...held.enrollments.filter((it) => isTheirs(it) && isNew(seen, keyOf(it))));
    const records = held.records.filter((it) => isTheirs(it) && isNew(seen, `${it.session_id}\n${it.line}`));
    const lines = new Set(records.map(lineOf));
    found.records.push(...records);
    found.audit.push(...held.audit.filter((it) => lines.has(lineOf(it))));
  }
  const course_ids = [...new Set(students.map(({ course_id }) => course_id))];
  const onRolls = await exportUnarchived(services, course_ids, (record, course_id) =>
    everything ? isOf(person, record) : keys.has(keyOf({ course_id, student_id: record.student_id })),
  );
  // A session that was archived between the two reads is not told twice.
  const archived = new Set(found.records.map(({ session_id }) => session_id));
  found.records.push(...onRolls.records.filter(({ session_id }) => !archived.has(session_id)));
  found.audit.push(...onRolls.audit.filter(({ session_id }) => !archived.has(session_id)));
  return found;
};

const keyOf = ({ course_id, student_id }: StudentOfCourse): string => `${course_id}\n${student_id}`;
const lineOf = ({ session_id, student_id }: { session_id: string; student_id: string | null }): string =>
  `${session_id}\n${student_id}`;

const isNew = (seen: Set<string>, key: string): boolean => {
  const fresh = !seen.has(key);
  seen.add(key);
  return fresh;
};

/** What rolls that the archive does not have yet hold about some of their students, in the archive's shapes. */
const exportUnarchived = async (
  services: Services,
  course_ids: string[],
  isTheirs: (record: RollRecord, course_id: string) => boolean,
): Promise<Pick<PersonExport, 'records' | 'audit'>> => {
  const found: Pick<PersonExport, 'records' | 'audit'> = { records: [], audit: [] };
  for (const { stored, roll } of await unarchivedSessions(services, course_ids)) {
    if (roll === null) continue;
    const { id: session_id, course_id, title, date } = stored;
    const theirs = [...roll.records.values()].filter((record) => isTheirs(record, course_id));
    if (theirs.length === 0) continue;
    const ids = new Set(theirs.map(({ student_id }) => student_id));
    for (const record of theirs) {
      const { line, user_id } = record;
      const version = versionOf(roll);
      found.records.push({ session_id, course_id, title, date, ...fullRecord(record), line, user_id, version });
    }
    const history = await services.live.history(session_id, 1, ROLL_MAX_CHANGES + 1);
    for (const entry of history === null ? [] : auditOf(history.header, history.changes)) {
      if (entry.student_id !== null && ids.has(entry.student_id)) found.audit.push({ session_id, ...entry });
    }
  }
  return found;
};
