/** What runs: pods, their security, probes and shutdown, and what is different between one node and several. */
import { expect, test } from 'vitest';
import { DISTRIBUTED, render, valueArgs, valueSets } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';
import type { KubernetesObject } from '../support/kubernetes-objects.ts';

const SETS = Object.entries(valueSets);

const podOf = (it: KubernetesObject) => (it.kind === 'Pod' ? it : it.spec.template).spec;

describeWithHelm('the pods of the chart', (helm) => {
  const withValues = (...values: (string | Record<string, unknown>)[]) => render(helm, ...valueArgs(...values));
  const set = (name: string) => render(helm, '--values', valueSets[name] as string);
  const containerOf = (deployment: KubernetesObject) => podOf(deployment).containers[0];

  test('without values there is one node on a volume', () => {
    const rendered = withValues();
    const { spec } = rendered.one('Deployment');
    expect(spec.replicas).toBe(1);
    expect(spec.strategy).toEqual({ type: 'Recreate' });
    expect(podOf(rendered.one('Deployment')).volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: rendered.one('PersistentVolumeClaim').metadata.name },
    });
    expect(containerOf(rendered.one('Deployment')).volumeMounts).toContainEqual({ name: 'data', mountPath: '/data' });
    expect(containerOf(rendered.one('Deployment')).env).toContainEqual({ name: 'DATA_DIR', value: '/data' });
    expect(rendered.one('PersistentVolumeClaim').metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    for (const kind of ['PodDisruptionBudget', 'HorizontalPodAutoscaler', 'Secret'])
      expect(rendered.has(kind)).toBe(false);
    expect(spec.template.spec.topologySpreadConstraints).toBeUndefined();
  });

  test('a claim may be there already, or none at all', () => {
    const volumeOf = (...values: string[]) => {
      const rendered = withValues(...values);
      expect(rendered.has('PersistentVolumeClaim')).toBe(false);
      return podOf(rendered.one('Deployment')).volumes.find(({ name }: { name: string }) => name === 'data');
    };
    expect(volumeOf('persistence.existingClaim=mine').persistentVolumeClaim).toEqual({ claimName: 'mine' });
    expect(volumeOf('persistence.enabled=false').emptyDir).toEqual({});
  });

  test('with both stores there are three, spread out, and never fewer during an update', () => {
    const rendered = withValues(DISTRIBUTED);
    const { spec } = rendered.one('Deployment');
    expect(spec.replicas).toBe(3);
    expect(spec.strategy).toEqual({ type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } });
    const spread = spec.template.spec.topologySpreadConstraints;
    expect(spread.map((it: KubernetesObject) => it.topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ]);
    for (const it of spread) expect(it.labelSelector.matchLabels).toEqual(spec.selector.matchLabels);
    const strictly = withValues(DISTRIBUTED, 'topologySpread.whenUnsatisfiable=DoNotSchedule').one('Deployment').spec;
    expect(
      strictly.template.spec.topologySpreadConstraints.map((it: KubernetesObject) => it.whenUnsatisfiable),
    ).toEqual(['ScheduleAnyway', 'DoNotSchedule']);
    expect(rendered.one('PodDisruptionBudget').spec).toMatchObject({
      maxUnavailable: 1,
      selector: { matchLabels: spec.selector.matchLabels },
    });
    expect(rendered.has('PersistentVolumeClaim')).toBe(false);
    expect(containerOf(rendered.one('Deployment')).env.map(({ name }: { name: string }) => name)).not.toContain(
      'DATA_DIR',
    );
  });

  test('the next node is replaced when the drain of the one before it is over', () => {
    const specOf = (...values: string[]) => withValues(...values).one('Deployment').spec;
    const wait_s = (...values: string[]) => specOf(DISTRIBUTED, ...values).minReadySeconds;
    expect(wait_s()).toBe(35);
    expect(wait_s('drain.preStopSeconds=10,drain.timeoutSeconds=100,terminationGracePeriodSeconds=120')).toBe(110);
    expect(wait_s('minReadySeconds=0')).toBe(0);
    const long = specOf(DISTRIBUTED, 'minReadySeconds=3600').progressDeadlineSeconds;
    expect(long - specOf(DISTRIBUTED).progressDeadlineSeconds).toBe(3600 - 35);
    expect(specOf()).not.toHaveProperty('minReadySeconds');
  });

  test.each(SETS)('%s: pods obey the restricted Pod Security Standard', (name) => {
    const pods = set(name).objects.filter(({ kind }) => kind === 'Deployment' || kind === 'Pod');
    expect(pods.length).toBeGreaterThan(3);
    for (const pod of pods.map(podOf)) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.enableServiceLinks).toBe(false);
      for (const { securityContext } of [...pod.containers, ...(pod.initContainers ?? [])])
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      expect(pod.containers[0].image).not.toMatch(/:latest$|[^:@]+\/[^:@]+$/);
      expect(pod.containers[0].resources.limits.memory).toBeTruthy();
      expect(pod.volumes.some((it: KubernetesObject) => it.hostPath !== undefined)).toBe(false);
    }
  });

  test.each(SETS)('%s: a pod is given the time that its drain takes', (name) => {
    const rendered = set(name);
    const pod = podOf(rendered.one('Deployment'));
    const preStop_s = pod.containers[0].lifecycle?.preStop.sleep.seconds ?? 0;
    const drain_ms = Number(rendered.objects.find((it) => it.data?.DRAIN_TIMEOUT_MS)?.data.DRAIN_TIMEOUT_MS);
    expect(drain_ms).toBeGreaterThan(0);
    expect(preStop_s + drain_ms / 1000).toBeLessThanOrEqual(pod.terminationGracePeriodSeconds);
  });

  test('probes ask what they should, and a long start fails no update', () => {
    const { spec } = withValues().one('Deployment');
    const { startupProbe, livenessProbe, readinessProbe, ports } = spec.template.spec.containers[0];
    expect(startupProbe.httpGet).toEqual({ path: '/livez', port: 'http' });
    expect(livenessProbe.httpGet).toEqual({ path: '/livez', port: 'http' });
    expect(readinessProbe.httpGet).toEqual({ path: '/readyz?parts=live', port: 'http' });
    const start_s = startupProbe.periodSeconds * startupProbe.failureThreshold;
    expect(start_s).toBeGreaterThanOrEqual(600);
    expect(spec.progressDeadlineSeconds).toBeGreaterThan(start_s);
    expect(ports.map(({ name, containerPort }: KubernetesObject) => [name, containerPort])).toEqual([
      ['http', 4002],
      ['metrics', 9090],
    ]);
    const all = withValues({ readinessParts: ['live', 'registry'] }).one('Deployment');
    expect(containerOf(all).readinessProbe.httpGet.path).toBe('/readyz?parts=live,registry');
  });

  test('the image is the one of this version, another tag, or a digest', () => {
    const image = (...values: string[]) => containerOf(withValues(...values).one('Deployment')).image;
    const digest = `sha256:${'0'.repeat(64)}`;
    expect(image()).toBe('ghcr.io/rollcast/rollcast:0.1.0');
    expect(image('image.tag=1.2.3')).toBe('ghcr.io/rollcast/rollcast:1.2.3');
    expect(image(`image.tag=1.2.3,image.digest=${digest}`)).toBe(`ghcr.io/rollcast/rollcast@${digest}`);
  });

  test('selectors are the same whatever the values: they cannot be changed later', () => {
    const selectors = ['distributed-minimal', 'embedded-ephemeral', 'keda', 'cluster'].map(
      (it) => set(it).one('Deployment').spec.selector,
    );
    expect(new Set(selectors.map((it) => JSON.stringify(it))).size).toBe(1);
    const labelled = withValues({
      commonLabels: { 'app.kubernetes.io/name': 'other', team: 'a' },
      podLabels: { x: 'y' },
    });
    const { selector, template } = labelled.one('Deployment').spec;
    expect(selector).toEqual(selectors[0]);
    expect(template.metadata.labels).toMatchObject({ ...selector.matchLabels, team: 'a', x: 'y' });
  });

  test('a budget in percent that lets one go is taken', () => {
    const budget = withValues(DISTRIBUTED, 'podDisruptionBudget.minAvailable=66%').one('PodDisruptionBudget').spec;
    expect(budget.minAvailable).toBe('66%');
  });

  test('a new version of the chart alone replaces no pod', () => {
    expect(withValues().one('Deployment').spec.template.metadata.labels).not.toHaveProperty('helm.sh/chart');
  });

  test('the service account has no token', () => {
    expect(withValues().one('ServiceAccount').automountServiceAccountToken).toBe(false);
    const other = withValues('serviceAccount.create=false,serviceAccount.name=shared');
    expect(other.has('ServiceAccount')).toBe(false);
    expect(podOf(other.one('Deployment')).serviceAccountName).toBe('shared');
  });

  test('pods of helm test are hooks, run scripts that are there, and none is left when they are off', () => {
    const rendered = withValues();
    const scripts = rendered.one('ConfigMap', '-tests').data;
    const pods = rendered.objects.filter(({ kind }) => kind === 'Pod');
    expect(pods).toHaveLength(3);
    for (const { metadata, spec } of pods) {
      expect(metadata.annotations).toMatchObject({ 'helm.sh/hook': 'test' });
      const [node, script] = spec.containers[0].command;
      expect(node).toBe('node');
      expect(Object.keys(scripts)).toContain(script.replace('/tests/', ''));
    }
    expect(withValues('tests.enabled=false').objects.filter(({ kind }) => kind === 'Pod')).toEqual([]);
  });
});
