import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { acknowledgementOf, Refused } from '../../src/contract/acknowledgements.ts';
import { ERRORS } from '../../src/contract/errors.ts';
import { type ClientEventName, clientEvents, NAMESPACES, serverEvents } from '../../src/contract/events.ts';
import { PROTOCOL_HISTORY, PROTOCOL_VERSION } from '../../src/contract/version.ts';

/** The hash of the wire as each version left it. A line whose version was released is never edited. */
const WIRE_HASHES: Record<number, string> = {
  1: '165490905c4884d85a876095dd4e25dd',
};

/** What says something to readers and nothing to machines. */
const ANNOTATIONS = new Set(['description', 'examples']);

/** Keys sorted, annotations left out: neither order nor wording is the wire. */
const canonical = (value: unknown, isPropertyMap = false): unknown => {
  if (Array.isArray(value)) return value.map((it) => canonical(it));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key]) => isPropertyMap || !ANNOTATIONS.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  // Below `properties` keys are names of fields, and a field may well be called description.
  return Object.fromEntries(entries.map(([key, it]) => [key, canonical(it, !isPropertyMap && key === 'properties')]));
};

const each = <T>(rows: Record<string, T>, wireOf: (row: T) => object) =>
  Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, wireOf(row)]));

const wire = () =>
  canonical({
    namespaces: NAMESPACES,
    client: each(clientEvents, ({ payload, reply, errorEvent, maxBytes }) => ({
      payload,
      reply,
      errorEvent,
      maxBytes,
    })),
    // Of the others, it is the payload of their reply event.
    acknowledgements: Object.fromEntries(
      (Object.keys(clientEvents) as ClientEventName[])
        .filter((name) => clientEvents[name].reply === null)
        .map((name) => [name, acknowledgementOf(name)]),
    ),
    refused: Refused,
    server: each(serverEvents, ({ payload, to }) => ({ payload, to })),
    errors: each(ERRORS, ({ status, retryable }) => ({ status, retryable })),
  });

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);

test('the wire is what this protocol version says it is', () => {
  const hash = hashOf(wire());
  const whatToDo = [
    `Events, payloads, receivers or error codes have changed: the wire is now ${hash}.`,
    `If version ${PROTOCOL_VERSION} has been released, raise PROTOCOL_VERSION in src/contract/version.ts, add its line to`,
    'PROTOCOL_HISTORY, and add its hash to WIRE_HASHES in this test. If it has not, replace its hash.',
    'Then run `npm run generate`, and check that clients that know the version before still understand everything.',
  ].join('\n');
  expect(WIRE_HASHES[PROTOCOL_VERSION], whatToDo).toBe(hash);
});

test('every version has one line of history and its hash', () => {
  const versions = Array.from({ length: PROTOCOL_VERSION }, (_, index) => String(index + 1));
  expect(Object.keys(PROTOCOL_HISTORY)).toEqual(versions);
  expect(Object.keys(WIRE_HASHES)).toEqual(versions);
  for (const line of Object.values(PROTOCOL_HISTORY)) expect(line).toMatch(/^[^\n]{10,120}$/);
});

test('wording does not change the hash; fields, receivers and bounds do', () => {
  const schema = (maxLength: number, description: string) => ({
    type: 'object',
    properties: { description: { type: 'string', maxLength, description } },
  });
  expect(hashOf(canonical(schema(5, 'a')))).toBe(hashOf(canonical(schema(5, 'b'))));
  expect(hashOf(canonical(schema(5, 'a')))).not.toBe(hashOf(canonical(schema(6, 'a'))));
  expect(canonical(schema(5, 'a'))).toHaveProperty('properties.description');
});
