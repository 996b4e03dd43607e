import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type Collections, collectionsOf, INDEXES } from '../../src/mongo/collections.ts';

const PAGE = path.resolve(import.meta.dirname, '../../docs/redis-and-mongodb.md');

/** `course_id, student_id unique` */
const inWords = (name: keyof Collections): string[] =>
  INDEXES[name].map(({ key, unique }) => `${Object.keys(key).join(', ')}${unique ? ' unique' : ''}`);

test('redis-and-mongodb.md lists the indexes of every collection, and no other', () => {
  const names = new Map<string, keyof Collections>();
  const collection = (name: string) => ({ collectionName: name });
  const made = collectionsOf({ collection } as never);
  for (const key of Object.keys(made) as (keyof Collections)[]) names.set(made[key].collectionName, key);
  const expected = [...names].filter(([, key]) => INDEXES[key].length > 0).map(([name, key]) => [name, inWords(key)]);

  const [, after = ''] = readFileSync(PAGE, 'utf8').split('| Collection | Indexes |\n|---|---|\n');
  const rows = after.split('\n\n')[0]?.split('\n') ?? [];
  const listed = rows.map((row) => {
    const [, name = '', indexes = ''] = row.split('|').map((it) => it.trim().replaceAll('`', ''));
    return [name, indexes.split('; ')];
  });
  expect(expected.length).toBeGreaterThan(5);
  expect(listed).toEqual(expected);
});
