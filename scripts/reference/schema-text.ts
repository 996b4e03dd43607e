/** JSON schemas as short text: fields and their types, with the nouns of the contract by their names. */
import type { TSchema } from 'typebox';
import * as Nouns from '../../src/contract/nouns.ts';
import { code, table } from './markdown.ts';

type Node = {
  type?: string;
  const?: unknown;
  anyOf?: Node[];
  items?: Node;
  properties?: Record<string, Node>;
  required?: string[];
  description?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  default?: unknown;
};

const isSchema = (it: unknown): it is TSchema =>
  typeof it === 'object' && it !== null && !Array.isArray(it) && ('type' in it || 'anyOf' in it);

/** Schemas of the contract's nouns, by name. */
const nouns: [string, TSchema][] = Object.entries<unknown>(Nouns).flatMap(([name, it]): [string, TSchema][] =>
  isSchema(it) ? [[name, it]] : [],
);

/** Object nouns get a section of their own to link to; the names of the others say enough. */
export const objectNouns = nouns.filter(([, schema]) => 'properties' in schema);

const nameByText = new Map(nouns.map(([name, schema]) => [JSON.stringify(schema), name]));
const linked = new Set(objectNouns.map(([name]) => name));
const LITERALS_SHOWN_MAX = 6;

const nounOf = (node: Node): string | undefined => nameByText.get(JSON.stringify(node));

/** As markdown: `string`, `Id`, a link to Session, `"present" | "late"`, array of …, … or null. */
export const typeText = (node: Node): string => {
  const noun = nounOf(node);
  if (noun !== undefined) return linked.has(noun) ? `[${noun}](nouns.md#${noun.toLowerCase()})` : code(noun);
  if (node.const !== undefined) return code(JSON.stringify(node.const));
  if (node.anyOf !== undefined) return unionText(node.anyOf);
  if (node.type === 'array')
    return node.maxItems === 0 ? 'always empty array' : `array of ${typeText(node.items ?? {})}`;
  if (node.properties !== undefined) return objectText(node);
  return code(node.type ?? 'any');
};

const unionText = (members: Node[]): string => {
  const literals = members.filter((it) => it.const !== undefined);
  if (literals.length > 1 && literals.length <= LITERALS_SHOWN_MAX) {
    const rest = members.filter((it) => it.const === undefined).map(typeText);
    return [code(literals.map((it) => JSON.stringify(it.const)).join(' | ')), ...rest]
      .join(' or ')
      .replaceAll('`null`', 'null');
  }
  return members.map(typeText).join(' or ').replaceAll('`null`', 'null');
};

const objectText = ({ properties = {}, required = [] }: Node): string =>
  `{ ${Object.entries(properties)
    .map(([name, it]) => `${code(required.includes(name) ? name : `${name}?`)} ${typeText(it)}`)
    .join(', ')} }`;

const boundsOf = (node: Node): string[] => {
  const { minLength, maxLength, minimum, maximum, minItems, maxItems, items } = node;
  if (nounOf(node) !== undefined) return [];
  const range = (min: number | undefined, max: number | undefined, unit: string) =>
    max === undefined || max === 0
      ? []
      : [min === undefined || min === 0 ? `at most ${max}${unit}` : `${min}–${max}${unit}`];
  if (node.type === 'string') return range(minLength, maxLength, ' characters');
  if (node.type === 'integer') return range(minimum, maximum, '');
  return items === undefined ? [] : range(minItems, maxItems, ' items');
};

const defaultOf = (node: Node): string[] => (node.default === undefined ? [] : [`default ${node.default}`]);

/** What is said of this field alone; what a noun is stands once, with the noun. */
const descriptionOf = (node: Node): string => {
  const [only, ...more] = (node.anyOf ?? []).filter((it) => it.type !== 'null');
  const inner = only !== undefined && more.length === 0 && nounOf(only) === undefined ? only.description : undefined;
  return (nounOf(node) === undefined ? node.description : undefined) ?? inner ?? '';
};

/** A table of an object's fields; null when it has none. */
export const fieldTable = (schema: TSchema): string | null => {
  const { properties = {}, required = [] } = schema as Node;
  const rows = Object.entries(properties).map(([name, node]) => {
    const notes = [
      required.includes(name) ? '' : 'optional',
      descriptionOf(node),
      ...boundsOf(node),
      ...defaultOf(node),
    ];
    const said = new Set(notes.filter((it) => it !== ''));
    return [code(name), typeText(node), [...said].join('; ')];
  });
  return rows.length === 0 ? null : table(['Field', 'Type', 'Notes'], rows);
};

/** Nouns that are not objects, for the list at the end. */
export const plainNouns = nouns.filter(([name]) => !linked.has(name));

export const plainNounText = (schema: TSchema): string => {
  const node = schema as Node;
  const named = node.anyOf === undefined ? code(node.type ?? 'any') : unionText(node.anyOf);
  return [named, node.description ?? ''].filter((it) => it !== '').join(': ');
};
