/** The records of a session, before and after a case: marks change whom they name, a join who joins, and nobody else. */
import { isDeepStrictEqual } from 'node:util';
import type { Case } from './policy-cases.ts';
import type { School } from './policy-school.ts';
import { EVENTS, ROUTES } from './policy-table.ts';

/** By student_id. */
export type Records = ReadonlyMap<string, unknown>;

/** null: the case is about no records, or there are none. */
export const recordsOf = async (school: School, { kind, what, session }: Case): Promise<Records | null> => {
  const row = kind === 'event' ? EVENTS[what] : ROUTES[what];
  const isAboutRecords = row?.marks || what === 'joinAttendanceSession' || what === 'leaveAttendanceSession';
  if (!isAboutRecords || session === null) return null;
  if (session.state === 'scheduled' || session.state === 'called-off') return null;
  const { attendanceRecords } = await school.service.call('getAttendance', { params: { id: session.id } });
  // The end makes version 1 of all of them.
  return new Map(attendanceRecords.map((record) => [record.student_id, { ...record, version: undefined }]));
};

/** The student_id of somebody whose record the case changed, and was not about. */
export const wronglyChanged = (it: Case, before: Records, after: Records | null): string | undefined => {
  const own = it.who?.role === 'student' && it.course !== null ? it.course.studentOf(it.who.sub) : undefined;
  const named = 'names' in it && it.names.length > 0 ? it.names : [own];
  const ids = new Set([...before.keys(), ...(after ?? before).keys()]);
  return [...ids].find((id) => !named.includes(id) && !isDeepStrictEqual(before.get(id), (after ?? before).get(id)));
};
