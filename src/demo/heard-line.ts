/** One line for each event that the demo's teacher hears. */

import type { ServerEventName, ServerPayload } from '../contract/events.ts';
import type { FullRecord, Statistics } from '../contract/nouns.ts';

type Describe = { [E in ServerEventName]?: (payload: ServerPayload<E>) => string };

const EVENT_COLUMN = 30;

const counts = ({ presentCount, lateCount, absentCount, excusedCount, attendanceRate }: Statistics): string =>
  `present ${presentCount}, late ${lateCount}, absent ${absentCount}, excused ${excusedCount}: ${attendanceRate} %`;

const recordText = ({ student_name, status, remarks }: FullRecord): string =>
  `${student_name}: ${status}${remarks === null ? '' : ` (${remarks})`}`;

const DESCRIBE: Describe = {
  attendanceSessionStarted: (it) => `"${it.session.title}", ${it.totalStudents} students; ${counts(it.statistics)}`,
  studentJoinedAttendance: (it) =>
    `${it.student_name}: ${it.status}${it.returned ? ', is back' : ''}; online ${it.online_count}, seq ${it.seq}`,
  studentLeftAttendance: (it) => `${it.student_name}; online ${it.remaining_online_count}`,
  studentLeft: (it) => it.studentId,
  studentMarked: (it) => `${recordText(it.attendanceRecord)}; seq ${it.seq}`,
  attendanceUpdated: (it) => `${it.student_id}: ${it.status}, by ${it.updated_by}; seq ${it.seq}`,
  attendanceBulkUpdated: (it) => `${it.updatedRecords.length} records, by ${it.updated_by}; seq ${it.seq}`,
  attendanceStatistics: (it) => `${counts(it.statistics)}; online ${it.online_count}`,
  attendanceSessionEnded: (it) => `by ${it.ended_by}; seq ${it.seq}`,
  attendanceSessionEndedConfirm: (it) => counts(it.finalData.statistics),
  attendancePersisted: (it) => `version ${it.version}`,
  attendanceError: (it) => `${it.code}: ${it.message}`,
};

/** at: milliseconds since the epoch, shown as local time. */
export const heardLine = (event: string, payload: unknown, at: number): string => {
  const describe = DESCRIBE[event as ServerEventName] as ((payload: unknown) => string) | undefined;
  const time = new Date(at).toTimeString().slice(0, 8);
  return `${time}  ${event.padEnd(EVENT_COLUMN)} ${describe?.(payload) ?? ''}`.trimEnd();
};
