import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type AsyncAPIDocumentInterface, DiagnosticSeverity, Parser } from '@asyncapi/parser';
import { Compile } from 'typebox/compile';
import { beforeAll, describe, expect, test } from 'vitest';
import { asyncApiDocument, openApiDocument } from '../../scripts/reference/documents.ts';
import { acknowledgementOf } from '../../src/contract/acknowledgements.ts';
import { ERRORS } from '../../src/contract/errors.ts';
import { type ClientEventName, clientEvents, NAMESPACES, serverEvents } from '../../src/contract/events.ts';
import { PROTOCOL_VERSION } from '../../src/contract/version.ts';
import { asyncApi } from '../../src/rest/async-api.ts';
import { escaped } from '../../src/rest/html.ts';
import { exampleOf } from '../../src/rest/schema-example.ts';
import { objectNouns } from '../../src/rest/schema-text.ts';
import { RestService } from './rest-service.ts';

const events = { ...clientEvents, ...serverEvents };
const clientNames = Object.keys(clientEvents) as ClientEventName[];
const serverNames = Object.keys(serverEvents);
const acknowledgementNames = clientNames.map((name) => `${name}.acknowledgement`);

/** As a schema of the contract looks on the wire. */
const plain = (schema: unknown): unknown => JSON.parse(JSON.stringify(schema));

/** What the parser has resolved, without its own marks. */
const unmarked = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(unmarked);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !key.startsWith('x-parser-'));
  return Object.fromEntries(entries.map(([key, it]) => [key, unmarked(it)]));
};

describe('the AsyncAPI document', () => {
  let document: AsyncAPIDocumentInterface;
  let complaints: string[];

  // Its rules take seconds.
  beforeAll(async () => {
    const parsed = await new Parser().parse(JSON.stringify(asyncApi('https://roll.example.edu')));
    complaints = parsed.diagnostics
      .filter(({ severity }) => severity <= DiagnosticSeverity.Warning)
      .map((it) => `${it.path.join('/')}: ${it.message}`);
    document = parsed.document as AsyncAPIDocumentInterface;
  }, 120_000);

  const operations = (namespace: string, action: string) =>
    document
      .operations()
      .all()
      .filter((it) => it.action() === action && it.channels().all()[0]?.address() === namespace);
  const told = (namespace: string, action: string) =>
    operations(namespace, action)
      .flatMap((it) => it.messages().all())
      .map((it) => it.name() as string);

  test('is valid, without a warning', () => {
    expect(complaints).toEqual([]);
    expect(document.version()).toBe('3.0.0');
    expect(document.info().version()).toBe(String(PROTOCOL_VERSION));
  });

  test.each(NAMESPACES)('has every event of the table on %s, in its direction, and no other', (namespace) => {
    expect(told(namespace, 'receive')).toEqual(clientNames);
    expect(told(namespace, 'send')).toEqual(serverNames);
    const channel = document
      .channels()
      .all()
      .find((it) => it.address() === namespace);
    expect(
      channel
        ?.messages()
        .all()
        .map((it) => it.name()),
    ).toEqual([...clientNames, ...serverNames]);
  });

  test('has nothing else but acknowledgements', () => {
    expect(document.channels().all()).toHaveLength(NAMESPACES.length + 1);
    expect(document.operations().all()).toHaveLength(NAMESPACES.length * (clientNames.length + serverNames.length));
    const messages = document.components().messages().all();
    const names = [...clientNames, ...serverNames, ...acknowledgementNames, 'refused'];
    expect(messages.map((it) => it.id())).toEqual(names);
  });

  test('has the payloads of the table', () => {
    for (const operation of document.operations().all()) {
      const [message] = operation.messages().all();
      const name = message?.name() as keyof typeof events;
      expect(unmarked(message?.payload()?.json()), name).toEqual(plain(events[name].payload));
    }
  });

  test('says with what each event is acknowledged, accepted or refused', () => {
    for (const operation of NAMESPACES.flatMap((it) => operations(it, 'receive'))) {
      const name = operation.messages().all()[0]?.name() as ClientEventName;
      const [accepted, refused, ...more] = operation.reply()?.messages().all() ?? [];
      expect([accepted?.name(), refused?.name(), more]).toEqual([`${name}.acknowledgement`, 'refused', []]);
      const [ok, fields] = accepted?.payload()?.allOf() ?? [];
      expect(ok?.property('ok')?.const()).toBe(true);
      expect(unmarked(fields?.json()), name).toEqual(plain(acknowledgementOf(name)));
      expect(refused?.payload()?.property('ok')?.const()).toBe(false);
      expect(Object.keys(refused?.extensions().get('x-error-codes')?.value<object>() ?? {})).toEqual(
        Object.keys(ERRORS),
      );
    }
  });

  test('says who sends and who receives, and what may be said at the handshake', () => {
    const join = operations('/', 'receive').find((it) => it.id() === 'joinAttendanceSession');
    expect(join?.description()).toContain('approved students and staff of the course');
    expect(join?.extensions().get('x-reply-event')?.value()).toBe('attendanceSessionJoined');
    const updated = operations('/attendance', 'send').find((it) => it.id() === 'attendance.attendanceUpdated');
    expect(updated?.description()).toBe('Who receives it: everybody in the session. Students may receive it.');
    const server = document.servers().get('rollcast');
    expect([server?.protocol(), server?.host(), server?.pathname()]).toEqual([
      'wss',
      'roll.example.edu',
      '/socket.io/',
    ]);
    const auth = server?.extensions().get('x-handshake-auth')?.value();
    expect(Object.keys(auth.properties)).toEqual(['token', 'device_id']);
    expect(auth.required).toEqual(['token']);
  });

  test('defines no schema that nothing refers to', () => {
    const text = JSON.stringify(asyncApi('http://here'));
    const { schemas } = asyncApi('http://here').components as { schemas: object };
    const unused = Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
    expect(unused).toEqual([]);
  });
});

describe('examples', () => {
  test.each(Object.entries(events))('that of %s is a payload of it', (name, { payload }) => {
    const example = exampleOf(payload);
    // A token that looks like one would be taken for one.
    expect(example === undefined).toBe(name === 'refreshToken');
    if (example !== undefined) expect([...Compile(payload).Errors(example)]).toEqual([]);
  });

  test('are not made up', () => {
    expect(exampleOf({ type: 'string' })).toBeUndefined();
    expect(exampleOf({ type: 'object', required: ['a'], properties: { a: { type: 'integer' } } })).toBeUndefined();
    expect(exampleOf({ type: 'array', items: { type: 'string' } })).toBeUndefined();
    expect(exampleOf({ type: 'array', items: { type: 'string' }, maxItems: 0 })).toEqual([]);
    expect(exampleOf({ anyOf: [{ type: 'string' }, { type: 'null' }] })).toBeNull();
    expect(exampleOf({ type: 'boolean', examples: [false], default: true })).toBe(false);
  });
});

describe('a node serves', () => {
  test('the document, saying where it is reached', async () => {
    const { headers, body } = await new RestService().send(null, 'GET /asyncapi.json', undefined, {
      headers: { host: 'roll.example.edu:8443' },
    });
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(body).toEqual(plain(asyncApi('http://roll.example.edu:8443')));
  });

  test('PUBLIC_URL in it when that is set', async () => {
    const rest = new RestService({ publicUrl: 'https://example.edu/roll' });
    const { servers } = await rest.ok(null, 'GET /asyncapi.json');
    expect(servers.rollcast).toMatchObject({ protocol: 'wss', host: 'example.edu', pathname: '/roll/socket.io/' });
  });

  test('a link from the page of the REST API to that of the events', async () => {
    const { externalDocs } = await new RestService().ok(null, 'GET /openapi.json');
    expect(externalDocs.url).toBe('/docs/events');
  });
});

describe('the page at /docs/events', () => {
  const page = () => new RestService().send(null, 'GET //docs/events');
  const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, it = '']) => it);

  test('has every event and object once', async () => {
    const { text, headers } = await page();
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    const ids = all(text, /\bid="([^"]+)"/g);
    expect(new Set(ids).size).toBe(ids.length);
    const headings = all(text, /<h3 id="([^"]+)">/g);
    const nouns = objectNouns.map(([name]) => name);
    expect(headings).toEqual([...clientNames, ...serverNames, ...nouns, 'other-types']);
    for (const code of Object.keys(ERRORS)) expect(text).toContain(`<code>${code}</code>`);
  });

  test('has no script, no style but its own, and no request to anywhere', async () => {
    const { text, headers } = await page();
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; /);
    expect(policy).toContain(createHash('sha256').update(style).digest('base64'));
    expect(text).not.toMatch(/<script|\son\w+=|\sstyle=|<link rel="stylesheet"|@import|url\(|<iframe|<form/i);
    const withoutIcon = text.replace(/<link rel="icon" href="data:[^"]+">/, '');
    expect(withoutIcon).not.toMatch(/https?:|(?:src|href)="\/\//);
    expect(style).toContain('prefers-color-scheme: dark');
  });

  test('leads to places that are there', async () => {
    const rest = new RestService();
    const { text } = await rest.send(null, 'GET //docs/events');
    const links = [...new Set(all(text, /<a (?:class="skip" )?href="([^"]+)"/g))];
    const ids = new Set(all(text, /\bid="([^"]+)"/g));
    expect(links.filter((it) => it.startsWith('#') && !ids.has(it.slice(1)))).toEqual([]);
    const pages = links.filter((it) => !it.startsWith('#'));
    expect(pages).toEqual(['../', './', '../api/v1/asyncapi.json']);
    for (const link of pages) {
      const { pathname } = new URL(link, 'http://here/docs/events');
      expect((await rest.send(null, `GET /${pathname}`)).status).toBe(200);
    }
  });

  test('can be found one’s way in: a title, landmarks, headings in steps, a caption for every table', async () => {
    const { text } = await page();
    expect(text).toMatch(/<html lang="en">[\s\S]*<title>Rollcast events<\/title>/);
    expect(all(text, /<(main|header|nav)\b/g)).toEqual(['header', 'nav', 'nav', 'main']);
    const levels = all(text, /<h(\d)\b/g).map(Number);
    expect(levels[0]).toBe(1);
    for (const [index, level] of levels.entries()) expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    expect(all(text, /(<table role="table"><caption>)/g)).toHaveLength(all(text, /(<table)/g).length);
  });

  test('escapes what the tables say', () => {
    expect(escaped('<b title="a">&')).toBe('&#60;b title=&#34;a&#34;&#62;&#38;');
  });
});

describe('the reference has', () => {
  const committed = (file: string): string =>
    readFileSync(path.resolve(import.meta.dirname, '../../docs/reference', file), 'utf8');

  test('the AsyncAPI document', () => {
    expect(committed('asyncapi.json') === asyncApiDocument(), 'run `npm run generate`').toBe(true);
  });

  test('the OpenAPI document, as a node serves it', async () => {
    const file = committed('openapi.json');
    expect(file === (await openApiDocument()), 'run `npm run generate`').toBe(true);
    expect(JSON.parse(file)).toEqual(await new RestService().ok(null, 'GET /openapi.json'));
  });
});
