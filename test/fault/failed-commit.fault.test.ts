/** The disk refuses a commit: nothing of that turn has happened, nobody was told, and repeating it later is safe. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { InProcess } from '../support/in-process.ts';

let failing = false;
const node = new InProcess({
  beforeCommit: () => {
    if (failing) throw new Error('disk full');
  },
});
beforeAll(() => node.start());
afterEach(() => {
  failing = false;
  node.settle();
});
afterAll(() => node.stop());

test('JOIN-2 END-1 a failed commit answers STORE_UNAVAILABLE, tells nobody, and changes nothing', async () => {
  const room = await node.classroom({ students: 4 });
  const { session_id } = room;
  const teacher = await room.started();
  const first = await room.joined(0);
  const second = await node.connect(room.student(1));
  const id = (i: number) => room.student(i).student_id;
  const before = await teacher.does('getAttendanceSessionData', { session_id });
  const heard = [teacher, first].map((it) => it.heard.length);

  failing = true;
  const join = { session_id, request_id: 'join' };
  const mark = { session_id, student_id: id(2), request_id: 'mark' };
  const bulk = { session_id, attendanceUpdates: [{ student_id: id(3), status: 'late' }], request_id: 'bulk' };
  const end = { session_id, request_id: 'end' };
  const refusals = await Promise.all([
    second.refused('joinAttendanceSession', join, 'STORE_UNAVAILABLE'),
    teacher.refused('markStudentPresent', mark, 'STORE_UNAVAILABLE'),
    teacher.refused('bulkUpdateAttendance', bulk, 'STORE_UNAVAILABLE'),
  ]);
  await teacher.refused('endAttendanceSession', end, 'STORE_UNAVAILABLE');
  for (const it of refusals) expect(it.retryable).toBe(true);
  expect(await teacher.does('getAttendanceSessionData', { session_id })).toEqual(before);
  const news = [teacher, first].map((it, i) => it.heard.slice(heard[i]).map(({ event }) => event));
  expect(new Set(news[0])).toEqual(new Set(['attendanceError', 'attendanceSessionData']));
  expect(news[1]).toEqual([]);

  failing = false;
  const joined = { status: 'present', own_seq: 1 };
  expect(await second.does('joinAttendanceSession', join)).toMatchObject(joined);
  await teacher.does('markStudentPresent', mark);
  await teacher.does('bulkUpdateAttendance', bulk);
  expect(await second.repeats('joinAttendanceSession', join)).toMatchObject(joined);
  await teacher.repeats('markStudentPresent', mark);
  await teacher.repeats('bulkUpdateAttendance', bulk);
  const after = await teacher.does('getAttendanceSessionData', { session_id });
  expect(after).toMatchObject({ seq: before.seq + 3, epoch: before.epoch });
  expect(after.online_students).toHaveLength(2);
  await first.hears('attendanceBulkUpdated');
  await teacher.does('endAttendanceSession', end);
  await teacher.hears('attendancePersisted');
  expect((await room.archived()).statistics).toMatchObject({ presentCount: 3, lateCount: 1 });
});
