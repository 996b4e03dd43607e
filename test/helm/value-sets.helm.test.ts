/** Every value set is taken, and what comes out are objects that Kubernetes knows. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { CHART, DISTRIBUTED, render, valueArgs, valueSets } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';
import { type KubernetesObject, objectsIn, wrongWith } from '../support/kubernetes-objects.ts';

const SETS: [string, string[]][] = [
  ['no values at all', []],
  ...Object.entries(valueSets).map(([name, file]): [string, string[]] => [name, ['--values', file]]),
];

const identity = ({ apiVersion, kind, metadata: { namespace, name } }: KubernetesObject): string =>
  [apiVersion, kind, namespace, name].join(' ');

describeWithHelm('value sets of the chart', (helm) => {
  test('there are enough of them', () => expect(SETS.length).toBeGreaterThan(10));

  test.each(SETS)('%s: lint has nothing to say', (_, args) => {
    const { status, stdout, stderr } = helm('lint', '--strict', CHART, ...args);
    expect(`${stdout}${stderr}`).not.toMatch(/\[(WARNING|ERROR)\]/);
    expect(status).toBe(0);
  });

  test.each(SETS)('%s: each object is right for its kind, and none is there twice', (_, args) => {
    const { objects } = render(helm, ...args);
    expect(objects.length).toBeGreaterThan(5);
    expect(objects.flatMap(wrongWith)).toEqual([]);
    const identities = objects.map(identity);
    expect(identities).toEqual([...new Set(identities)]);
  });

  test('one value set renders each kind of object that the chart has', () => {
    const rendered = render(helm, '--values', valueSets.everything as string);
    const kinds = new Set(rendered.objects.map(({ kind }) => kind));
    // A claim, a PodMonitor and a ScaledObject cannot stand beside the others.
    for (const [kind, set] of [
      ['PersistentVolumeClaim', 'embedded-persistent'],
      ['PodMonitor', 'podmonitor'],
      ['ScaledObject', 'keda'],
    ] as const) {
      expect(kinds).not.toContain(kind);
      expect(render(helm, '--values', valueSets[set] as string).has(kind)).toBe(true);
    }
    for (const kind of [
      'ConfigMap',
      'Deployment',
      'HTTPRoute',
      'HorizontalPodAutoscaler',
      'Ingress',
      'NetworkPolicy',
      'Pod',
      'PodDisruptionBudget',
      'PrometheusRule',
      'Secret',
      'Service',
      'ServiceAccount',
      'ServiceMonitor',
    ])
      expect(kinds).toContain(kind);
  });

  test('names fit, however long those of release and chart are', () => {
    const long = 'a-release-whose-name-is-as-long-as-helm-takes-it-53ch';
    const text = helm('template', long, CHART, ...valueArgs(DISTRIBUTED, 'metrics.dashboard.enabled=true')).stdout;
    const names = objectsIn(text).map(({ metadata }) => metadata.name);
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter((it) => it.length > 63)).toEqual([]);
  });

  test('whatever a release is called, what is text stays text', () => {
    const rendered = (release: string, values: string) => helm('template', release, CHART, ...valueArgs(values));
    for (const release of ['no', '123', '1e3', 'null']) {
      const objects = objectsIn(rendered(release, 'fullnameOverride=rollcast').stdout);
      expect(objects.flatMap(wrongWith)).toEqual([]);
      expect(objects[0]?.metadata.labels?.['app.kubernetes.io/instance']).toBe(release);
    }
    const numbers = {
      ...{ priorityClassName: '1', runtimeClassName: '2', 'persistence.storageClass': '3' },
      ...{ 'service.type': 'LoadBalancer', 'service.loadBalancerClass': '4' },
      ...{ 'ingress.enabled': true, 'ingress.hosts': [{ host: 'a' }], 'ingress.className': '5' },
      ...{ 'auth.existingSecret': '6', 'auth.existingSecretKey': '7' },
    };
    expect(render(helm, ...valueArgs(numbers)).objects.flatMap(wrongWith)).toEqual([]);
    const cookie = { 'httpRoute.sessionPersistence.sessionName': '1', 'auth.existingSecretKey': '2' };
    const route = render(helm, '--values', valueSets.gateway as string, ...valueArgs(cookie));
    expect(route.objects.flatMap(wrongWith)).toEqual([]);
  });

  test('a name that Kubernetes does not take for a Service is refused', () => {
    const said = (release: string, values: string) => helm('template', release, CHART, ...valueArgs(values)).stderr;
    expect(said('123', 'image.tag=x')).toContain('objects would be called "123-rollcast"');
    expect(said('a.b', 'image.tag=x')).toContain('objects would be called "a.b-rollcast"');
    expect(said('r', 'fullnameOverride=Attendance')).toContain('set fullnameOverride to small letters');
    expect(said('no', 'nameOverride=n')).toContain('objects would be called "no"');
    expect(said('r', 'nameOverride=a b,fullnameOverride=x')).toContain('app.kubernetes.io/name "a b"');
  });

  test('a storage class may be the default, a named one or none', () => {
    const classOf = (it: string) =>
      render(helm, ...valueArgs(`persistence.storageClass=${it}`)).one('PersistentVolumeClaim').spec.storageClassName;
    expect([classOf(''), classOf('fast'), classOf('-')]).toEqual([undefined, 'fast', '']);
  });

  test('a cluster that is too old is refused, whatever else is right', () => {
    const at = (version: string) => helm('template', 'r', CHART, '--kube-version', version);
    expect(at('1.30.0').status).toBe(0);
    expect(at('1.30.4-gke.100').status).toBe(0);
    expect(at('1.36.1').status).toBe(0);
    expect(at('1.29.9').stderr).toContain('Kubernetes v1.29.9 is too old: the chart needs 1.30 or newer');
  });
});

describeWithHelm('the check of objects itself', (helm) => {
  const deployment = () => render(helm, '--values', valueSets['existing-secrets'] as string).one('Deployment');

  const complaints = (change: (object: KubernetesObject) => void): string => {
    const object = deployment();
    change(object);
    return wrongWith(object).join('\n');
  };

  test('finds a field of a wrong type, a missing one, and one that does not exist', () => {
    expect(wrongWith(deployment())).toEqual([]);
    expect(complaints((it) => Object.assign(it.spec, { replicas: 'three' }))).toMatch(/replicas/);
    expect(complaints((it) => Reflect.deleteProperty(it.spec, 'selector'))).toMatch(/selector/);
    expect(complaints((it) => Object.assign(it.spec, { replica: 3 }))).toContain('there is no field /spec/replica');
    expect(
      complaints((it) => Object.assign(it.spec.template.spec.containers[0].readinessProbe.httpGet, { pat: '/' })),
    ).toContain('there is no field /spec/template/spec/containers/0/readinessProbe/httpGet/pat');
  });

  test('finds a kind without a schema, a wrong name and a wrong label', () => {
    expect(complaints((it) => Object.assign(it, { kind: 'Deploymint' }))).toContain('no schema of apps/v1 Deploymint');
    expect(complaints((it) => Object.assign(it, { apiVersion: 'apps/v1beta1' }))).toContain('no schema');
    expect(complaints((it) => Object.assign(it.metadata, { name: 'Not_A_Name' }))).toContain('no DNS name');
    expect(complaints((it) => Object.assign(it.metadata.labels as object, { x: 'a b' }))).toContain('wrong label');
  });
});

test('the development manifest has objects that Kubernetes knows, and says what it is not for', () => {
  const text = readFileSync(path.join(CHART, 'examples/redis-mongodb.yaml'), 'utf8');
  const objects = objectsIn(text);
  expect(objects.map(({ kind }) => kind)).toEqual(['Service', 'StatefulSet', 'Service', 'StatefulSet', 'Job']);
  expect(objects.flatMap(wrongWith)).toEqual([]);
  expect(text).toContain('NOT FOR PRODUCTION');
  const [, redis, , mongodb] = objects;
  const argsOf = (it?: KubernetesObject) => it?.spec.template.spec.containers[0].args.join(' ');
  expect(argsOf(redis)).toMatch(/--appendonly yes .*--maxmemory-policy noeviction/);
  expect(argsOf(mongodb)).toContain('--replSet rs0');
});
