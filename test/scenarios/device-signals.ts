/** DEVICE_SIGNALS=on: several students on one device are flagged for staff, and nobody is kept from anything. */
import { expect, test } from 'vitest';
import type { ClockedDeployment } from '../support/in-process.ts';
import type { TestClient } from '../support/socket-client.ts';

/** Of engine.io's client in Node, which keeps cookies as a browser does. */
type CookieJar = { cookies: Iterable<[string, { value: string }]> };
type Flags = readonly string[] | undefined;
const SHARED = ['shared_device'];

export const deviceSignalScenarios = (deployment: () => ClockedDeployment): void => {
  const flagsIn = (records: readonly { student_id: string; flags?: Flags }[], ids: string[]) =>
    ids.map((id) => records.find((it) => it.student_id === id)?.flags);

  test('students on one device_id are flagged, all of them, live, on sync and archived; others are not', async () => {
    const node = deployment();
    const room = await node.classroom({ students: 5 });
    const { session_id } = room;
    const ids = room.students.map(({ student_id }) => student_id);
    const teacher = await room.started();
    const join = async (index: number, auth: Record<string, unknown>) => {
      const client = await node.connect(room.student(index), { auth });
      expect((await client.does('joinAttendanceSession', { session_id })).status).toBe('present');
      return client;
    };
    const first = await join(0, { device_id: 'tablet' });
    await join(1, { device_id: 'phone-1' });
    await join(2, {});
    const before = await teacher.does('getAttendanceSessionData', { session_id });
    expect(flagsIn(before.attendanceRecords, ids)).toEqual(ids.map(() => undefined));
    const third = await join(3, { device_id: 'tablet' });
    await join(4, { device_id: 'tablet' });
    // Once more on the same device is the same student.
    await first.dropAndReturn();
    await first.does('joinAttendanceSession', { session_id });

    const expected = [SHARED, undefined, undefined, SHARED, SHARED];
    const data = await teacher.does('getAttendanceSessionData', { session_id });
    expect(flagsIn(data.attendanceRecords, ids)).toEqual(expected);
    await teacher.hears('studentMarked', (it) => it.student_id === ids[4]);
    const told = teacher.payloads('studentMarked').map((it) => [it.student_id, it.attendanceRecord.flags]);
    const both = [ids[0], ids[3]].map((id) => [id, SHARED]);
    expect(told.slice(0, 2).sort()).toEqual(both.sort());
    expect(told.slice(2)).toEqual([[ids[4], SHARED]]);
    // Flags are no change of anybody's own.
    const sync = { session_id, epoch: data.epoch, since_room_seq: 0, since_own_seq: 1 };
    expect(await third.does('syncAttendance', sync)).toMatchObject({ events: [], own_seq: 1 });
    const missed = await teacher.does('syncAttendance', { session_id, epoch: data.epoch, since_seq: 0 });
    const heard = teacher.heard.filter(({ payload }) => payload.session_id === session_id && payload.seq !== undefined);
    const marked = (events: { event: string; data: Record<string, unknown> }[]) =>
      events.filter(({ event }) => event === 'studentMarked').map((it) => it.data);
    expect(marked(missed.events ?? [])).toEqual(marked(heard.map(({ event, payload }) => ({ event, data: payload }))));

    await teacher.does('markStudentAbsent', { session_id, student_id: ids[3] });
    await teacher.does('endAttendanceSession', { session_id });
    const { attendanceRecords } = await room.archived();
    expect(flagsIn(attendanceRecords as never, ids)).toEqual(expected);
    expectNoFlags(first, third);
  });

  test('students in one browser are flagged by its cookie; a join that is repeated flags nobody', async () => {
    const node = deployment();
    const room = await node.classroom({ students: 3 });
    const { session_id } = room;
    const ids = room.students.map(({ student_id }) => student_id);
    const teacher = await room.started();
    // The connection on which a browser comes first is already known by the cookie that it is given.
    const one = node.client(room.student(0), { node: 0, transports: ['polling'] });
    await one.connected();
    const { _cookieJar } = one.socket.io.engine as unknown as { _cookieJar: CookieJar };
    const [[name, { value }] = ['', { value: '' }]] = [..._cookieJar.cookies];
    const cookie = `${name}=${value}`;
    expect(cookie).toMatch(/^rollcast_device=/);
    const again = await fetch(`${node.nodes[0]?.url}/socket.io/?EIO=4&transport=polling`, { headers: { cookie } });
    expect(again.headers.getSetCookie()).toEqual([]);
    const browser = { extraHeaders: { cookie } };
    const request = { session_id, request_id: 'once' };
    await one.does('joinAttendanceSession', request);
    await one.repeats('joinAttendanceSession', request);
    const alone = await teacher.does('getAttendanceSessionData', { session_id });
    expect(flagsIn(alone.attendanceRecords, ids)).toEqual([undefined, undefined, undefined]);
    const other = await node.connect(room.student(1), browser);
    await other.does('joinAttendanceSession', { session_id });
    const apart = await node.connect(room.student(2), { extraHeaders: { cookie: 'rollcast_device=<script>' } });
    await apart.does('joinAttendanceSession', { session_id });
    const data = await teacher.does('getAttendanceSessionData', { session_id });
    expect(flagsIn(data.attendanceRecords, ids)).toEqual([SHARED, SHARED, undefined]);
    // The teacher's own screen in that browser says nothing.
    await (await node.connect(room.assistant, browser)).does('joinAttendanceSession', { session_id });
    expect((await teacher.does('getAttendanceSessionData', { session_id })).seq).toBe(data.seq);
    expectNoFlags(one, other, apart);
  });
};

const expectNoFlags = (...students: TestClient[]): void => {
  for (const { heard } of students) expect(JSON.stringify(heard)).not.toContain('shared_device');
};
