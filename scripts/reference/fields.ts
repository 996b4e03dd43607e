/** Tables of fields, and types, as markdown. */
import type { TSchema } from 'typebox';
import { fieldsOf, type Markup, objectNouns, plainNounText, typeText } from '../../src/rest/schema-text.ts';
import { code, table } from './markdown.ts';

/** Object nouns have a section of their own to link to. */
const linked = new Set(objectNouns.map(([name]) => name));

const MARKDOWN: Markup = {
  code,
  noun: (name) => (linked.has(name) ? `[${name}](nouns.md#${name.toLowerCase()})` : code(name)),
};

export const typeMarkdown = (schema: TSchema): string => typeText(schema, MARKDOWN);

/** A table of an object's fields; null when it has none. */
export const fieldTable = (schema: TSchema): string | null => {
  const rows = fieldsOf(schema, MARKDOWN).map(({ name, type, required, notes }) => [
    code(name),
    type,
    [...(required ? [] : ['optional']), ...notes].join('; '),
  ]);
  return rows.length === 0 ? null : table(['Field', 'Type', 'Notes'], rows);
};

export const plainNounMarkdown = (schema: TSchema): string => {
  const { type, description } = plainNounText(schema, MARKDOWN);
  return [type, description].filter((it) => it !== '').join(': ');
};
