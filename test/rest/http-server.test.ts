import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, test, vi } from 'vitest';
import { refuse } from '../../src/contract/errors.ts';
import { clientEvents, serverEvents } from '../../src/contract/events.ts';
import { API_PREFIX, type RouteRow, routes } from '../../src/contract/routes.ts';
import type { HttpServerOptions } from '../../src/rest/http-server.ts';
import { ada, anna, RestService } from './rest-service.ts';

describe('documentation', () => {
  test('OpenAPI names every route of the table and nothing else', async () => {
    const rest = new RestService();
    const document = await rest.ok(null, 'GET /openapi.json');
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Rollcast' }, security: [{ token: [] }] });
    const told = Object.entries(document.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const rows: RouteRow[] = Object.values(routes);
    const expected = rows.map(({ method, path }) => `${method} ${API_PREFIX}${path.replace(/:(\w+)/g, '{$1}')}`);
    expect(told.sort()).toEqual(expected.sort());
    const roster = document.paths[`${API_PREFIX}/courses/{id}/enrollments`].put;
    expect(Object.keys(roster.requestBody.content)).toEqual(['application/json', 'text/csv']);
    expect(roster.responses.default.content['application/problem+json'].schema.properties.code).toBeDefined();
    const bodyOf = (path: string) => document.paths[`${API_PREFIX}/sessions/{id}/${path}`].post.requestBody;
    expect([bodyOf('start').required, bodyOf('cancel').required, bodyOf('marks').required]).toEqual([
      false,
      false,
      true,
    ]);
    expect(JSON.stringify(document)).not.toContain('undefined');
  });

  test('OpenAPI names each operation as the route table does', async () => {
    const { paths } = await new RestService().ok(null, 'GET /openapi.json');
    const told = Object.entries<Record<string, { operationId?: string }>>(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [operationId, `${method.toUpperCase()} ${path}`]),
    );
    const expected = Object.entries<RouteRow>(routes).map(([name, { method, path }]) => [
      name,
      `${method} ${API_PREFIX}${path.replace(/:(\w+)/g, '{$1}')}`,
    ]);
    expect(told.sort()).toEqual(expected.sort());
    expect(new Set(told.map(([id]) => id)).size).toBe(told.length);
  });

  test('the page at /docs loads everything from here and may do so', async () => {
    const rest = new RestService();
    for (const path of ['/docs', '/docs/']) {
      const { status, text, headers } = await rest.send(null, `GET /${path}`);
      expect(status).toBe(200);
      expect(headers['content-security-policy']).toMatch(/default-src 'none'; script-src 'self'/);
      expect(headers['content-security-policy']).not.toContain('http');
      const assets = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);
      expect(assets.length).toBeGreaterThan(4);
      for (const asset of assets) {
        const url = new URL(asset, 'http://here/docs/');
        expect(url.host).toBe('here');
        expect((await rest.send(null, `GET /${url.pathname}`)).status).toBe(200);
      }
      // Inline scripts would be blocked.
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|<style/);
    }
    const settings = (await rest.send(null, 'GET //docs/static/swagger-initializer.js')).text;
    expect(settings).toContain('validatorUrl: null');
    expect(await rest.ok(null, 'GET //docs/json')).toEqual(await rest.ok(null, 'GET /openapi.json'));
  });
});

test('the page at / says where to go, without a request to anywhere', async () => {
  const rest = new RestService();
  const { text, headers } = await rest.send(null, 'GET //');
  expect(headers['content-type']).toBe('text/html; charset=utf-8');
  const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
  expect(headers['content-security-policy']).toContain(createHash('sha256').update(style).digest('base64'));
  expect(text).not.toMatch(/<script|<link rel="stylesheet"|style="|@import|url\(/);
  for (const [, link = ''] of text.matchAll(/<a href="([^"]+)"/g)) {
    expect((await rest.send(null, `GET /${link}`)).status).toBe(200);
  }
  for (const name of [...Object.keys(clientEvents), ...Object.keys(serverEvents)]) expect(text).toContain(`>${name}<`);
  expect(text).toContain('prefers-color-scheme: dark');
});

describe('the samples on the page at / show', () => {
  const shown = async (headers: Record<string, string>, options: Partial<HttpServerOptions> = {}) => {
    const { text, headers: answered } = await new RestService(options).send(null, 'GET //', undefined, { headers });
    expect(answered['content-security-policy']).toContain("default-src 'none'");
    expect(answered['cache-control']).toBe('no-store');
    expect(text).not.toContain('4002');
    const [, curl] = /\$TOKEN" (\S+)\/api\/v1\/courses</.exec(text) ?? [];
    const [, io] = /io\('([^']+)'/.exec(text) ?? [];
    return { curl, io, text };
  };
  const both = (origin: string) => ({ curl: origin, io: origin });
  const forwarded = { host: 'node:8080', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'roll.example.edu' };

  test('where the request went', async () => {
    expect(await shown({ host: 'roll.example.edu:8443' })).toMatchObject(both('http://roll.example.edu:8443'));
    expect(await shown({ host: '[::1]:5000' })).toMatchObject(both('http://[::1]:5000'));
  });

  test('what a proxy forwards, when it is trusted', async () => {
    expect(await shown(forwarded)).toMatchObject(both('http://node:8080'));
    for (const trustProxy of [true, 1, ['127.0.0.1']]) {
      expect(await shown(forwarded, { trustProxy })).toMatchObject(both('https://roll.example.edu'));
    }
    expect(await shown(forwarded, { trustProxy: ['10.0.0.0/8'] })).toMatchObject(both('http://node:8080'));
  });

  test('PUBLIC_URL when it is set, with its path where clients need it', async () => {
    const publicUrl = 'https://example.edu';
    expect(await shown(forwarded, { publicUrl, trustProxy: true })).toMatchObject(both('https://example.edu'));
    const { curl, io, text } = await shown(forwarded, { publicUrl: `${publicUrl}/roll&call` });
    expect({ curl, io }).toEqual({ curl: 'https://example.edu/roll&#38;call', io: 'https://example.edu' });
    expect(text).toContain("path: '/roll&#38;call/socket.io', auth: { token }");
  });

  test.each([
    ['', 'an empty Host'],
    ['a"><script>alert(1)</script>', 'a script'],
    ["a');alert(1);('", 'a quotation mark'],
    ['a.example:99999', 'a port beyond all ports'],
    ['1.2.3.999', 'an address that is none'],
    ['user@a.example', 'a user'],
  ])('nothing of a Host that is none: %s', async (host) => {
    expect(await shown({ host })).toMatchObject(both('http://localhost'));
    const headers = { host: 'node:8080', 'x-forwarded-host': host || '"', 'x-forwarded-proto': 'javascript' };
    expect(await shown(headers, { trustProxy: true })).toMatchObject(both('http://localhost'));
  });
});

describe('health', () => {
  test('/livez touches no store; /readyz names the part that is down', async () => {
    const rest = new RestService();
    const parts = { live: 'ok', registry: 'ok', draining: 'no' };
    expect(await rest.send(null, 'GET //readyz')).toMatchObject({ status: 200, body: { status: 'ok', parts } });
    vi.spyOn(rest.services.registry, 'ping').mockRejectedValue(refuse('STORE_UNAVAILABLE'));
    expect(await rest.send(null, 'GET //readyz')).toMatchObject({
      status: 503,
      body: { status: 'unavailable', parts: { ...parts, registry: 'down' } },
    });
    vi.restoreAllMocks();
    vi.spyOn(rest.services.live, 'ping').mockRejectedValue(new Error('down'));
    expect(await rest.send(null, 'GET //readyz')).toMatchObject({
      status: 503,
      body: { parts: { ...parts, live: 'down' } },
    });
    expect(await rest.send(null, 'GET //livez')).toMatchObject({ status: 200, body: { status: 'ok' } });
    vi.restoreAllMocks();
    rest.draining = true;
    expect(await rest.send(null, 'GET //readyz')).toMatchObject({
      status: 503,
      body: { parts: { ...parts, draining: 'yes' } },
    });
  });

  test('/readyz?parts=… asks the named parts alone; draining always counts', async () => {
    const rest = new RestService();
    vi.spyOn(rest.services.registry, 'ping').mockRejectedValue(refuse('STORE_UNAVAILABLE'));
    const asked = vi.spyOn(rest.services.live, 'ping');
    expect(await rest.send(null, 'GET //readyz?parts=live')).toMatchObject({ status: 200 });
    expect((await rest.send(null, 'GET //readyz?parts=live')).body).toEqual({
      status: 'ok',
      parts: { live: 'ok', draining: 'no' },
    });
    expect(asked).toHaveBeenCalledTimes(2);
    for (const parts of ['registry', 'live,registry', 'registry,live', 'live&parts=registry']) {
      expect(await rest.send(null, `GET //readyz?parts=${parts}`), parts).toMatchObject({
        status: 503,
        body: { status: 'unavailable', parts: { registry: 'down', draining: 'no' } },
      });
    }
    asked.mockClear();
    expect((await rest.send(null, 'GET //readyz?parts=registry')).body).not.toHaveProperty('parts.live');
    expect(asked).not.toHaveBeenCalled();
    for (const parts of ['', 'disk', 'live,disk', 'live,', 'Live', 'draining']) {
      expect(await rest.send(null, `GET //readyz?parts=${parts}`), parts).toMatchObject({
        status: 400,
        body: { code: 'INVALID_PAYLOAD', field: 'parts', detail: 'parts: must be of live, registry' },
      });
    }
    vi.restoreAllMocks();
    rest.draining = true;
    expect(await rest.send(null, 'GET //readyz?parts=live')).toMatchObject({
      status: 503,
      body: { parts: { live: 'ok', draining: 'yes' } },
    });
  });

  test('a store that never answers is down', async () => {
    const rest = new RestService();
    // Loading the routes takes as long as it takes; only the wait for the store is to be seen below.
    await rest.app.ready();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    vi.spyOn(rest.services.live, 'ping').mockReturnValue(new Promise(() => {}));
    const answer = rest.send(null, 'GET //readyz');
    await vi.waitFor(() => expect(vi.getTimerCount()).toBeGreaterThan(0));
    await vi.runAllTimersAsync();
    vi.useRealTimers();
    expect(await answer).toMatchObject({ status: 503, body: { parts: { live: 'down', registry: 'ok' } } });
    vi.restoreAllMocks();
  });

  test('/metrics, unless it has a listener of its own', async () => {
    const { text, headers } = await new RestService().send(null, 'GET //metrics');
    expect([text, headers['content-type']]).toEqual([
      'rollcast_sockets 0\n',
      'text/plain; version=0.0.4; charset=utf-8',
    ]);
    expect((await new RestService({ serveMetrics: false }).send(null, 'GET //metrics')).status).toBe(404);
  });
});

describe('each request', () => {
  test('has an id, given or made, in its answer and in its log line', async () => {
    const rest = await new RestService().school();
    const id = async (given: string) =>
      (await rest.send(ada, 'GET /courses', undefined, { headers: { 'x-request-id': given } })).headers['x-request-id'];
    expect(await id('trace-1.A_b')).toBe('trace-1.A_b');
    expect(rest.lines().at(-1)).toMatchObject({
      request_id: 'trace-1.A_b',
      method: 'GET',
      route: '/api/v1/courses',
      status: 200,
    });
    for (const bad of ['', 'a b', 'x'.repeat(65), '{"a":1}']) expect(await id(bad)).toMatch(/^made-/);
  });

  test('is logged by its pattern, with the session and the code, never with what it held', async () => {
    const rest = await new RestService().school();
    await rest.start('x1');
    await rest.refused(anna, 'POST /sessions/x1/marks', 'FORBIDDEN', {
      updates: [{ student_id: 's2', status: 'late', remarks: 'Canary' }],
    });
    const { ms, ...line } = rest.lines().at(-1) ?? {};
    expect(line).toMatchObject({
      level: 30,
      method: 'POST',
      route: '/api/v1/sessions/:id/marks',
      status: 403,
      code: 'FORBIDDEN',
      session_id: 'x1',
    });
    expect(ms).toEqual(expect.any(Number));
    await rest.refused(null, 'POST /sessions/x1/checkin-ticket?code=987654', 'CONFLICT', { code: '987654' });
    await rest.send(null, 'GET //nothing?token=987654');
    await rest.send(null, 'GET //%E0%A4%A?token=987654');
    expect(rest.log).not.toContain('987654');
    expect(rest.requests.at(-2)).toMatchObject({
      method: 'POST',
      route: '/api/v1/sessions/:id/checkin-ticket',
      status: 409,
    });
    expect(rest.requests.at(-1)).toMatchObject({ route: 'unknown', status: 404 });
  });

  test('is answered with strict headers and no caching', async () => {
    const { headers } = await new RestService().send(ada, 'GET /courses');
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
    });
    expect(headers['strict-transport-security']).toBeUndefined();
    expect(headers['x-powered-by']).toBeUndefined();
  });

  test('from other origins only where they are allowed', async () => {
    const rest = new RestService();
    const from = async (origin: string, line = 'GET /courses', more = {}) =>
      (await rest.send(ada, line, undefined, { headers: { origin, ...more } })).headers;
    expect((await from('https://school.example'))['access-control-allow-origin']).toBe('https://school.example');
    expect((await from('https://school.example'))['access-control-expose-headers']).toContain('x-request-id');
    expect((await from('https://evil.example'))['access-control-allow-origin']).toBeUndefined();
    const preflight = { 'access-control-request-method': 'PATCH', 'access-control-request-headers': 'authorization' };
    const allowed = await from('https://school.example', 'OPTIONS /courses/c1', preflight);
    expect(allowed['access-control-allow-methods']).toContain('PATCH');
    expect(allowed['access-control-allow-headers']).toBe('authorization');
    expect(
      (await from('https://evil.example', 'OPTIONS /courses/c1', preflight))['access-control-allow-methods'],
    ).toBeUndefined();
  });

  test('that is no HTTP gets a problem and the process lives', async () => {
    const rest = new RestService();
    await rest.app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = rest.app.server.address() as { port: number };
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write('SECRET987654 nonsense\r\n\r\n'));
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request[\s\S]*application\/problem\+json[\s\S]*INVALID_PAYLOAD/);
    expect(rest.log).not.toContain('987654');
    expect((await fetch(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
  });
});
