import { expect, test } from 'vitest';
import type { Deployment } from '../support/deployment.ts';
import { student } from '../support/people.ts';
import { until } from '../support/until.ts';

export const joiningScenarios = (deployment: () => Deployment): void => {
  test('JOIN-1 a first join makes absent present, and a teacher’s earlier mark is never overwritten', async () => {
    const room = await deployment().classroom({ students: 3 });
    const { session_id } = room;
    const teacher = await room.started();
    const [, marked, excused] = room.students.map((it) => it.student_id);
    await teacher.does('markStudentAbsent', { session_id, student_id: marked });
    await teacher.does('markStudentAttendance', { session_id, student_id: excused, status: 'excused' });
    expect((await (await room.joined(0)).hears('attendanceSessionJoined')).status).toBe('present');
    const joined = await (await room.joined(1)).hears('attendanceSessionJoined');
    expect(joined).toMatchObject({ status: 'absent', message: 'Successfully joined attendance session' });
    expect(joined.joined_at).not.toBeNull();
    expect((await (await room.joined(2)).hears('attendanceSessionJoined')).status).toBe('excused');
    // Staff hear of a join whose status is not present; nobody else does.
    await teacher.hears('attendanceUpdated', (it) => it.student_id === excused && it.seq === 5);
    const { attendanceRecords } = await teacher.does('getAttendanceSessionData', { session_id });
    expect(attendanceRecords.map(({ status, marked_by }) => [status, marked_by])).toEqual([
      ['present', 'self'],
      ['absent', room.teacher.sub],
      ['excused', room.teacher.sub],
    ]);
    for (const { joined_at } of attendanceRecords) expect(joined_at).not.toBeNull();
  });

  test('JOIN-1 refuses in this order: unknown, not active, not approved', async () => {
    const room = await deployment().classroom({ students: 1 });
    const { session_id } = room;
    const stranger = await deployment().connect(student(1));
    const member = await deployment().connect(room.student(0));
    await stranger.refused('joinAttendanceSession', { session_id: 'no-such' }, 'SESSION_NOT_FOUND');
    for (const client of [stranger, member]) {
      const error = await client.refused('joinAttendanceSession', { session_id }, 'SESSION_NOT_ACTIVE');
      expect(error.message).toBe('Attendance session not active');
    }
    await room.started();
    await stranger.refused('joinAttendanceSession', { session_id }, 'STUDENT_NOT_ENROLLED');
    await member.does('joinAttendanceSession', { sessionId: session_id });
  });

  test('JOIN-2 and idempotence: an accepted request repeated answers the same and tells nobody', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const teacher = await room.started();
    const client = await deployment().connect(room.student(0));
    const join = { session_id, request_id: 'join-1' };
    // Sent again before the first is answered; the one reply event is of the one that was decided first.
    const [first, ...others] = await Promise.all(
      [1, 2, 3].map(() => client.acknowledged('joinAttendanceSession', join)),
    );
    for (const other of others) expect(other).toEqual(first);
    const { ok: _ok, ...fields } = first ?? { ok: false };
    expect(await client.repeats('joinAttendanceSession', join)).toEqual(fields);
    expect(client.payloads('attendanceSessionJoined')).toHaveLength(1);
    const student_id = room.student(1).student_id;
    const mark = { session_id, student_id, request_id: 'mark-1' };
    const marked = await teacher.does('markStudentPresent', mark);
    await teacher.does('markStudentAbsent', { session_id, student_id });
    expect(await teacher.repeats('markStudentPresent', mark)).toEqual(marked);
    // Who has no callback is answered by the event, or not at all.
    const before = teacher.heard.length;
    teacher.send('markStudentPresent', mark);
    expect(await teacher.hears('studentMarkedPresent', () => true, before)).toEqual(marked);
    await teacher.refused('markStudentPresent', { ...mark, student_id: room.student(0).student_id }, 'CONFLICT');
    // The same id is another request for another user and another event.
    const assistant = await deployment().connect(room.assistant);
    await assistant.does('markStudentPresent', { ...mark, student_id: room.student(0).student_id });
    const { seq, attendanceRecords } = await teacher.does('getAttendanceSessionData', { session_id });
    expect(seq).toBe(4);
    expect(attendanceRecords[1]?.status).toBe('absent');
    expect(teacher.payloads('studentJoinedAttendance')).toHaveLength(1);
    expect(teacher.payloads('studentMarked')).toHaveLength(3);
    // A refusal is not remembered.
    const stranger = student(9);
    const late = await deployment().connect(stranger);
    await late.refused('joinAttendanceSession', join, 'STUDENT_NOT_ENROLLED');
    await room.enroll([stranger]);
    await late.does('joinAttendanceSession', join);
  });

  test('JOIN-2 a join whose answer was lost is answered when it is repeated after the end, and lets nobody in', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const teacher = await room.started();
    const client = await deployment().connect(room.student(0));
    const join = { session_id, request_id: 'join-1' };
    const { joined_at } = await client.does('joinAttendanceSession', join);
    await teacher.does('endAttendanceSession', { session_id });
    const answer = { status: 'present', joined_at, own_seq: 1, session: { status: 'completed' } };
    expect(await client.repeats('joinAttendanceSession', join)).toMatchObject(answer);
    await room.archived();
    expect(await client.repeats('joinAttendanceSession', join)).toMatchObject(answer);
    await client.refused('joinAttendanceSession', { ...join, code: '123456' }, 'CONFLICT');
    await client.refused('joinAttendanceSession', { session_id, request_id: 'join-2' }, 'SESSION_NOT_ACTIVE');
    expect(teacher.payloads('studentJoinedAttendance')).toHaveLength(1);
  });

  test('JOIN-7 a leave that is repeated after coming back changes nothing', async () => {
    const room = await deployment().classroom({ students: 1 });
    const { session_id } = room;
    const teacher = await room.started();
    const client = await room.joined(0);
    const leave = { session_id, request_id: 'leave-1' };
    await client.does('leaveAttendanceSession', leave);
    await client.does('joinAttendanceSession', { session_id });
    await client.repeats('leaveAttendanceSession', leave);
    expect(await teacher.does('getOnlineStudents', { session_id })).toMatchObject({ online_count: 1 });
    expect(teacher.payloads('studentLeft')).toHaveLength(1);
    await client.does('leaveAttendanceSession', { session_id, request_id: 'leave-2' });
    expect(await teacher.does('getOnlineStudents', { session_id })).toMatchObject({ online_count: 0 });
  });

  test('JOIN-3 from the acknowledgement on a student misses no event', async () => {
    const room = await deployment().classroom({ students: 30 });
    const { session_id } = room;
    const teacher = await room.started();
    const clients = await Promise.all(room.students.map((it) => deployment().connect(it)));
    const last = room.student(29).student_id;
    let joining = true;
    const marking = (async () => {
      for (let i = 0; joining; i += 1) {
        const status = i % 2 === 0 ? 'late' : 'excused';
        await teacher.does('markStudentAttendance', { session_id, student_id: last, status });
      }
    })();
    const joins = await Promise.all(clients.map((it) => it.does('joinAttendanceSession', { session_id })));
    joining = false;
    await marking;
    await teacher.does('markStudentAbsent', { session_id, student_id: last });
    const { room_seq } = await teacher.does('getAttendanceSessionData', { session_id });
    for (const [i, client] of clients.entries()) {
      await client.hears('attendanceUpdated', (it) => it.room_seq === room_seq);
      const told = client.payloads('attendanceUpdated').map((it) => it.room_seq);
      const after = told.filter((it) => it > (joins[i]?.room_seq ?? 0));
      expect(after).toEqual(Array.from({ length: after.length }, (_, n) => (joins[i]?.room_seq ?? 0) + 1 + n));
      expect(after.at(-1) ?? joins[i]?.room_seq).toBe(room_seq);
    }
  });

  test('JOIN-4 who is enrolled after the start is added by their join or by a mark', async () => {
    const room = await deployment().classroom({ students: 1 });
    const { session_id } = room;
    const teacher = await room.started();
    const newcomers = [student(11), student(12), student(13)] as const;
    await room.enroll([...newcomers]);
    const [joins, isMarked, isBulked] = newcomers;
    const client = await deployment().connect(joins);
    expect((await client.does('joinAttendanceSession', { session_id })).statistics.totalStudents).toBe(2);
    expect(await teacher.hears('studentJoinedAttendance')).toMatchObject({
      student_name: joins.name,
      roll: joins.roll,
    });
    await teacher.does('markStudentPresent', { session_id, student_id: isMarked.student_id });
    await teacher.does('bulkUpdateAttendance', {
      session_id,
      attendanceUpdates: [{ studentId: isBulked.student_id, status: 'late' }],
    });
    const { statistics, attendanceRecords } = await teacher.does('getAttendanceSessionData', { session_id });
    expect(statistics).toMatchObject({ totalStudents: 4, presentCount: 2, lateCount: 1, absentCount: 1 });
    expect(attendanceRecords.map((it) => it.student_name)).toEqual(
      [room.student(0), ...newcomers].map((it) => it.name),
    );
  });

  test('JOIN-5 two devices: one record, one arrival; left only when both are gone', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const teacher = await room.started();
    const [phone, laptop] = [
      await room.joined(0),
      await deployment().connect(room.student(0), { transports: ['websocket'] }),
    ];
    expect((await laptop.does('joinAttendanceSession', { session_id })).own_seq).toBe(1);
    const { student_id } = room.student(0);
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
    for (const device of [phone, laptop]) await device.hears('attendanceMarked', (it) => it.status === 'late');
    await phone.does('leaveAttendanceSession', { session_id });
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'excused' });
    await laptop.hears('attendanceMarked', (it) => it.status === 'excused');
    expect(phone.payloads('attendanceMarked')).toHaveLength(1);
    expect(await teacher.does('getOnlineStudents', { session_id })).toMatchObject({ total_joined: 1, online_count: 1 });
    expect(teacher.payloads('studentLeftAttendance')).toEqual([]);
    laptop.close();
    expect(await teacher.hears('studentLeftAttendance')).toMatchObject({ student_id, remaining_online_count: 0 });
    expect(await teacher.hears('studentLeft')).toEqual({ session_id, studentId: student_id });
    expect(teacher.payloads('studentJoinedAttendance')).toHaveLength(1);
    const { attendanceRecords } = await teacher.does('getAttendanceSessionData', { session_id });
    expect(attendanceRecords[0]?.status).toBe('excused');
    // A return after being gone is told, as one, and is no change.
    await phone.does('joinAttendanceSession', { session_id });
    const returned = await teacher.hears('studentJoinedAttendance', (it) => it.returned === true);
    expect(returned).toMatchObject({ student_id, status: 'excused', online_count: 1, seq: 3 });
  });

  test('JOIN-6 staff hear every arrival once and in order; a burst costs each student few messages', async () => {
    const room = await deployment().classroom({ students: 60 });
    const { session_id } = room;
    const teacher = await room.started();
    const clients = await Promise.all(room.students.map((it) => deployment().connect(it)));
    const began = performance.now();
    await Promise.all(clients.map((it) => it.does('joinAttendanceSession', { session_id })));
    await until('60 arrivals are told', () => teacher.payloads('studentJoinedAttendance').length === 60);
    const arrivals = teacher.payloads('studentJoinedAttendance');
    expect(arrivals.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(new Set(arrivals.map((it) => it.student_id)).size).toBe(60);
    for (const client of clients) await client.hears('attendanceStatistics', (it) => it.statistics.presentCount === 60);
    const intervals = Math.ceil((performance.now() - began) / 500);
    for (const client of clients) {
      // The answer to their own join, and statistics at most every 500 ms.
      expect(client.heard.length).toBeLessThanOrEqual(intervals + 2);
    }
  });

  test('JOIN-7 after a reconnect a socket hears its rolls again without sending anything', async () => {
    const room = await deployment().classroom({ students: 3 });
    const { session_id } = room;
    const teacher = await room.started();
    const client = await room.joined(0);
    const left = await room.joined(1);
    await left.does('leaveAttendanceSession', { session_id });
    // The teacher first: who is away when a student comes back reads it from the roll, not from an event.
    await teacher.dropAndReturn();
    await Promise.all([client.dropAndReturn(), left.dropAndReturn()]);
    // The same user with another role has not joined.
    const colleague = await deployment().connect({ ...room.student(0), role: 'teacher' });
    const again = await deployment().connect(room.assistant);
    await again.does('markStudentPresent', { session_id, student_id: room.student(2).student_id });
    await client.hears('attendanceUpdated', (it) => it.student_id === room.student(2).student_id);
    await teacher.hears('studentMarked', (it) => it.student_id === room.student(2).student_id);
    await teacher.hears(
      'studentJoinedAttendance',
      (it) => it.student_id === room.student(0).student_id && it.returned === true,
    );
    await again.does('markStudentAbsent', { session_id, student_id: room.student(0).student_id });
    await client.hears('attendanceMarked');
    expect(left.payloads('attendanceUpdated')).toEqual([]);
    expect(colleague.heard).toEqual([]);
    // Who marks without attending is told of their own marks only.
    expect(again.payloads('studentMarked')).toEqual([]);
  });

  test('JOIN-5 who joins and is gone at once is on the roll, and not online for ever', async () => {
    const room = await deployment().classroom({ students: 20 });
    const { session_id } = room;
    const teacher = await room.started();
    const clients = await Promise.all(
      room.students.map((it) => deployment().connect(it, { transports: ['websocket'] })),
    );
    for (const client of clients) {
      client.send('joinAttendanceSession', { session_id });
      client.close();
    }
    await until('all have joined and nobody is online', async () => {
      const { total_joined, online_count } = await teacher.does('getOnlineStudents', { session_id });
      return total_joined === 20 && online_count === 0;
    });
    await until('everybody is told gone', () => teacher.payloads('studentLeftAttendance').length === 20);
    expect(new Set(teacher.payloads('studentJoinedAttendance').map((it) => it.student_id)).size).toBe(20);
    expect(teacher.payloads('studentJoinedAttendance')).toHaveLength(20);
  });

  test('JOIN-7 one student on both namespaces hears each event once on each', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const teacher = await room.started();
    const one = await deployment().connect(room.student(0), { namespace: '/' });
    const two = await deployment().connect(room.student(0), { namespace: '/attendance' });
    for (const client of [one, two]) await client.does('joinAttendanceSession', { session_id });
    await teacher.does('markStudentPresent', { session_id, student_id: room.student(1).student_id });
    await teacher.does('markStudentAbsent', { session_id, student_id: room.student(1).student_id });
    for (const client of [one, two]) {
      await client.hears('attendanceUpdated', (it) => it.status === 'absent');
      expect(client.payloads('attendanceUpdated')).toHaveLength(2);
    }
  });
};
