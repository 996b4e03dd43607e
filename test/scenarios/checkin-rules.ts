/** Check-in rules end to end, by the store's clock: the same on every node. */
import { expect, test } from 'vitest';
import { MINUTE_MS } from '../support/fixed-clock.ts';
import type { ClockedDeployment } from '../support/in-process.ts';
import { freshId, student } from '../support/people.ts';
import type { TestClient } from '../support/socket-client.ts';

export const checkinRuleScenarios = (deployment: () => ClockedDeployment): void => {
  test('JOIN-1 not open, present, late, closed: by the clock; rules apply to the first join only', async () => {
    const node = deployment();
    const room = await node.classroom({
      students: 4,
      starts_in_minutes: 30,
      checkin: { opens_before_minutes: 10, late_after_minutes: 25, closes_after_minutes: 40 },
    });
    const { session_id } = room;
    const opens_at = new Date(node.now() + 20 * MINUTE_MS).toISOString();
    const teacher = await room.started();
    const clients = await Promise.all(room.students.map((it) => node.connect(it)));
    const [early, late, closed, marked] = clients as [TestClient, TestClient, TestClient, TestClient];
    const error = await early.refused('joinAttendanceSession', { session_id }, 'CHECKIN_NOT_OPEN');
    expect(error).toMatchObject({ opens_at, retryable: true });
    // Who is not approved is told that first.
    const stranger = await node.connect(student(9));
    await stranger.refused('joinAttendanceSession', { session_id }, 'STUDENT_NOT_ENROLLED');
    await teacher.does('markStudentPresent', { session_id, student_id: room.student(3).student_id });

    // A scan that came too early locks nobody out.
    node.clock.advance(20 * MINUTE_MS);
    expect((await early.does('joinAttendanceSession', { session_id })).status).toBe('present');
    node.clock.advance(5 * MINUTE_MS);
    expect((await late.does('joinAttendanceSession', { session_id })).status).toBe('late');
    const { student_id } = room.student(1);
    await teacher.hears('attendanceUpdated', (it) => it.student_id === student_id && it.status === 'late');
    // What a teacher has said stands, however late its student comes.
    expect((await marked.does('joinAttendanceSession', { session_id })).status).toBe('present');
    node.clock.advance(15 * MINUTE_MS);
    await closed.refused('joinAttendanceSession', { session_id }, 'CHECKIN_CLOSED');

    // Here before: never refused again, whether they reconnect, leave and come back, or join on another device.
    await early.dropAndReturn();
    await early.does('joinAttendanceSession', { session_id });
    await late.does('leaveAttendanceSession', { session_id });
    expect((await late.does('joinAttendanceSession', { session_id })).status).toBe('late');
    const second = await node.connect(room.student(0));
    expect((await second.does('joinAttendanceSession', { session_id })).status).toBe('present');
    const counts = { presentCount: 2, lateCount: 1, absentCount: 1 };
    expect((await room.attendance()).statistics).toMatchObject(counts);
  });

  test('JOIN-1 a start so early that check-in would close before it opens: it is open from the start', async () => {
    const node = deployment();
    const checkin = { opens_before_minutes: 5, closes_after_minutes: 10 };
    const room = await node.classroom({ students: 2, starts_in_minutes: 20, checkin });
    const { session_id } = room;
    await room.started();
    expect((await (await node.connect(room.student(0))).does('joinAttendanceSession', { session_id })).status).toBe(
      'present',
    );
    node.clock.advance(10 * MINUTE_MS);
    const late = await node.connect(room.student(1));
    await late.refused('joinAttendanceSession', { session_id }, 'CHECKIN_CLOSED');
  });

  test('JOIN-7 300 phones that reconnect after check-in has closed are all in the session again', async () => {
    const node = deployment();
    const room = await node.classroom({ students: 300, checkin: { closes_after_minutes: 5 } });
    const { session_id } = room;
    const teacher = await room.started();
    const phones = await Promise.all(room.students.map((_, i) => room.joined(i)));
    node.clock.advance(30 * MINUTE_MS);
    await Promise.all(phones.map((it) => it.dropAndReturn()));
    // Half of them ask once more, as their app does; with the others the service does it alone.
    await Promise.all(
      phones.filter((_, i) => i % 2 === 0).map((it) => it.does('joinAttendanceSession', { session_id })),
    );
    const { student_id } = room.student(0);
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'excused' });
    await Promise.all(phones.map((it) => it.hears('attendanceUpdated', ({ status }) => status === 'excused')));
  });

  test('the rules of a scheduled session can be changed, those of one that runs cannot', async () => {
    const node = deployment();
    const room = await node.classroom({ students: 2, checkin: { closes_after_minutes: 1 } });
    const { session_id } = room;
    const params = { id: session_id };
    const checkin = { late_after_minutes: 10, closes_after_minutes: 30 };
    expect((await room.rest.call('patchSession', { params, body: { checkin } })).checkin).toEqual(checkin);
    await room.started();
    await room.rest.refused('patchSession', 'CONFLICT', { params, body: { checkin: {} } });
    node.clock.advance(15 * MINUTE_MS);
    const client = await node.connect(room.student(0));
    expect((await client.does('joinAttendanceSession', { session_id })).status).toBe('late');
    // Not even by a start that is sent again.
    await (await node.connect(room.teacher)).does('startAttendanceSession', { session_id });
    node.clock.advance(15 * MINUTE_MS);
    const last = await node.connect(room.student(1));
    await last.refused('joinAttendanceSession', { session_id }, 'CHECKIN_CLOSED');
  });

  test.each([
    ['auto_end_after_minutes', { ends_in_minutes: 5, checkin: { auto_end_after_minutes: 20 } }, 20],
    ['ends_at and ten minutes', { ends_in_minutes: 50 }, 60],
    ['the default, when ends_at lies before the start', { ends_in_minutes: -10, starts_in_minutes: -30 }, 720],
  ])('END-4 a session whose teacher vanished ends by itself: %s', async (_name, options, limit_minutes) => {
    const node = deployment();
    const room = await node.classroom({ students: 2, ...options });
    const { session_id, course_id } = room;
    const teacher = await room.started();
    const client = await room.joined(0);
    await client.does('subscribeToCourse', { course_id });
    node.clock.advance(limit_minutes * MINUTE_MS - 1);
    await teacher.does('markStudentPresent', { session_id, student_id: room.student(1).student_id });
    node.clock.advance(1);
    expect((await client.hears('attendanceSessionEnded')).ended_by).toBe('auto');
    expect((await client.hears('courseSessionEnded')).ended_by).toBe('auto');
    await teacher.hears('attendancePersisted');
    expect(await room.archived()).toMatchObject({ statistics: { presentCount: 2 }, session: { status: 'completed' } });
    expect((await room.audit()).at(-1)).toMatchObject({ by: 'auto', source: 'end', to: 'completed' });
  });

  test('MARK-1 two staff at once: only_unmarked leaves alone what the other has marked, and what students said', async () => {
    const node = deployment();
    const room = await node.classroom({ students: 12 });
    const { session_id } = room;
    const teacher = await room.started();
    const assistant = await node.connect(room.assistant);
    await assistant.does('joinAttendanceSession', { session_id });
    await Promise.all([0, 1, 2].map((i) => room.joined(i)));
    const ids = room.students.map(({ student_id }) => student_id);
    const request_id = freshId('bulk');
    const [bulk] = await Promise.all([
      teacher.does('bulkUpdateAttendance', {
        session_id,
        request_id,
        only_unmarked: true,
        attendanceUpdates: ids.map((student_id) => ({ student_id, status: 'absent' })),
      }),
      ...ids
        .slice(3, 6)
        .map((student_id) => assistant.does('markStudentAttendance', { session_id, student_id, status: 'excused' })),
    ]);
    const { attendanceRecords, seq } = await teacher.does('getAttendanceSessionData', { session_id });
    // Whichever came first, nobody's mark is lost.
    const expected = ids.map((_, i) => (i < 3 ? 'present' : i < 6 ? 'excused' : 'absent'));
    const records = new Map(attendanceRecords.map((it) => [it.student_id, it]));
    expect(ids.map((id) => records.get(id)?.status)).toEqual(expected);
    expect(ids.slice(6).every((id) => records.get(id)?.marked_by === room.teacher.sub)).toBe(true);
    expect(bulk.totalUpdated).toBeGreaterThanOrEqual(6);
    const audit = await room.audit();
    expect(audit.map((it) => it.seq).at(-1)).toBe(seq);
    for (const staff of [teacher, assistant]) {
      await until(staff, seq);
      const last = new Map(staff.payloads('studentMarked').map((it) => [it.student_id, it.attendanceRecord.status]));
      expect(ids.slice(3).map((id) => last.get(id))).toEqual(expected.slice(3));
    }
  });
};

const until = (staff: TestClient, seq: number) => staff.hears('studentMarked', (it) => it.seq === seq);
