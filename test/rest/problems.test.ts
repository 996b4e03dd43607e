import { gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { refuse } from '../../src/contract/errors.ts';
import { T0 } from '../support/fixed-clock.ts';
import { ada, admin, RestService } from './rest-service.ts';

describe('who is calling', () => {
  const tokens: [string, string, (rest: RestService) => Promise<string | undefined>][] = [
    ['No token was sent', 'Bearer realm="rollcast"', async () => undefined],
    ['The token is not valid', 'Bearer realm="rollcast", error="invalid_token"', async () => 'Bearer abc'],
    ['Authorization must be', 'error="invalid_token"', async () => 'Basic YTpi'],
    ['Authorization must be', 'error="invalid_token"', async () => 'Bearer'],
    [
      'The token has expired',
      'error="invalid_token"',
      async (rest) => `Bearer ${await rest.token(ada, { exp: T0 / 1000 - 31 })}`,
    ],
    [
      'The token names no role',
      'error="invalid_token"',
      async (rest) => `Bearer ${await rest.token(ada, { role: 'god' })}`,
    ],
  ];

  test.each(tokens)('UNAUTHENTICATED: %s', async (detail, challenge, authorization) => {
    const rest = new RestService();
    const value = await authorization(rest);
    const headers: Record<string, string> = value === undefined ? {} : { authorization: value };
    const { status, body, headers: answered } = await rest.send(null, 'GET /courses', undefined, { headers });
    expect(status).toBe(401);
    expect(body).toMatchObject({ code: 'UNAUTHENTICATED', retryable: false, detail: expect.stringContaining(detail) });
    expect(answered['www-authenticate']).toContain(challenge);
  });

  test('inside the clock tolerance, and with any case of the scheme, it is fine', async () => {
    const rest = new RestService();
    const authorization = `bearer ${await rest.token(ada, { exp: T0 / 1000 - 29 })}`;
    await rest.ok(null, 'GET /courses', undefined, { headers: { authorization } });
  });

  test('is asked before a body is looked at', async () => {
    await new RestService().refused(null, 'POST /courses', 'UNAUTHENTICATED', '{"title":');
  });
});

describe('bodies that are no good', () => {
  const deep = (depth: number, open: string, close: string) => `${open.repeat(depth)}${close.repeat(depth)}`;

  test.each([
    ['not JSON', '{"title":'],
    ['not an object', '[]'],
    ['a string', '"title"'],
    ['null', 'null'],
    ['__proto__', '{"title":"A","__proto__":{"role":"admin"}}'],
    ['__proto__, escaped', '{"title":"A","\\u005f_proto__":{"role":"admin"}}'],
    ['constructor.prototype', '{"title":"A","constructor":{"prototype":{"role":"admin"}}}'],
    ['__proto__ inside', '{"title":"A","odd":{"__proto__":{"x":1}}}'],
    ['arrays nested deeply', deep(100_000, '[', ']')],
    ['objects nested deeply', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['nested deeply in a key that nobody knows', `{"title":"A","odd":${deep(1_000_000, '[', ']')}}`],
  ])('INVALID_PAYLOAD: %s', async (_name, body) => {
    const rest = new RestService();
    await rest.refused(ada, 'POST /courses', 'INVALID_PAYLOAD', body);
    expect(({} as { role?: string }).role).toBeUndefined();
    await rest.ok(ada, 'POST /courses', { title: 'Still here' });
  });

  test('unknown keys, brackets in strings and a byte order mark do no harm', async () => {
    const rest = new RestService();
    const title = `${'['.repeat(50)}\\"${'{'.repeat(50)}`;
    const course = await rest.ok(
      ada,
      'POST /courses',
      `\uFEFF${JSON.stringify({ title, odd: { a: [1] }, toString: 1 })}`,
    );
    expect(course.title).toBe(title);
  });

  test('UNSUPPORTED_MEDIA_TYPE: a body that is encoded, even if it could be read as it is', async () => {
    const rest = await new RestService().school();
    for (const encoding of ['gzip', 'br', 'GZIP', 'identity, deflate', 'x']) {
      const headers = { 'content-encoding': encoding };
      for (const [line, body, contentType] of [
        ['POST /courses', gzipSync('{"title":"A"}'), 'application/json'],
        ['POST /courses', '{"title":"A"}', 'application/json'],
        ['PUT /courses/c1/enrollments', 'student_id,name\ns7,Gil Canary', 'text/csv'],
      ] as const) {
        const { status, body: problem, headers: answered } = await rest.send(ada, line, body, { headers, contentType });
        expect(problem).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE', detail: expect.stringContaining('Encoding') });
        expect([status, answered['accept-encoding']]).toEqual([415, 'identity']);
      }
    }
    await rest.refused(null, 'POST /courses', 'UNAUTHENTICATED', 'x', { headers: { 'content-encoding': 'gzip' } });
  });

  test('a body that says it is not encoded, or none at all, is fine', async () => {
    const rest = await new RestService().school();
    await rest.ok(ada, 'POST /courses', { title: 'A' }, { headers: { 'content-encoding': 'Identity' } });
    await rest.schedule('x1');
    await rest.ok(ada, 'POST /sessions/x1/start', undefined, { headers: { 'content-encoding': 'gzip' } });
    await rest.ok(ada, 'GET /courses', undefined, { headers: { 'content-encoding': 'gzip' } });
  });

  test('PAYLOAD_TOO_LARGE and UNSUPPORTED_MEDIA_TYPE', async () => {
    const rest = new RestService();
    const large = JSON.stringify({ title: 'x'.repeat(4 * 1024 * 1024) });
    expect(await rest.refused(ada, 'POST /courses', 'PAYLOAD_TOO_LARGE', large)).toMatchObject({ status: 413 });
    for (const contentType of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'nonsense']) {
      const sent = { contentType };
      expect(await rest.refused(ada, 'POST /courses', 'UNSUPPORTED_MEDIA_TYPE', 'a=b', sent)).toMatchObject({
        status: 415,
      });
    }
  });

  test('a body without end or of another length', async () => {
    const rest = new RestService();
    const headers = { 'content-length': '9' };
    await rest.refused(ada, 'POST /courses', 'INVALID_PAYLOAD', '{"title":"A"}', { headers });
  });
});

describe('addresses that are no good', () => {
  test('NOT_FOUND for routes that do not exist, with and without a token', async () => {
    const rest = new RestService();
    for (const line of ['GET /nothing', 'DELETE /courses', 'GET /courses/c1/nothing', 'PUT /sessions/x1']) {
      expect(await rest.refused(ada, line, 'NOT_FOUND')).toMatchObject({ status: 404, detail: 'Not found' });
      await rest.refused(null, line, 'NOT_FOUND');
    }
    expect(await rest.send(null, 'GET //nothing')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    expect(await rest.send(null, 'GET //%E0%A4%A')).toMatchObject({ status: 400, body: { code: 'INVALID_PAYLOAD' } });
  });

  test('ids that are no ids', async () => {
    const rest = new RestService();
    for (const id of ['a%20b', 'x'.repeat(65), '%00', 'ä', "'--"]) {
      expect((await rest.refused(ada, `GET /sessions/${id}`, 'INVALID_PAYLOAD')).field).toBe('id');
      expect((await rest.refused(ada, `GET /courses/${id}/report`, 'INVALID_PAYLOAD')).field).toBe('id');
    }
    const record = `PATCH /sessions/x1/attendance/${'x'.repeat(65)}`;
    const body = { status: 'late', reason: 'r' };
    expect((await rest.refused(ada, record, 'INVALID_PAYLOAD', body)).field).toBe('student_id');
    await rest.refused(ada, `GET /sessions/${'x'.repeat(401)}`, 'NOT_FOUND');
  });
});

describe('failures of ours', () => {
  test('INTERNAL tells nothing of the error and is logged with it', async () => {
    const rest = new RestService();
    vi.spyOn(rest.services.registry, 'course').mockRejectedValue(new TypeError('secret detail of the machine'));
    const answer = await rest.send(admin, 'GET /courses/c1');
    expect(answer.body).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'Internal error',
      code: 'INTERNAL',
      retryable: false,
    });
    expect(rest.lines().at(-1)).toMatchObject({ level: 50, code: 'INTERNAL', status: 500 });
    expect(rest.log).toContain('secret detail of the machine');
  });

  test('STORE_UNAVAILABLE is retryable', async () => {
    const rest = new RestService();
    vi.spyOn(rest.services.registry, 'courses').mockRejectedValue(refuse('STORE_UNAVAILABLE'));
    expect(await rest.refused(admin, 'GET /courses', 'STORE_UNAVAILABLE')).toMatchObject({
      status: 503,
      retryable: true,
    });
  });

  test('RATE_LIMITED says when in a header too', async () => {
    const rest = new RestService();
    const refusal = refuse('RATE_LIMITED', undefined, { retry_after_ms: 1_500 });
    vi.spyOn(rest.services.registry, 'courses').mockRejectedValue(refusal);
    const { headers, body } = await rest.send(admin, 'GET /courses');
    expect(headers['retry-after']).toBe('2');
    expect(body).toMatchObject({ retry_after_ms: 1_500, status: 429 });
  });
});
