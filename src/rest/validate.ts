/** Validates what clients send against the route table, and says which field is wrong. */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { type Refusal, refuse } from '../contract/errors.ts';
import { payloadValidator, type SchemaError } from '../contract/validator.ts';

type ObjectLike = Record<string, unknown>;
type SchemaNode = { type?: string; properties?: Record<string, SchemaNode>; items?: SchemaNode };

/** No body counts as an empty object. What passes holds nothing but what its schema names. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const validator = payloadValidator(schema);
  const node = schema as SchemaNode;
  return (value: unknown) => {
    const given = httpPart === 'querystring' ? withIntegers(node, value as ObjectLike) : (value ?? {});
    if (validator.check(given)) return { value: onlyKnown(node, given) };
    return { error: invalidPayload(validator.errors(given)) };
  };
};

/** A query holds strings; those that are integers by their schema become numbers. */
const withIntegers = ({ properties = {} }: SchemaNode, query: ObjectLike): ObjectLike => {
  const converted: ObjectLike = { ...query };
  for (const [name, { type }] of Object.entries(properties)) {
    const value = converted[name];
    if (type === 'integer' && typeof value === 'string' && /^-?\d{1,15}$/.test(value)) converted[name] = Number(value);
  }
  return converted;
};

/** Drops unknown keys: they are ignored, so they must not be stored, compared or walked either. */
const onlyKnown = (node: SchemaNode, value: unknown): unknown => {
  if (node.items !== undefined && Array.isArray(value)) {
    const { items } = node;
    return value.map((item) => onlyKnown(items, item));
  }
  if (node.properties === undefined || typeof value !== 'object' || value === null) return value;
  const known: ObjectLike = {};
  for (const [name, child] of Object.entries(node.properties)) {
    if (Object.hasOwn(value, name)) known[name] = onlyKnown(child, (value as ObjectLike)[name]);
  }
  return known;
};

/** The first error, with the alternatives at its place taken together. */
const invalidPayload = (errors: SchemaError[]): Refusal => {
  const [first] = errors;
  if (first === undefined) return refuse('INVALID_PAYLOAD');
  const parts = first.instancePath.split('/').slice(1);
  if (first.keyword === 'required') {
    const { requiredProperties = [] } = first.params as { requiredProperties?: string[] };
    const field = [...parts, ...requiredProperties.slice(0, 1)].join('.');
    return refuse('INVALID_PAYLOAD', `${field}: required`, { field });
  }
  const here = errors.filter((error) => error.instancePath === first.instancePath);
  const field = parts.join('.');
  if (field === '') return refuse('INVALID_PAYLOAD', `The request ${expectation(here)}`);
  return refuse('INVALID_PAYLOAD', `${field}: ${expectation(here)}`, { field });
};

const expectation = (errors: SchemaError[]): string => {
  const one = errors.find(({ keyword }) => !['type', 'const', 'anyOf'].includes(keyword));
  if (one !== undefined) return one.message ?? 'is not valid';
  const allowed = errors.flatMap(({ params }) => Object.values(params as { allowedValue?: unknown; type?: string }));
  return `must be ${allowed.flat().join(' or ')}`;
};
