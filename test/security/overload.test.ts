/** Too much of a good thing: floods, and readers that do not read. Who makes it suffers, nobody else does. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RATE_LIMITED_EVENTS_BEFORE_CLOSE, STUDENT_EVENTS_BURST, STUDENT_EVENTS_PER_SECOND } from '../../src/limits.ts';
import { OneNode } from '../support/deployment.ts';
import { RawConnection } from '../support/raw-connection.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const node = new OneNode();
beforeAll(() => node.start());
afterEach(() => node.settle());
afterAll(() => node.stop());

/** Somebody else's events while `work` goes on: all answered, none slowly. */
const servedMeanwhile = async (client: TestClient, session_id: string, work: Promise<unknown>): Promise<void> => {
  let done = false;
  const end = () => {
    done = true;
  };
  work.then(end, end);
  do {
    const began = performance.now();
    await client.does('joinAttendanceSession', { session_id });
    expect(performance.now() - began).toBeLessThan(2_000);
    // Not faster than a person may.
    await until('a moment has passed', () => performance.now() - began > 100);
  } while (!done);
  await work;
};

test('LIMIT-1 a flood is refused with RATE_LIMITED and when to try again; others are served meanwhile', async () => {
  const room = await node.classroom({ students: 2 });
  const { session_id, course_id } = room;
  await room.started();
  const neighbour = await room.joined(1);
  const flooder = await RawConnection.connect(node.node.url, node.token(room.student(0)));
  const events = STUDENT_EVENTS_BURST + 400;
  const began = performance.now();
  const answers = (async () => {
    for (let id = 0; id < events; id += 1) {
      // Unknown ones count as well.
      const event = id % 4 === 3 ? 'nothing' : 'checkActiveSessions';
      flooder.send(`42${id}["${event}",{"course_id":"${course_id}"}]`);
    }
    return Promise.all(Array.from({ length: events }, (_, id) => flooder.acknowledged(id)));
  })();
  await servedMeanwhile(neighbour, session_id, answers);
  const refused = (await answers).filter(({ code }) => code === 'RATE_LIMITED');
  const earned = ((performance.now() - began) / 1000) * STUDENT_EVENTS_PER_SECOND;
  expect(refused.length).toBeGreaterThanOrEqual(events - STUDENT_EVENTS_BURST - Math.ceil(earned));
  for (const { retry_after_ms } of refused) expect(retry_after_ms).toBeGreaterThan(0);
  const error = flooder.frames.find(
    (it) => it.startsWith('42["attendanceError"') || it.startsWith('42["activeSessionsError"'),
  );
  expect(error).toContain('"code":"RATE_LIMITED"');
  expect(flooder.closed).toBeNull();
  // What was refused works later, in the time that was said.
  await until(
    'it is served again',
    async () => (await flooder.ask(events, 'checkActiveSessions', { course_id })).ok === true,
  );
  flooder.end();
});

test('LIMIT-1 a flood that goes on closes its connection, and only that one', async () => {
  const room = await node.classroom({ students: 2 });
  const { session_id } = room;
  const teacher = await room.started();
  const neighbour = await room.joined(1);
  const sibling = await room.joined(0);
  const flooder = await RawConnection.connect(node.node.url, node.token(room.student(0)));
  await flooder.ask(1, 'joinAttendanceSession', { session_id });
  for (let i = 0; i < STUDENT_EVENTS_BURST + 2 * RATE_LIMITED_EVENTS_BEFORE_CLOSE; i += 1)
    flooder.send('42["nothing"]');
  await servedMeanwhile(neighbour, session_id, flooder.isClosed());
  expect([teacher, neighbour, sibling].flatMap(({ disconnects }) => disconnects)).toEqual([]);
  // The same student on another device, and on a new connection, is served as before.
  await sibling.does('syncAttendance', { session_id });
  const again = await RawConnection.connect(node.node.url, node.token(room.student(0)));
  expect(await again.ask(1, 'joinAttendanceSession', { session_id })).toMatchObject({ ok: true });
  again.end();
});

test('LIMIT-1 a reader that does not read is closed, and others are served meanwhile', {
  timeout: 60_000,
}, async () => {
  const room = await node.classroom({ students: 1_500 });
  const { session_id } = room;
  const teacher = await room.started();
  const neighbour = await room.joined(0);
  const reader = await RawConnection.connect(node.node.url, node.token(room.assistant));
  expect(await reader.ask(0, 'joinAttendanceSession', { session_id })).toMatchObject({ ok: true });
  reader.socket.pause();
  const slow = () => node.node.output.includes('"why":"slow"');
  const asking = (async () => {
    for (let id = 1; !slow() && id < 400; id += 1) {
      reader.send(`42${id}["getAttendanceSessionData",{"session_id":"${session_id}"}]`);
      // One at a time on the other end, so that it is the queue that grows and not the work.
      await teacher.does('getOnlineStudents', { session_id });
    }
    await until('it is found to be slow', slow);
  })();
  await servedMeanwhile(neighbour, session_id, asking);
  const metrics = await (await fetch(`${node.node.url}/metrics`)).text();
  expect(metrics).toMatch(/rollcast_connections_closed_total\{why="slow"\} 1/);
  // Nobody else was closed, and the session goes on.
  expect([teacher, neighbour].flatMap(({ disconnects }) => disconnects)).toEqual([]);
  await teacher.does('markStudentPresent', { session_id, student_id: room.student(1).student_id });
  await neighbour.hears('attendanceUpdated');
  reader.socket.resume();
  await reader.isClosed();
});

test('LIMIT-1 a frame that never ends, a handshake that never comes, and half a request disturb nobody', async () => {
  const room = await node.classroom({ students: 1 });
  await room.started();
  const silent = await Promise.all(Array.from({ length: 20 }, () => RawConnection.open(node.node.url)));
  const half = await RawConnection.connect(node.node.url, node.token(room.student(0)));
  half.socket.send('42["joinAttendanceSession",{"session_id":', { fin: false });
  const client = await room.joined(0);
  await client.does('syncAttendance', { session_id: room.session_id });
  for (const it of [...silent, half]) it.end();
});
