/** The Grafana dashboard and the Prometheus rules that are shipped name what a running node exposes, and nothing is left out. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { afterALittleOfEverything, declaredLabels } from '../support/all-metrics.ts';
import {
  alerts,
  complaints,
  dashboard,
  type GridPos,
  type Panel,
  panels,
  type Query,
  queries,
} from '../support/boards.ts';
import { OneNode } from '../support/deployment.ts';
import { type Exposition, readExposition } from '../support/exposition.ts';
import { selectorsIn } from '../support/promql.ts';

const RUNBOOK = readFileSync(path.resolve(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
const SRC = path.resolve(import.meta.dirname, '../../src');
/** A start, a lesson and its archiving, on a busy machine. */
const LESSON_DEADLINE_MS = 60_000;
/** How the parts of its sections begin; whatever else is bold is a panel. */
const LEADS = /^(Look|Do|Causes|What never helps)\b/;
/** What only nodes with Redis and MongoDB have samples of. */
const DISTRIBUTED = /^rollcast_(redis|mongodb|gaps_repaired|deaf_rooms)_/;

describe('their queries, and a node of the embedded profile', () => {
  const node = new OneNode();
  let exposition: Exposition;
  const declared = declaredLabels();
  const labelsOf = (metric: string): ReadonlySet<string> => {
    const family = metric.replace(/_(bucket|sum|count)$/, '');
    return declared.get(metric) ?? declared.get(family) ?? new Set();
  };
  const wrongWith = (expr: string, query: Partial<Query> = {}) =>
    complaints({ where: 'a query', told: [], ...query, expr }, exposition, labelsOf);
  beforeAll(async () => {
    await node.start();
    exposition = readExposition(await afterALittleOfEverything(node));
  }, LESSON_DEADLINE_MS);
  afterAll(async () => {
    node.settle();
    await node.stop();
  });

  test('name exposed metrics with labels that these have; counters by their increase, gauges as they are', () => {
    expect(queries.length).toBeGreaterThan(80);
    expect(queries.flatMap((query) => complaints(query, exposition, labelsOf))).toEqual([]);
  });

  test('ask for what has samples after a lesson', () => {
    const asked = new Set(queries.flatMap(({ expr }) => selectorsIn(expr).map(({ metric }) => metric)));
    const without = [...asked].filter((it) => exposition.get(it)?.samples === 0 && !DISTRIBUTED.test(it));
    expect(without).toEqual([]);
  });

  test('leave out no metric of ours', () => {
    const asked = new Set(queries.flatMap(({ expr }) => selectorsIn(expr).map(({ metric }) => metric)));
    const ours = [...declared.keys()].filter((it) => it.startsWith('rollcast_'));
    const shown = (name: string) =>
      [name, `${name}_bucket`, `${name}_sum`, `${name}_count`].some((it) => asked.has(it));
    expect(ours.length).toBeGreaterThan(25);
    expect(ours.filter((it) => !shown(it))).toEqual([]);
  });

  test('are checked by a check that finds mistakes', () => {
    const found = (expr: string, query?: Partial<Query>) => wrongWith(expr, query).map((it) => it.split(': ')[1]);
    expect(found('sum(rate(rollcast_events_total[5m]))')).toEqual([]);
    expect(found('rate(rollcast_event_total[5m])')).toEqual(['rollcast_event_total is not exposed']);
    expect(found('rate(rollcast_sockets_bucket[5m])')).toEqual(['rollcast_sockets_bucket is not exposed']);
    expect(found('sum(rollcast_events_total)')).toEqual(['the counter rollcast_events_total is used as it is']);
    expect(found('rollcast_acknowledgement_seconds_count > 1')).toHaveLength(1);
    expect(found('rate(rollcast_sockets[5m])')).toEqual(['the gauge rollcast_sockets has no rate']);
    expect(found('rollcast_sockets{node="a"}')).toEqual(['rollcast_sockets has no label node']);
    expect(found('sum by (codes) (rate(rollcast_events_total[5m]))')).toEqual([
      'rollcast_events_total has no label codes',
    ]);
    expect(found('up == 0 and on (host) rollcast_build_info')).toEqual([
      'up has no label host',
      'rollcast_build_info has no label host',
    ]);
    expect(found('rate(rollcast_acknowledgement_seconds_bucket{le="1"}[5m])')).toHaveLength(1);
    expect(found('max(rollcast_sockets)', { told: ['reason'] })).toEqual(['nothing in it has the label reason']);
    expect(found('rollcast_events_total unless (rollcast_events_total offset 5m)')).toEqual([]);
    expect(found('rollcast_events_total unless rollcast_sockets')).toHaveLength(1);
    expect(found('1 + 1')).toEqual(['it asks for nothing']);
    expect(() => wrongWith('sum(rate(rollcast_events_total[5m])')).toThrow('not PromQL');
    // Each query of ours, with one letter of the metric's name missing.
    const spoilt = queries.map((it) => ({ ...it, expr: it.expr.replace(/(rollcast|process|nodejs)_(\w)/, '$1_x$2') }));
    const missed = spoilt.filter((it, i) => it.expr !== queries[i]?.expr && wrongWith(it.expr).length === 0);
    expect(missed).toEqual([]);
  });
});

describe('the dashboard', () => {
  test('has an identity of its own, and none of the database that it was drawn in', () => {
    expect(dashboard).toMatchObject({ uid: 'rollcast', title: 'Rollcast', refresh: '30s', schemaVersion: 39 });
    expect(JSON.stringify(dashboard)).not.toMatch(/"id":\d/);
    expect(JSON.stringify(dashboard)).not.toContain('__inputs');
  });

  test('takes its data from the chosen source everywhere', () => {
    const sources: unknown[] = [];
    JSON.stringify(dashboard, (key, value) => {
      if (key === 'datasource') sources.push(value);
      return value;
    });
    expect(sources.length).toBeGreaterThan(2 * panels.length);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana's.
    const chosen = { type: 'prometheus', uid: '${datasource}' };
    for (const source of sources) expect(source).toEqual(chosen);
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'job', 'namespace', 'instance']);
  });

  test('tells of each panel what it shows, in which unit, and what to do', () => {
    expect(panels.length).toBeGreaterThan(40);
    for (const { title, description = '', fieldConfig, targets = [] } of panels) {
      expect(description.length, title).toBeGreaterThan(50);
      expect(description.trim(), title).toMatch(/^[A-Za-z1].+\.$/s);
      expect(fieldConfig?.defaults.unit, title).toMatch(/^(short|s|ops|reqps|bytes|percentunit)$/);
      expect(
        targets.map(({ refId }) => refId),
        title,
      ).toEqual(['A', 'B', 'C', 'D'].slice(0, targets.length));
      expect(targets.length, title).toBeGreaterThan(0);
    }
    const titles = panels.map(({ title, type }) => `${type} ${title}`);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test('keeps its panels inside the grid and apart from each other', () => {
    const placed = [...dashboard.panels, ...dashboard.panels.flatMap((it) => it.panels ?? [])];
    expect(
      placed.flatMap(({ title, gridPos: { x, y, w, h } }) =>
        x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24 ? [] : [title],
      ),
    ).toEqual([]);
    expect(overlaps(placed)).toEqual([]);
    const moved = placed.map((it, i) => (i === 2 ? { ...it, gridPos: { ...it.gridPos, x: it.gridPos.x - 1 } } : it));
    expect(overlaps(moved)).toHaveLength(1);
  });
});

const overlaps = (placed: Panel[]): string[] =>
  placed.flatMap((a, i) =>
    placed.slice(i + 1).flatMap((b) => (meet(a.gridPos, b.gridPos) ? [`${a.title}, ${b.title}`] : [])),
  );

const meet = (a: GridPos, b: GridPos): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

describe('the alerts', () => {
  test('each have a name, a wait, a severity, and texts', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
    for (const { alert, for: wait, labels, annotations } of alerts) {
      expect(alert).toMatch(/^Rollcast[A-Z]\w+$/);
      expect(wait, alert).toMatch(/^\d+[mh]$/);
      expect(labels.severity, alert).toMatch(/^(page|ticket)$/);
      expect(annotations.summary.length, alert).toBeGreaterThan(20);
      expect(annotations.description.length, alert).toBeGreaterThan(50);
    }
  });

  test('each lead to a section of the runbook, and each of its sections is about one', () => {
    const sections = [...RUNBOOK.matchAll(/^## (Rollcast\w+)$/gm)].map(([, it]) => it);
    expect(sections.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook_url.split('/docs/')[1]).toBe(`runbook.md#${alert.toLowerCase()}`);
    }
  });

  test('have unit tests, each for coming and for not coming', () => {
    const tests = readFileSync(path.join(import.meta.dirname, 'alerts.test.yaml'), 'utf8');
    for (const { alert } of alerts)
      expect(tests, alert).toContain(`ALERTS{alertname="${alert}", alertstate="firing", `);
  });
});

describe('the runbook', () => {
  test('names panels that exist', () => {
    const titles = new Set(panels.map(({ title }) => title));
    const bold = [...RUNBOOK.matchAll(/\*\*(.+?)\*\*/gs)].map(([, it]) => (it as string).replace(/\s+/g, ' '));
    const named = bold.filter((it) => !LEADS.test(it));
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((it) => !titles.has(it))).toEqual([]);
  });

  test('quotes log lines that are written', () => {
    const quoted = new Set([...RUNBOOK.matchAll(/"msg":"([^"…]+)"/g)].map(([, it]) => it as string));
    const source = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(path.join(SRC, file), 'utf8'))
      .join('\n');
    expect(quoted.size).toBeGreaterThan(10);
    expect([...quoted].filter((it) => !source.includes(`'${it}'`))).toEqual([]);
  });
});
