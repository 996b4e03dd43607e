/** JSON schemas as short text: fields and their types, with the nouns of the contract by their names. */
import type { TSchema } from 'typebox';
import * as Nouns from '../contract/nouns.ts';

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

/** How a page writes what is more than plain words. */
export type Markup = {
  code: (text: string) => string;
  /** A noun of the contract; whoever has a place that says more of it makes a link. */
  noun: (name: string) => string;
};

/** type is marked up, notes are plain. */
export type Field = { name: string; type: string; required: boolean; notes: string[] };

const isSchema = (it: unknown): it is TSchema =>
  typeof it === 'object' && it !== null && !Array.isArray(it) && ('type' in it || 'anyOf' in it);

/** Schemas of the contract's nouns, sorted by name: the order of a module's exports is that of whoever loads it. */
export const nouns: [string, TSchema][] = Object.entries<unknown>(Nouns)
  .flatMap(([name, it]): [string, TSchema][] => (isSchema(it) ? [[name, it]] : []))
  .sort(([a], [b]) => (a < b ? -1 : 1));

/** Object nouns have fields to show; of the others, one line says enough. */
export const objectNouns = nouns.filter(([, schema]) => 'properties' in schema);
export const plainNouns = nouns.filter(([, schema]) => !('properties' in schema));

const nameByText = new Map(nouns.map(([name, schema]) => [JSON.stringify(schema), name]));
const LITERALS_SHOWN_MAX = 6;

/** The name of a schema that is a noun, wherever it is used. */
export const nounOf = (node: object): string | undefined => nameByText.get(JSON.stringify(node));

/** `string`, `Id`, a link to Session, `"present" | "late"`, array of …, … or null. */
export const typeText = (node: Node, markup: Markup): string => {
  const noun = nounOf(node);
  if (noun !== undefined) return markup.noun(noun);
  if (node.const !== undefined) return markup.code(JSON.stringify(node.const));
  if (node.anyOf !== undefined) return unionText(node.anyOf, markup);
  if (node.type === 'null') return 'null';
  if (node.type === 'array')
    return node.maxItems === 0 ? 'always empty array' : `array of ${typeText(node.items ?? {}, markup)}`;
  if (node.properties !== undefined) return objectText(node, markup);
  return markup.code(node.type ?? 'any');
};

const unionText = (members: Node[], markup: Markup): string => {
  const literals = members.filter((it) => it.const !== undefined);
  const areShort = literals.length > 1 && literals.length <= LITERALS_SHOWN_MAX;
  const together = areShort ? [markup.code(literals.map((it) => JSON.stringify(it.const)).join(' | '))] : [];
  const others = areShort ? members.filter((it) => it.const === undefined) : members;
  return [...together, ...others.map((it) => typeText(it, markup))].join(' or ');
};

const objectText = ({ properties = {}, required = [] }: Node, markup: Markup): string =>
  `{ ${Object.entries(properties)
    .map(([name, it]) => `${markup.code(required.includes(name) ? name : `${name}?`)} ${typeText(it, markup)}`)
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

/** The fields of an object, in its order. */
export const fieldsOf = (schema: TSchema, markup: Markup): Field[] => {
  const { properties = {}, required = [] } = schema as Node;
  return Object.entries(properties).map(([name, node]) => {
    const said = new Set([descriptionOf(node), ...boundsOf(node), ...defaultOf(node)].filter((it) => it !== ''));
    return { name, type: typeText(node, markup), required: required.includes(name), notes: [...said] };
  });
};

/** A noun that is no object: what it is, marked up, and what is said of it. */
export const plainNounText = (schema: TSchema, markup: Markup): { type: string; description: string } => {
  const node = schema as Node;
  const type = node.anyOf === undefined ? markup.code(node.type ?? 'any') : unionText(node.anyOf, markup);
  return { type, description: node.description ?? '' };
};
