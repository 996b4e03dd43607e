/**
 * The values of the Helm chart, for its README and its schema: what values.yaml says about each in the comment above it.
 * That is where people read it first, so it is written there, and nowhere else.
 */
import { parse } from 'yaml';
import { code, GENERATED, table } from '../reference/markdown.ts';

/** What is used here of a JSON schema. */
export type Schema = {
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  definitions?: Record<string, Schema>;
  enum?: unknown[];
  anyOf?: Schema[];
  $ref?: string;
};

type Line = { indent: number; key: string; comment: string };

/** Keys with the comment right above each; a blank line ends a comment. Lists and text blocks have no keys of ours. */
const lines = (text: string): Line[] => {
  const found: Line[] = [];
  let comment: string[] = [];
  for (const line of text.split('\n')) {
    const said = /^\s*# ?(.*)$/.exec(line)?.[1];
    const [, indent = '', key] = /^(\s*)([A-Za-z0-9]+):/.exec(line) ?? [];
    if (key !== undefined) found.push({ indent: indent.length / 2, key, comment: comment.join(' ') });
    if (said === undefined) comment = [];
    else if (!said.startsWith('---')) comment.push(said);
  }
  return found;
};

/** Path of each key → the comment above it. */
export const commentsIn = (text: string): Map<string, string> => {
  const path: string[] = [];
  return new Map(
    lines(text).map(({ indent, key, comment }) => {
      path.splice(indent, path.length, key);
      return [path.join('.'), comment];
    }),
  );
};

/** Puts the comments into the schema, as descriptions. Throws when a value has none, or the schema does not know it. */
export const describedSchema = (schemaText: string, valuesText: string): string => {
  const schema: Schema = JSON.parse(schemaText);
  const comments = commentsIn(valuesText);
  const describe = (it: Schema, path: string[]): Schema => {
    const { description: _, ...others } = it;
    const comment = comments.get(path.join('.')) ?? '';
    const properties = Object.entries(it.properties ?? {}).map(([key, inner]) => [
      key,
      describe(inner, [...path, key]),
    ]);
    return {
      ...(comment === '' ? {} : { description: comment }),
      ...others,
      ...(it.properties === undefined ? {} : { properties: Object.fromEntries(properties) }),
    };
  };
  const properties = Object.entries(schema.properties ?? {}).map(([key, it]) => [key, describe(it, [key])]);
  return `${JSON.stringify({ ...schema, properties: Object.fromEntries(properties) }, null, 2)}\n`;
};

export type ValueRow = { path: string; type: string; value: unknown; description: string };

/** One row for each value that is set as one, in the order of values.yaml. Throws when schema and values differ. */
export const valueRows = (schemaText: string, valuesText: string): ValueRow[] => {
  const schema: Schema = JSON.parse(schemaText);
  const comments = commentsIn(valuesText);
  const rows = (values: Record<string, unknown>, it: Schema, path: string[]): ValueRow[] =>
    Object.entries(values).flatMap(([key, value]) => {
      const inner = it.properties?.[key];
      const inside = [...path, key];
      const name = inside.join('.');
      if (inner === undefined) throw new Error(`values.schema.json does not know ${name}`);
      if (inner.properties !== undefined) {
        // Of a map that is described as one, the keys speak for themselves.
        const own = comments.get(name) ?? '';
        const below = rows(value as Record<string, unknown>, inner, inside);
        return below.map((row) => (row.description === '' ? { ...row, description: own } : row));
      }
      return [{ path: name, type: typeOf(inner, schema), value, description: comments.get(name) ?? '' }];
    });
  const all = rows(parse(valuesText), schema, []);
  const silent = all.find(({ description }) => description === '');
  if (silent !== undefined) throw new Error(`values.yaml says nothing about ${silent.path}: write a comment above it`);
  return all;
};

const typeOf = (it: Schema, root: Schema): string => {
  if (it.$ref !== undefined) return typeOf(root.definitions?.[it.$ref.replace('#/definitions/', '')] ?? {}, root);
  if (it.anyOf !== undefined) return it.anyOf.map((one) => typeOf(one, root)).join(', ');
  return [it.type ?? [...new Set((it.enum ?? []).map((one) => typeof one))]].flat().join(', ');
};

const BEGIN = '<!-- values -->';
const END = '<!-- end of values -->';

/** The README with its table of values made anew, between the two marks. Throws when it has no such place. */
export const readmeWithValues = (readme: string, schemaText: string, valuesText: string): string => {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`the chart's README lacks ${BEGIN} or ${END}`);
  const rows = valueRows(schemaText, valuesText).map(({ path, type, value, description }) => [
    code(path),
    type,
    code(JSON.stringify(value)),
    description,
  ]);
  return [
    before,
    BEGIN,
    '\n',
    GENERATED,
    '\n\n',
    table(['Value', 'Type', 'Default', 'Meaning'], rows),
    '\n\n',
    END,
    after,
  ].join('');
};
