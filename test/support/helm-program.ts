/**
 * Helm, for the tests of the chart: what TEST_HELM names (several with commas between them), else `helm` from the path,
 * else Helm 3 and Helm 4, each built here from its Go module once. Where neither Helm nor Go is present those tests are
 * left out, and the end of the run says so.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { beforeAll, describe } from 'vitest';
import { BUILD_DEADLINE_MS, goProgram, has, hasGo } from './go-program.ts';

const MISSING = 'needs helm on the path (3 or 4), or TEST_HELM, or go to build it';

const { TEST_HELM } = process.env;

/** How each Helm is got, by what it is called in the names of tests. */
const source = (version: number) => path.join(import.meta.dirname, `helm-${version}`);
const built = (version: number) => () =>
  goProgram({ name: `helm-${version}`, source: source(version), package: `helm.sh/helm/v${version}/cmd/helm` });

const HELMS: [name: string, program: () => Promise<string>][] =
  TEST_HELM !== undefined
    ? TEST_HELM.split(',').map((it) => [it, async () => it])
    : has('helm', 'version')
      ? [['helm', async () => 'helm']]
      : [
          ['Helm 3', built(3)],
          ['Helm 4', built(4)],
        ];

export type HelmRun = { status: number | null; stdout: string; stderr: string };
export type Helm = (...args: string[]) => HelmRun;

/** A suite that runs with each Helm that there is, and else is left out loudly. `helm` works once the tests run. */
export const describeWithHelm = (name: string, body: (helm: Helm) => void): void => {
  const can = TEST_HELM !== undefined || HELMS.length === 1 || hasGo;
  for (const [version, get] of HELMS) {
    describe(`${name} (${version})`, can ? {} : { skip: true, meta: { left_out: MISSING } }, () => {
      let program = '';
      beforeAll(async () => {
        program = await get();
      }, BUILD_DEADLINE_MS);
      body((...args) => run(program, args));
    });
  }
};

/** Without the settings, plugins and cluster of whoever runs the tests. */
const run = (program: string, args: string[]): HelmRun => {
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: '/nonexistent', HELM_NO_PLUGINS: '1', KUBECONFIG: '/nonexistent' };
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
};
