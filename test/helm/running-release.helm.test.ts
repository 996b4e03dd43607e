/** What an upgrade does to a release that runs: values that look into the cluster. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHART, DISTRIBUTED, NAMESPACE, RELEASE, valueArgs } from '../support/chart.ts';
import { describeWithHelm } from '../support/helm-program.ts';
import { objectsIn } from '../support/kubernetes-objects.ts';

const NODES = 7;

/** As much of a cluster as Helm asks for one Deployment, which has 7 nodes. In a thread: Helm is waited for in this one. */
const CLUSTER = `
const { parentPort } = require('node:worker_threads');
const resources = [{ name: 'deployments', namespaced: true, kind: 'Deployment', verbs: ['get', 'list'] }];
const metadata = { name: '${RELEASE}-rollcast', namespace: '${NAMESPACE}' };
const answers = {
  '/version': { major: '1', minor: '33', gitVersion: 'v1.33.0' },
  '/apis/apps/v1': { kind: 'APIResourceList', groupVersion: 'apps/v1', resources },
  '/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${RELEASE}-rollcast':
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas: ${NODES} } },
};
const server = require('node:http').createServer(({ url }, response) => {
  const answer = answers[url.split('?')[0]];
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', reason: 'NotFound', code: 404 }));
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

let cluster: Worker;
let address = '';

beforeAll(async () => {
  cluster = new Worker(CLUSTER, { eval: true });
  const [port] = await once(cluster, 'message');
  address = `http://127.0.0.1:${port}`;
});

afterAll(() => cluster.terminate());

describeWithHelm('an upgrade of a running release', (helm) => {
  const replicasOf = (name: string, values: string): number | undefined => {
    const looking = ['--dry-run=server', '--kube-apiserver', address, '--namespace', NAMESPACE];
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
