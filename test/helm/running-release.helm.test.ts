/** What an upgrade does to a release that runs: values that look into the cluster. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHART, DISTRIBUTED, NAMESPACE, RELEASE, valueArgs } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';
import { objectsIn } from '../support/kubernetes-objects.ts';

const NODES = 7;

/** Kinds that a release has here, by their API. */
const APIS = {
  v1: ['ConfigMap', 'Pod', 'Service', 'ServiceAccount'],
  'apps/v1': ['Deployment'],
  'autoscaling/v2': ['HorizontalPodAutoscaler'],
  'keda.sh/v1alpha1': ['ScaledObject'],
  'policy/v1': ['PodDisruptionBudget'],
};

const resourceOf = (kind: string): string => `${kind.toLowerCase()}s`;

const groups = Object.keys(APIS)
  .filter((it) => it.includes('/'))
  .map((groupVersion) => {
    const [name, version] = groupVersion.split('/');
    return { name, versions: [{ groupVersion, version }], preferredVersion: { groupVersion, version } };
  });

const lists = Object.entries(APIS).map(([groupVersion, kinds]) => [
  groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`,
  {
    kind: 'APIResourceList',
    groupVersion,
    resources: kinds.map((kind) => ({ name: resourceOf(kind), namespaced: true, kind, verbs: ['get', 'list'] })),
  },
]);

/** What a cluster answers to as much as Helm asks of it. One Deployment is there, with 7 nodes. */
const ANSWERS = {
  '/version': { major: '1', minor: '33', gitVersion: 'v1.33.0' },
  '/api': { kind: 'APIVersions', versions: ['v1'] },
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups },
  ...Object.fromEntries(lists),
  [`/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${RELEASE}-rollcast`]: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: `${RELEASE}-rollcast`,
      namespace: NAMESPACE,
      labels: { 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': RELEASE, 'meta.helm.sh/release-namespace': NAMESPACE },
    },
    spec: { replicas: NODES },
  },
};

/** In a thread: Helm is waited for in this one. */
const CLUSTER = `
const { parentPort, workerData } = require('node:worker_threads');
const server = require('node:http').createServer(({ url }, response) => {
  const answer = workerData[url.split('?')[0]];
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', reason: 'NotFound', code: 404 }));
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

let cluster: Worker;
let address = '';

beforeAll(async () => {
  cluster = new Worker(CLUSTER, { eval: true, workerData: ANSWERS });
  const [port] = await once(cluster, 'message');
  address = `http://127.0.0.1:${port}`;
});

afterAll(() => cluster.terminate());

describeWithHelm('an upgrade of a running release', (helm) => {
  const replicasOf = (name: string, values: string): number | undefined => {
    // Without a look at the schemas of objects, of which this cluster has none.
    const dryRun = ['--dry-run=server', '--disable-openapi-validation'];
    const looking = [...dryRun, '--kube-apiserver', address, '--namespace', NAMESPACE];
    const { stdout, stderr } = helm('template', name, CHART, ...looking, ...valueArgs(DISTRIBUTED, values));
    const deployment = objectsIn(stdout).find(({ kind }) => kind === 'Deployment');
    if (deployment === undefined) throw new Error(`helm template: ${stderr}`);
    return deployment.spec.replicas;
  };

  test.each(['autoscaling', 'keda'])('%s: as many nodes stay as there are', (name) => {
    expect(replicasOf(RELEASE, `${name}.enabled=true`)).toBe(NODES);
    // A release that is not there yet: the autoscaler begins with what Kubernetes takes.
    expect(replicasOf('spring', `${name}.enabled=true`)).toBeUndefined();
  });

  test('without an autoscaler the values decide', () => {
    expect(replicasOf(RELEASE, 'replicaCount=4')).toBe(4);
  });
});
