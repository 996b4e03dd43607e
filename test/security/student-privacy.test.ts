/**
 * What a student receives holds nobody else's name, remarks or e-mail. Every client of a student looks at everything it
 * receives (support/socket-client.ts); here every event that may reach students is provoked, so that all were looked at.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ServerEventName, serverEvents } from '../../src/contract/events.ts';
import type { Classroom } from '../support/classroom.ts';
import { OneNode } from '../support/deployment.ts';
import { MAIL_MARK, REMARK_MARK, STUDENT_MARK, student } from '../support/people.ts';
import type { RouteName } from '../support/rest-client.ts';
import type { TestClient } from '../support/socket-client.ts';

const node = new OneNode();
const remarks = `${REMARK_MARK}: ask ${STUDENT_MARK} at home, mail parents${MAIL_MARK}`;
beforeAll(() => node.start());
afterAll(() => node.stop());

/** Everything that staff can do in a session, each with names and remarks in it. */
const wholeLesson = async (room: Classroom, teacher: TestClient, assistant: TestClient): Promise<void> => {
  const { session_id } = room;
  const id = (i: number) => room.student(i).student_id;
  await assistant.does('joinAttendanceSession', { session_id });
  for (const i of [0, 1, 2]) {
    await teacher.does('markStudentPresent', { session_id, student_id: id(i), remarks });
    await teacher.does('markStudentAbsent', { session_id, student_id: id(i) });
    await assistant.does('markStudentAttendance', { session_id, student_id: id(i), status: 'excused', remarks });
  }
  const attendanceUpdates = room.students.map(({ student_id }) => ({ student_id, status: 'late', remarks }));
  await teacher.does('bulkUpdateAttendance', { session_id, attendanceUpdates });
  const newcomer = student(50);
  await room.enroll([newcomer]);
  const late = await node.connect(newcomer);
  await late.does('joinAttendanceSession', { session_id });
  late.close();
  await teacher.hears('studentLeftAttendance');
  await teacher.does('getAttendanceSessionData', { session_id });
  await teacher.does('getOnlineStudents', { session_id });
};

test('every event that may reach students was heard by one, and no other was', { timeout: 40_000 }, async () => {
  const room = await node.classroom({ students: 4 });
  const { session_id, course_id } = room;
  const watchers = await Promise.all([
    node.connect(room.student(0), { namespace: '/' }),
    node.connect(room.student(1), { namespace: '/attendance' }),
    // Its token expires within a minute.
    node.connect(room.student(2), { token: node.token(room.student(2), 50) }),
  ]);
  for (const client of watchers) {
    await client.does('subscribeToCourse', { course_id });
    await client.refused('joinAttendanceSession', { session_id }, 'SESSION_NOT_ACTIVE');
    await client.refused('getActiveSessions', { course_id: 'no-such' }, 'COURSE_NOT_FOUND');
  }
  const teacher = await room.started();
  const assistant = await node.connect(room.assistant);
  for (const client of watchers) await client.does('joinAttendanceSession', { session_id });
  const joined = await Promise.all(watchers.map((it) => it.hears('attendanceSessionJoined')));
  await wholeLesson(room, teacher, assistant);

  // What they would be told after an absence: all of it, as events and as a snapshot.
  const { epoch } = joined[0] as (typeof joined)[0];
  for (const client of watchers) {
    const cursor = { session_id, epoch, since_room_seq: 0, since_own_seq: 0 };
    expect((await client.does('syncAttendance', cursor)).events?.length).toBeGreaterThan(10);
    await client.does('syncAttendance', { session_id });
    await client.hears('attendanceStatistics');
  }
  // Refusals name ids at most.
  const strangers = [room.student(3).student_id, 'nobody'];
  for (const student_id of strangers) {
    await watchers[0]?.refused('markStudentPresent', { session_id, student_id, remarks }, 'FORBIDDEN');
  }
  await teacher.does('submitAttendance', {
    session_id,
    attendanceUpdates: [{ student_id: room.student(3).student_id, status: 'excused', remarks }],
  });
  for (const client of watchers) {
    await client.hears('attendanceSessionEnded');
    await client.hears('courseSessionEnded');
  }
  await room.archived();
  for (const client of watchers) await client.does('syncAttendance', { session_id });
  await node.node.kill('SIGTERM');
  for (const client of watchers) await client.hears('serverDraining');

  const heard = new Set(watchers.flatMap((it) => it.heard.map(({ event }) => event)));
  const meant = (Object.keys(serverEvents) as ServerEventName[]).filter((it) => serverEvents[it].reachesStudents);
  expect([...heard].sort()).toEqual(meant.sort());
  node.settle();
  await node.node.start();
});

test('no route tells a student about others', async () => {
  const room = await node.classroom({ students: 3 });
  const teacher = await room.started();
  const own = await room.joined(0);
  const { session_id, course_id } = room;
  const [me, other] = [room.student(0), room.student(1)];
  const attendanceUpdates = room.students.map(({ student_id }) => ({ student_id, status: 'late', remarks }));
  const rest = node.rest(me);
  const params: Record<string, Record<string, string>> = {
    getCourse: { id: course_id },
    getSession: { id: session_id },
    getAttendance: { id: session_id },
    getHistory: { id: me.student_id },
    exportStudent: { id: me.student_id },
    listCourses: {},
    listSessions: {},
  };
  const look = async () => {
    for (const [name, of] of Object.entries(params)) {
      const { status, text } = await rest.send(name as RouteName, { params: of });
      expect(status, name).toBe(200);
      for (const it of [other, room.student(2)]) {
        expect(text, name).not.toContain(it.name);
        expect(text, name).not.toContain(it.sub);
      }
      // An export holds what is held about oneself, remarks included.
      if (name === 'exportStudent') continue;
      for (const mark of [STUDENT_MARK, REMARK_MARK, MAIL_MARK]) expect(text, name).not.toContain(mark);
    }
  };
  await teacher.does('bulkUpdateAttendance', { session_id, attendanceUpdates });
  await own.hears('attendanceBulkUpdated');
  await look();
  await teacher.does('endAttendanceSession', { session_id });
  await room.archived();
  await look();
  // Somebody else’s history and export are not there for them.
  for (const id of [other.student_id, other.sub]) {
    for (const name of ['getHistory', 'exportStudent'] as const) {
      const { status, text } = await rest.send(name, { params: { id } });
      expect([name, status]).toEqual([name, expect.toSatisfy((it) => it === 403 || it === 404)]);
      expect(text).not.toContain(STUDENT_MARK);
    }
  }
  node.settle();
});
