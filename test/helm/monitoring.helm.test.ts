/** What Prometheus and Grafana get. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { CHART, type Rendered, render, valueArgs, valueSets } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';
import type { KubernetesObject } from '../support/kubernetes-objects.ts';

type Rule = { alert?: string; labels?: Record<string, string> };

const file = (name: string) => readFileSync(path.join(CHART, 'files', name), 'utf8');
const rulesIn = (groups: { rules: Rule[] }[]): Rule[] => groups.flatMap(({ rules }) => rules);

describeWithHelm('monitoring by the chart', (helm) => {
  const withValues = (...values: (string | Record<string, unknown>)[]) => render(helm, ...valueArgs(...values));
  const monitoring = (...values: (string | Record<string, unknown>)[]): Rendered =>
    render(helm, '--values', valueSets.monitoring as string, ...valueArgs(...values));

  test('nothing of it is there unless asked for', () => {
    const kinds = withValues().objects.map(({ kind }) => kind);
    for (const kind of ['ServiceMonitor', 'PodMonitor', 'PrometheusRule']) expect(kinds).not.toContain(kind);
  });

  test('a ServiceMonitor finds the Service of metrics, and no other', () => {
    const rendered = monitoring();
    const { spec, metadata } = rendered.one('ServiceMonitor');
    expect(metadata.labels).toMatchObject({ release: 'prometheus' });
    expect(spec.namespaceSelector).toEqual({ matchNames: ['school'] });
    expect(spec.endpoints).toEqual([{ port: 'metrics', path: '/metrics', interval: '15s', scrapeTimeout: '10s' }]);
    const found = rendered.objects.filter(
      ({ kind, metadata: { labels } }) =>
        kind === 'Service' &&
        Object.entries(spec.selector.matchLabels).every(([key, value]) => labels?.[key] === value),
    );
    expect(found.map((it) => it.metadata.name)).toEqual(['autumn-rollcast-metrics']);
    expect(found[0]?.spec.ports[0].name).toBe('metrics');
  });

  test('a PodMonitor finds the nodes, and not the pods of helm test', () => {
    const rendered = render(helm, '--values', valueSets.podmonitor as string);
    const { spec } = rendered.one('PodMonitor');
    const { template } = rendered.one('Deployment').spec;
    expect(template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    const ports = template.spec.containers[0].ports.map((it: KubernetesObject) => it.name);
    expect(ports).toContain(spec.podMetricsEndpoints[0].port);
    for (const { metadata } of rendered.objects.filter(({ kind }) => kind === 'Pod'))
      expect(metadata.labels).not.toMatchObject(spec.selector.matchLabels);
  });

  test('the rules are those of the file, word for word: what is in braces is for Prometheus', () => {
    const { groups } = parse(file('alerts.yaml'));
    expect(file('alerts.yaml')).toMatch(/\{\{ ?\$/);
    expect(monitoring('metrics.prometheusRule.alertLabels=null').one('PrometheusRule').spec).toEqual({ groups });
  });

  test('alerts get further labels, and can be left out', () => {
    const { groups } = parse(file('alerts.yaml'));
    const alerts = rulesIn(groups).filter(({ alert }) => alert !== undefined);
    const labelled = monitoring().one('PrometheusRule');
    expect(labelled.metadata.namespace).toBe('monitoring');
    const rules = rulesIn(labelled.spec.groups).filter(({ alert }) => alert !== undefined);
    expect(rules.map(({ labels }) => labels)).toEqual(alerts.map(({ labels }) => ({ ...labels, team: 'platform' })));
    const [{ alert } = {}] = alerts;
    const without = monitoring({ 'metrics.prometheusRule.disabled': [alert] }).one('PrometheusRule');
    expect(rulesIn(without.spec.groups ?? []).map((it) => it.alert)).not.toContain(alert);
  });

  test('the dashboard is the file, word for word, with the label that Grafana looks for', () => {
    const { data, metadata } = monitoring().one('ConfigMap', '-dashboard');
    expect(JSON.parse(data['rollcast.json'])).toEqual(JSON.parse(file('dashboard.json')));
    expect(metadata).toMatchObject({
      namespace: 'monitoring',
      labels: { grafana_dashboard: '1' },
      annotations: { grafana_folder: 'Rollcast' },
    });
  });
});
