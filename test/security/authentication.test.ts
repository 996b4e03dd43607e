/** Who gets in: every way of being refused, over sockets and over REST, and which pages may talk to the service. */
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { tokenVerifier } from '../../src/token.ts';
import { OneNode } from '../support/deployment.ts';
import { claimsOf, type Person, signToken, staffMember, student } from '../support/people.ts';
import { RawConnection } from '../support/raw-connection.ts';
import { RestClient } from '../support/rest-client.ts';
import { TestClient } from '../support/socket-client.ts';

const open = new OneNode();
const restricted = new OneNode({
  CORS_ORIGINS: 'https://app.example.edu,https://other.example.edu',
  JWT_ISSUER: 'school',
});
beforeAll(() => Promise.all([open.start(), restricted.start()]));
afterEach(() => open.settle());
afterAll(async () => {
  await open.stop();
  await restricted.stop();
});

const person = staffMember();
const now = Date.now();
const claims = claimsOf(person, now);
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !names.includes(name)));
const signed = (changed: object) => signToken({ ...claims, ...changed }, open.secret);
const seconds = Math.floor(now / 1000);

const REFUSED: [string, unknown, string][] = [
  ['no token', undefined, 'TOKEN_MISSING'],
  ['an empty token', '', 'TOKEN_MISSING'],
  ['null', null, 'TOKEN_MISSING'],
  ['a number', 42, 'TOKEN_INVALID'],
  ['an object', { toString: 'x' }, 'TOKEN_INVALID'],
  ['not a token', 'abc', 'TOKEN_INVALID'],
  ['a token of 10,000 characters', `eyJ${'a'.repeat(10_000)}`, 'TOKEN_INVALID'],
  ['another secret', signToken(claims, 'another secret that is long enough to be one'), 'TOKEN_INVALID'],
  ['algorithm none', signToken(claims, open.secret, { alg: 'none' }), 'TOKEN_INVALID'],
  ['none without a signature', signToken(claims, '', { alg: 'none' }).replace(/[^.]*$/, ''), 'TOKEN_INVALID'],
  ['an algorithm that is not allowed', signToken(claims, open.secret, { alg: 'HS512' }), 'TOKEN_INVALID'],
  ['an algorithm for keys', signToken(claims, open.secret, { alg: 'RS256' }), 'TOKEN_INVALID'],
  [
    'changed claims',
    signToken(claims, open.secret).replace(/\.[^.]+\./, `.${btoa('{"role":"admin","sub":"x"}')}.`),
    'TOKEN_INVALID',
  ],
  ['no exp', signToken(without('exp'), open.secret), 'TOKEN_INVALID'],
  ['an exp that is no number', signed({ exp: 'tomorrow' }), 'TOKEN_INVALID'],
  ['no user', signToken(without('sub'), open.secret), 'TOKEN_INVALID'],
  ['an empty user', signed({ sub: '' }), 'TOKEN_INVALID'],
  ['a user with a line break', signed({ sub: 'a\nb' }), 'TOKEN_INVALID'],
  ['a user that is an object', signed({ sub: { a: 1 } }), 'TOKEN_INVALID'],
  ['no role', signToken(without('role'), open.secret), 'TOKEN_INVALID'],
  ['an unknown role', signed({ role: 'root' }), 'TOKEN_INVALID'],
  ['several roles', signed({ role: ['teacher'] }), 'TOKEN_INVALID'],
  ['a role of Object’s', signed({ role: 'constructor' }), 'TOKEN_INVALID'],
  ['expired', signed({ exp: seconds - 40 }), 'TOKEN_EXPIRED'],
  ['not valid yet', signed({ nbf: seconds + 600 }), 'TOKEN_INVALID'],
  ['a service', signed({ role: 'service' }), 'FORBIDDEN'],
];

describe('sockets', () => {
  test.each(REFUSED)('AUTH-1 refuses %s', async (_name, token, code) => {
    for (const namespace of ['/', '/attendance']) {
      const auth = token === undefined ? {} : { token };
      const client = new TestClient({
        url: open.node.url,
        person,
        token: '',
        namespace,
        auth,
        transports: ['websocket'],
      });
      try {
        await expect(client.connected()).rejects.toMatchObject({
          message: expect.stringMatching(/^Authentication error/),
          data: { code },
        });
      } finally {
        client.close();
      }
    }
  });

  test('a token in the address is none: addresses end up in logs', async () => {
    const socket = io(open.node.url, { query: { token: open.token(person) }, forceNew: true, reconnection: false });
    const error = await new Promise<Error>((resolve) => socket.once('connect_error', resolve));
    expect(error).toMatchObject({ data: { code: 'TOKEN_MISSING' } });
    socket.close();
  });

  test.each([
    '40null',
    '40[]',
    '40"x"',
    '40{"token":',
    '41',
    '42["joinAttendanceSession",{"session_id":"x"}]',
    '43[]',
    '9',
    'x',
  ])('what comes instead of a handshake (%s) closes that connection, and lets nobody in', async (frame) => {
    const raw = await RawConnection.open(open.node.url);
    raw.send(frame);
    await raw.isClosed();
    expect(raw.frames.filter((it) => it.startsWith('40'))).toEqual([]);
  });

  test.each([
    ['sub', { sub: 'a.b@c', uid: 'x', userId: 'y', id: 'z' }, 'a.b@c'],
    ['uid', { uid: 'u-1', userId: 'y', id: 'z' }, 'u-1'],
    ['userId', { userId: 'u-2', id: 'z' }, 'u-2'],
    ['id', { id: 'u-3' }, 'u-3'],
    ['a number', { id: 4711 }, '4711'],
    ['null is not present', { sub: null, uid: 'u-4' }, 'u-4'],
  ])('the user is the first present of sub, uid, userId, id: %s', async (_name, ids, expected) => {
    const token = signToken({ ...without('sub'), ...ids }, open.secret);
    const course = await new RestClient(open.node.url, token).call('createCourse', { body: { title: 'A course' } });
    expect(course.teacher_id).toBe(expected);
    const client = await open.connect(person, { token });
    expect(await client.does('subscribeToCourse', { course_id: course.id })).toMatchObject({ activeSessions: [] });
  });

  test('30 s of tolerance for clocks that differ', async () => {
    const client = await open.connect(person, { token: signed({ exp: seconds - 10 }) });
    await client.hears('tokenExpiring');
    await open.connect(person, { token: signed({ nbf: seconds + 15 }) });
  });

  test('an issuer that is asked for is checked', async () => {
    const { node, secret } = restricted;
    const of = (issuer: object) => new RestClient(node.url, signToken({ ...claims, ...issuer }, secret));
    await of({}).refused('listCourses', 'UNAUTHENTICATED');
    await of({ iss: 'another' }).refused('listCourses', 'UNAUTHENTICATED');
    await of({ iss: 'school' }).call('listCourses');
  });
});

describe('keys', () => {
  const pairs = {
    EdDSA: generateKeyPairSync('ed25519'),
    ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  };
  const algorithms = Object.keys(pairs) as (keyof typeof pairs)[];
  const rules = { algorithms: [], issuer: undefined, audience: undefined, clock: () => now };
  const tokenBy = (alg: keyof typeof pairs, kid?: string) =>
    new SignJWT(claims).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(pairs[alg].privateKey);

  test.each(algorithms)('a public key for %s takes its tokens; those of any other kind are invalid', async (alg) => {
    const pem = pairs[alg].publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const verify = tokenVerifier({ ...rules, key: { kind: 'public', pem } });
    expect(await verify(await tokenBy(alg))).toMatchObject({ user_id: person.sub });
    for (const other of algorithms.filter((it) => it !== alg)) {
      await expect(verify(await tokenBy(other))).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    }
    // The public key as if it were a secret: the oldest trick.
    await expect(verify(signToken(claims, pem))).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  });

  test('a key set that cannot be read says nothing about a token; one that can, does', async () => {
    let status = 500;
    const jwk = { ...pairs.ES256.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'ES256' };
    const server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
      const verify = tokenVerifier({ ...rules, key: { kind: 'jwks', url } });
      await expect(verify(await tokenBy('ES256', 'k1'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      status = 200;
      expect(await verify(await tokenBy('ES256', 'k1'))).toMatchObject({ user_id: person.sub });
      await expect(verify(await tokenBy('ES256', 'k2'))).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    } finally {
      server.close();
    }
  });
});

describe('REST', () => {
  test.each(
    REFUSED.filter(([, token, code]) => code !== 'FORBIDDEN' && (typeof token === 'string' || token === undefined)),
  )('AUTH-1 refuses %s', async (_name, token) => {
    const rest = new RestClient(open.node.url, (token as string | undefined) ?? null);
    const problem = await rest.refused('listCourses', 'UNAUTHENTICATED');
    expect(problem.status).toBe(401);
  });

  test('a student may not make courses; a service may do everything over REST', async () => {
    await open.rest(student(1)).refused('createCourse', 'FORBIDDEN', { body: { title: 'x' } });
    await open.service().call('createCourse', { body: { title: 'x', teacher_id: 't' } });
  });
});

describe('origins', () => {
  const upgrade = async (node: OneNode, origin: string | null): Promise<string> => {
    try {
      const raw = await RawConnection.open(node.node.url, origin === null ? {} : { origin });
      raw.end();
      return 'allowed';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const poll = async (node: OneNode, origin: string): Promise<[number, string | null]> => {
    const answer = await fetch(`${node.node.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
    return [answer.status, answer.headers.get('access-control-allow-origin')];
  };

  test('by default the same origin and localhost on any port; native apps send none', async () => {
    const here = open.node.url;
    for (const origin of [null, here, 'http://localhost:5173', 'http://127.0.0.1:1', 'https://localhost']) {
      expect(await upgrade(open, origin), String(origin)).toBe('allowed');
    }
    const { port } = open.node;
    const evil = [
      'https://evil.example',
      'http://localhost.evil.example',
      `http://127.0.0.1.evil.example:${port}`,
      'null',
      'x',
    ];
    for (const origin of evil) {
      expect(await upgrade(open, origin), origin).toMatch(/^refused with 40[03]$/);
      expect(await poll(open, origin)).toEqual([expect.toSatisfy((status) => status >= 400), null]);
      const rest = await fetch(`${here}/api/v1/courses`, { headers: { origin } });
      expect(rest.headers.get('access-control-allow-origin')).toBeNull();
    }
    expect(await poll(open, 'http://localhost:5173')).toEqual([200, 'http://localhost:5173']);
  });

  test('with CORS_ORIGINS exactly those', async () => {
    for (const origin of ['https://app.example.edu', 'https://other.example.edu', null]) {
      expect(await upgrade(restricted, origin), String(origin)).toBe('allowed');
    }
    const evil = [
      'http://localhost:5173',
      'http://app.example.edu',
      'https://app.example.edu:444',
      'https://x.app.example.edu',
    ];
    for (const origin of evil) expect(await upgrade(restricted, origin), origin).toMatch(/^refused with 40[03]$/);
    expect(await poll(restricted, 'https://app.example.edu')).toEqual([200, 'https://app.example.edu']);
  });
});

test('no two people share an address limit: 300 sockets of one address connect at once', async () => {
  const people: Person[] = Array.from({ length: 300 }, (_, i) => student(i));
  const clients = await Promise.all(people.map((it) => open.connect(it, { transports: ['websocket'] })));
  expect(clients.every(({ socket }) => socket.connected)).toBe(true);
});
