/** A session over a connection that comes and goes, and requests that cross each other. */
import { expect, test, vi } from 'vitest';
import { end, join, mark } from '../suites/roll-commands.ts';
import { Desk, ID, STAFF, STUDENT } from './desk.ts';
import { turns } from './fake-host.ts';

const HEARTBEAT_MS = 15_000;

test('what comes while it enters is taken in after the answer', async () => {
  const desk = new Desk(STAFF);
  const starting = desk.session.start();
  expect(desk.roll.phase).toBe('entering');
  const start = await desk.host.next('startAttendanceSession');
  desk.hears(desk.scene.does(mark(1, 'late')));
  start.answer({});
  const sync = await desk.host.next('syncAttendance');
  const asOfNow = desk.scene.sync(STAFF, sync.payload);
  desk.hears(desk.scene.does(mark(2, 'late')));
  sync.answer(asOfNow);
  expect(await starting).toMatchObject({ phase: 'in', seq: 2, in_sync: true, statistics: { lateCount: 2 } });
  expect(desk.host.events).toEqual(['startAttendanceSession', 'syncAttendance']);
});

test('refused at the door it is out, and can try again', async () => {
  const desk = new Desk(STUDENT);
  const refused = desk.session.join({ code: '000000' });
  (await desk.host.next('joinAttendanceSession')).refuse('CHECKIN_CODE_INVALID');
  await expect(refused).rejects.toMatchObject({ code: 'CHECKIN_CODE_INVALID' });
  expect(desk.roll.phase).toBe('out');
  await desk.enters();
  expect(desk.roll).toMatchObject({ phase: 'in', in_sync: true });
  expect(desk.session.me.get()).toMatchObject({ status: 'present', own_seq: 1 });
});

test('of two who enter at once one may fail: the other is in', async () => {
  for (const failing of [0, 1]) {
    const desk = new Desk(STAFF);
    const both = [desk.session.start(), desk.session.start()];
    await turns();
    const [first, second] = [...desk.host.open];
    (failing === 0 ? first : second)?.refuse('TIMEOUT');
    await expect(both[failing]).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(desk.roll.phase).toBe('entering');
    (failing === 0 ? second : first)?.answer({});
    await desk.answersSync();
    expect(await both[1 - failing]).toMatchObject({ phase: 'in' });
    desk.hears(desk.scene.does(mark(1, 'late')));
    expect(desk.roll.seq).toBe(1);
  }
});

test('staff whose roll could not be fetched are not in', async () => {
  const desk = new Desk(STAFF);
  const starting = desk.session.start();
  (await desk.host.next('startAttendanceSession')).answer({});
  (await desk.host.next('syncAttendance')).refuse('STORE_UNAVAILABLE');
  await expect(starting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(desk.roll).toMatchObject({ phase: 'out', in_sync: true });
  expect(desk.host.waiting).toBe(0);
});

test('a join that was sent again is answered as the first time: what was marked since is fetched', async () => {
  const desk = new Desk(STUDENT);
  const joining = desk.session.join();
  const sent = await desk.host.next('joinAttendanceSession');
  desk.scene.does(join(1));
  const { status, own_seq } = desk.joined;
  sent.repeat();
  desk.scene.does(mark(1, 'late'));
  sent.answer({ ...desk.joined, status, own_seq });
  expect(await desk.answersSync()).toMatchObject({ since_own_seq: 1, since_room_seq: 1 });
  expect(await joining).toMatchObject({ status: 'late', own_seq: 2, joined_at: desk.scene.record(1).joined_at });
});

test('who is in, but could not fetch what they missed, is in', async () => {
  const desk = new Desk(STUDENT);
  const joining = desk.session.join();
  const sent = await desk.host.next('joinAttendanceSession');
  desk.scene.does(join(1));
  sent.repeat();
  sent.answer(desk.joined);
  (await desk.host.next('syncAttendance')).refuse('STORE_UNAVAILABLE');
  expect(await joining).toMatchObject({ status: 'present' });
  expect(desk.roll).toMatchObject({ phase: 'in', in_sync: false });
  await desk.host.advance(20_000);
  await desk.answersSync();
  expect(desk.roll.in_sync).toBe(true);
});

test.each(['leave', 'close'] as const)(
  '%s while a join is under way: the join changes nothing any more',
  async (how) => {
    const desk = new Desk(STUDENT);
    const joining = desk.session.join();
    const sent = await desk.host.next('joinAttendanceSession');
    const leaving = how === 'leave' ? desk.session.leave() : desk.session.close();
    sent.answer(desk.joined);
    await expect(joining).rejects.toMatchObject({ code: 'CLOSED' });
    for (const it of desk.host.open) it.answer({});
    await leaving;
    expect(desk.roll.phase).toBe('out');
    expect(desk.host.waiting).toBe(0);
  },
);

test('who left and joins anew begins anew: what is still under way from before is forgotten', async () => {
  const desk = await new Desk(STUDENT).enters();
  desk.hears(desk.scene.does(mark(2, 'late')));
  const refreshing = desk.session.refresh();
  const old = await desk.host.next('syncAttendance');
  const before = desk.scene.sync(STUDENT, {});
  void desk.session.leave();
  const joining = desk.session.join();
  desk.scene.does(mark(1, 'excused'));
  desk.host.open[2]?.answer(desk.joined);
  await joining;
  old.answer(before);
  await expect(refreshing).rejects.toMatchObject({ code: 'CLOSED' });
  expect(desk.session.me.get()).toMatchObject({ status: 'excused', own_seq: 2 });
  expect(desk.roll).toMatchObject({ phase: 'in', in_sync: true, room_seq: 2 });
});

test('SYNC-1 a gap is fetched once, and what comes meanwhile follows on it', async () => {
  const desk = await new Desk(STAFF).enters();
  desk.scene.does(mark(1, 'late'));
  desk.hears(desk.scene.does(mark(2, 'late')));
  expect(desk.roll).toMatchObject({ seq: 0, in_sync: false });
  const sync = await desk.host.next('syncAttendance');
  expect(sync.payload).toMatchObject({ since_seq: 0, epoch: 'epoch-1' });
  const asOfNow = desk.scene.sync(STAFF, sync.payload);
  desk.hears(desk.scene.does(mark(3, 'late')));
  sync.answer(asOfNow);
  await turns();
  expect(desk.roll).toMatchObject({ seq: 3, in_sync: true, statistics: { lateCount: 3 } });
  expect(desk.host.open).toEqual([]);
});

test('another gap behind the first is fetched as well', async () => {
  const desk = await new Desk(STAFF).enters();
  desk.scene.does(mark(1, 'late'));
  desk.hears(desk.scene.does(mark(2, 'late')));
  const sync = await desk.host.next('syncAttendance');
  const asOfNow = desk.scene.sync(STAFF, sync.payload);
  desk.scene.does(mark(3, 'late'));
  desk.hears(desk.scene.does(mark(1, 'absent')));
  sync.answer(asOfNow);
  expect(await desk.answersSync()).toMatchObject({ since_seq: 2 });
  expect(desk.roll).toMatchObject({ seq: 4, in_sync: true });
});

test('what could not be fetched is fetched later, and till then it is not in sync', async () => {
  const desk = await new Desk(STUDENT).enters();
  desk.scene.does(mark(1, 'late'));
  desk.hears(desk.scene.does(mark(1, 'absent')));
  (await desk.host.next('syncAttendance')).refuse('STORE_UNAVAILABLE');
  await turns();
  expect(desk.roll.in_sync).toBe(false);
  await desk.host.advance(20_000);
  await desk.answersSync();
  expect(desk.roll.in_sync).toBe(true);
  expect(desk.session.me.get().status).toBe('absent');
});

test('after a reconnect students fetch what they missed, staff everything', async () => {
  const student = await new Desk(STUDENT).enters();
  student.scene.does(mark(1, 'late'));
  student.session.reconnected();
  (await student.host.next('joinAttendanceSession')).answer(student.joined);
  expect(await student.answersSync()).toMatchObject({ since_room_seq: 0, since_own_seq: 1 });
  expect(student.session.me.get()).toMatchObject({ status: 'late', own_seq: 2 });

  const staff = await new Desk(STAFF).enters();
  staff.hears(staff.scene.does(join(1)));
  staff.scene.leaves(1);
  staff.session.reconnected();
  (await staff.host.next('joinAttendanceSession')).answer(staff.joined);
  expect(await staff.answersSync()).toEqual({ session_id: ID });
  expect(staff.roll).toMatchObject({ phase: 'in', seq: 1, online: new Set() });
});

test('a change whose last event was lost with the connection is fetched again', async () => {
  const desk = await new Desk(STUDENT).enters();
  const [, bulk] = desk.scene
    .does(end({ updates: [{ student_id: 's2', status: 'late' }] }))
    .filter(({ receivers }) => receivers.to === 'room');
  const [first] = desk.scene.sync(STUDENT, { epoch: 'epoch-1', since_room_seq: 0, since_own_seq: 1 }).events ?? [];
  expect([first?.event, bulk?.event]).toEqual(['attendanceBulkUpdated', 'attendanceSessionEnded']);
  desk.session.hear(first?.event ?? '', first?.data);
  expect(desk.roll).toMatchObject({ phase: 'in', room_seq: 1 });
  desk.session.reconnected();
  (await desk.host.next('joinAttendanceSession')).refuse('SESSION_NOT_ACTIVE');
  expect(await desk.answersSync()).toMatchObject({ since_room_seq: 0 });
  expect(desk.roll).toMatchObject({ phase: 'over', room_seq: 1 });
});

test('a connection that comes and goes makes one request at a time', async () => {
  const desk = await new Desk(STUDENT).enters();
  for (let n = 0; n < 10; n += 1) desk.session.reconnected();
  (await desk.host.next('joinAttendanceSession')).answer(desk.joined);
  desk.session.reconnected();
  await desk.answersSync();
  // The last one came while it was fetching: once more, on the connection of now.
  (await desk.host.next('joinAttendanceSession')).answer(desk.joined);
  await desk.answersSync();
  expect(desk.host.open).toEqual([]);
  expect(desk.roll.in_sync).toBe(true);
});

test('a reconnect while it enters needs nothing: what was asked is sent until it is answered', async () => {
  const desk = new Desk(STUDENT);
  const joining = desk.session.join();
  const sent = await desk.host.next('joinAttendanceSession');
  desk.session.reconnected();
  desk.scene.does(join(1));
  sent.answer(desk.joined);
  await joining;
  expect(desk.host.open).toEqual([]);
});

test('AUTH-1 who was taken out of the course finds out when it stays silent', async () => {
  const desk = await new Desk(STUDENT).enters();
  for (let n = 0; n < 5; n += 1) {
    await desk.host.advance(HEARTBEAT_MS);
    desk.hears(desk.scene.heartbeat());
  }
  expect(desk.host.open).toEqual([]);
  await desk.host.advance(45_000);
  (await desk.host.next('syncAttendance')).refuse('STUDENT_NOT_ENROLLED');
  await turns();
  expect(desk.roll.phase).toBe('removed');
  expect(desk.host.waiting).toBe(0);
  // And may be taken back.
  await desk.enters();
  expect(desk.roll.phase).toBe('in');
});

test.each(['STUDENT_NOT_ENROLLED', 'CHECKIN_CODE_REQUIRED'] as const)(
  'who is refused with %s after a reconnect is not in any more',
  async (code) => {
    const desk = await new Desk(STUDENT).enters();
    desk.session.reconnected();
    (await desk.host.next('joinAttendanceSession')).refuse(code);
    await turns();
    expect(desk.roll.phase).toBe(code === 'STUDENT_NOT_ENROLLED' ? 'removed' : 'out');
    expect(desk.host).toMatchObject({ open: [], waiting: 0 });
  },
);

test('where students hear only of themselves, they look when seq has grown: not at once, not all together, once', async () => {
  const desk = await new Desk(STUDENT, 'self').enters();
  desk.host.random = () => 0.5;
  desk.scene.does(mark(1, 'late'));
  for (let n = 0; n < 3; n += 1) desk.hears(desk.scene.heartbeat());
  await desk.host.advance(15_000);
  expect(desk.host.open).toEqual([]);
  await desk.host.advance(7_500);
  expect(await desk.answersSync()).toMatchObject({ since_own_seq: 1 });
  expect(desk.session.me.get().status).toBe('late');
  desk.hears(desk.scene.heartbeat());
  await desk.host.advance(30_000);
  expect(desk.host.open).toEqual([]);
});

test('END-5 after the end students wait for nothing, staff for the archive', async () => {
  const student = await new Desk(STUDENT).enters();
  student.hears(student.scene.does(end()));
  await student.host.advance(120_000);
  student.session.reconnected();
  await turns();
  expect(student.roll.phase).toBe('over');
  expect(student.host).toMatchObject({ open: [], waiting: 0 });

  const staff = await new Desk(STAFF).enters();
  staff.hears(staff.scene.does(end()));
  staff.session.reconnected();
  const sync = await staff.host.next('syncAttendance');
  sync.answer({ ...staff.scene.sync(STAFF, {}), epoch: 'archive-1' });
  await turns();
  expect(staff.roll).toMatchObject({ phase: 'over', persisted_version: 1 });
  await staff.host.advance(120_000);
  expect(staff.host).toMatchObject({ open: [], waiting: 0 });
});

test('a mistake of one who listens takes nothing from the others, and stops nothing', async () => {
  const uncaught = vi.fn();
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException').on('uncaughtException', uncaught);
  try {
    const desk = await new Desk(STAFF).enters();
    const heard: number[] = [];
    desk.session.roll.subscribe(() => {
      throw new Error('mistake');
    });
    desk.session.roll.subscribe(() => heard.push(desk.roll.seq));
    desk.hears(desk.scene.does(mark(1, 'late')));
    expect(heard.at(-1)).toBe(1);
    await turns();
    expect(uncaught).toHaveBeenCalled();
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const it of others) process.on('uncaughtException', it);
  }
});
