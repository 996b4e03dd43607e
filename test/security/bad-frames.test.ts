/** Frames that are too large or make no sense: that connection suffers, nobody else does. */
import { describe, expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { Untouched } from '../support/untouched.ts';

const scene = new Untouched();

const metric = async (name: string): Promise<number> => {
  const text = await (await fetch(`${scene.node.node.url}/metrics`)).text();
  const line = text.split('\n').find((it) => it.startsWith(`${name} `));
  return Number(line?.slice(name.length) ?? 0);
};
const count = () => metric('rollcast_connections_closed_total{why="frame"}');

describe('frames', () => {
  test.each([
    ['of 2 MB', `42["joinAttendanceSession","${'x'.repeat(2_000_000)}"]`],
    ['just over 1 MiB', `42["bulkUpdateAttendance","${'x'.repeat(1024 * 1024)}"]`],
    ['of 2 MB of bytes', Buffer.alloc(2_000_000)],
    ['cut off', '42["joinAttendanceSession",{"session_id":'],
    ['not JSON', '42[joinAttendanceSession]'],
    ['not an array', '42{"a":1}'],
    ['without a name', '42[]'],
    ['with an object as its name', '42[{"a":1}]'],
    ['with a reserved name', '42["disconnect"]'],
    ['of an unknown type', '49'],
    ['of an unknown engine type', 'z'],
    [
      'with a placeholder for bytes that are none',
      '451-["joinAttendanceSession",{"_placeholder":true,"num":"__proto__"}]',
    ],
    ['with too many attachments', '459999999-["joinAttendanceSession",{}]'],
    ['bytes that were not announced', Buffer.from([4, 5, 6])],
  ] as const)('LIMIT-1 a frame %s closes that connection only, and is counted', async (_name, frame) => {
    const neighbour = await scene.node.connect(scene.room.student(0));
    const counted = await count();
    const connection = await scene.raw(scene.room.teacher);
    connection.send(frame as string);
    if (String(frame).startsWith('451-')) connection.send(Buffer.from([1]));
    await connection.isClosed();
    await neighbour.does('checkActiveSessions', { course_id: scene.room.course_id });
    await until('it is counted', async () => (await count()) === counted + 1);
    expect(neighbour.disconnects).toEqual([]);
  });

  test('LIMIT-1 a polling request over 1 MiB closes that connection only, and is counted', async () => {
    const counted = await count();
    const neighbour = scene.node.client(scene.room.student(0), { transports: ['polling'] });
    const client = scene.node.client(scene.room.teacher, { transports: ['polling'] });
    await Promise.all([neighbour.connected(), client.connected()]);
    const sockets = await metric('rollcast_sockets');
    client.socket.emit('joinAttendanceSession', 'x'.repeat(2_000_000));
    await until('it is closed', () => client.disconnects.length > 0);
    await until('it is counted', async () => (await count()) === counted + 1);
    await client.returned();
    // Nothing is left of the one before: the teacher is one socket here.
    await until('one socket in its place', async () => (await metric('rollcast_sockets')) === sockets);
    await neighbour.does('checkActiveSessions', { course_id: scene.room.course_id });
    expect(neighbour.disconnects).toEqual([]);
  });

  test('LIMIT-1 an ordinary event over 64 KB is refused, whatever stands beside it in the connection', async () => {
    const connection = await scene.raw(scene.room.teacher);
    const { session_id, course_id } = scene.room;
    const ask = (id: number, event: string, bytes: number) =>
      `42${id}${JSON.stringify([event, { session_id, course_id, extra: 'x'.repeat(bytes) }])}`;
    connection.send(ask(1, 'getOnlineStudents', 60_000));
    expect(await connection.acknowledged(1)).toMatchObject({ ok: true });
    connection.send(ask(2, 'getOnlineStudents', 65_600));
    expect(await connection.acknowledged(2)).toMatchObject({ ok: false, code: 'PAYLOAD_TOO_LARGE', retryable: false });
    // A large one and a small one that arrive together are each taken for what they are.
    const { _socket: tcp } = connection.socket as unknown as { _socket: { cork(): void; uncork(): void } };
    tcp.cork();
    connection.send(ask(3, 'getOnlineStudents', 300_000));
    connection.send(ask(4, 'getOnlineStudents', 10));
    tcp.uncork();
    expect(await connection.acknowledged(4)).toMatchObject({ ok: true });
    expect(await connection.acknowledged(3)).toMatchObject({ ok: false, code: 'PAYLOAD_TOO_LARGE' });
    // Attachments do not hide the size of what they are attached to.
    connection.send(
      `451-5["getOnlineStudents",{"session_id":"${session_id}","extra":"${'x'.repeat(300_000)}","b":{"_placeholder":true,"num":0}}]`,
    );
    connection.send(Buffer.from([1]));
    expect(await connection.acknowledged(5)).toMatchObject({ ok: false, code: 'PAYLOAD_TOO_LARGE' });
    connection.end();
  });

  test('LIMIT-1 bulks of up to 1 MiB pass, also beside a small event in one polling request', async () => {
    const { session_id } = scene.room;
    const student_id = scene.room.student(1).student_id;
    const extra = 'x'.repeat(900_000);
    const attendanceUpdates = [{ student_id, status: 'present' }];
    for (const transport of ['websocket', 'polling'] as const) {
      const client = scene.node.client(scene.room.teacher, { transports: [transport] });
      // Not yet connected: the client library sends all three together once it is.
      const answers = await Promise.all([
        client.ask('markStudentPresent', { session_id, student_id }),
        client.ask('bulkUpdateAttendance', { session_id, attendanceUpdates, extra }),
        client.ask('getOnlineStudents', { session_id }),
      ]);
      expect(answers.map(({ ok }) => ok)).toEqual([true, true, true]);
    }
  });
});
