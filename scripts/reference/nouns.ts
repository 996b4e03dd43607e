/** docs/reference/nouns.md, from the schemas that events and routes share. */
import { objectNouns, plainNouns } from '../../src/rest/schema-text.ts';
import { fieldTable, plainNounMarkdown } from './fields.ts';
import { code, GENERATED, page, table } from './markdown.ts';

export const nounsPage = (): string =>
  page(
    '# Nouns',
    GENERATED,
    'The objects that [events](events.md) and [routes](rest.md) share.',
    ...objectNouns.flatMap(([name, schema]) => [
      `## ${name}`,
      ...('description' in schema ? [`${schema.description}.`] : []),
      fieldTable(schema) ?? '',
    ]),
    '## Other types',
    table(
      ['Type', 'What'],
      plainNouns.map(([name, schema]) => [code(name), plainNounMarkdown(schema)]),
    ),
  );
