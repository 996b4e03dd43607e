/** docs/reference/rest.md, from the route table. */
import type { TSchema } from 'typebox';
import { serverEvents } from '../../src/contract/events.ts';
import { API_PREFIX, type RouteRow, routes } from '../../src/contract/routes.ts';
import { fieldTable, typeMarkdown } from './fields.ts';
import { code, GENERATED, page, table } from './markdown.ts';

const rows: RouteRow[] = Object.values(routes);

/** As GitHub makes an anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

const headingOf = ({ method, path }: RouteRow): string => `${method} ${path}`;

const fields = (title: string, schema: TSchema | undefined): string[] => {
  if (schema === undefined) return [];
  const fieldRows = fieldTable(schema);
  return fieldRows === null ? [] : [`**${title}**`, fieldRows];
};

/** Routes that do the same as an event answer the same. */
const eventByPayload = new Map(
  Object.entries(serverEvents).map(([event, { payload }]) => [JSON.stringify(payload), event]),
);

const answerText = (answer: TSchema | 'csv'): string => {
  if (answer === 'csv') return '`text/csv`';
  const event = eventByPayload.get(JSON.stringify(answer));
  return event === undefined ? typeMarkdown(answer) : `as [${code(event)}](events.md#${event.toLowerCase()})`;
};

const section = (row: RouteRow): string[] => [
  `### ${headingOf(row)}`,
  `${row.summary}.${row.description === undefined ? '' : ` ${row.description}`}`,
  `**Who:** ${row.who}`,
  ...fields('Query', row.query),
  ...fields('Body', row.body),
  ...(row.csvBody === undefined ? [] : ['Or as `text/csv`: a header row with the same names; comma or semicolon.']),
  ...Object.entries(row.answers).map(([status, answer]) => `**Answer ${status}:** ${answerText(answer)}`),
];

export const restPage = (): string =>
  page(
    '# REST',
    GENERATED,
    `Every path lies under ${code(API_PREFIX)}. JSON in and out, with \`Authorization: Bearer <token>\`. The same is an OpenAPI document, [openapi.json](openapi.json), which a running node has at ${code(`${API_PREFIX}/openapi.json`)}, and as a page at \`/docs\`.`,
    'Errors are RFC 9457 problems (`application/problem+json`) with `code` and `retryable` of [errors.md](errors.md). Lists take `limit` and `cursor`, and answer `{ items, next_cursor }`; the last page has `next_cursor: null`. The objects are in [nouns.md](nouns.md). What a caller may not know about answers 404, like what does not exist.',
    table(
      ['Route', 'What', 'Who'],
      rows.map((row) => [`[${code(headingOf(row))}](#${anchorOf(headingOf(row))})`, row.summary, row.who]),
    ),
    ...rows.flatMap(section),
  );
