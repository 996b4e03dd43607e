/** Values of one story, for the examples of schemas: a class of thirty in which almost everybody is there. */
export const SESSION_ID = '2a2f26479926dcadc4df3c02';
export const STUDENT_ID = 'student-07';
export const COURSE_ID = 'algebra-1';
export const TEACHER_ID = 'ada.byron';
export const TEACHER_NAME = 'Ada Byron';
export const STUDENT_NAME = 'Amara Okafor';
export const ROLL_NUMBER = '7';
const TITLE = 'Quadratic equations';
const STARTS_AT = '2026-09-07T08:00:00.000Z';
const JOINED_AT = '2026-09-07T08:01:12.345Z';
const MARKED_AT = '2026-09-07T08:05:20.500Z';

export const SESSION = {
  id: SESSION_ID,
  _id: SESSION_ID,
  course_id: COURSE_ID,
  title: TITLE,
  topic: TITLE,
  description: '',
  date: String(Date.parse(STARTS_AT)),
  starts_at: STARTS_AT,
  ends_at: '2026-09-07T09:30:00.000Z',
  status: 'active',
  teacher_id: TEACHER_ID,
  checkin: { late_after_minutes: 10, code: 'off' },
  created_at: '2026-09-01T12:00:00.000Z',
};

export const STATISTICS = {
  totalStudents: 30,
  presentCount: 27,
  absentCount: 1,
  lateCount: 1,
  excusedCount: 1,
  attendanceRate: 96.55,
};

export const RECORD = {
  student_id: STUDENT_ID,
  student_name: STUDENT_NAME,
  roll: ROLL_NUMBER,
  status: 'present',
  joined_at: JOINED_AT,
  marked_at: MARKED_AT,
  marked_by: TEACHER_ID,
  remarks: null,
};

export const REDUCED_RECORD = { student_id: STUDENT_ID, status: 'present', marked_at: MARKED_AT };

export const ONLINE_STUDENT = {
  student_id: STUDENT_ID,
  student_name: STUDENT_NAME,
  roll: ROLL_NUMBER,
  profile_picture: null,
  joined_at: JOINED_AT,
};
