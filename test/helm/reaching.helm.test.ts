/** How clients reach the nodes, who may, how many nodes there are, and what the notes say. */
import { expect, test } from 'vitest';
import { DISTRIBUTED, render, STORES, valueArgs, valueSets } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';
import type { KubernetesObject } from '../support/kubernetes-objects.ts';

type Peers = { ports: { port: number | string; protocol: string }[]; from?: unknown[]; to?: unknown[] };

describeWithHelm('the way to the nodes', (helm) => {
  const withValues = (...values: (string | Record<string, unknown>)[]) => render(helm, ...valueArgs(...values));
  const set = (name: string) => render(helm, '--values', valueSets[name] as string);
  const annotationsOf = (it: KubernetesObject) => it.metadata.annotations ?? {};

  test('metrics are on a Service of their own, that is reached inside alone', () => {
    const rendered = set('everything');
    const [clients, metrics] = [rendered.one('Service', 'attendance'), rendered.one('Service', '-metrics')];
    expect(clients.spec.ports.map((it: KubernetesObject) => it.targetPort)).toEqual(['http']);
    expect(metrics.spec).toMatchObject({ clusterIP: 'None', ports: [{ targetPort: 'metrics' }] });
    for (const { spec } of [clients, metrics])
      expect(spec.selector).toEqual(rendered.one('Deployment').spec.selector.matchLabels);
  });

  test('sticky presets set what their controller reads, where it reads it', () => {
    const [haproxy, traefik] = [set('ingress-haproxy'), set('ingress-traefik')];
    expect(annotationsOf(haproxy.one('Ingress'))).toMatchObject({
      'haproxy.org/cookie-persistence': 'rollcast_node',
      'haproxy-ingress.github.io/affinity': 'cookie',
      'cert-manager.io/cluster-issuer': 'letsencrypt',
    });
    // In the controller's ConfigMap alone: on an Ingress nobody reads it.
    expect(annotationsOf(haproxy.one('Ingress'))).not.toHaveProperty(['haproxy.org/timeout-tunnel']);
    expect(annotationsOf(haproxy.one('Service', 'rollcast'))).toEqual({
      'haproxy.org/cookie-persistence': 'rollcast_node',
    });
    expect(annotationsOf(traefik.one('Ingress'))).toEqual({});
    expect(annotationsOf(traefik.one('Service', 'rollcast'))).toMatchObject({
      'traefik.ingress.kubernetes.io/service.sticky.cookie': 'true',
      'traefik.ingress.kubernetes.io/service.sticky.cookie.secure': 'true',
    });
    // What the operator writes wins over the preset.
    expect(annotationsOf(set('everything').one('Ingress'))).toMatchObject({
      'nginx.ingress.kubernetes.io/affinity': 'cookie',
      'nginx.ingress.kubernetes.io/proxy-read-timeout': '3600',
    });
    const none = withValues({ 'ingress.enabled': true, 'ingress.hosts': [{ host: 'a.example' }] });
    expect(annotationsOf(none.one('Ingress'))).toEqual({});
    expect(none.one('Ingress').spec.rules[0].http.paths).toMatchObject([{ path: '/', pathType: 'Prefix' }]);
  });

  test('a route leads to the Service, lets a WebSocket last, and has a cookie only if asked', () => {
    const rendered = set('gateway');
    const [rule] = rendered.one('HTTPRoute').spec.rules;
    const { metadata, spec } = rendered.one('Service', 'rollcast');
    expect(rule.backendRefs).toEqual([{ name: metadata.name, port: spec.ports[0].port }]);
    expect(rule.timeouts).toEqual({ request: '0s', backendRequest: '0s' });
    expect(rule.sessionPersistence).toMatchObject({ type: 'Cookie', sessionName: 'rollcast_node' });
    const plain = render(
      helm,
      '--values',
      valueSets.gateway as string,
      ...valueArgs(
        'httpRoute.sessionPersistence.enabled=false',
        'httpRoute.timeouts.request=,httpRoute.timeouts.backendRequest=',
      ),
    );
    expect(plain.one('HTTPRoute').spec.rules[0]).not.toHaveProperty('sessionPersistence');
    expect(plain.one('HTTPRoute').spec.rules[0]).not.toHaveProperty('timeouts');
  });

  test('a route below a path takes it off, unless there are filters', () => {
    const filtersOf = (values: Record<string, unknown>) =>
      render(helm, '--values', valueSets.gateway as string, ...valueArgs(values)).one('HTTPRoute').spec.rules[0]
        .filters;
    const off = [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } }];
    expect(filtersOf({ 'httpRoute.path': '/' })).toBeUndefined();
    expect(filtersOf({ 'httpRoute.path': '/rollcall' })).toEqual(off);
    const own = [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-a'] } }];
    expect(filtersOf({ 'httpRoute.path': '/rollcall', 'httpRoute.filters': own })).toEqual(own);
  });

  test('a time-out of a part may be as long as that of the whole, or the whole has none', () => {
    const timeouts = (request: string, backendRequest: string) => {
      const values = { 'httpRoute.timeouts.request': request, 'httpRoute.timeouts.backendRequest': backendRequest };
      return render(helm, '--values', valueSets.gateway as string, ...valueArgs(values)).one('HTTPRoute').spec.rules[0];
    };
    expect(timeouts('1m30s', '90s').timeouts).toEqual({ request: '1m30s', backendRequest: '90s' });
    expect(timeouts('0s', '1h').timeouts).toEqual({ request: '0s', backendRequest: '1h' });
    expect(timeouts('', '1h').timeouts).toEqual({ backendRequest: '1h' });
  });

  test('a policy lets clients in, and metrics to Prometheus alone', () => {
    expect(withValues(DISTRIBUTED).has('NetworkPolicy')).toBe(false);
    const { spec } = withValues(DISTRIBUTED, 'networkPolicy.enabled=true').one('NetworkPolicy');
    const [clients, metrics] = spec.ingress as [Peers, Peers];
    expect(clients).toEqual({ ports: [{ port: 'http', protocol: 'TCP' }] });
    expect(metrics.ports).toEqual([{ port: 'metrics', protocol: 'TCP' }]);
    expect(metrics.from).toEqual([
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
    ]);
    const nobody = withValues(DISTRIBUTED, { 'networkPolicy.enabled': true, 'networkPolicy.metricsFrom': [] });
    expect(nobody.one('NetworkPolicy').spec.ingress).toHaveLength(1);
  });

  test('a policy that names who may come in still lets the pods of helm test in', () => {
    const rendered = set('locked-down');
    const [{ from }] = rendered.one('NetworkPolicy').spec.ingress as [Required<Peers>];
    const { matchLabels } = (from.at(-1) as KubernetesObject).podSelector;
    expect(from).toHaveLength(2);
    for (const { metadata } of rendered.objects.filter(({ kind }) => kind === 'Pod'))
      expect(metadata.labels).toMatchObject(matchLabels);
  });

  test('a policy lets nodes reach what they need, and nothing else', () => {
    const portsOf = (...values: (string | Record<string, unknown>)[]) => {
      const { spec } = withValues('networkPolicy.enabled=true', ...values).one('NetworkPolicy');
      expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
      return (spec.egress as Peers[]).flatMap(({ ports }) => ports.map((it) => it.port));
    };
    expect(portsOf()).toEqual([53, 53]);
    expect(portsOf(DISTRIBUTED)).toEqual([53, 53, 6379, 26379, 27017, 443]);
    expect(portsOf(STORES, 'auth.existingSecret=x')).toEqual([53, 53, 6379, 26379, 27017]);
    expect(portsOf('tracing.endpoint=http://otel:4318')).toEqual([53, 53, 4317, 4318]);
    const open = withValues('networkPolicy.enabled=true,networkPolicy.egress.enabled=false').one('NetworkPolicy').spec;
    expect(open.policyTypes).toEqual(['Ingress']);
    expect(open).not.toHaveProperty('egress');
  });

  test.each(['autoscaling', 'keda'])('%s: up at once, down by one node in five minutes', (name) => {
    const rendered = set(name);
    expect(rendered.one('Deployment').spec).not.toHaveProperty('replicas');
    const behavior =
      name === 'keda'
        ? rendered.one('ScaledObject').spec.advanced.horizontalPodAutoscalerConfig.behavior
        : rendered.one('HorizontalPodAutoscaler').spec.behavior;
    expect(behavior.scaleUp.stabilizationWindowSeconds).toBe(0);
    expect(behavior.scaleDown.stabilizationWindowSeconds).toBeGreaterThanOrEqual(600);
    expect(behavior.scaleDown.policies).toEqual([{ type: 'Pods', value: 1, periodSeconds: 300 }]);
  });

  test('autoscaling goes by CPU, and by connections if asked', () => {
    const metricsOf = (...values: string[]) =>
      withValues(DISTRIBUTED, 'autoscaling.enabled=true', ...values).one('HorizontalPodAutoscaler').spec.metrics;
    expect(metricsOf()).toMatchObject([{ resource: { name: 'cpu', target: { averageUtilization: 50 } } }]);
    // A million is no 1e+06.
    expect(metricsOf('autoscaling.connections.enabled=true,autoscaling.connections.target=1000000')[1]).toEqual({
      type: 'Pods',
      pods: { metric: { name: 'rollcast_sockets' }, target: { type: 'AverageValue', averageValue: '1000000' } },
    });
    const [cpu, connections, cron] = set('keda').one('ScaledObject').spec.triggers;
    expect(cpu).toMatchObject({ type: 'cpu', metadata: { value: '50' } });
    expect(cron).toMatchObject({ type: 'cron', metadata: { desiredReplicas: '8' } });
    expect(connections.metadata).toMatchObject({ threshold: '3000', ignoreNullValues: 'false' });
    expect(connections.metadata.query).toBe(
      'sum(rollcast_sockets{namespace="school",pod=~"autumn-rollcast-[a-z0-9]+-[a-z0-9]+"})',
    );
  });
});

describeWithHelm('the notes of the chart', (helm) => {
  /** Helm shows them after an installation alone; what is rendered into an object can be seen without. */
  const notes = (...values: (string | Record<string, unknown>)[]): string => {
    const object = [
      'apiVersion: v1',
      'kind: ConfigMap',
      'metadata: {name: notes}',
      'data: {notes: {{ include "rollcast.notes" . | toJson }}}',
    ];
    const rendered = render(helm, ...valueArgs(...values, { extraObjects: [object.join('\n')] }));
    return rendered.one('ConfigMap', 'notes').data.notes;
  };

  test('say how to reach it and how to test it', () => {
    const said = notes();
    expect(said).toContain('port-forward service/autumn-rollcast 4002:80');
    expect(said).toContain('helm --namespace school test autumn');
    expect(notes('config.publicUrl=https://a.example')).toContain('https://a.example');
  });

  test('warn of what will be missed later, and of nothing else', () => {
    expect(notes('persistence.enabled=false')).toContain('attendance are LOST when the pod goes');
    expect(notes(DISTRIBUTED)).toContain('config.publicUrl is not set');
    expect(notes(DISTRIBUTED)).toContain('nothing that keeps a client on one node');
    expect(notes('auth.jwtSecret=short')).toContain('fewer than 32 characters');
    expect(notes('auth.jwtSecret=short')).toContain('in the history of the release');
    expect(notes('auth.jwtSecret=short')).not.toMatch(/\bshort\b/);
    const fine = notes(DISTRIBUTED, 'config.publicUrl=https://a.example,service.sessionAffinity=ClientIP');
    expect(fine).not.toContain('Mind:');
  });

  test('an address keeps nobody on one node behind a proxy, whose address it is', () => {
    const behind = { 'ingress.enabled': true, 'ingress.hosts': [{ host: 'a.example' }] };
    expect(notes(DISTRIBUTED, 'service.sessionAffinity=ClientIP', behind)).toContain('nothing that keeps a client on');
  });

  test('warn of more connections on a node than its drain closes at its pace', () => {
    const asked = 'autoscaling.enabled=true,autoscaling.connections.enabled=true';
    const warning = 'For the 3001 that autoscaling aims at, set it to 31';
    expect(notes(DISTRIBUTED, asked)).not.toContain('drain.timeoutSeconds');
    expect(notes(DISTRIBUTED, asked, 'autoscaling.connections.target=3001')).toContain(warning);
    expect(notes(DISTRIBUTED, 'autoscaling.enabled=true,autoscaling.connections.target=3001')).not.toContain(warning);
    const keda = 'keda.enabled=true,keda.prometheus.serverAddress=http://p:9090,keda.prometheus.target=3001';
    expect(notes(DISTRIBUTED, keda)).toContain(warning);
    expect(notes(DISTRIBUTED, keda, 'drain.timeoutSeconds=31')).not.toContain('A node drains');
  });
});
