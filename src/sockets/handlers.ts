/** What each event of a client does: it calls the doorway, and says which event repeats the acknowledgement. */
import type { Attendance } from '../attendance/attendance.ts';
import type { Answered } from '../attendance/sending.ts';
import type { AttendanceViews } from '../attendance/views.ts';
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { ClientEventName, ClientPayload, ServerEventName } from '../contract/events.ts';
import { SOCKET_MAX_COURSES } from '../limits.ts';
import type { VerifyToken } from '../token.ts';
import type { LiveSocket } from './live-socket.ts';
import type { Rooms } from './rooms.ts';
import type { TokenExpiry } from './token-expiry.ts';

/** Looks at who is in a course while members change: in the week of enrolment that is all the time. */
const MAX_MEMBER_CHECKS = 3;

/** What a handler answers: the acknowledgement's fields, and the event that repeats them to clients without a callback. */
export type Answer = {
  ack: object;
  reply?: ServerEventName;
  /** Sent before under the same request id: nothing is emitted then, but to who has no callback and waits for the event. */
  repeated?: boolean;
};
export type Handlers = { [E in ClientEventName]: (socket: LiveSocket, payload: ClientPayload<E>) => Promise<Answer> };

export type HandlerOptions = {
  attendance: Attendance;
  views: AttendanceViews;
  rooms: Rooms;
  verifyToken: VerifyToken;
  tokenExpiry: TokenExpiry;
  /** Where whoever is on this socket reaches the service, without a slash at its end; null: unknown. */
  reachedAt: (socket: LiveSocket) => string | null;
};

export const makeHandlers = (options: HandlerOptions): Handlers => {
  const { attendance, views, rooms, verifyToken, tokenExpiry, reachedAt } = options;
  const markAs =
    (event: 'markStudentPresent' | 'markStudentAbsent', status: 'present' | 'absent') =>
    async (
      socket: LiveSocket,
      { session_id, student_id, remarks, request_id }: ClientPayload<'markStudentPresent'>,
    ) => {
      const update = { student_id, status, remarks };
      const answered = await attendance.mark(socket.data.actor, event, session_id, update, request_id);
      return markedAnswer(answered, status);
    };
  const activeSessions = async (socket: LiveSocket, { course_id }: { course_id: string }) => ({
    ack: await views.activeSessions(socket.data.actor, course_id),
    reply: 'activeSessionsData' as const,
  });

  return {
    startAttendanceSession: async (socket, { session_id }) => {
      const ack = await attendance.start(socket.data.actor, session_id, socket);
      await detachIfGone(attendance, socket, session_id);
      return { ack, reply: 'attendanceSessionStarted' };
    },
    joinAttendanceSession: async (socket, payload) => {
      const { actor, device } = socket.data;
      const { payload: ack, repeated } = await attendance.join(actor, payload, socket, device);
      await detachIfGone(attendance, socket, payload.session_id);
      return { ack, reply: 'attendanceSessionJoined', repeated };
    },
    leaveAttendanceSession: async (socket, { session_id, request_id }) => {
      await attendance.leave(socket.data.actor, session_id, socket, request_id);
      return { ack: { session_id } };
    },
    markStudentPresent: markAs('markStudentPresent', 'present'),
    markStudentAbsent: markAs('markStudentAbsent', 'absent'),
    markStudentAttendance: async (socket, { session_id, student_id, status, remarks, request_id }) => {
      const event = 'markStudentAttendance';
      const update = { student_id, status, remarks };
      const answered = await attendance.mark(socket.data.actor, event, session_id, update, request_id);
      return status === 'late' || status === 'excused' ? { ack: answered.payload } : markedAnswer(answered, status);
    },
    bulkUpdateAttendance: async (socket, { session_id, attendanceUpdates: updates, only_unmarked, request_id }) => {
      const input = { session_id, updates, only_unmarked, request_id };
      const { payload: ack, repeated } = await attendance.markMany(socket.data.actor, 'bulkUpdateAttendance', input);
      return { ack, reply: 'attendanceBulkUpdateComplete', repeated };
    },
    getAttendanceSessionData: async (socket, { session_id }) => ({
      ack: await views.data(socket.data.actor, session_id),
      reply: 'attendanceSessionData',
    }),
    getOnlineStudents: async (socket, { session_id }) => ({
      ack: await views.online(socket.data.actor, session_id),
      reply: 'onlineStudentsData',
    }),
    getCheckInCode: async (socket, { session_id }) => {
      const code = await views.checkInCode(socket.data.actor, session_id);
      const base = reachedAt(socket);
      // In the fragment, so that no proxy and no server writes it into a log.
      const link = base === null ? {} : { url: `${base}/join/${session_id}#${code.code}` };
      return { ack: { ...code, ...link }, reply: 'checkInCode' };
    },
    endAttendanceSession: async (socket, { session_id, request_id }) => {
      const attends = socket.data.sessions.get(session_id) === 'staff';
      const { payload, told, repeated } = await attendance.end(socket.data.actor, session_id, request_id);
      // Staff in the session, this socket included, were told by the end itself.
      return told && attends ? { ack: payload } : { ack: payload, reply: 'attendanceSessionEndedConfirm', repeated };
    },
    submitAttendance: async (socket, { session_id, attendanceUpdates = [], request_id }) => {
      const attends = socket.data.sessions.get(session_id) === 'staff';
      const { actor } = socket.data;
      const submitted = await attendance.submit(actor, session_id, attendanceUpdates, request_id);
      const { payload, told, repeated } = submitted;
      return told && attends ? { ack: payload } : { ack: payload, reply: 'attendanceSubmitted', repeated };
    },
    subscribeToCourse: async (socket, { course_id }) => {
      // Checked again when members of a course have changed meanwhile: who is in the room by then was looked at already.
      for (let tries = 0, changes = -1; changes !== rooms.courseChanges; tries += 1) {
        if (tries === MAX_MEMBER_CHECKS)
          throw refuse('CONFLICT', 'Courses are changing; try again', { retryable: true });
        changes = rooms.courseChanges;
        await views.assertInCourse(socket.data.actor, course_id);
      }
      if (socket.data.courses.size >= SOCKET_MAX_COURSES && !socket.data.courses.has(course_id)) {
        throw refuse('RATE_LIMITED', `At most ${SOCKET_MAX_COURSES} courses per socket`);
      }
      // In the room first: what starts between here and the answer is in the answer or told after it.
      rooms.joinCourse(socket, course_id);
      return activeSessions(socket, { course_id });
    },
    unsubscribeFromCourse: async (socket, { course_id }) => {
      rooms.leaveCourse(socket, course_id);
      return { ack: { course_id } };
    },
    checkActiveSessions: activeSessions,
    getActiveSessions: activeSessions,
    syncAttendance: async (socket, payload) => ({ ack: await views.sync(socket.data.actor, payload) }),
    refreshToken: async (socket, { token }) => {
      const actor = await verifyToken(token);
      const { user_id, role } = socket.data.actor;
      if (actor.user_id !== user_id || actor.role !== role) {
        throw refuse('FORBIDDEN', 'The token is of another user or role; connect again with it');
      }
      socket.data.actor = actor;
      tokenExpiry.watch(socket);
      return { ack: { expires_at: isoFrom(actor.expires_at) } };
    },
  };
};

/** Of a mark as present or absent, whose reply event is older than seq. */
const markedAnswer = ({ payload, repeated }: Answered<'studentMarked'>, status: 'present' | 'absent'): Answer => {
  const { seq: _seq, ...ack } = payload;
  return { ack, reply: status === 'present' ? 'studentMarkedPresent' : 'studentMarkedAbsent', repeated };
};

/** A socket that closed while its join was under way must not stay online for ever. */
const detachIfGone = async (attendance: Attendance, socket: LiveSocket, session_id: string): Promise<void> => {
  if (!socket.connected) await attendance.disconnect([session_id], socket);
};
