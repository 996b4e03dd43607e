/**
 * Helm, for the tests of the chart: what TEST_HELM lists (programs, and 3 and 4 for those that are built here from their Go
 * modules, with commas between them), else `helm` from the path, else Helm 3 built here. Where neither Helm nor Go is
 * present those tests are left out, and the end of the run says so.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { BUILD_DEADLINE_MS, goProgram, has, hasGo } from './go-program.ts';

const MISSING = 'needs helm on the path (3 or 4), or TEST_HELM, or go to build it';

const { TEST_HELM } = process.env;

/** One is enough on a fresh machine: a second takes another four minutes of CPU time to build. */
const HELMS = (TEST_HELM ?? (has('helm', 'version') ? 'helm' : '3')).split(',');

const isBuilt = (helm: string): boolean => helm === '3' || helm === '4';

/** The path of a program; takes minutes when it has to be built. */
const programOf = async (helm: string): Promise<string> => {
  if (!isBuilt(helm)) return helm;
  const source = path.join(import.meta.dirname, `helm-${helm}`);
  return goProgram({ name: `helm-${helm}`, source, package: `helm.sh/helm/v${helm}/cmd/helm` });
};

export type HelmRun = { status: number | null; stdout: string; stderr: string };
export type Helm = (...args: string[]) => HelmRun;

/** A suite that runs with each Helm that there is, and else is left out loudly. `helm` works once the tests run. */
export const describeWithHelm = (name: string, body: (helm: Helm) => void): void => {
  for (const helm of HELMS) {
    const can = !isBuilt(helm) || hasGo;
    const title = `${name} (Helm: ${path.basename(helm)})`;
    describe(title, can ? {} : { skip: true, meta: { left_out: MISSING } }, () => {
      let program = '';
      let home = '';
      beforeAll(async () => {
        program = await programOf(helm);
        home = mkdtempSync(path.join(tmpdir(), 'rollcast-helm-'));
      }, BUILD_DEADLINE_MS);
      afterAll(() => {
        if (home !== '') rmSync(home, { recursive: true, force: true });
      });
      body((...args) => run(program, home, args));
    });
  }
};

/** Without the settings, plugins and cluster of whoever runs the tests; what Helm caches goes into a home of its own. */
const run = (program: string, home: string, args: string[]): HelmRun => {
  const { PATH = '' } = process.env;
  const env = { PATH, HOME: home, HELM_NO_PLUGINS: '1', KUBECONFIG: path.join(home, 'no-kubeconfig') };
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
};
