import { createServer } from 'node:http';
import process from 'node:process';
import { type JWTPayload, jwtVerify } from 'jose';
import { Server, type Socket } from 'socket.io';
import * as roster from './roster.ts';

/**
 * What Rollcast is compared with: attendance as one process that keeps everything in its memory, as a competent person
 * would write it with Socket.IO and its default options. Nothing in it is slower than it need be, and nothing survives
 * it: no journal, no second node, no numbering, no check-in rules, no limits.
 *
 * Environment: PORT, JWT_SECRET, CLASSES, STUDENTS, SESSIONS (per class), NAMESPACE.
 */

interface Course {
  teacher_id: string;
  /** Student → name and status of the enrollment. */
  enrollments: Map<string, { name: string; status: 'pending' | 'approved' }>;
}

interface Session {
  id: string;
  course_id: string;
  title: string;
  status: 'scheduled' | 'active' | 'completed';
}

interface ActiveSession {
  session: Session;
  course: Course;
  joined: Set<string>;
  attendanceRecords: Map<string, { student_id: string; status: 'absent' | 'present'; joined_at: string | null }>;
}

type Acknowledge = ((answer: object) => void) | undefined;

const classes = Number(process.env.CLASSES);
const students = Number(process.env.STUDENTS);
const sessionsPerClass = Number(process.env.SESSIONS);

const courses = new Map<string, Course>();
const sessions = new Map<string, Session>();
const activeAttendanceSessions = new Map<string, ActiveSession>();

for (let classIndex = 0; classIndex < classes; classIndex += 1) {
  const course: Course = { teacher_id: roster.teacherId(classIndex), enrollments: new Map() };
  for (let student = 0; student < students; student += 1) {
    const name = roster.studentName(classIndex, student);
    course.enrollments.set(roster.studentId(classIndex, student), { name, status: 'approved' });
  }
  courses.set(roster.courseId(classIndex), course);
  for (let round = 0; round < sessionsPerClass; round += 1) {
    const id = roster.sessionId(classIndex, round);
    sessions.set(id, { id, course_id: roster.courseId(classIndex), title: `Meeting ${round}`, status: 'scheduled' });
  }
}

const key = await crypto.subtle.importKey(
  'raw',
  Buffer.from(process.env.JWT_SECRET ?? ''),
  { name: 'HMAC', hash: 'SHA-256' },
  false,
  ['verify'],
);

const httpServer = createServer();
const io = new Server(httpServer).of(process.env.NAMESPACE ?? '/');

io.use(async (socket, next) => {
  try {
    const { payload } = await jwtVerify(socket.handshake.auth.token, key, { algorithms: ['HS256'] });
    socket.data.user = payload;
    next();
  } catch {
    next(new Error('Authentication error'));
  }
});

io.on('connection', (socket) => {
  socket.on('startAttendanceSession', (data, acknowledge) => start(socket, data.session_id, acknowledge));
  socket.on('joinAttendanceSession', (data, acknowledge) => join(socket, data.session_id, acknowledge));
  socket.on('endAttendanceSession', (data, acknowledge) => end(socket, data.session_id, acknowledge));
  socket.on('disconnecting', () => forget(socket));
});

httpServer.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));

function start(socket: Socket, session_id: string, acknowledge: Acknowledge) {
  const session = sessions.get(session_id);
  const course = session && courses.get(session.course_id);
  if (!session || !course) return refuse(socket, 'Attendance session not found', acknowledge);
  if (course.teacher_id !== userId(socket)) {
    return refuse(socket, 'Only the course teacher can start attendance', acknowledge);
  }
  if (session.status !== 'scheduled') return refuse(socket, 'Attendance session already started', acknowledge);

  session.status = 'active';
  const active: ActiveSession = { session, course, joined: new Set(), attendanceRecords: new Map() };
  for (const [student_id, enrollment] of course.enrollments) {
    if (enrollment.status !== 'approved') continue;
    active.attendanceRecords.set(student_id, { student_id, status: 'absent', joined_at: null });
  }
  activeAttendanceSessions.set(session_id, active);
  socket.join(`teacher_${session_id}`);

  const started = {
    session_id,
    session,
    totalStudents: active.attendanceRecords.size,
    attendanceRecords: [...active.attendanceRecords.values()],
  };
  socket.emit('attendanceSessionStarted', started);
  acknowledge?.({ ok: true, ...started });
}

function join(socket: Socket, session_id: string, acknowledge: Acknowledge) {
  const active = activeAttendanceSessions.get(session_id);
  if (!active) return refuse(socket, 'Attendance session not active', acknowledge);
  const student_id = userId(socket);
  const enrollment = active.course.enrollments.get(student_id);
  const record = active.attendanceRecords.get(student_id);
  if (enrollment?.status !== 'approved' || !record) {
    return refuse(socket, 'Student is not enrolled in this course', acknowledge);
  }

  const joined_at = new Date().toISOString();
  active.joined.add(student_id);
  record.status = 'present';
  record.joined_at = joined_at;
  socket.join(`attendance_${session_id}`);

  const joined = { session_id, message: 'Successfully joined attendance session' };
  socket.emit('attendanceSessionJoined', joined);
  acknowledge?.({ ok: true, ...joined });
  const student_name = enrollment.name;
  io.to(`teacher_${session_id}`).emit('studentJoinedAttendance', { session_id, student_id, student_name, joined_at });
}

function end(socket: Socket, session_id: string, acknowledge: Acknowledge) {
  const active = activeAttendanceSessions.get(session_id);
  if (!active) return refuse(socket, 'Attendance session not active', acknowledge);
  if (active.course.teacher_id !== userId(socket)) {
    return refuse(socket, 'Only the course teacher can end attendance', acknowledge);
  }
  active.session.status = 'completed';
  activeAttendanceSessions.delete(session_id);
  const rooms = [`attendance_${session_id}`, `teacher_${session_id}`];
  io.to(rooms).emit('attendanceSessionEnded', { session_id });
  io.in(rooms).socketsLeave(rooms);
  acknowledge?.({ ok: true, session_id });
}

/** A student who disconnects is no longer in the sessions that they had joined; their record stays. */
function forget(socket: Socket): void {
  for (const room of socket.rooms) {
    if (!room.startsWith('attendance_')) continue;
    activeAttendanceSessions.get(room.slice('attendance_'.length))?.joined.delete(userId(socket));
  }
}

function userId(socket: Socket): string {
  return (socket.data.user as JWTPayload).sub ?? '';
}

function refuse(socket: Socket, message: string, acknowledge: Acknowledge): void {
  socket.emit('attendanceError', { message });
  acknowledge?.({ ok: false, message });
}
