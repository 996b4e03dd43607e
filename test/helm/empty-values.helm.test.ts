/** A key with nothing behind it: Helm takes the chart's own value away. It means nothing, or is refused by its name. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Schema } from '../../scripts/chart/values.ts';
import { CHART, valueArgs, valueSets } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';
import { objectsIn, wrongWith } from '../support/kubernetes-objects.ts';

type Node = Schema & { required?: string[]; minItems?: number };

const values = parse(readFileSync(path.join(CHART, 'values.yaml'), 'utf8'));
const schema: Node = JSON.parse(readFileSync(path.join(CHART, 'values.schema.json'), 'utf8'));

const isMap = (it: unknown): it is Record<string, unknown> =>
  it !== null && typeof it === 'object' && !Array.isArray(it);

const mapsIn = (it: Record<string, unknown>, at: string[]): string[][] =>
  Object.entries(it).flatMap(([key, value]) => (isMap(value) ? [[...at, key], ...mapsIn(value, [...at, key])] : []));

const MAPS = mapsIn(values, []).map((it) => it.join('.'));

/** What renders the object that the value is for. */
const setFor = (name: string): string => {
  const [, set = 'everything'] =
    Object.entries({
      resources: 'distributed-minimal',
      persistence: 'embedded-persistent',
      keda: 'keda',
      'metrics.podMonitor': 'podmonitor',
    }).find(([start]) => name.startsWith(start)) ?? [];
  return valueSets[set] as string;
};

/** Lists that may be empty, as paths. */
const listsIn = (it: Node, at: string[]): string[] =>
  Object.entries<Node>(it.properties ?? {}).flatMap(([key, inner]) => [
    ...(inner.type === 'array' && inner.minItems === undefined ? [[...at, key].join('.')] : []),
    ...listsIn(inner, [...at, key]),
  ]);

describeWithHelm('empty values of the chart', (helm) => {
  const rendered = (set: string, empty: string[]) =>
    helm('template', 'r', CHART, '--values', set, ...valueArgs(Object.fromEntries(empty.map((it) => [it, null]))));

  test('there are many', () => expect(MAPS.length).toBeGreaterThan(50));

  test.each(MAPS)('%s', (name) => {
    const { status, stdout, stderr } = rendered(setFor(name), [name]);
    expect(stderr).not.toMatch(/nil pointer|reflect|error calling|runtime error/);
    if (status === 0) expect(objectsIn(stdout).flatMap(wrongWith)).toEqual([]);
    else expect(stderr).toContain(`missing property '${name.split('.').at(-1)}'`);
  });

  test('maps that are free are nothing, those with keys of the chart are refused', () => {
    expect(
      rendered(setFor('resources'), ['commonLabels', 'service.labels', 'podSecurityContext', 'resources']).status,
    ).toBe(0);
    for (const name of ['config', 'drain', 'redis', 'ingress'])
      expect(rendered(setFor(name), [name]).stderr).toContain(`missing property '${name}'`);
  });

  test('lists are nothing', () => {
    // Of these the everything set needs one.
    const needed = ['ingress.hosts', 'httpRoute.parentRefs', 'httpRoute.hostnames'];
    const lists = listsIn(schema, []).filter((it) => !needed.includes(it) && !it.startsWith('resources.'));
    expect(lists.length).toBeGreaterThan(20);
    const { stdout, stderr } = rendered(setFor(''), lists);
    expect(stderr).toBe('');
    expect(objectsIn(stdout).flatMap(wrongWith)).toEqual([]);
    for (const name of needed) expect(rendered(setFor(name), [name]).stderr).toContain(`${name} is empty`);
  });
});

test('whatever templates cannot do without is required by the schema', () => {
  const definitions = (schema.definitions ?? {}) as Record<string, Node>;
  const mayLack = (it: Node): boolean => {
    const { type = '', anyOf, properties, minItems } = definitions[it.$ref?.split('/').at(-1) ?? ''] ?? it;
    if (anyOf !== undefined || [type].flat().includes('null')) return true;
    return type === 'object' ? properties === undefined : type === 'array' && minItems === undefined;
  };
  const lacking = (it: Node, given: Record<string, unknown>, at: string): string[] =>
    Object.entries<Node>(it.properties ?? {})
      .filter(([key]) => key in given && `${at}${key}` !== 'resources')
      .flatMap(([key, inner]) => [
        ...(mayLack(inner) || it.required?.includes(key) ? [] : [`${at}${key}`]),
        ...(isMap(given[key]) ? lacking(inner, given[key], `${at}${key}.`) : []),
      ]);
  expect(lacking(schema, values, '')).toEqual([]);
});
