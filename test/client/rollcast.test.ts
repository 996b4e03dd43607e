/** The connection of a user: tokens, refusals, nodes that die, close(). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Connection, Rollcast } from '../../src/client/index.ts';
import { InProcess } from '../support/in-process.ts';
import { signToken, staffMember } from '../support/people.ts';
import { until } from '../support/until.ts';
import { clientOf, connectedAs, sees, watched } from './clients.ts';

const MINUTE_MS = 60_000;
const node = new InProcess();
beforeAll(() => node.start());
afterAll(() => node.stop());

const isConnected = ({ status }: Connection) => status === 'connected';
const statuses = (seen: Connection[]) => seen.map(({ status }) => status);

test('it connects, and its request is answered; connect() again, or twice at once, changes nothing', async () => {
  const room = await node.classroom();
  let asked = 0;
  const client = clientOf(node, room.teacher, {
    token: async () => {
      asked += 1;
      return node.token(room.teacher);
    },
  });
  const seen = watched(client.connection);
  client.connect().connect();
  const { course_id } = room;
  expect(await client.request('getActiveSessions', { course_id })).toMatchObject({ course_id, activeSessions: [] });
  client.connect();
  expect(await client.request('getActiveSessions', { course_id })).toMatchObject({ course_id });
  expect(statuses(seen)).toEqual(['closed', 'connecting', 'connected']);
  expect(asked).toBe(1);
});

test('what is asked without connect() is refused at once', async () => {
  const client = clientOf(node, staffMember());
  await expect(client.session('x').start()).rejects.toMatchObject({ code: 'CLOSED', retryable: false });
  expect(client.session('x').roll.get().phase).toBe('out');
});

test('either namespace, with or without a slash at the end of the address', async () => {
  const room = await node.classroom();
  const url = `${node.nodes[0]?.url}/`;
  for (const namespace of ['/', '/attendance'] as const) {
    const client = connectedAs(node, room.teacher, { namespace, url });
    await sees('connected', client.connection, isConnected);
  }
});

test('a token about to expire is refreshed on the open connection, and the connection outlives the first', async () => {
  const room = await node.classroom();
  let asked = 0;
  const client = connectedAs(node, room.teacher, {
    token: async () => {
      asked += 1;
      return node.token(room.teacher, 300);
    },
  });
  await client.session(room.session_id).start();
  const seen = watched(client.connection);
  node.clock.advance(4.5 * MINUTE_MS);
  await until('it asked for another', () => asked === 2);
  // On the same connection, after the refresh.
  await client.request('getActiveSessions', { course_id: room.course_id });
  // Past the end of the first token, and up to the notice for the second: the node has looked at both.
  node.clock.advance(4.5 * MINUTE_MS);
  await until('it asked for a third', () => asked === 3);
  expect(statuses(seen)).toEqual(['connected']);
});

test('a token that nobody renews closes the connection; it comes back with a newer one', async () => {
  const room = await node.classroom();
  let token = node.token(room.teacher, 300);
  let asked = 0;
  const client = connectedAs(node, room.teacher, {
    token: () => {
      asked += 1;
      return token;
    },
  });
  const session = client.session(room.session_id);
  await session.start();
  const seen = watched(client.connection);
  node.clock.advance(4.5 * MINUTE_MS);
  await until('it asked for another, and got the same', () => asked === 2);
  token = node.token(room.teacher);
  node.clock.advance(MINUTE_MS);
  await until('it is back', () => statuses(seen).join() === 'connected,reconnecting,connected');
  await session.mark(room.student(0).student_id, 'late');
  await sees('the mark', session.roll, ({ statistics }) => statistics?.lateCount === 1);
});

test('a token that is refused is told once, what waits is rejected, and connect() tries a new one', async () => {
  const room = await node.classroom();
  const wrong = signToken({ sub: room.teacher.sub, role: 'teacher' }, 'another secret that is long enough for it');
  let token = wrong;
  const client = clientOf(node, room.teacher, { token: () => token });
  const session = client.connect().session(room.session_id);
  await expect(session.start()).rejects.toMatchObject({ code: 'TOKEN_INVALID', retryable: false });
  expect(client.connection.get()).toMatchObject({ status: 'refused', error: { code: 'TOKEN_INVALID' } });
  await expect(session.start()).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  token = node.token(room.teacher);
  expect(await client.connect().session(room.session_id).start()).toMatchObject({ phase: 'in' });
});

test('an expired one is asked for again, once: whoever has tokens may have a newer one', async () => {
  const room = await node.classroom();
  const tokens = [node.token(room.teacher, -3_600), node.token(room.teacher)];
  const client = connectedAs(node, room.teacher, { token: () => tokens.shift() ?? null });
  const seen = watched(client.connection);
  await sees('connected', client.connection, isConnected);
  expect(statuses(seen)).not.toContain('refused');
});

test('tokens that are refused one after another are not asked for without end', async () => {
  const { role, sub } = staffMember();
  let asked = 0;
  const client = connectedAs(node, staffMember(), {
    token: () => {
      asked += 1;
      return signToken({ sub, role, exp: 2e9, jti: asked }, 'another secret that is long enough for it');
    },
  });
  await sees('refused', client.connection, ({ status }) => status === 'refused');
  expect(asked).toBe(2);
});

test('somebody without a token is refused', async () => {
  const client = connectedAs(node, staffMember(), { token: () => null });
  const { error } = await sees('refused', client.connection, ({ status }) => status === 'refused');
  expect(error).toMatchObject({ code: 'TOKEN_MISSING' });
});

test.each(['throws', 'rejects'])('a token function that %s is asked again until it has one', async (how) => {
  const room = await node.classroom();
  let asked = 0;
  const client = connectedAs(node, room.teacher, {
    token: () => {
      asked += 1;
      if (asked > 1) return node.token(room.teacher);
      if (how === 'rejects') return Promise.reject(new Error('offline'));
      throw new Error('offline');
    },
  });
  const { error } = await sees('failed', client.connection, (it) => it.error !== null);
  expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE', cause: { message: 'offline' } });
  await sees('connected', client.connection, isConnected);
});

test('close() rejects what is under way; connect() after it begins anew, with the same sessions', async () => {
  const room = await node.classroom();
  const client = connectedAs(node, room.teacher);
  const session = client.session(room.session_id);
  await session.start();
  const marking = session.mark(room.student(0).student_id, 'late');
  client.close();
  client.connect();
  await expect(marking).rejects.toMatchObject({ code: 'CLOSED' });
  expect(client.session(room.session_id)).toBe(session);
  expect(session.roll.get().phase).toBe('out');
  await session.attend();
  expect(session.roll.get().phase).toBe('in');
});

test('close() while it connects leaves no connection behind', async () => {
  const room = await node.classroom();
  let give: (token: string) => void = () => {};
  const client = connectedAs(node, room.teacher, {
    token: () =>
      new Promise((resolve) => {
        give = resolve;
      }),
  });
  const starting = client.session(room.session_id).start();
  client.close();
  give(node.token(room.teacher));
  await expect(starting).rejects.toMatchObject({ code: 'CLOSED' });
  expect(client.connection.get().status).toBe('closed');
});

test('two users in one page have two connections: what closes one leaves the other', async () => {
  const room = await node.classroom();
  const teacher = connectedAs(node, room.teacher);
  const student = connectedAs(node, room.student(0), { namespace: '/attendance' });
  await teacher.session(room.session_id).start();
  await student.session(room.session_id).join();
  const seen = watched(student.connection);
  teacher.close();
  await student.request('getActiveSessions', { course_id: room.course_id });
  expect(statuses(seen)).toEqual(['connected']);
});

test('where nobody listens it goes on trying, and requests tell their TIMEOUT', async () => {
  const client = new Rollcast({ url: 'http://127.0.0.1:9', token: 'x', socket: { reconnectionDelay: 20 } }).connect();
  try {
    await expect(client.request('getActiveSessions', { course_id: 'c' }, { giveUpAfter: 200 })).rejects.toMatchObject({
      code: 'TIMEOUT',
      retryable: true,
    });
    expect(client.connection.get()).toEqual({ status: 'connecting', error: null });
  } finally {
    client.close();
  }
});
