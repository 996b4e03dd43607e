import { expect } from 'vitest';
import { type ErrorCode, Refusal } from '../../src/contract/errors.ts';

/** Waits for the refusal that this must end in, and answers it for a look at its details. */
export async function refused(attempt: Promise<unknown>, code: ErrorCode): Promise<Refusal> {
  const outcome = await attempt.then(
    (value) => ({ value }),
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(Refusal);
  expect((outcome as Refusal).code).toBe(code);
  return outcome as Refusal;
}

/** Reads a list to its end, a page at a time; between pages something else may happen. */
export async function readAll<T>(
  read: (cursor: string | undefined) => Promise<{ items: T[]; next_cursor: string | null }>,
  between: () => Promise<unknown> = async () => undefined,
): Promise<T[]> {
  const all: T[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await read(cursor);
    all.push(...page.items);
    if (page.next_cursor === null) return all;
    cursor = page.next_cursor;
    await between();
  }
}

/** Cursors that no list has made. */
export const FOREIGN_CURSORS = [
  '',
  'x',
  '0',
  'bm9wZQ',
  'W10',
  '../..',
  Buffer.from('["x",1,"a"]').toString('base64url'),
];
