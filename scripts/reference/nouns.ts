/** docs/reference/nouns.md, from the schemas that events and routes share. */
import { code, GENERATED, page, table } from './markdown.ts';
import { fieldTable, objectNouns, plainNouns, plainNounText } from './schema-text.ts';

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
      plainNouns.map(([name, schema]) => [code(name), plainNounText(schema)]),
    ),
  );
