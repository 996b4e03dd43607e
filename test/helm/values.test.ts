/** The chart's files agree with one another, and with the service. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { commentsIn, describedSchema, readmeWithValues, type Schema, valueRows } from '../../scripts/chart/values.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const chart = parse(read('helm/rollcast/Chart.yaml'));
const schemaText = read('helm/rollcast/values.schema.json');
const valuesText = read('helm/rollcast/values.yaml');

test('the chart is for the service of this repository', () => {
  const { version, license } = JSON.parse(read('package.json'));
  expect(chart.appVersion).toBe(version);
  expect(chart.annotations['artifacthub.io/license']).toBe(license);
  const [image] = parse(chart.annotations['artifacthub.io/images']);
  expect(image.image).toBe(`${parse(valuesText).image.repository}:${version}`);
  for (const name of ['changes', 'links'])
    expect(parse(chart.annotations[`artifacthub.io/${name}`]).length).toBeGreaterThan(0);
  expect(chart.icon).toMatch(/\/src\/web\/public\/icon\.svg$/);
  expect(read('src/web/public/icon.svg')).toContain('<svg');
});

test('every value is in the schema, has a default and says what it is', () => {
  const rows = valueRows(schemaText, valuesText);
  expect(rows.length).toBeGreaterThan(100);
  const inSchema = (it: Schema, at: string[]): string[] =>
    Object.entries(it.properties ?? {}).flatMap(([key, inner]) =>
      inner.properties === undefined ? [[...at, key].join('.')] : inSchema(inner, [...at, key]),
    );
  // `global` is Helm's own. Of probes, there is more than the chart sets.
  const optional = /^(global|(startup|liveness|readiness)Probe\..*|resources\.claims)$/;
  const named = rows.map(({ path: it }) => it);
  expect(inSchema(JSON.parse(schemaText), []).filter((it) => !named.includes(it) && !optional.test(it))).toEqual([]);
});

test('a map whose keys are known takes no other', () => {
  const open = (it: Schema & { additionalProperties?: unknown }, at: string): string[] => [
    ...(it.properties !== undefined && it.additionalProperties !== false ? [at] : []),
    ...Object.entries(it.properties ?? {}).flatMap(([key, inner]) => open(inner, `${at}/${key}`)),
  ];
  expect(open(JSON.parse(schemaText), '')).toHaveLength(0);
});

test('comments are those right above a key', () => {
  const text = '# No comment of a\n\n# ----\n# What a is,\n# in two lines\na:\n  # What b is\n  b: 1\n  c: 2\n';
  expect(Object.fromEntries(commentsIn(text))).toEqual({ a: 'What a is, in two lines', 'a.b': 'What b is', 'a.c': '' });
});

test('a value without a comment, or that the schema does not know, is found', () => {
  const schema = JSON.stringify({
    properties: { a: { type: 'string' }, b: { properties: { c: { type: 'integer' } } } },
  });
  const readme = 'before <!-- values -->old<!-- end of values --> after';
  const right = '# A\na: x\n# B\nb:\n  # C\n  c: 1\n';
  expect(readmeWithValues(readme, schema, right)).toMatch(/^before .*\| `b\.c` \| integer \| `1` \| C \|.* after$/s);
  expect(readmeWithValues(readme, schema, right)).not.toContain('old');
  expect(JSON.parse(describedSchema(schema, right)).properties.a.description).toBe('A');
  expect(() => readmeWithValues(readme, schema, 'a: x\n')).toThrow('says nothing about a');
  expect(() => readmeWithValues(readme, schema, `${right}# D\nd: 1\n`)).toThrow('does not know d');
  expect(() => readmeWithValues('no marks', schema, right)).toThrow('lacks');
});
