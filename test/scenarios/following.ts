import { expect, test } from 'vitest';
import type { ServerPayload } from '../../src/contract/events.ts';
import type { FullRecord } from '../../src/contract/nouns.ts';
import type { Deployment } from '../support/deployment.ts';
import { staffMember, student } from '../support/people.ts';
import type { SyncAnswer } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

type Known = Map<string, Pick<FullRecord, 'status' | 'joined_at'>>;

/** What a teacher's screen would hold after these events. */
const replay = (known: Known, events: SyncAnswer['events'] = []): void => {
  for (const { event, data } of events) {
    if (event === 'studentJoinedAttendance') {
      const { student_id, status, joined_at } = data as ServerPayload<typeof event>;
      known.set(student_id, { status, joined_at });
    } else if (event === 'studentMarked') {
      const { student_id, attendanceRecord } = data as ServerPayload<typeof event>;
      known.set(student_id, { status: attendanceRecord.status, joined_at: attendanceRecord.joined_at });
    }
  }
};

const knownFrom = (records: FullRecord[]): Known =>
  new Map(records.map(({ student_id, status, joined_at }) => [student_id, { status, joined_at }]));

export const followingScenarios = (deployment: () => Deployment): void => {
  test('SYNC-1 after an absence sync brings staff to exactly the server’s state', async () => {
    const room = await deployment().classroom({ students: 8 });
    const { session_id } = room;
    const teacher = await room.started();
    const assistant = await deployment().connect(room.assistant);
    await assistant.does('joinAttendanceSession', { session_id });
    await room.joined(0);
    const before = await assistant.does('getAttendanceSessionData', { session_id });
    assistant.close();
    await room.joined(1);
    const id = (i: number) => room.student(i).student_id;
    await teacher.does('markStudentAttendance', { session_id, student_id: id(0), status: 'late' });
    await teacher.does('bulkUpdateAttendance', {
      session_id,
      attendanceUpdates: [3, 4, 5].map((i) => ({ student_id: id(i), status: 'excused' })),
    });
    const newcomer = student(20);
    await room.enroll([newcomer]);
    await teacher.does('markStudentPresent', { session_id, student_id: newcomer.student_id });
    assistant.socket.connect();
    await assistant.returned();
    const { epoch, seq: since_seq } = before;
    const missed = await assistant.does('syncAttendance', { session_id, epoch, since_seq });
    const now = await teacher.does('getAttendanceSessionData', { session_id });
    expect(missed.seq).toBe(now.seq);
    const seqs = missed.events?.map(({ data }) => data.seq).filter((it) => it !== undefined) as number[];
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
    expect(new Set(seqs)).toEqual(new Set([since_seq + 1, since_seq + 2, since_seq + 3, since_seq + 4]));
    const known = knownFrom(before.attendanceRecords);
    replay(known, missed.events);
    expect(known).toEqual(knownFrom(now.attendanceRecords));
    // Nothing missed: no events. Another epoch, nothing known, or numbers from the future: a snapshot.
    const current = await assistant.does('syncAttendance', { session_id, epoch, since_seq: now.seq });
    expect(current.events).toEqual([]);
    for (const cursor of [{}, { epoch: 'another', since_seq }, { epoch, since_seq: now.seq + 5 }]) {
      const { snapshot, events } = await assistant.does('syncAttendance', { session_id, ...cursor });
      expect(events).toBeUndefined();
      const { session, attendanceRecords, statistics, online_students } = now;
      expect(snapshot).toEqual({ session, attendanceRecords, statistics, online_students });
    }
  });

  test('SYNC-1 a student gets what the room and they were told, and of records only their own', async () => {
    const room = await deployment().classroom({ students: 3 });
    const { session_id } = room;
    const teacher = await room.started();
    const client = await room.joined(0);
    const { epoch, room_seq, own_seq } = await client.hears('attendanceSessionJoined');
    client.close();
    await room.joined(1);
    const [own, , other] = room.students.map((it) => it.student_id);
    await teacher.does('markStudentAttendance', { session_id, student_id: own, status: 'late' });
    await teacher.does('markStudentPresent', { session_id, student_id: other });
    client.socket.connect();
    await client.returned();
    const cursor = { session_id, epoch, since_room_seq: room_seq, since_own_seq: own_seq };
    const missed = await client.does('syncAttendance', cursor);
    expect(missed.events?.map(({ event, data }) => [event, data.student_id])).toEqual([
      ['attendanceUpdated', own],
      ['attendanceMarked', own],
      ['attendanceUpdated', other],
    ]);
    expect(missed).toMatchObject({ room_seq: 2, own_seq: 2, epoch });
    const { snapshot } = await client.does('syncAttendance', { session_id });
    expect(snapshot?.attendanceRecords).toEqual([{ student_id: own, status: 'late', marked_at: expect.any(String) }]);
    expect(snapshot).not.toHaveProperty('online_students');
    const absent = await deployment().connect(room.student(2));
    await absent.refused('syncAttendance', { session_id }, 'FORBIDDEN');
    await teacher.does('endAttendanceSession', { session_id });
    await room.archived();
    const stored = await client.does('syncAttendance', cursor);
    expect(stored.snapshot?.attendanceRecords).toEqual(snapshot?.attendanceRecords);
    expect(stored.snapshot?.session).toMatchObject({ status: 'completed' });
    const all = await teacher.does('syncAttendance', { session_id });
    expect(all.snapshot?.attendanceRecords).toHaveLength(3);
  });

  test('AUTH-1 who is removed from a course is out of its live rooms within 2 s', async () => {
    const room = await deployment().classroom({ students: 3 });
    const { session_id, course_id } = room;
    const teacher = await room.started();
    const assistant = await deployment().connect(room.assistant);
    await assistant.does('joinAttendanceSession', { session_id });
    const out = await room.joined(0);
    const stays = await room.joined(1);
    for (const client of [out, stays, assistant]) await client.does('subscribeToCourse', { course_id });
    await room.enroll([room.student(0)], 'dropped');
    await room.rest.call('patchCourse', { params: { id: course_id }, body: { staff: [] } });
    const deadline = 2_000;
    await until('the dropped student is gone', () => teacher.payloads('studentLeftAttendance').length === 1, deadline);
    const counts = [out, assistant].map((it) => it.heard.length);
    await teacher.does('markStudentPresent', { session_id, student_id: room.student(2).student_id });
    await room.schedule(`${session_id}-2`);
    await teacher.does('startAttendanceSession', { session_id: `${session_id}-2` });
    await stays.hears('courseSessionStarted');
    await stays.hears('attendanceUpdated');
    expect([out, assistant].map((it) => it.heard.length)).toEqual(counts);
    await out.refused('joinAttendanceSession', { session_id }, 'STUDENT_NOT_ENROLLED');
    await out.refused('syncAttendance', { session_id }, 'STUDENT_NOT_ENROLLED');
    await out.refused('getActiveSessions', { course_id }, 'STUDENT_NOT_ENROLLED');
    await assistant.refused('getAttendanceSessionData', { session_id }, 'FORBIDDEN');
    await assistant.refused('joinAttendanceSession', { session_id }, 'STUDENT_NOT_ENROLLED');
    await deployment()
      .rest(room.student(0))
      .refused('getSession', 'SESSION_NOT_FOUND', { params: { id: session_id } });
    await deployment()
      .rest(room.assistant)
      .refused('getSession', 'SESSION_NOT_FOUND', { params: { id: session_id } });
    await teacher.refused(
      'markStudentPresent',
      { session_id, student_id: room.student(0).student_id },
      'STUDENT_NOT_ON_ROLL',
    );
    // Nor does a reconnect bring them back; approved again, their record is still there.
    await Promise.all([out.dropAndReturn(), assistant.dropAndReturn()]);
    await teacher.does('markStudentAbsent', { session_id, student_id: room.student(2).student_id });
    await stays.hears('attendanceUpdated', (it) => it.status === 'absent');
    expect(out.payloads('attendanceUpdated')).toEqual([]);
    // While they were still staff: of the student who was dropped before them.
    expect(assistant.payloads('studentMarked').map((it) => it.attendanceRecord.flags)).toEqual([['removed']]);
    await room.enroll([room.student(0)]);
    expect((await out.does('joinAttendanceSession', { session_id })).own_seq).toBe(1);
  });

  test('AUTH-1 nobody outside a course reads or changes anything of it', async () => {
    const room = await deployment().classroom({ students: 1 });
    const other = await deployment().classroom({ students: 1 });
    const { session_id, course_id } = room;
    await room.started();
    const strangers = [other.teacher, other.student(0), { ...staffMember(), sub: room.student(0).sub }];
    const student_id = room.student(0).student_id;
    const before = await room.attendance();
    for (const person of strangers) {
      const client = await deployment().connect(person);
      for (const event of ['subscribeToCourse', 'checkActiveSessions', 'getActiveSessions'] as const) {
        await client.refused(event, { course_id }, 'STUDENT_NOT_ENROLLED');
      }
      for (const event of ['joinAttendanceSession', 'leaveAttendanceSession', 'syncAttendance'] as const) {
        await client.refused(event, { session_id }, 'STUDENT_NOT_ENROLLED');
      }
      const attendanceUpdates = [{ student_id, status: 'late' }];
      const events = [
        'getAttendanceSessionData',
        'getOnlineStudents',
        'getCheckInCode',
        'endAttendanceSession',
      ] as const;
      for (const event of events) await client.refused(event, { session_id }, 'FORBIDDEN');
      await client.refused('submitAttendance', { session_id, attendanceUpdates }, 'FORBIDDEN');
      await client.refused('bulkUpdateAttendance', { session_id, attendanceUpdates }, 'FORBIDDEN');
      await client.refused('markStudentPresent', { session_id, student_id }, 'FORBIDDEN');
      const rest = deployment().rest(person);
      for (const name of ['getSession', 'getAttendance', 'getAudit', 'downloadAttendance', 'endSession'] as const) {
        await rest.refused(name, 'SESSION_NOT_FOUND', { params: { id: session_id } });
      }
      for (const name of ['getCourse', 'listEnrollments', 'getReport'] as const) {
        await rest.refused(name, 'COURSE_NOT_FOUND', { params: { id: course_id } });
      }
      await rest.refused('listSessions', 'COURSE_NOT_FOUND', { query: { course_id } });
      expect((await rest.call('listSessions')).items.map((it) => it.course_id)).not.toContain(course_id);
    }
    expect(await room.attendance()).toEqual(before);
  });

  test('a course’s room hears starts and ends, and nothing after unsubscribing', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id, course_id } = room;
    const hears = await deployment().connect(room.student(0));
    const stopped = await deployment().connect(room.student(1));
    for (const client of [hears, stopped]) {
      expect((await client.does('subscribeToCourse', { courseId: course_id })).activeSessions).toEqual([]);
    }
    await stopped.does('unsubscribeFromCourse', { course_id });
    const teacher = await room.started();
    expect(await hears.hears('courseSessionStarted')).toMatchObject({
      course_id,
      teacher_id: room.teacher.sub,
      teacher_name: room.teacher.name,
      total_students: 2,
    });
    await hears.hears('activeSessionsData', (it) => it.activeSessions[0]?.sessionId === session_id);
    await hears.does('joinAttendanceSession', { session_id });
    await teacher.does('endAttendanceSession', { session_id });
    expect(await hears.hears('courseSessionEnded')).toMatchObject({
      final_statistics: { presentCount: 1 },
      ended_by: room.teacher.name,
    });
    expect(stopped.heard.map(({ event }) => event)).toEqual(['activeSessionsData']);
    await hears.refused('subscribeToCourse', { course_id: 'no-such' }, 'COURSE_NOT_FOUND');
  });

  test('AUTH-1 a student whose user id changes: the old user is out, the new one has the record', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const teacher = await room.started();
    const old = await room.joined(0);
    const renamed = { ...room.student(0), sub: `${room.student(0).sub}.new` };
    await room.enroll([renamed]);
    await teacher.hears('studentLeftAttendance');
    const heard = old.heard.length;
    const fresh = await deployment().connect(renamed);
    expect((await fresh.does('joinAttendanceSession', { session_id })).own_seq).toBe(1);
    await teacher.does('markStudentPresent', { session_id, student_id: room.student(1).student_id });
    const { seq: marked } = await fresh.hears('attendanceUpdated');
    // Statistics of before may have been on their way when the teacher heard of it, on another node.
    const later = old.heard.slice(heard);
    expect(later.filter(({ event }) => event !== 'attendanceStatistics')).toEqual([]);
    expect(later.filter(({ payload }) => Number(payload.seq) >= marked)).toEqual([]);
    await old.refused('joinAttendanceSession', { session_id }, 'STUDENT_NOT_ENROLLED');
    await old.refused('syncAttendance', { session_id }, 'STUDENT_NOT_ENROLLED');
    await deployment()
      .rest(room.student(0))
      .refused('getAttendance', 'SESSION_NOT_FOUND', { params: { id: session_id } });
    expect((await teacher.does('getAttendanceSessionData', { session_id })).statistics.totalStudents).toBe(2);
  });
};
