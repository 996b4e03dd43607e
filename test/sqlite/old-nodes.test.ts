import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('no statement numbers its parameters: the oldest Node that we run on cannot bind them', () => {
  const src = fileURLToPath(new URL('../../src/', import.meta.url));
  const files = globSync('**/*.ts', { cwd: src });
  expect(files.length).toBeGreaterThan(50);
  const numbered = files.filter((file) => /[=(, ]\?\d/.test(readFileSync(`${src}${file}`, 'utf8')));
  expect(numbered).toEqual([]);
});
