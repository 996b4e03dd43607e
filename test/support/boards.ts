/** The dashboard and the alert rules as they are shipped, and what is wrong with their queries. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { Exposition } from './exposition.ts';
import { type Selector, selectorsIn } from './promql.ts';

const FILES = path.resolve(import.meta.dirname, '../../helm/rollcast/files');

export type GridPos = { x: number; y: number; w: number; h: number };
export type Panel = {
  type: string;
  title: string;
  description?: string;
  gridPos: GridPos;
  collapsed?: boolean;
  panels?: Panel[];
  targets?: { refId: string; expr: string; legendFormat: string }[];
  fieldConfig?: { defaults: { unit?: string } };
};
type Variable = { name: string; type: string; query: string | { query: string } };
export type Dashboard = {
  uid: string;
  title: string;
  refresh: string;
  panels: Panel[];
  templating: { list: Variable[] };
  annotations: { list: { name: string; expr: string }[] };
};
export type Alert = {
  alert: string;
  expr: string;
  for: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
};

export const dashboard = JSON.parse(readFileSync(path.join(FILES, 'dashboard.json'), 'utf8')) as Dashboard;
const ruleFile = parse(readFileSync(path.join(FILES, 'alerts.yaml'), 'utf8')) as { groups: { rules: Alert[] }[] };
export const alerts: Alert[] = ruleFile.groups.flatMap(({ rules }) => rules);

/** All panels that show something, those of collapsed rows included. */
export const panels: Panel[] = dashboard.panels.flatMap((it) => (it.type === 'row' ? (it.panels ?? []) : [it]));

/** `told`: the labels that legends and texts are made of. */
export type Query = { where: string; expr: string; told: string[] };

const labelsIn = (text: string): string[] =>
  [...text.matchAll(/\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}/g)].map(([, it]) => it as string);

export const queries: Query[] = [
  ...panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr, legendFormat }) => ({ where: `panel "${title}"`, expr, told: labelsIn(legendFormat) })),
  ),
  ...dashboard.annotations.list.map(({ name, expr }) => ({ where: `annotation "${name}"`, expr, told: [] })),
  ...dashboard.templating.list
    .filter(({ type }) => type === 'query')
    .map(({ name, query }) => ({ where: `variable "${name}"`, ...selectorOfVariable(query) })),
  ...alerts.map(({ alert, expr, annotations: { summary, description } }) => ({
    where: `alert ${alert}`,
    expr,
    told: labelsIn(summary + description),
  })),
];

/** label_values is Grafana's: a selector, and the label whose values are wanted. */
function selectorOfVariable(query: Variable['query']): Pick<Query, 'expr' | 'told'> {
  const text = typeof query === 'string' ? query : query.query;
  const [, expr, label] = /^label_values\((.+), (\w+)\)$/.exec(text) ?? [];
  if (expr === undefined || label === undefined) throw new Error(`a variable that is not understood: ${text}`);
  return { expr, told: [label] };
}

/** Made by Prometheus itself, of each target and each alert. */
const OF_PROMETHEUS = new Set(['up', 'ALERTS']);
const LABELS_OF_ALERTS = ['alertname', 'alertstate', 'severity'];
/** Given to all samples of a target by whoever scrapes it. */
const LABELS_OF_TARGETS = new Set(['job', 'namespace', 'instance', 'pod']);
const INCREASES = new Set(['rate', 'increase', 'irate']);

/** What is wrong with a query, one line each. `labelsOf`: those that a metric may have. */
export const complaints = (
  { where, expr, told }: Query,
  exposition: Exposition,
  labelsOf: (metric: string) => ReadonlySet<string>,
): string[] => {
  const selectors = selectorsIn(expr);
  const known = (metric: string, label: string): boolean =>
    LABELS_OF_TARGETS.has(label) ||
    (metric === 'ALERTS' && LABELS_OF_ALERTS.includes(label)) ||
    (label === 'le' && metric.endsWith('_bucket')) ||
    labelsOf(metric).has(label);
  const wrong = selectors.flatMap((it) => [...wrongUse(it, exposition), ...wrongLabels(it, known)]);
  for (const label of told) {
    if (!selectors.some(({ metric }) => known(metric, label))) wrong.push(`nothing in it has the label ${label}`);
  }
  if (selectors.length === 0) wrong.push('it asks for nothing');
  return wrong.map((it) => `${where}: ${it}: ${expr.trim()}`);
};

const wrongUse = ({ metric, range, appears }: Selector, exposition: Exposition): string[] => {
  if (OF_PROMETHEUS.has(metric)) return [];
  const exposed = exposition.get(metric);
  if (exposed === undefined) return [`${metric} is not exposed`];
  const increases = range !== null && INCREASES.has(range);
  if (exposed.kind === 'counter' && !increases && !appears) return [`the counter ${metric} is used as it is`];
  if (exposed.kind === 'gauge' && increases) return [`the gauge ${metric} has no rate`];
  return [];
};

const wrongLabels = (
  { metric, matchers, grouping }: Selector,
  known: (metric: string, label: string) => boolean,
): string[] => {
  // Where buckets end is written as 1 or 1.0, depending on who reads it.
  const inexact = matchers.some(({ label }) => label === 'le') ? [`${metric} is asked for one bucket`] : [];
  const labels = [...matchers.map(({ label }) => label), ...grouping];
  return [...inexact, ...labels.filter((it) => !known(metric, it)).map((it) => `${metric} has no label ${it}`)];
};
