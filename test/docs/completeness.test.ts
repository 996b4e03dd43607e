import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readLimits } from '../../scripts/reference/limits.ts';
import { clientEvents, serverEvents } from '../../src/contract/events.ts';
import { createMetrics } from '../../src/metrics.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** The rows of the tables below a heading, up to the next heading of any level. */
const tableRows = (text: string, heading: string): string[] => {
  const section = text.split(/^#+ /m).find((it) => it.startsWith(`${heading}\n`)) ?? '';
  return section.split('\n').filter((line) => line.startsWith('|'));
};

const codesIn = (rows: string[]): string[] =>
  rows.flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, it]) => it as string));

test('the README lists every event once, and no other', () => {
  const listed = codesIn(tableRows(read('README.md'), 'Events'));
  expect(listed.sort()).toEqual([...Object.keys(clientEvents), ...Object.keys(serverEvents)].sort());
});

test('operations.md lists every metric of ours with its labels, and no other', async () => {
  const { registry } = createMetrics();
  const declared = registry
    .getMetricsAsArray()
    .filter(({ name }) => name.startsWith('rollcast_'))
    .map((it) => [it.name, ...(it as unknown as { labelNames: string[] }).labelNames].join(' '));
  const listed = tableRows(read('docs/operations.md'), 'Metrics')
    .map((row) => row.split('|').slice(1, 3))
    .map((cells) => codesIn(cells).join(' '))
    .filter((it) => it !== '');
  expect(declared.length).toBeGreaterThan(0);
  expect(listed.sort()).toEqual(declared.sort());
});

test('limits are read with the comment above them, or that of the constant before', () => {
  const source = [
    '/** About the file. */',
    '',
    '/** Prevents a. */',
    'export const A_MAX_BYTES = 4;',
    '/**',
    ' * Prevents b,',
    ' * and c.',
    ' */',
    'export const B_MS = 1;',
    'export const C_MS = 2;',
  ].join('\n');
  expect(readLimits(source)).toEqual([
    { name: 'A_MAX_BYTES', why: 'Prevents a.' },
    { name: 'B_MS', why: 'Prevents b, and c.' },
    { name: 'C_MS', why: 'Prevents b, and c.' },
  ]);
});
