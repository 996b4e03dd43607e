/** Holds what the service sends against the contract: every key that it sends is in the schema, every key of the schema is there. */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { acknowledgementOf, Refused } from '../../src/contract/acknowledgements.ts';
import {
  type Acknowledgement,
  type ClientEventName,
  clientEvents,
  type ServerEventName,
  serverEvents,
} from '../../src/contract/events.ts';
import type { RouteRow } from '../../src/contract/routes.ts';

type Node = { [key: string]: unknown };

/** The same schema, with no keys beyond those it names. */
const closed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy: Node = {};
  for (const [key, value] of Object.entries(schema)) copy[key] = closed(value);
  if (typeof copy.properties === 'object' && copy.type === 'object') copy.additionalProperties = false;
  return copy;
};

type Check = (value: unknown) => string | null;

/** Answers what is wrong with a value, or null. */
export const strictly = (schema: TSchema): Check => {
  const validator = Compile(closed(schema) as TSchema);
  return (value) => {
    if (validator.Check(value)) return null;
    const [first] = validator.Errors(value);
    return `${first?.instancePath ?? ''} ${first?.message ?? 'is wrong'} ${JSON.stringify(first?.params ?? {})}`;
  };
};

const eventChecks = new Map(
  (Object.keys(serverEvents) as ServerEventName[]).map((name) => [name, strictly(serverEvents[name].payload)] as const),
);

/** What is wrong with a server event, or null. */
export const wrongWithEvent = (event: string, payload: unknown): string | null => {
  const check = eventChecks.get(event as ServerEventName);
  if (check === undefined) return `${event} is not in the event table`;
  const wrong = check(payload);
  return wrong === null ? null : `${event}: ${wrong}`;
};

const acknowledgementChecks = new Map(
  (Object.keys(clientEvents) as ClientEventName[]).map((name) => [name, strictly(acknowledgementOf(name))] as const),
);
const wrongWithRefusal = strictly(Refused);

/** What is wrong with what a callback received, or null. */
export const wrongWithAcknowledgement = (event: string, answer: Acknowledgement): string | null => {
  const { ok, ...fields } = answer;
  const check = acknowledgementChecks.get(event as ClientEventName);
  const wrong = ok && check !== undefined ? check(fields) : wrongWithRefusal(answer);
  return wrong === null ? null : `the acknowledgement of ${event}: ${wrong}`;
};

const answerChecks = new WeakMap<RouteRow, Map<number, Check>>();

/** What is wrong with a successful answer of a route, or null. */
export const wrongWithAnswer = (row: RouteRow, status: number, body: unknown): string | null => {
  const schema = row.answers[status];
  if (schema === undefined) return `${row.method} ${row.path} has no answer ${status}`;
  if (schema === 'csv') return typeof body === 'string' ? null : `${row.path} did not answer text`;
  const checks = answerChecks.get(row) ?? new Map<number, Check>();
  answerChecks.set(row, checks);
  const check = checks.get(status) ?? strictly(schema);
  checks.set(status, check);
  const wrong = check(body);
  return wrong === null ? null : `${row.method} ${row.path} ${status}: ${wrong}`;
};
