/** An example of a schema, put together of those that it and its parts give. */
type Node = {
  type?: string;
  const?: unknown;
  default?: unknown;
  examples?: unknown[];
  anyOf?: Node[];
  items?: Node;
  maxItems?: number;
  properties?: Record<string, Node>;
  required?: string[];
};

/**
 * Required fields alone, lists with one entry. Undefined where a part gives no example: one that is made up might look
 * like something that is promised.
 */
export const exampleOf = (schema: object): unknown => {
  const node = schema as Node;
  const { examples: [given] = [], properties = {}, required = [] } = node;
  const said = given ?? node.const ?? node.default;
  if (said !== undefined) return said;
  if (node.type === 'null') return null;
  if (node.anyOf !== undefined) return node.anyOf.map(exampleOf).find((it) => it !== undefined);
  if (node.type === 'array') return listOf(node);
  if (node.type !== 'object') return undefined;
  const fields = required.map((name) => [name, exampleOf(properties[name] ?? {})] as const);
  return fields.some(([, it]) => it === undefined) ? undefined : Object.fromEntries(fields);
};

const listOf = ({ items = {}, maxItems }: Node): unknown[] | undefined => {
  if (maxItems === 0) return [];
  const item = exampleOf(items);
  return item === undefined ? undefined : [item];
};
