/** STUDENT_VISIBILITY=self: a student hears of marks only what concerns themselves, with numbers of their own. */
import { expect, test } from 'vitest';
import type { ClockedDeployment } from '../support/in-process.ts';
import type { TestClient } from '../support/socket-client.ts';

const MARKS = ['attendanceUpdated', 'attendanceMarked', 'attendanceBulkUpdated', 'studentMarked'];

export const selfVisibilityScenarios = (deployment: () => ClockedDeployment): void => {
  const heardOfMarks = ({ heard }: TestClient, session_id: string) =>
    heard.filter(({ event, payload }) => MARKS.includes(event) && payload.session_id === session_id);

  test('a student hears marks of their own record alone, staff all of them; own_seq counts', async () => {
    const node = deployment();
    const room = await node.classroom({ students: 3 });
    const { session_id } = room;
    const [a, b, c] = room.students.map(({ student_id }) => student_id) as [string, string, string];
    const teacher = await room.started();
    const assistant = await node.connect(room.assistant);
    await assistant.does('joinAttendanceSession', { session_id });
    const first = await room.joined(0);
    const device = await room.joined(0);
    const second = await room.joined(1);
    await teacher.does('markStudentAttendance', { session_id, student_id: a, status: 'late' });
    await teacher.does('markStudentAttendance', { session_id, student_id: c, status: 'excused' });
    await teacher.does('bulkUpdateAttendance', {
      session_id,
      attendanceUpdates: [a, c].map((student_id) => ({ student_id, status: 'absent' })),
    });
    await teacher.does('markStudentPresent', { session_id, student_id: b });
    await second.hears('attendanceMarked', (it) => it.status === 'present');
    for (const client of [first, device]) {
      await client.hears('attendanceMarked', (it) => it.status === 'absent');
      expect(heardOfMarks(client, session_id)).toMatchObject([
        { event: 'attendanceUpdated', payload: { student_id: a, status: 'late', room_seq: 0 } },
        { event: 'attendanceMarked', payload: { student_id: a, status: 'late', own_seq: 2 } },
        { event: 'attendanceMarked', payload: { student_id: a, status: 'absent', own_seq: 3 } },
      ]);
    }
    expect(heardOfMarks(second, session_id).every(({ payload }) => payload.student_id === b)).toBe(true);
    for (const staff of [teacher, assistant]) {
      await staff.hears('attendanceUpdated', (it) => it.student_id === b && it.status === 'present');
      expect(staff.payloads('attendanceUpdated').map((it) => it.student_id)).toEqual([a, c, b]);
      expect(staff.payloads('attendanceBulkUpdated')[0]?.updatedRecords).toHaveLength(2);
    }
    // Statistics are everybody's; that seq has grown there tells a student to sync.
    const { seq } = await teacher.does('getAttendanceSessionData', { session_id });
    node.clock.advance(20_000);
    await first.hears('attendanceStatistics', (it) => it.seq === seq && it.room_seq === 0);
    const ended = await teacher.does('submitAttendance', {
      session_id,
      attendanceUpdates: [{ student_id: b, status: 'late' }],
    });
    expect(ended.statistics).toMatchObject({ lateCount: 1, absentCount: 2 });
    const over = await first.hears('attendanceSessionEnded');
    expect(over).toMatchObject({ room_seq: 1, finalData: { attendanceRecords: [] } });
    await second.hears('attendanceMarked', (it) => it.status === 'late');
    expect(heardOfMarks(first, session_id)).toHaveLength(3);
  });

  test('SYNC-1 a student who was away gets what concerns them, in order, and nothing of others', async () => {
    const node = deployment();
    const room = await node.classroom({ students: 3 });
    const { session_id } = room;
    const [a, b] = room.students.map(({ student_id }) => student_id) as [string, string];
    const teacher = await room.started();
    const client = await node.connect(room.student(0));
    const joined = await client.does('joinAttendanceSession', { session_id });
    expect(joined.student_visibility).toBe('self');
    client.socket.disconnect();
    for (const status of ['late', 'excused', 'late'] as const) {
      await teacher.does('markStudentAttendance', { session_id, student_id: b, status });
      await teacher.does('markStudentAttendance', { session_id, student_id: a, status });
    }
    await teacher.does('bulkUpdateAttendance', {
      session_id,
      attendanceUpdates: [a, b].map((student_id) => ({ student_id, status: 'absent' })),
    });
    const { epoch, own_seq, room_seq } = joined;
    const back = await node.connect(room.student(0));
    const cursor = { session_id, epoch, since_room_seq: room_seq, since_own_seq: own_seq };
    const missed = await back.does('syncAttendance', cursor);
    expect(missed).toMatchObject({ own_seq: 5, room_seq: 0 });
    const of = (missed.events ?? []).map(({ event, data }) => [event, data.student_id, data.status]);
    const one = (status: string) => [
      ['attendanceUpdated', a, status],
      ['attendanceMarked', a, status],
    ];
    expect(of).toEqual([...one('late'), ...one('excused'), ...one('late'), ['attendanceMarked', a, 'absent']]);
    expect(await back.does('syncAttendance', { ...cursor, since_own_seq: 5 })).toMatchObject({ events: [] });
    const snapshot = (await back.does('syncAttendance', { session_id })).snapshot as { attendanceRecords: object[] };
    expect(snapshot.attendanceRecords).toMatchObject([{ student_id: a, status: 'absent' }]);
    const own = await node.rest(room.student(0)).call('getAttendance', { params: { id: session_id } });
    expect(own.attendanceRecords).toMatchObject([{ student_id: a, status: 'absent' }]);
  });
};
