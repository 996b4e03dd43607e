/** Cursors: opaque to clients, to us the sort key of the last row that they have. So rows may be added meanwhile. */
import { refuse } from '../contract/errors.ts';
import type { Page } from './registry.ts';

type Key = readonly (string | number)[];

export const encodeCursor = (list: string, key: Key): string =>
  Buffer.from(JSON.stringify([list, ...key])).toString('base64url');

/**
 * The key in a cursor of this list; shape tells each part's type. INVALID_PAYLOAD (field "cursor") for anything that
 * encodeCursor would not have made for this list.
 */
export function decodeCursor<K extends Key>(list: string, shape: readonly ('string' | 'number')[], cursor: string): K {
  const [kind, ...key] = parsed(cursor);
  const known =
    kind === list && key.length === shape.length && key.every((part, index) => typeof part === shape[index]);
  if (!known || encodeCursor(list, key as unknown as Key) !== cursor) {
    throw refuse('INVALID_PAYLOAD', 'This cursor was not made by this list', { field: 'cursor' });
  }
  return key as unknown as K;
}

function parsed(cursor: string): unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** A page of at most limit items; it has a next one when the store found more than limit. */
export function pageOf<T>(found: T[], limit: number, cursorAfter: (item: T) => string): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next_cursor: found.length > limit && last !== undefined ? cursorAfter(last) : null };
}
