/** A class on the library: codes, leaving, the course, removal, visibility, and the end as each of them sees it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Rollcast } from '../../src/client/index.ts';
import { InProcess } from '../support/in-process.ts';
import { freshId } from '../support/people.ts';
import { RestClient } from '../support/rest-client.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';
import { connectedAs, sees, watched } from './clients.ts';

const SLOT_MS = 15_000;
const node = new InProcess();
beforeAll(() => node.start());
afterAll(() => node.stop());

/** The teacher with the session started, and clients for students. */
const started = async (options: Parameters<InProcess['classroom']>[0] = {}, where = node) => {
  const room = await where.classroom(options);
  const client = connectedAs(where, room.teacher);
  const teacher = client.session(room.session_id);
  const roll = await teacher.start();
  const student = (n: number, more = {}) => connectedAs(where, room.student(n), more);
  return { room, client, teacher, roll, student, session_id: room.session_id };
};

test('start tells the whole roll, and arrivals, marks and leavings keep it', async () => {
  const { room, teacher, roll, student, session_id } = await started();
  expect(roll).toMatchObject({ phase: 'in', seq: 0, online_count: 0, in_sync: true, session: { id: session_id } });
  expect(roll.records.size).toBe(3);
  const first = student(0);
  expect(await first.session(session_id).join()).toMatchObject({ status: 'present', own_seq: 1 });
  const { student_id } = room.student(0);
  await sees('the arrival', teacher.roll, ({ online }) => online.has(student_id));
  await teacher.mark(room.student(1).student_id, 'late', { remarks: 'Bus' });
  expect(teacher.roll.get().records.get(room.student(1).student_id)).toMatchObject({ status: 'late', remarks: 'Bus' });
  await teacher.mark(room.student(1).student_id, 'late', { remarks: null });
  expect(teacher.roll.get().records.get(room.student(1).student_id)).toMatchObject({ remarks: null });
  const all = room.students.map((it) => ({ student_id: it.student_id, status: 'absent' as const }));
  expect(await teacher.markMany(all, { only_unmarked: true })).toBe(1);
  await first.session(session_id).leave();
  await sees('the leaving', teacher.roll, ({ online }) => !online.has(student_id));
  expect(teacher.roll.get().statistics).toMatchObject({ presentCount: 1, lateCount: 1, absentCount: 1 });
  expect(first.session(session_id).roll.get().phase).toBe('out');
  await teacher.mark(student_id, 'excused');
  expect(await first.session(session_id).join()).toMatchObject({ status: 'excused' });
});

test('CODE-1 a student joins with the code, another with a ticket; a wrong code is told, and asked for again', async () => {
  node.clock.advance(SLOT_MS - (node.now() % SLOT_MS));
  const { teacher, student, session_id } = await started({ checkin: { code: 'rotating' } });
  const { code } = await teacher.checkInCode();
  const first = student(0).session(session_id);
  await expect(first.join()).rejects.toMatchObject({ code: 'CHECKIN_CODE_REQUIRED' });
  const wrong = code === '000000' ? '000001' : '000000';
  await expect(first.join({ code: wrong })).rejects.toMatchObject({ code: 'CHECKIN_CODE_INVALID', retryable: false });
  expect(first.roll.get().phase).toBe('out');
  expect(await first.join({ code })).toMatchObject({ status: 'present' });

  const device_id = freshId('device');
  const anybody = new RestClient(node.nodes[0]?.url ?? '', null);
  const { ticket } = await anybody.call('checkinTicket', { params: { id: session_id }, body: { code, device_id } });
  expect(await student(1, { device_id }).session(session_id).join({ ticket })).toMatchObject({ status: 'present' });
});

test('too early is told with the time at which it opens', async () => {
  const { student, session_id } = await started({ starts_in_minutes: 30, checkin: { opens_before_minutes: 10 } });
  const opens_at = new Date(node.now() + 20 * 60_000).toISOString();
  await expect(student(0).session(session_id).join()).rejects.toMatchObject({ code: 'CHECKIN_NOT_OPEN', opens_at });
});

describe('a course', () => {
  const ids = (client: Rollcast, course_id: string) =>
    client
      .course(course_id)
      .activeSessions.get()
      .map(({ sessionId }) => sessionId);

  test('tells its members what starts and ends, after a reconnect too, until unfollowed', async () => {
    const room = await node.classroom();
    const { course_id, session_id } = room;
    const proxy = await TcpProxy.start(Number(new URL(node.nodes[0]?.url ?? '').port));
    try {
      const url = `http://127.0.0.1:${proxy.port}`;
      const student = connectedAs(node, room.student(0), { url, socket: { transports: ['websocket'] } });
      const feed = student.course(course_id);
      expect(await feed.follow()).toEqual([]);
      const teacher = connectedAs(node, room.teacher).session(session_id);
      await teacher.start();
      await sees('the start', feed.activeSessions, (it) => it[0]?.sessionId === session_id);
      const seen = watched(student.connection);
      await proxy.cut();
      await sees('away', student.connection, ({ status }) => status === 'reconnecting');
      await teacher.end();
      await proxy.restore();
      await sees('the end', feed.activeSessions, (it) => it.length === 0);
      expect(seen.at(-1)?.status).toBe('connected');
      // On the new connection it is subscribed again, not only asked once.
      const second = await room.schedule(freshId('session'));
      await connectedAs(node, room.teacher).session(second).start();
      await sees('the second', feed.activeSessions, (it) => it[0]?.sessionId === second);
      await feed.unfollow();
      await connectedAs(node, room.teacher).session(second).end();
      await student.request('getActiveSessions', { course_id });
      expect(ids(student, course_id)).toEqual([second]);
    } finally {
      await proxy.stop();
    }
  });

  test('is not followed by strangers', async () => {
    const [room, other] = [await node.classroom(), await node.classroom()];
    const stranger = connectedAs(node, other.student(0)).course(room.course_id);
    await expect(stranger.follow()).rejects.toMatchObject({ code: 'STUDENT_NOT_ENROLLED' });
    expect(stranger.activeSessions.get()).toEqual([]);
  });
});

test('AUTH-1 who is taken out of the course is removed, and in again when taken back', async () => {
  const { room, student, session_id } = await started();
  const session = student(0).session(session_id);
  await session.join();
  await room.enroll([room.student(0)], 'dropped');
  await expect(session.refresh()).rejects.toMatchObject({ code: 'STUDENT_NOT_ENROLLED' });
  expect(session.roll.get().phase).toBe('removed');
  await expect(session.join()).rejects.toMatchObject({ code: 'STUDENT_NOT_ENROLLED' });
  await room.enroll([room.student(0)]);
  expect(await session.join()).toMatchObject({ status: 'present' });
  expect(session.roll.get().phase).toBe('in');
});

test('STUDENT_VISIBILITY=self: a student sees their own marks, nobody else’s, and everybody’s statistics', async () => {
  const quiet = new InProcess({ env: { STUDENT_VISIBILITY: 'self' } });
  await quiet.start();
  try {
    const { room, teacher, student, session_id } = await started({}, quiet);
    const session = student(0).session(session_id);
    await session.join();
    const [own, other] = [room.student(0).student_id, room.student(1).student_id];
    await teacher.mark(other, 'late');
    await teacher.mark(own, 'excused');
    await sees('their mark', session.me, ({ status, student_id }) => status === 'excused' && student_id === own);
    quiet.clock.advance(20_000);
    await sees('statistics', session.roll, ({ statistics }) => statistics?.lateCount === 1);
    expect([...session.roll.get().records.keys()]).toEqual([own]);
    await teacher.end();
    await sees('the end', session.roll, ({ phase }) => phase === 'over');
  } finally {
    await quiet.stop();
  }
});

test('END-2 the end is seen by everybody, the archive by staff; repeated it answers what was stored', async () => {
  const { room, teacher, student, session_id } = await started();
  const assistant = connectedAs(node, room.assistant).session(session_id);
  await assistant.attend();
  const first = student(0).session(session_id);
  await first.join();
  const { student_id } = room.student(1);
  const { statistics } = await teacher.submit([{ student_id, status: 'late' }]);
  expect(statistics).toMatchObject({ presentCount: 1, lateCount: 1, absentCount: 1 });
  expect(teacher.roll.get()).toMatchObject({ phase: 'over', statistics, session: { status: 'completed' } });
  const over = await sees('the end', first.roll, ({ phase }) => phase === 'over');
  expect(over).toMatchObject({ statistics, ended: { by: room.teacher.name } });
  for (const staff of [teacher, assistant]) {
    const stored = await sees('the archive', staff.roll, ({ persisted_version }) => persisted_version === 1);
    expect(stored.records.get(student_id)).toMatchObject({ status: 'late', marked_by: room.teacher.sub });
  }
  expect((await teacher.end()).finalData.statistics).toEqual(statistics);
  await expect(first.join()).rejects.toMatchObject({ code: 'SESSION_NOT_ACTIVE' });
  expect(first.roll.get().phase).toBe('over');
  // From the archive, as it is by now.
  const body = { status: 'excused', reason: 'A letter' };
  await room.rest.call('correctRecord', { params: { id: session_id, student_id }, body });
  await teacher.refresh();
  expect(teacher.roll.get()).toMatchObject({ phase: 'over', persisted_version: 2 });
  expect(teacher.roll.get().records.get(student_id)?.status).toBe('excused');
});

test('staff who were away when the archive had it find out', async () => {
  const { room, session_id } = await started();
  const proxy = await TcpProxy.start(Number(new URL(node.nodes[0]?.url ?? '').port));
  try {
    const url = `http://127.0.0.1:${proxy.port}`;
    const assistant = connectedAs(node, room.assistant, { url, socket: { transports: ['websocket'] } });
    const session = assistant.session(session_id);
    await session.attend();
    await proxy.cut();
    await connectedAs(node, room.teacher).session(session_id).end();
    await room.archived();
    await proxy.restore();
    expect(await sees('the archive', session.roll, (it) => it.persisted_version === 1)).toMatchObject({
      phase: 'over',
    });
  } finally {
    await proxy.stop();
  }
});

test('what is forgotten follows nothing any more; events of the service can be heard as they come', async () => {
  const { room, client, teacher, session_id } = await started();
  const heard: string[] = [];
  const off = client.on('studentMarked', ({ attendanceRecord }) => heard.push(attendanceRecord.status));
  await teacher.mark(room.student(0).student_id, 'late');
  client.forget(session_id);
  await client.session(session_id).mark(room.student(0).student_id, 'excused');
  off();
  await client.session(session_id).mark(room.student(0).student_id, 'absent');
  expect(teacher.roll.get()).toMatchObject({ phase: 'out', seq: 1 });
  expect(client.session(session_id)).not.toBe(teacher);
  await until('both were heard', () => heard.length === 2);
  expect(heard).toEqual(['late', 'excused']);
});
