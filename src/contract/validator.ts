/**
 * Validation for both edges. Checking costs microseconds even for a large payload, but saying what is wrong costs a
 * hundred times as much per item: a list of half a million numbers would keep the event loop for a second. So long
 * lists are looked through only as far as their first bad item.
 */
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

export type SchemaError = { keyword: string; instancePath: string; params: object; message?: string };

export type PayloadValidator = {
  check(value: unknown): boolean;
  /** What is wrong with a value that did not pass, the first thing first; never more than a few. */
  errors(value: unknown): SchemaError[];
};

/** Shorter lists are left to the schema's own errors. */
const LONG_ITEMS = 20;

type ListNode = { items: TSchema; maxItems?: number };
type ObjectNode = { properties?: Record<string, Partial<ListNode>> };

export const payloadValidator = (schema: TSchema): PayloadValidator => {
  const whole = Compile(schema);
  // Every list of the contract is a property of a payload itself.
  const lists = Object.entries((schema as ObjectNode).properties ?? {}).flatMap(([name, { items, maxItems }]) =>
    items === undefined ? [] : [{ name, limit: maxItems ?? Number.POSITIVE_INFINITY, item: Compile(items) }],
  );
  const errors = (value: unknown): SchemaError[] => {
    if (typeof value !== 'object' || value === null) return whole.Errors(value);
    const short: Record<string, unknown> = { ...value };
    for (const { name, limit, item } of lists) {
      const list = short[name];
      if (!Array.isArray(list) || list.length <= LONG_ITEMS) continue;
      const instancePath = `/${name}`;
      if (list.length > limit) {
        const message = `must not have more than ${limit} items`;
        return [{ keyword: 'maxItems', instancePath, params: { limit }, message }];
      }
      const bad = list.findIndex((it) => !item.Check(it));
      if (bad >= 0)
        return item
          .Errors(list[bad])
          .map((it) => ({ ...it, instancePath: `${instancePath}/${bad}${it.instancePath}` }));
      short[name] = list.slice(0, LONG_ITEMS);
    }
    return whole.Errors(Array.isArray(value) ? value.slice(0, LONG_ITEMS) : short);
  };
  return { check: (value) => whole.Check(value), errors };
};
