/** The page at `/docs/events`: the event table as people read it, beside the page of the REST API. */
import type { TSchema } from 'typebox';
import { acknowledgementOf, Refused } from '../contract/acknowledgements.ts';
import { ERRORS } from '../contract/errors.ts';
import { RECEIVERS, SENDERS } from '../contract/event-words.ts';
import {
  type ClientEventName,
  clientEvents,
  NAMESPACES,
  type ServerEventName,
  serverEvents,
} from '../contract/events.ts';
import { HANDSHAKE_REFUSALS, HandshakeAuth } from '../contract/handshake.ts';
import { PROTOCOL_HISTORY, PROTOCOL_VERSION } from '../contract/version.ts';
import { EVENTS_STYLE } from './events-style.ts';
import { contentPolicy, escaped, pageHtml } from './html.ts';
import { exampleOf } from './schema-example.ts';
import { fieldsOf, type Markup, objectNouns, plainNouns, plainNounText } from './schema-text.ts';

const KIB = 1024;
const clientNames = Object.keys(clientEvents) as ClientEventName[];
const serverNames = Object.keys(serverEvents) as ServerEventName[];

const code = (text: string): string => `<code>${escaped(text)}</code>`;
const codes = (texts: readonly string[]): string => texts.map(code).join(', ');
const link = (id: string): string => `<a href="#${escaped(id)}">${code(id)}</a>`;
const HTML: Markup = { code, noun: link };

/** Roles are said as well: on a narrow screen the style makes a table look like a list, and it still is a table. */
const table = (caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const columns = head.map((it) => `<th scope="col" role="columnheader">${it}</th>`).join('');
  const body = rows.map(([first = '', ...cells]) => {
    const rest = cells.map((it) => `<td role="cell">${it}</td>`).join('');
    return `<tr role="row"><th scope="row" role="rowheader">${first}</th>${rest}</tr>`;
  });
  return `<table role="table"><caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns}</tr></thead>
<tbody role="rowgroup">
${body.join('\n')}
</tbody></table>`;
};

const fieldTable = (caption: string, schema: TSchema): string => {
  const rows = fieldsOf(schema, HTML).map(({ name, type, required, notes }) => [
    code(name),
    type,
    required ? 'required' : 'optional',
    escaped(notes.join('; ')),
  ]);
  return table(caption, ['Field', 'Type', 'Required', 'Description'], rows);
};

const example = (of: string, schema: TSchema): string => {
  const value = exampleOf(schema);
  if (value === undefined) return '';
  const json = escaped(JSON.stringify(value, null, 2));
  return `<details><summary>Example of ${code(of)}: the required fields, lists with one entry</summary><pre tabindex="0"><code>${json}</code></pre></details>`;
};

const facts = (rows: readonly [string, string][]): string =>
  `<dl>${rows.map(([term, what]) => `<div><dt>${term}</dt><dd>${what}</dd></div>`).join('')}</dl>`;

const eventSection = (
  name: ClientEventName | ServerEventName,
  rows: readonly [string, string][],
  ...more: readonly string[]
): string => {
  const { payload, description } = { ...clientEvents, ...serverEvents }[name];
  return [
    `<section><h3 id="${name}">${code(name)}</h3>`,
    `<p>${escaped(description)}</p>`,
    facts(rows),
    fieldTable(`Payload of ${code(name)}`, payload),
    ...more,
    example(name, payload),
    '</section>',
  ].join('\n');
};

/** Of an event without a reply event; some are answered in one of several ways. */
const acknowledgement = (name: ClientEventName): string[] => {
  if (clientEvents[name].reply !== null) return [];
  const schema = acknowledgementOf(name) as TSchema & { anyOf?: TSchema[] };
  const ways = schema.anyOf ?? [schema];
  return ways.map((it, index) => {
    const which = ways.length === 1 ? '' : `, ${index === 0 ? 'either' : 'or'}`;
    return fieldTable(`Acknowledgement of ${code(name)}, beside ${code('ok')}${which}`, it);
  });
};

const clientSection = (name: ClientEventName): string => {
  const { who, reply, errorEvent, mutating, maxBytes } = clientEvents[name];
  const answer = reply === null ? 'the acknowledgement alone' : `${link(reply)}, which the acknowledgement repeats`;
  const rows: [string, string][] = [
    ['Direction', 'client → server'],
    ['Who may send it', escaped(SENDERS[who])],
    ['Answered by', answer],
    ['Refused with', link(errorEvent)],
    ['At most', `${maxBytes / KIB} KiB`],
    ['Repeatable', mutating ? `with a ${code('request_id')}` : 'as it is'],
  ];
  return eventSection(name, rows, ...acknowledgement(name));
};

const serverSection = (name: ServerEventName): string => {
  const { to, reachesStudents } = serverEvents[name];
  return eventSection(name, [
    ['Direction', 'server → client'],
    ['Who receives it', escaped(RECEIVERS[to])],
    ['Students', reachesStudents ? 'may receive it' : 'never receive it'],
  ]);
};

const connecting = (): string => `<section><h2 id="connecting">Connecting</h2>
<p>Any Socket.IO client of protocol 5, on the namespaces ${NAMESPACES.map(code).join(' and ')}: they are one audience, and everything works on both. A JSON Web Token goes into the ${code('auth')} of the handshake. A connection that is refused is a ${code('connect_error')} whose message begins with ${code('Authentication error')} and whose ${code('data')} is ${code('{ code }')}, out of ${codes(HANDSHAKE_REFUSALS)}.</p>
${fieldTable(`${code('auth')} of the handshake`, HandshakeAuth)}
</section>`;

const answers = (): string => {
  const rows = Object.entries(ERRORS).map(([name, { message, retryable }]) => [
    code(name),
    retryable ? 'yes' : 'no',
    escaped(message),
  ]);
  return `<section><h2 id="answers">Answers and errors</h2>
<p>Every event takes a callback, which is called exactly once: with ${code('{ ok: true, … }')} and the fields of the reply event, or with ${code('{ ok: false, … }')}. Whoever sends without one hears the reply event, or the error event, which also says what is refused. Unknown keys are ignored; ${codes(['sessionId', 'studentId', 'courseId'])} are accepted for ${codes(['session_id', 'student_id', 'course_id'])}. What is sent again with the same ${code('request_id')} happens once.</p>
${fieldTable('Acknowledgement of what is refused', Refused)}
${table('Error codes', ['Code', 'Retryable', 'Usual message'], rows)}
</section>`;
};

const objects = (): string => {
  const withFields = objectNouns.map(([name, schema]) => {
    const said = 'description' in schema ? `<p>${escaped(String(schema.description))}.</p>\n` : '';
    return `<section><h3 id="${name}">${code(name)}</h3>\n${said}${fieldTable(`Fields of ${code(name)}`, schema)}\n</section>`;
  });
  const others = plainNouns.map(([name, schema]) => {
    const { type, description } = plainNounText(schema, HTML);
    return [`<span id="${name}">${code(name)}</span>`, type, escaped(description)];
  });
  return `${withFields.join('\n')}
<section><h3 id="other-types">Other types</h3>
${table('Types that are no objects', ['Type', 'Written as', 'Description'], others)}
</section>`;
};

const list = (ids: readonly string[]): string => `<ul>${ids.map((id) => `<li>${link(id)}</li>`).join('')}</ul>`;

const contents = (): string => `<nav class="contents" aria-label="Contents">
<p><a href="#connecting">Connecting</a></p>
<p><a href="#answers">Answers and errors</a></p>
<p><a href="#from-clients">From clients</a></p>
${list(clientNames)}
<p><a href="#to-clients">To clients</a></p>
${list(serverNames)}
<p><a href="#objects">Objects</a></p>
${list(objectNouns.map(([name]) => name))}
</nav>`;

const sent = clientNames.map((name) => {
  const { who, description } = clientEvents[name];
  return [link(name), escaped(SENDERS[who]), escaped(description)];
});
const told = serverNames.map((name) => {
  const { to, description } = serverEvents[name];
  return [link(name), escaped(RECEIVERS[to]), escaped(description)];
});
const history = Object.entries(PROTOCOL_HISTORY).map(([version, brought]) => [version, escaped(brought)]);

/** Links are relative: a proxy may serve all of this below a path of its own. */
const body = (): string => `<a class="skip" href="#events">Skip to the content</a>
<header><nav aria-label="Pages"><a href="../">Rollcast</a> <a href="./">REST API</a> <span aria-current="page">Events</span> <a href="../api/v1/asyncapi.json">AsyncAPI</a></nav></header>
<div class="layout">
${contents()}
<main id="events" tabindex="-1">
<h1>Events</h1>
<p class="lead">What clients and Rollcast say to each other over Socket.IO. For programs, the same is an <a href="../api/v1/asyncapi.json">AsyncAPI document</a>.</p>
${connecting()}
${answers()}
<section><h2 id="version">Protocol version ${PROTOCOL_VERSION}</h2>
${table('What each version brought', ['Version', 'What'], history)}
</section>
<section><h2 id="from-clients">From clients</h2>
${table('Events that clients send', ['Event', 'Who may send it', 'What'], sent)}
</section>
${clientNames.map(clientSection).join('\n')}
<section><h2 id="to-clients">To clients</h2>
${table('Events that the service sends', ['Event', 'Who receives it', 'What'], told)}
</section>
${serverNames.map(serverSection).join('\n')}
<h2 id="objects">Objects</h2>
${objects()}
</main>
</div>`;

let made: string | undefined;
/** It says the same to everybody: made once, when somebody asks. */
export const eventsPage = (): string => {
  made ??= pageHtml({ title: 'Rollcast events', style: EVENTS_STYLE, body: body() });
  return made;
};
export const EVENTS_PAGE_CSP = contentPolicy(EVENTS_STYLE);
