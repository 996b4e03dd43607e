/** kill -9 at the worst moments, and the same data directory again: nothing that was acknowledged may be missing. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { FullRecord } from '../../src/contract/nouns.ts';
import { OneNode } from '../support/deployment.ts';
import { Random } from '../support/random.ts';
import { RawConnection } from '../support/raw-connection.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);
const random = new Random(SEED);
const withSeed = `(repeat with ROLLCAST_TEST_SEED=${SEED})`;

const node = new OneNode();
beforeAll(() => node.start());
afterEach(() => node.settle());
afterAll(() => node.stop());

/** Lets a random number of turns of the event loop pass: a random point of whatever is under way. */
const randomTurns = async (most: number): Promise<void> => {
  for (let left = random.int(most); left > 0; left -= 1) await turn();
};

/** Sends without waiting; what was acknowledged until a kill is in `acknowledged`. */
class Burst {
  readonly acknowledged: { by: TestClient; payload: Record<string, unknown>; answer: Record<string, unknown> }[] = [];

  send(by: TestClient, event: string, payload: Record<string, unknown>): void {
    by.socket.emit(event, payload, (answer: Record<string, unknown>) => {
      if (answer.ok === true) this.acknowledged.push({ by, payload, answer });
    });
  }

  /** The answers to events of this kind. */
  with(key: string) {
    return this.acknowledged.filter(({ answer }) => key in answer);
  }
}

const recordOf = (records: FullRecord[], student_id: unknown): FullRecord => {
  const record = records.find((it) => it.student_id === student_id);
  if (record === undefined) throw new Error(`no record of ${student_id}`);
  return record;
};

test(`JOIN-2 JOIN-6 SYNC-1 killed in the middle of 500 joins with marks in between: everything acknowledged is there ${withSeed}`, {
  timeout: 60_000,
}, async () => {
  // A hundred more are marked and do not join.
  const room = await node.classroom({ students: 600 });
  const { session_id } = room;
  const ids = new Map(room.students.map((it) => [it.sub, it.student_id]));
  const teacher = await room.started();
  const { epoch } = await teacher.hears('attendanceSessionStarted');
  const clients: TestClient[] = [];
  for (let i = 0; i < 500; i += 50) {
    const batch = room.students.slice(i, i + 50).map((it) => node.connect(it, { transports: ['websocket'] }));
    clients.push(...(await Promise.all(batch)));
  }

  const burst = new Burst();
  const killAfter = random.between(50, 350);
  let sent = 0;
  for (const client of clients) {
    if (burst.acknowledged.length >= killAfter) break;
    burst.send(client, 'joinAttendanceSession', { session_id, request_id: 'join' });
    sent += 1;
    if (sent % 5 === 0) {
      const student_id = room.student(600 - sent / 5).student_id;
      burst.send(teacher, 'markStudentAttendance', { session_id, student_id, status: 'late', remarks: null });
      // As fast as the service goes and no faster, so that the kill finds some on their way and some not even sent.
      await until('the service keeps up', () => sent * 1.2 - burst.acknowledged.length < 60);
    }
  }
  await until('enough is acknowledged', () => burst.acknowledged.length >= killAfter);
  await node.node.kill('SIGKILL');
  const heardBefore = teacher.payloads('studentJoinedAttendance').map((it) => it.student_id);
  const lastSeq = Math.max(0, ...teacher.heard.map(({ payload }) => Number(payload.seq ?? 0)));
  await node.node.start();
  await teacher.returned();

  expect(await room.rest.call('getSession', { params: { id: session_id } })).toMatchObject({ status: 'active' });
  const now = await teacher.does('startAttendanceSession', { session_id });
  expect(now.epoch).toBe(epoch);
  const joins = burst.with('joined_at');
  const marks = burst.with('attendanceRecord');
  expect(joins.length + marks.length).toBe(burst.acknowledged.length);
  for (const { by, answer } of joins) {
    expect(recordOf(now.attendanceRecords, ids.get(by.person.sub)).joined_at).toBe(answer.joined_at);
  }
  for (const { payload, answer } of marks) {
    expect(recordOf(now.attendanceRecords, payload.student_id)).toMatchObject({
      status: 'late',
      marked_at: (answer.attendanceRecord as FullRecord).marked_at,
    });
  }
  expect(now.statistics.presentCount + now.statistics.lateCount).toBe(now.seq);

  // Every arrival that is on the roll is told: heard before the kill, or by sync after it, exactly once.
  const missed = await teacher.does('syncAttendance', { session_id, epoch, since_seq: lastSeq });
  const arrivals = missed.events?.filter(({ event }) => event === 'studentJoinedAttendance') ?? [];
  const told = [...heardBefore, ...arrivals.map(({ data }) => data.student_id as string)].sort();
  const joined = now.attendanceRecords.filter((it) => it.joined_at !== null).map((it) => it.student_id);
  expect(told).toEqual(joined.sort());

  // Clients come back by themselves, hear the session again, and sync to exactly what the server has.
  await Promise.all(clients.map((it) => it.returned()));
  const some = joins.filter((_, i) => i % 40 === 0).map(({ by }) => by);
  await teacher.does('markStudentAttendance', {
    session_id,
    student_id: room.student(499).student_id,
    status: 'excused',
  });
  const current = await teacher.does('getAttendanceSessionData', { session_id });
  for (const client of some) {
    await client.hears('attendanceUpdated', (it) => it.seq === current.seq);
    const { snapshot, own_seq } = await client.does('syncAttendance', { session_id });
    const own = recordOf(current.attendanceRecords, ids.get(client.person.sub));
    expect(snapshot?.attendanceRecords).toEqual([
      { student_id: own.student_id, status: own.status, marked_at: own.marked_at },
    ]);
    expect(snapshot?.statistics).toEqual(current.statistics);
    expect(own_seq).toBe(1);
  }
  // Whoever was not answered repeats with the same request id, and counts once.
  const rest = clients.slice(0, sent).filter((it) => !joins.some(({ by }) => by === it));
  await Promise.all(rest.map((it) => it.acknowledged('joinAttendanceSession', { session_id, request_id: 'join' })));
  expect((await teacher.does('getOnlineStudents', { session_id })).total_joined).toBe(sent);
});

test(`END-2 killed right after the acknowledgement of an end: the archive gets it without anyone asking ${withSeed}`, {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < 4; round += 1) {
    const room = await node.classroom({ students: 20 });
    const { session_id } = room;
    const teacher = await room.started();
    await room.joined(0);
    const student_id = room.student(1).student_id;
    const attendanceUpdates = [{ student_id, status: 'excused', remarks: null }];
    const ended = await teacher.does('submitAttendance', { session_id, attendanceUpdates });
    await randomTurns(round * 20);
    await node.killAndRestart();
    const stored = await room.archived();
    expect(stored.statistics).toEqual(ended.statistics);
    expect(stored).toMatchObject({ version: 1, session: { status: 'completed' } });
    expect(stored.attendanceRecords).toHaveLength(20);
    expect((await room.audit()).map(({ source }) => source)).toEqual(['checkin', 'submit', 'submit']);
    node.settle();
  }
});

test(`END-1 killed around an end that nobody acknowledged: the session is active with its records, or archived with them ${withSeed}`, {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < 3; round += 1) {
    const room = await node.classroom({ students: 10 });
    const { session_id } = room;
    const teacher = await room.started();
    for (let i = 0; i < 3; i += 1) await room.joined(i);
    teacher.send('endAttendanceSession', { session_id });
    await randomTurns(30 * (round + 1));
    await node.killAndRestart();
    const { status } = await room.rest.call('getSession', { params: { id: session_id } });
    const { statistics, source } = status === 'active' ? await room.attendance() : await room.archived();
    expect([status, source]).toEqual(status === 'active' ? ['active', 'live'] : ['completed', 'archive']);
    expect(statistics).toMatchObject({ totalStudents: 10, presentCount: 3 });
    node.settle();
  }
});

test(`START-2 a start killed at random points, and repeated, gives one roll with its records ${withSeed}`, {
  timeout: 60_000,
}, async () => {
  for (let round = 0; round < 5; round += 1) {
    const room = await node.classroom({ students: 40 });
    const { session_id } = room;
    const teacher = await node.connect(room.teacher);
    teacher.send('startAttendanceSession', { session_id });
    await randomTurns(25 * round);
    await node.killAndRestart();
    await teacher.returned();
    const assistant = await node.connect(room.assistant);
    const starts = await Promise.all(
      [teacher, assistant].map((it) => it.does('startAttendanceSession', { session_id })),
    );
    expect(starts[0]).toMatchObject({ totalStudents: 40, seq: 0, session: { status: 'active' } });
    expect(starts[1]?.epoch).toBe(starts[0]?.epoch);
    await room.joined(0);
    if (round === 4) {
      await node.killAndRestart();
      await assistant.returned();
      const again = await assistant.does('startAttendanceSession', { session_id });
      expect(again).toMatchObject({ seq: 1, statistics: { presentCount: 1 }, epoch: starts[0]?.epoch });
    }
    node.settle();
  }
});

test('PRES-1 online entries of a killed node are gone, who comes back is told; records stay', {
  timeout: 60_000,
}, async () => {
  const room = await node.classroom({ students: 3 });
  const { session_id } = room;
  const teacher = await room.started();
  const away = await room.joined(0);
  const back = await room.joined(1);
  away.socket.io.reconnection(false);
  await node.killAndRestart();
  await Promise.all([teacher.returned(), back.returned()]);
  const online = async () => (await teacher.does('getOnlineStudents', { session_id })).online_students;
  await until('one is online', async () => (await online()).length === 1);
  expect(await online()).toMatchObject([
    { student_id: room.student(1).student_id, student_name: room.student(1).name },
  ]);
  const { attendanceRecords } = await teacher.does('getAttendanceSessionData', { session_id });
  expect(attendanceRecords.map(({ status }) => status)).toEqual(['present', 'present', 'absent']);
  // Who does not come back is told; who was back in time is not.
  const { student_id } = room.student(0);
  const left = () => teacher.payloads('studentLeftAttendance');
  await until('staff hear who did not come back', () => left().length > 0, 45_000);
  expect(left()).toMatchObject([{ student_id, remaining_online_count: 1 }]);
});

test('PRES-1 a drained node lets its clients go so that they come back, and loses nothing', async () => {
  const room = await node.classroom({ students: 3 });
  const { session_id } = room;
  const teacher = await room.started();
  const client = await room.joined(0);
  const exit = await node.node.kill('SIGTERM');
  expect(exit.code).toBe(0);
  for (const it of [teacher, client]) {
    expect((await it.hears('serverDraining')).reconnect_within_ms).toBeGreaterThan(0);
    expect(it.disconnects).toEqual([expect.not.stringContaining('io server disconnect')]);
  }
  await node.node.start();
  await Promise.all([teacher.returned(), client.returned()]);
  await teacher.does('markStudentPresent', { session_id, student_id: room.student(1).student_id });
  await client.hears('attendanceUpdated');
  expect((await teacher.does('getOnlineStudents', { session_id })).online_count).toBe(1);
});

test('PRES-1 while a node is drained nobody is told that those who went first have left; polling clients hear of it too', {
  timeout: 60_000,
}, async () => {
  // More than are let go at once, and staff last.
  const room = await node.classroom({ students: 210 });
  const { session_id } = room;
  const clients = await Promise.all(room.students.map((it) => node.connect(it, { transports: ['websocket'] })));
  const assistant = await node.connect(room.assistant, { transports: ['polling'] });
  const teacher = await room.started();
  await assistant.does('joinAttendanceSession', { session_id });
  await Promise.all(clients.map((it) => it.does('joinAttendanceSession', { session_id })));
  const exit = await node.node.kill('SIGTERM');
  expect(exit.code).toBe(0);
  for (const staff of [teacher, assistant]) {
    await staff.hears('serverDraining');
    expect(staff.payloads('studentLeft')).toEqual([]);
    expect(staff.payloads('studentLeftAttendance')).toEqual([]);
  }
  await node.node.start();
  await Promise.all([teacher, assistant, ...clients].map((it) => it.returned()));
  await until('everybody is online again', async () =>
    (await teacher.does('getOnlineStudents', { session_id })).online_count === 210 ? true : null,
  );
});

test('a drain waits for nobody who does not answer, and lets nobody new in', { timeout: 60_000 }, async () => {
  const room = await node.classroom({ students: 2 });
  const { url } = node.node;
  const { hostname, port } = new URL(url);
  // A connection opened in advance, a phone out of reach, and an HTTP client that keeps its connection.
  const silent = connect(Number(port), hostname);
  await once(silent, 'connect');
  const phone = await RawConnection.connect(url, node.token(room.student(0)));
  phone.socket.pause();
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  const client = await node.connect(room.student(1), { transports: ['websocket'] });
  const exiting = node.node.kill('SIGTERM');
  await client.hears('serverDraining');
  const late = await RawConnection.open(url).then(
    () => 'let in',
    () => 'refused',
  );
  expect(late).toBe('refused');
  const exit = await exiting;
  expect(exit.code).toBe(0);
  expect(exit.stdout).not.toContain('drain took longer');
  silent.destroy();
  phone.socket.terminate();
  await node.node.start();
  await client.returned();
});
