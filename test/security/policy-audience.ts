/** Who hears what, as the contract says it: the other half of the oracle in policy-table.ts. */

/** asker: who sent what it answers. self: the student concerned. The rest: who is in the session, or subscribed. */
export type Audience = 'asker' | 'staff' | 'room' | 'self' | 'course' | 'socket';

/** §5, server → client. */
export const HEARD_BY: Readonly<Record<string, Audience>> = {
  attendanceSessionStarted: 'asker',
  attendanceSessionJoined: 'asker',
  studentJoinedAttendance: 'staff',
  studentLeftAttendance: 'staff',
  studentLeft: 'staff',
  attendanceUpdated: 'room',
  studentMarkedPresent: 'asker',
  studentMarkedAbsent: 'asker',
  studentMarked: 'staff',
  attendanceMarked: 'self',
  attendanceBulkUpdated: 'room',
  attendanceBulkUpdateComplete: 'asker',
  attendanceStatistics: 'room',
  attendanceSessionData: 'asker',
  onlineStudentsData: 'asker',
  checkInCode: 'asker',
  attendanceSessionEnded: 'room',
  attendanceSessionEndedConfirm: 'staff',
  attendanceSubmitted: 'staff',
  attendancePersisted: 'staff',
  courseSessionStarted: 'course',
  courseSessionEnded: 'course',
  activeSessionsData: 'course',
  attendanceError: 'asker',
  activeSessionsError: 'asker',
  serverDraining: 'socket',
  tokenExpiring: 'socket',
};

export type Visibility = 'room' | 'self';

/** STUDENT_VISIBILITY: where the audience of a student is another one than that of staff; null: never. */
export const HEARD_BY_STUDENTS: Readonly<Record<Visibility, Readonly<Record<string, Audience | null>>>> = {
  room: {},
  self: { attendanceUpdated: 'self', attendanceBulkUpdated: null },
};

/** §5, reduced record: no student is ever told these of anybody, but for an export of their own. */
export const NOT_FOR_STUDENTS: readonly string[] = [
  'student_name',
  'roll',
  'profile_picture',
  'remarks',
  'marked_by',
  'flags',
  'user_id',
  'online_students',
];
