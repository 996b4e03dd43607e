/**
 * The route table: every REST route in one place. From it come the validation of what clients send, the types of the
 * handlers, and the OpenAPI document. One row after another and long on purpose, as the event table. Routes answer errors as RFC 9457 problems with the codes of errors.ts.
 */
import type { TObject, TSchema } from 'typebox';
import { clientEvents, serverEvents } from './events.ts';
import { Course, Session } from './nouns.ts';
import * as Shape from './rest-shapes.ts';

/** Every path of the table lies under it. */
export const API_PREFIX = '/api/v1';

type RouteRow = {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: `/${string}`;
  tag: 'Courses' | 'Sessions' | 'Attendance' | 'Reports' | 'Students';
  /** For the documentation; where a caller may not know about something, it answers 404 as if it did not exist. */
  who: string;
  /** No token is needed. */
  open?: true;
  summary: string;
  description?: string;
  params?: TObject;
  query?: TObject;
  body?: TSchema;
  /** The same body as text/csv. */
  csvBody?: TSchema;
  /** Status and body of success; the string 'csv' is a text/csv download. */
  answers: Record<number, TSchema | 'csv'>;
};

export type { RouteRow };

const route = <const R extends RouteRow>(row: R): R => row;

const STAFF = 'staff of the course, admin, service';
const MEMBERS = 'staff of the course, admin, service; approved students';

/** The keys are the operation ids of the OpenAPI document: renaming one breaks generated clients. */
export const routes = {
  createCourse: route({
    method: 'POST',
    path: '/courses',
    tag: 'Courses',
    who: 'teacher, admin, service',
    summary: 'Create a course',
    description:
      'A teacher becomes its teacher; admin and service say teacher_id, else it is the first of the staff, or themselves. An id that is taken: CONFLICT.',
    body: Shape.NewCourse,
    answers: { 201: Course },
  }),
  listCourses: route({
    method: 'GET',
    path: '/courses',
    tag: 'Courses',
    who: 'everybody: the courses they are in; admin, service: all',
    summary: 'List courses, oldest first',
    query: Shape.PageQuery,
    answers: { 200: Shape.Courses },
  }),
  getCourse: route({
    method: 'GET',
    path: '/courses/:id',
    tag: 'Courses',
    who: MEMBERS,
    summary: 'Read a course',
    params: Shape.CourseParams,
    answers: { 200: Course },
  }),
  patchCourse: route({
    method: 'PATCH',
    path: '/courses/:id',
    tag: 'Courses',
    who: STAFF,
    summary: 'Change a course',
    description: 'teacher_id is for the course’s teacher, admin and service; who is not named any more is out at once.',
    params: Shape.CourseParams,
    body: Shape.CoursePatch,
    answers: { 200: Course },
  }),
  putEnrollments: route({
    method: 'PUT',
    path: '/courses/:id/enrollments',
    tag: 'Courses',
    who: STAFF,
    summary: 'Enroll students, or change their enrollments',
    description:
      'Upserts by student_id, all or nothing; whoever is not named stays as they are. status is approved unless given; for a student who is known, user_id and roll stay unless given. As CSV: one header row with the same names. Live rolls follow before the answer.',
    params: Shape.CourseParams,
    body: Shape.Roster,
    csvBody: Shape.RosterCsv,
    answers: { 200: Shape.RosterCounts },
  }),
  listEnrollments: route({
    method: 'GET',
    path: '/courses/:id/enrollments',
    tag: 'Courses',
    who: STAFF,
    summary: 'List the enrollments of a course',
    params: Shape.CourseParams,
    query: Shape.EnrollmentsQuery,
    answers: { 200: Shape.Enrollments },
  }),

  createSession: route({
    method: 'POST',
    path: '/sessions',
    tag: 'Sessions',
    who: STAFF,
    summary: 'Schedule a session',
    body: Shape.NewSession,
    answers: { 201: Session },
  }),
  listSessions: route({
    method: 'GET',
    path: '/sessions',
    tag: 'Sessions',
    who: 'everybody: of the courses they are in; admin, service: all',
    summary: 'List sessions, newest first',
    query: Shape.SessionsQuery,
    answers: { 200: Shape.Sessions },
  }),
  getSession: route({
    method: 'GET',
    path: '/sessions/:id',
    tag: 'Sessions',
    who: MEMBERS,
    summary: 'Read a session',
    params: Shape.SessionParams,
    answers: { 200: Session },
  }),
  patchSession: route({
    method: 'PATCH',
    path: '/sessions/:id',
    tag: 'Sessions',
    who: STAFF,
    summary: 'Change a session that has not started',
    params: Shape.SessionParams,
    body: Shape.SessionPatch,
    answers: { 200: Session },
  }),
  startSession: route({
    method: 'POST',
    path: '/sessions/:id/start',
    tag: 'Sessions',
    who: STAFF,
    summary: 'Start a session',
    description: 'As startAttendanceSession. Sent again while active it answers the current state.',
    params: Shape.SessionParams,
    body: Shape.Once,
    answers: { 200: serverEvents.attendanceSessionStarted.payload },
  }),
  endSession: route({
    method: 'POST',
    path: '/sessions/:id/end',
    tag: 'Sessions',
    who: STAFF,
    summary: 'End a session',
    description: 'As endAttendanceSession. On a session that is over it answers what was stored.',
    params: Shape.SessionParams,
    body: Shape.Once,
    answers: { 200: serverEvents.attendanceSessionEndedConfirm.payload },
  }),
  cancelSession: route({
    method: 'POST',
    path: '/sessions/:id/cancel',
    tag: 'Sessions',
    who: STAFF,
    summary: 'Cancel a session',
    description: 'Scheduled, active, or (with a reason) completed: out of reports, kept in the audit list.',
    params: Shape.SessionParams,
    body: Shape.Cancellation,
    answers: { 200: Session },
  }),
  checkinTicket: route({
    method: 'POST',
    path: '/sessions/:id/checkin-ticket',
    tag: 'Sessions',
    who: 'anyone, without a token',
    open: true,
    summary: 'Trade a check-in code for a ticket',
    description:
      'For sessions that take a rotating code (CONFLICT for others): who must sign in first is not beaten by the clock. The ticket holds for 3 minutes, for this session, in this browser (an HttpOnly cookie) or for this device_id; a join sends it in place of the code. CONFLICT also tells that it runs; of one that does not, SESSION_NOT_FOUND. Wrong codes alone are counted: five a minute per browser or device, 600 a minute per address and session.',
    params: Shape.SessionParams,
    body: Shape.TicketRequest,
    answers: { 200: Shape.Ticket },
  }),

  markAttendance: route({
    method: 'POST',
    path: '/sessions/:id/marks',
    tag: 'Attendance',
    who: STAFF,
    summary: 'Mark students of a running session',
    description: `As bulkUpdateAttendance. ${clientEvents.bulkUpdateAttendance.description}`,
    params: Shape.SessionParams,
    body: Shape.Marks,
    answers: { 200: serverEvents.attendanceBulkUpdateComplete.payload },
  }),
  getAttendance: route({
    method: 'GET',
    path: '/sessions/:id/attendance',
    tag: 'Attendance',
    who: 'staff of the course, admin, service: all records; approved students: their own',
    summary: 'Read the attendance of a session, live or stored',
    params: Shape.SessionParams,
    answers: { 200: Shape.AttendanceAnswer },
  }),
  downloadAttendance: route({
    method: 'GET',
    path: '/sessions/:id/attendance.csv',
    tag: 'Attendance',
    who: STAFF,
    summary: 'Download the attendance of a session',
    params: Shape.SessionParams,
    answers: { 200: 'csv' },
  }),
  correctRecord: route({
    method: 'PATCH',
    path: '/sessions/:id/attendance/:student_id',
    tag: 'Attendance',
    who: STAFF,
    summary: 'Correct one record of a session that is over',
    params: Shape.RecordParams,
    body: Shape.CorrectionOfOne,
    answers: { 200: Shape.Corrected },
  }),
  correctRecords: route({
    method: 'POST',
    path: '/sessions/:id/corrections',
    tag: 'Attendance',
    who: STAFF,
    summary: 'Correct records of a session that is over, all or nothing',
    description:
      'Makes a new version and is kept in the audit list. Before the archive has the session: CONFLICT, retryable.',
    params: Shape.SessionParams,
    body: Shape.Corrections,
    answers: { 200: Shape.Corrected },
  }),
  getAudit: route({
    method: 'GET',
    path: '/sessions/:id/audit',
    tag: 'Attendance',
    who: STAFF,
    summary: 'What happened to the records of a session, oldest first',
    params: Shape.SessionParams,
    query: Shape.PageQuery,
    answers: { 200: Shape.Audit },
  }),

  getReport: route({
    method: 'GET',
    path: '/courses/:id/report',
    tag: 'Reports',
    who: STAFF,
    summary: 'Attendance per student over the completed sessions of a course',
    params: Shape.CourseParams,
    query: Shape.PageQuery,
    answers: { 200: Shape.Report },
  }),
  downloadReport: route({
    method: 'GET',
    path: '/courses/:id/report.csv',
    tag: 'Reports',
    who: STAFF,
    summary: 'The same as a download',
    params: Shape.CourseParams,
    answers: { 200: 'csv' },
  }),

  getHistory: route({
    method: 'GET',
    path: '/students/:id/attendance',
    tag: 'Students',
    who: 'that student; staff: in their courses; admin, service',
    summary: 'Attendance of one student over completed sessions, newest first',
    params: Shape.StudentParams,
    query: Shape.PageQuery,
    answers: { 200: Shape.History },
  }),
  exportStudent: route({
    method: 'GET',
    path: '/students/:id/export',
    tag: 'Students',
    who: 'that student, admin, service',
    summary: 'Everything that is held about a student',
    description: 'Reasons of corrections, which may speak of several people, are for admin and service alone.',
    params: Shape.StudentParams,
    answers: { 200: Shape.PersonExport },
  }),
  eraseStudent: route({
    method: 'DELETE',
    path: '/students/:id',
    tag: 'Students',
    who: 'admin, service',
    summary: 'Erase a student',
    description:
      'Ids, names, roll numbers and remarks go; counts stay. Enrollments are dropped at once; while the student is on a roll that is not archived yet the rest is pending, and follows by itself. CONFLICT for the user id of a student with another student_id.',
    params: Shape.StudentParams,
    answers: { 200: Shape.Erasure, 202: Shape.Erasure },
  }),
};
