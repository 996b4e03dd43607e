/** Everything that depends on the time of day: one node on a clock that the test moves. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FixedClock, MINUTE_MS } from '../support/fixed-clock.ts';
import { InProcess } from '../support/in-process.ts';
import { dataDirectory } from '../support/service.ts';
import { until } from '../support/until.ts';

let node: InProcess;
beforeEach(async () => {
  node = await new InProcess().start();
});
afterEach(async () => {
  node.settle();
  await node.stop();
});

test('END-4 a limit that passed while the service was down is made up for at its start', async () => {
  const { dir, remove } = dataDirectory();
  const clock = new FixedClock();
  const before = await new InProcess({ clock, dir }).start();
  const room = await before.classroom({ students: 2, checkin: { auto_end_after_minutes: 30 } });
  await room.started();
  await room.joined(0);
  before.settle();
  await before.stop();
  clock.advance(3 * 60 * MINUTE_MS);
  const after = await new InProcess({ clock, dir }).start();
  try {
    const { session_id } = room;
    const attendance = await until('it is archived', async () => {
      const it = await after.rest(room.teacher).call('getAttendance', { params: { id: session_id } });
      return it.source === 'archive' ? it : null;
    });
    expect(attendance.statistics).toMatchObject({ presentCount: 1, absentCount: 1 });
  } finally {
    await after.stop();
    remove();
  }
});

test('a token that is about to expire: told a minute before, refreshed by the same user only', async () => {
  const room = await node.classroom({ students: 2 });
  await room.started();
  const client = await node.connect(room.student(0), { token: node.token(room.student(0), 600) });
  const expires_at = new Date(node.now() + 600_000).toISOString();
  node.clock.advance(541_000);
  expect(await client.hears('tokenExpiring')).toEqual({ expires_at });
  const other = { token: node.token(room.student(1)) };
  await client.refused('refreshToken', other, 'FORBIDDEN');
  await client.refused('refreshToken', { token: node.token({ ...room.student(0), role: 'teacher' }) }, 'FORBIDDEN');
  await client.refused('refreshToken', { token: 'nonsense' }, 'TOKEN_INVALID');
  const answer = await client.does('refreshToken', { token: node.token(room.student(0), 600) });
  expect(answer).toEqual({ expires_at: new Date(node.now() + 600_000).toISOString() });
  node.clock.advance(120_000);
  await client.does('joinAttendanceSession', { session_id: room.session_id });
  node.clock.advance(425_000);
  await until('it is told again', () => client.payloads('tokenExpiring').length === 2);
  expect(client.disconnects).toEqual([]);
});

test('an expired token closes the transport, so that the client reads its token anew and comes back', async () => {
  const room = await node.classroom({ students: 2 });
  const { session_id } = room;
  const teacher = await room.started();
  const client = await node.connect(room.student(0), { token: node.token(room.student(0), 600) });
  await client.does('joinAttendanceSession', { session_id });
  client.socket.auth = { token: node.token(room.student(0)) };
  node.clock.advance(545_000);
  await client.hears('tokenExpiring');
  node.clock.advance(57_000);
  const expired_at = performance.now();
  await until('it was closed', () => client.disconnects.length === 1);
  expect(performance.now() - expired_at).toBeLessThan(5_000);
  expect(client.disconnects).not.toContain('io server disconnect');
  await client.returned();
  await teacher.does('markStudentPresent', { session_id, student_id: room.student(1).student_id });
  await client.hears('attendanceUpdated');
});

test('30 s of clock tolerance: a token opens a socket so long after its expiry, and the socket closes when that ends', async () => {
  const room = await node.classroom({ students: 1 });
  const token = node.token(room.student(0), 60);
  node.clock.advance(80_000);
  const client = await node.connect(room.student(0), { token });
  await client.hears('tokenExpiring');
  client.socket.io.reconnection(false);
  node.clock.advance(12_000);
  await until('it is closed', () => client.disconnects.length === 1);
  await expect(node.connect(room.student(0), { token })).rejects.toMatchObject({ data: { code: 'TOKEN_EXPIRED' } });
});
