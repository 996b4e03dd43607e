/** After an erasure no byte of a student is in the files of an embedded node, its write-ahead log included. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { OneNode } from '../support/deployment.ts';
import { until } from '../support/until.ts';
import { eraseSomebody } from './erasing.ts';

const node = new OneNode();
beforeAll(() => node.start());
afterEach(() => node.settle());
afterAll(() => node.stop());

const filesWith = (text: string): string[] =>
  readdirSync(node.dataDir).filter((file) => readFileSync(path.join(node.dataDir, file)).includes(text));

test('no file holds anything of a student', { timeout: 60_000 }, async () => {
  const mark = await eraseSomebody(node);
  await until('nothing is in the files', () => filesWith(mark).length === 0, 20_000).catch(() => {});
  expect(filesWith(mark)).toEqual([]);
  // A file that is searched holds what is there.
  expect(filesWith('Course ')).not.toEqual([]);
});
