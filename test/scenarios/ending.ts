import { expect, test } from 'vitest';
import type { Deployment } from '../support/deployment.ts';

export const endingScenarios = (deployment: () => Deployment): void => {
  test('END-1 every join and mark that races with the end is in the final roll, or refused', async () => {
    const room = await deployment().classroom({ students: 40 });
    const { session_id } = room;
    const teacher = await room.started();
    const assistant = await deployment().connect(room.assistant);
    const clients = await Promise.all(room.students.slice(0, 30).map((it) => deployment().connect(it)));
    const marked = room.students.slice(30).map((it) => it.student_id);
    const asks = [
      ...clients.map((it) => () => it.ask('joinAttendanceSession', { session_id })),
      ...marked.map(
        (student_id) => () => assistant.ask('markStudentAttendance', { session_id, student_id, status: 'late' }),
      ),
    ];
    // Each beside the other, so that the end falls among them.
    const order = asks.map((_, i) => asks[(i * 7) % asks.length] as (typeof asks)[number]);
    const answers: Promise<{ ok: boolean; code?: unknown; student_id?: unknown }>[] = [];
    const answered = (i: number) => answers[i] as (typeof answers)[number];
    for (const ask of order.slice(0, 20)) answers.push(ask());
    await answered(3);
    const end = teacher.does('endAttendanceSession', { session_id });
    for (const ask of order.slice(20)) answers.push(ask());
    const all = await Promise.all(answers);
    const { finalData } = await end;
    const accepted = all.filter(({ ok }) => ok).length;
    for (const answer of all) if (!answer.ok) expect(answer.code).toBe('SESSION_NOT_ACTIVE');
    expect(finalData.attendanceRecords.filter((it) => it.marked_by !== null)).toHaveLength(accepted);
    const { statistics } = await room.archived();
    expect(statistics.presentCount + statistics.lateCount).toBe(accepted);
    expect((await room.audit()).filter((it) => it.student_id !== null)).toHaveLength(accepted);
  });

  test('END-2 an end reaches the archive once, without anyone asking, however often it is sent', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const teacher = await room.started();
    const assistant = await deployment().connect(room.assistant);
    await assistant.does('joinAttendanceSession', { session_id });
    await room.joined(0);
    const ends = await Promise.all([
      teacher.does('endAttendanceSession', { session_id }),
      assistant.does('endAttendanceSession', { session_id }),
      room.rest.call('endSession', { params: { id: session_id } }),
    ]);
    for (const end of ends) expect(end).toEqual(ends[0]);
    await teacher.hears('attendancePersisted');
    await room.archived();
    expect(teacher.payloads('attendancePersisted')).toHaveLength(1);
    expect(assistant.payloads('attendanceSessionEnded')).toHaveLength(1);
    // Afterwards it answers what was stored.
    expect(await teacher.does('endAttendanceSession', { session_id })).toEqual(ends[0]);
    const submitted = await assistant.does('submitAttendance', { session_id });
    expect(submitted).toMatchObject({ statistics: ends[0]?.finalData.statistics, version: 1 });
    expect((await room.audit()).filter((it) => it.source === 'end')).toHaveLength(1);
  });

  test('END-3 records, statistics and audit in the archive equal the live roll at its end', async () => {
    const room = await deployment().classroom({ students: 5 });
    const { session_id } = room;
    const teacher = await room.started();
    await room.joined(0);
    await room.joined(1);
    const id = (i: number) => room.student(i).student_id;
    await teacher.does('markStudentAttendance', {
      session_id,
      student_id: id(1),
      status: 'late',
      remarks: 'x, "y"\n=z',
    });
    await teacher.does('markStudentAttendance', { session_id, student_id: id(2), status: 'excused' });
    const live = await room.attendance();
    const audit = await room.audit();
    const ended = await teacher.does('endAttendanceSession', { session_id });
    const data = await teacher.does('getAttendanceSessionData', { session_id });
    const stored = await room.archived();
    const archivedData = await teacher.does('getAttendanceSessionData', { session_id });
    expect(ended.finalData.attendanceRecords).toEqual(data.attendanceRecords);
    expect(archivedData.attendanceRecords).toEqual(data.attendanceRecords);
    expect(archivedData.statistics).toEqual(live.statistics);
    expect(archivedData).toMatchObject({ seq: data.seq, room_seq: data.room_seq, session: data.session });
    const plain = (records: object[]) => records.map((it) => ({ ...it, version: 0 }));
    expect(plain(stored.attendanceRecords)).toEqual(plain(live.attendanceRecords));
    expect(stored.statistics).toEqual(live.statistics);
    const after = await room.audit();
    expect(after.slice(0, audit.length)).toEqual(audit);
    expect(after.slice(audit.length)).toMatchObject([
      { source: 'end', from: 'active', to: 'completed', student_id: null },
    ]);
    const csv = await room.rest.send('downloadAttendance', { params: { id: session_id } });
    expect(csv.text).toContain('"x, ""y""\n=z"');
  });

  test('END-5 after the end students are out at once, staff after attendancePersisted, presence is gone', async () => {
    const room = await deployment().classroom({ students: 2 });
    const { session_id } = room;
    const teacher = await room.started();
    const client = await room.joined(0);
    await teacher.does('endAttendanceSession', { session_id });
    await client.hears('attendanceSessionEnded');
    await teacher.hears('attendancePersisted');
    await teacher.refused('getOnlineStudents', { session_id }, 'SESSION_NOT_ACTIVE');
    await client.refused('joinAttendanceSession', { session_id }, 'SESSION_NOT_ACTIVE');
    await client.refused('leaveAttendanceSession', { session_id }, 'SESSION_NOT_ACTIVE');
    // Nobody is told that somebody left a session that is over, nor put back into it.
    await client.dropAndReturn();
    client.close();
    await teacher.dropAndReturn();
    const stored = await room.archived();
    const { student_id } = room.student(0);
    const params = { id: session_id, student_id };
    await room.rest.call('correctRecord', { params, body: { status: 'late', reason: 'came late' } });
    expect((await teacher.does('getAttendanceSessionData', { session_id })).online_students).toEqual([]);
    expect(stored.source).toBe('archive');
    const told = teacher.heard.map(({ event }) => event);
    expect(told.filter((it) => it === 'studentLeftAttendance' || it === 'studentMarked')).toEqual([]);
    expect(client.heard.at(-1)?.event).toBe('attendanceError');
  });
};
