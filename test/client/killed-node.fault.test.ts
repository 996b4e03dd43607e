/** A node that dies under its clients, and comes back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { OneNode } from '../support/deployment.ts';
import { freshId } from '../support/people.ts';
import { connectedAs, sees, watched } from './clients.ts';

/** Two cold starts on a busy machine. */
const TEST_MS = 60_000;

const node = new OneNode();
beforeAll(() => node.start(), TEST_MS);
afterAll(() => node.stop());

test(
  'a node that is killed and started again: every session goes on, with what happened meanwhile',
  async () => {
    const room = await node.classroom();
    const second = await room.schedule(freshId('session'));
    const teacher = connectedAs(node, room.teacher);
    const [first, other] = [teacher.session(room.session_id), teacher.session(second)];
    await Promise.all([first.start(), other.start()]);
    const student = connectedAs(node, room.student(0));
    const joined = student.session(room.session_id);
    await joined.join();
    const seen = watched(student.connection);
    await Promise.all([
      first.mark(room.student(1).student_id, 'late'),
      node.killAndRestart(),
      other.mark(room.student(1).student_id, 'excused'),
    ]);
    await first.mark(room.student(0).student_id, 'excused');
    await sees('their mark', joined.me, ({ status }) => status === 'excused');
    expect(seen.map(({ status }) => status)).toEqual(['connected', 'reconnecting', 'connected']);
    for (const it of [first, other])
      await sees('it is in step', it.roll, (roll) => roll.in_sync && roll.phase === 'in');
    const { attendanceRecords, statistics } = await room.attendance();
    expect([...first.roll.get().records.values()]).toMatchObject(
      attendanceRecords.map(({ student_id, status }) => ({ student_id, status })),
    );
    expect(first.roll.get()).toMatchObject({ seq: 3, statistics });
    expect(other.roll.get()).toMatchObject({ seq: 1, statistics: { excusedCount: 1 } });
  },
  TEST_MS,
);
