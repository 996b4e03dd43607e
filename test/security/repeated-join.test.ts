/** A request id answers a join that is sent once more; it is no way back into a course. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InProcess } from '../support/in-process.ts';
import type { Person } from '../support/people.ts';

const node = new InProcess();
beforeAll(async () => {
  await node.start();
});
afterAll(() => node.stop());

test('AUTH-1 who was dropped, or has another role now, learns nothing by a join repeated after the end', async () => {
  const room = await node.classroom({ students: 3 });
  const teacher = await room.started();
  const join = { session_id: room.session_id, request_id: 'lost' };
  const [stays, dropped] = [await node.connect(room.student(0)), await node.connect(room.student(1))];
  const answered = await stays.does('joinAttendanceSession', join);
  await dropped.does('joinAttendanceSession', join);
  await teacher.does('endAttendanceSession', { session_id: room.session_id });
  await room.archived();
  await room.enroll([room.student(1)], 'dropped');
  const { message } = await dropped.refused('joinAttendanceSession', join, 'SESSION_NOT_ACTIVE');
  expect(message).toBe('Attendance session not active');
  const sameUser: Person = { ...room.student(0), role: 'teacher' };
  const asTeacher = await node.connect(sameUser);
  await asTeacher.refused('joinAttendanceSession', join, 'SESSION_NOT_ACTIVE');
  const again = await stays.repeats('joinAttendanceSession', join);
  expect(again).toMatchObject({ status: answered.status, joined_at: answered.joined_at });
  node.settle();
});
