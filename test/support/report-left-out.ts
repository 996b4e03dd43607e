import process from 'node:process';
import type { Reporter, TestCase, TestModule, TestSuite } from 'vitest/node';

/**
 * Says at the end of a run, loudly, which tests did not run and why. A test that cannot run on this machine skips
 * itself with a note that names what is missing (`context.skip(!have, 'needs …')`), or its whole suite is skipped with
 * `left_out` in its metadata; without this the reason would vanish in a number.
 */
export default class ReportLeftOut implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    /** Reason → what is left out, a suite as one line → how many tests that is. */
    const byReason = new Map<string, Map<string, number>>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const { reason, name } = leftOut(test);
        const names = byReason.get(reason) ?? new Map<string, number>();
        const line = `${module.relativeModuleId} > ${name}`;
        byReason.set(reason, names.set(line, (names.get(line) ?? 0) + 1));
      }
    }
    if (byReason.size === 0) return;
    const lines = ['', '======== LEFT OUT: these tests did not run on this machine ========'];
    for (const [reason, names] of byReason) {
      lines.push(`${reason}:`);
      for (const [name, tests] of names) lines.push(`  - ${name}${tests === 1 ? '' : ` (${tests} tests)`}`);
    }
    process.stdout.write(`${lines.join('\n')}\n\n`);
  }
}

const leftOut = (test: TestCase): { reason: string; name: string } => {
  let suite: TestSuite | TestModule = test.parent;
  while (suite.type === 'suite') {
    const { left_out } = suite.meta();
    // The outermost suite that says it: tests and suites inside inherit what it says.
    const { parent } = suite;
    const parentSays = parent.type === 'suite' && parent.meta().left_out !== undefined;
    if (left_out !== undefined && !parentSays) return { reason: left_out, name: suite.fullName };
    suite = parent;
  }
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return { reason: note ?? 'no reason given', name: test.fullName };
};
