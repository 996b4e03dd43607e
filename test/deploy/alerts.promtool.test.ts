/** The unit tests of the alert rules, by Prometheus' own tool. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const TESTS = path.join(import.meta.dirname, 'alerts.test.yaml');
const RULES = path.resolve(import.meta.dirname, '../../helm/rollcast/files/alerts.yaml');
const DEADLINE_MS = 120_000;

const promtool = (...args: string[]) => spawnSync('promtool', args, { encoding: 'utf8' });
const hasPromtool = promtool('--version').status === 0;
const MISSING = 'needs promtool on the path: a part of Prometheus (Debian has it in its package prometheus)';

test('promtool finds the rules well-formed, and each alert comes when it should and only then', {
  timeout: DEADLINE_MS,
}, (context) => {
  context.skip(!hasPromtool, MISSING);
  for (const args of [
    ['check', 'rules', RULES],
    ['test', 'rules', TESTS],
  ]) {
    const { status, stdout, stderr } = promtool(...args);
    expect(status, stdout + stderr).toBe(0);
  }
});
