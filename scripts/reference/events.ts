/** docs/reference/events.md, from the event table. */
import { acknowledgementOf } from '../../src/contract/acknowledgements.ts';
import { RECEIVERS, SENDERS } from '../../src/contract/event-words.ts';
import {
  type ClientEventName,
  clientEvents,
  NAMESPACES,
  type ServerEventName,
  serverEvents,
} from '../../src/contract/events.ts';
import { API_PREFIX } from '../../src/contract/routes.ts';
import { PROTOCOL_HISTORY, PROTOCOL_VERSION } from '../../src/contract/version.ts';
import { fieldTable, typeMarkdown } from './fields.ts';
import { code, GENERATED, page, table } from './markdown.ts';

const KIB = 1024;
const link = (event: string): string => `[${code(event)}](#${event.toLowerCase()})`;

const clientSection = (name: ClientEventName): string[] => {
  const { who, reply, errorEvent, mutating, maxBytes, payload, description } = clientEvents[name];
  const answer =
    reply === null
      ? `the acknowledgement alone, ${typeMarkdown(acknowledgementOf(name))}`
      : `${link(reply)}, which the acknowledgement repeats`;
  const facts = [
    `**Who:** ${SENDERS[who]}`,
    `**Answered by:** ${answer}`,
    `**Refused with:** ${link(errorEvent)}`,
    `**At most:** ${maxBytes / KIB} KiB`,
    mutating ? '**Repeatable** with a `request_id`' : '',
  ];
  return [
    `### ${name}`,
    description,
    facts.filter((it) => it !== '').join(' · '),
    fieldTable(payload) ?? 'No payload.',
  ];
};

const serverSection = (name: ServerEventName): string[] => {
  const { to, reachesStudents, payload, description } = serverEvents[name];
  const students = reachesStudents ? 'Students may receive it' : 'Never sent to students';
  return [`### ${name}`, description, `**To:** ${RECEIVERS[to]} · ${students}`, fieldTable(payload) ?? 'No payload.'];
};

const clientNames = Object.keys(clientEvents) as ClientEventName[];
const serverNames = Object.keys(serverEvents) as ServerEventName[];

export const eventsPage = (): string =>
  page(
    '# Events',
    GENERATED,
    `Socket.IO events on the namespaces ${NAMESPACES.map(code).join(' and ')}, which are one audience. How to connect, and what acknowledgements, request ids and the numbers mean, is in [clients.md](../clients.md); the objects are in [nouns.md](nouns.md), the codes in [errors.md](errors.md). The same is an AsyncAPI document, [asyncapi.json](asyncapi.json), which a running node has at ${code(`${API_PREFIX}/asyncapi.json`)}, and as a page at \`/docs/events\`.`,
    `Protocol version ${PROTOCOL_VERSION}.`,
    table(['Version', 'What it brought'], Object.entries(PROTOCOL_HISTORY)),
    '## Client → server',
    'Unknown extra keys are ignored. `sessionId`, `studentId` and `courseId` are accepted for `session_id`, `student_id` and `course_id`.',
    table(
      ['Event', 'Who', 'What'],
      clientNames.map((it) => [link(it), SENDERS[clientEvents[it].who], clientEvents[it].description]),
    ),
    ...clientNames.flatMap(clientSection),
    '## Server → client',
    table(
      ['Event', 'To', 'What'],
      serverNames.map((it) => [link(it), RECEIVERS[serverEvents[it].to], serverEvents[it].description]),
    ),
    ...serverNames.flatMap(serverSection),
  );
