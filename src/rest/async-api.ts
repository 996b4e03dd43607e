/** The AsyncAPI document: the event table as other tools read it. Every schema in it is one of the contract. */
import type { TSchema } from 'typebox';
import { Accepted, acknowledgementOf, Refused } from '../contract/acknowledgements.ts';
import { ERRORS, type ErrorCode } from '../contract/errors.ts';
import { RECEIVERS, SENDERS } from '../contract/event-words.ts';
import {
  type ClientEventName,
  clientEvents,
  NAMESPACES,
  type ServerEventName,
  serverEvents,
} from '../contract/events.ts';
import { HANDSHAKE_REFUSALS, HandshakeAuth } from '../contract/handshake.ts';
import { PROTOCOL_VERSION } from '../contract/version.ts';
import { exampleOf } from './schema-example.ts';
import { nounOf, nouns } from './schema-text.ts';

type Json = Record<string, unknown>;
type Namespace = (typeof NAMESPACES)[number];
type Ref = { $ref: string };

const KIB = 1024;
const clientNames = Object.keys(clientEvents) as ClientEventName[];
const serverNames = Object.keys(serverEvents) as ServerEventName[];

const errorCodes = Object.keys(ERRORS) as ErrorCode[];

const each = <K extends string>(keys: readonly K[], make: (key: K) => unknown): Json =>
  Object.fromEntries(keys.map((key) => [key, make(key)]));
const ref = (...path: string[]): Ref => ({
  $ref: `#/${path.map((it) => it.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`,
});

/** The same schema, the nouns in it by reference. */
const withRefs = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withRefs);
  if (typeof value !== 'object' || value === null) return value;
  const noun = nounOf(value);
  return noun === undefined ? insideWithRefs(value) : ref('components', 'schemas', noun);
};
const insideWithRefs = (value: object): Json =>
  Object.fromEntries(Object.entries(value).map(([key, it]) => [key, withRefs(it)]));

/** The nouns that anything refers to, be it another noun. */
const usedNouns = (...roots: unknown[]): Json => {
  const used = new Set<string>();
  const look = (value: unknown): void => {
    for (const [, name = ''] of JSON.stringify(value).matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      const schema = nouns.find(([it]) => it === name)?.[1];
      if (schema === undefined || used.has(name)) continue;
      used.add(name);
      look(insideWithRefs(schema));
    }
  };
  look(roots);
  return Object.fromEntries(
    nouns.filter(([name]) => used.has(name)).map(([name, schema]) => [name, insideWithRefs(schema)]),
  );
};

const examplesOf = (payload: TSchema): { examples?: unknown[] } => {
  const example = exampleOf(payload);
  if (example === undefined) return {};
  return { examples: [{ summary: 'The required fields; lists with one entry', payload: example }] };
};

const eventMessage = (name: ClientEventName | ServerEventName): Json => {
  const { payload, description } = { ...clientEvents, ...serverEvents }[name];
  return { name, title: name, summary: description, payload: withRefs(payload), ...examplesOf(payload) };
};

const REFUSED = 'refused';
const acknowledgementName = (event: ClientEventName): string => `${event}.acknowledgement`;

const acknowledgementMessage = (event: ClientEventName): Json => {
  const { reply } = clientEvents[event];
  const fields = reply === null ? withRefs(acknowledgementOf(event)) : ref('components', 'messages', reply, 'payload');
  const repeats = reply === null ? '' : `, with the payload of ${reply}`;
  return {
    name: acknowledgementName(event),
    title: `Acknowledgement of ${event}`,
    summary: `${event} was accepted${repeats}`,
    payload: { allOf: [ref('components', 'schemas', 'Accepted'), fields] },
  };
};

const refusedMessage: Json = {
  name: REFUSED,
  title: 'Acknowledgement of what is refused',
  summary: 'Nothing was changed, or with STORE_UNAVAILABLE it is not known whether',
  description: `\`code\` is one of ${errorCodes.join(', ')}. \`retryable\` says whether the same event may be accepted later, unchanged.`,
  payload: ref('components', 'schemas', 'Refused'),
  'x-error-codes': each(errorCodes, (it) => ({ message: ERRORS[it].message, retryable: ERRORS[it].retryable })),
};

/** Socket.IO's namespaces, and the callbacks, which have no address. */
const CHANNEL_IDS: Record<Namespace, string> = { '/': 'main', '/attendance': 'attendance' };
const ACKNOWLEDGEMENTS = 'acknowledgements';

const channelOf = (namespace: Namespace): Json => ({
  address: namespace,
  title: `Namespace ${namespace}`,
  description: `${NAMESPACES.join(' and ')} are one audience: every event reaches its receivers on either, and everything can be sent on both.`,
  messages: each([...clientNames, ...serverNames], (name) => ref('components', 'messages', name)),
});

const acknowledgements: Json = {
  address: null,
  title: 'Acknowledgements',
  description:
    'What the callback of an event receives, exactly once. Whoever sends without a callback hears the reply event or the error event alone; with one, both come.',
  messages: each([...clientNames.map(acknowledgementName), REFUSED], (name) => ref('components', 'messages', name)),
};

const receiveOperation = (event: ClientEventName, channel: string): Json => {
  const { who, reply, errorEvent, mutating, maxBytes, description } = clientEvents[event];
  const answer = reply === null ? 'by acknowledgement alone' : `by ${reply}, which the acknowledgement repeats`;
  const facts = [
    `Who may send it: ${SENDERS[who]}.`,
    `Answered ${answer}; refused with ${errorEvent}.`,
    `At most ${maxBytes / KIB} KiB.`,
    ...(mutating ? ['Repeatable with a request_id.'] : []),
  ];
  return {
    action: 'receive',
    channel: ref('channels', channel),
    title: event,
    summary: description,
    description: facts.join(' '),
    messages: [ref('channels', channel, 'messages', event)],
    reply: {
      channel: ref('channels', ACKNOWLEDGEMENTS),
      messages: [acknowledgementName(event), REFUSED].map((it) => ref('channels', ACKNOWLEDGEMENTS, 'messages', it)),
    },
    'x-sender': who,
    'x-reply-event': reply,
    'x-error-event': errorEvent,
    'x-max-bytes': maxBytes,
    'x-takes-request-id': mutating,
  };
};

const sendOperation = (event: ServerEventName, channel: string): Json => {
  const { to, reachesStudents, description } = serverEvents[event];
  const students = reachesStudents ? 'Students may receive it.' : 'Never sent to students.';
  return {
    action: 'send',
    channel: ref('channels', channel),
    title: event,
    summary: description,
    description: `Who receives it: ${RECEIVERS[to]}. ${students}`,
    messages: [ref('channels', channel, 'messages', event)],
    'x-receivers': to,
    'x-reaches-students': reachesStudents,
  };
};

/** An operation belongs to one channel; on the second it has the channel before its name. */
const operations = (): Json =>
  Object.fromEntries(
    NAMESPACES.flatMap((namespace, index) => {
      const channel = CHANNEL_IDS[namespace];
      const prefix = index === 0 ? '' : `${channel}.`;
      return [
        ...clientNames.map((event) => [`${prefix}${event}`, receiveOperation(event, channel)]),
        ...serverNames.map((event) => [`${prefix}${event}`, sendOperation(event, channel)]),
      ];
    }),
  );

const serverAt = (base: string): Json => {
  const { protocol, host, pathname } = new URL(base);
  return {
    host,
    pathname: `${pathname === '/' ? '' : pathname}/socket.io/`,
    protocol: protocol === 'https:' ? 'wss' : 'ws',
    title: 'Socket.IO',
    description: `Socket.IO, its protocol 5, over WebSocket or long polling. The \`auth\` of the handshake is \`x-handshake-auth\`. A connection that is refused is a connect_error whose data is { code }, out of ${HANDSHAKE_REFUSALS.join(', ')}.`,
    security: [ref('components', 'securitySchemes', 'token')],
    'x-handshake-auth': ref('components', 'schemas', 'HandshakeAuth'),
  };
};

const made = () => {
  const messages = {
    ...each([...clientNames, ...serverNames], eventMessage),
    ...Object.fromEntries(clientNames.map((event) => [acknowledgementName(event), acknowledgementMessage(event)])),
    [REFUSED]: refusedMessage,
  };
  const own = each(['Accepted', 'Refused', 'HandshakeAuth'], (name) =>
    withRefs({ Accepted, Refused, HandshakeAuth }[name]),
  );
  return {
    channels: {
      ...Object.fromEntries(NAMESPACES.map((it) => [CHANNEL_IDS[it], channelOf(it)])),
      [ACKNOWLEDGEMENTS]: acknowledgements,
    },
    operations: operations(),
    components: {
      schemas: { ...usedNouns(messages, own), ...own },
      messages,
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'A JSON Web Token, not as a header but as `token` in the `auth` of the Socket.IO handshake.',
        },
      },
    },
  };
};
let parts: ReturnType<typeof made> | undefined;

/** base: where people reach this service, a URL without a slash at its end. */
export const asyncApi = (base: string): Json => {
  parts ??= made();
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Rollcast events',
      version: String(PROTOCOL_VERSION),
      description:
        'Live roll call for many classrooms at once, over Socket.IO. Operations are seen from the service: it receives what clients send. The version is that of the protocol. Every event takes a callback: { ok: true, … } or { ok: false, code, message, retryable }. Unknown keys are ignored; sessionId, studentId and courseId are accepted for session_id, student_id and course_id. The same as a page: /docs/events.',
      license: { name: 'Apache 2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { rollcast: serverAt(base) },
    ...parts,
  };
};
