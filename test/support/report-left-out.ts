import process from 'node:process';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Says at the end of a run, loudly, which tests did not run and why. A test that cannot run on this machine skips
 * itself with a note that names what is missing (`context.skip(!have, 'needs …')`); without this the note would
 * vanish in a number.
 */
export default class ReportLeftOut implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const byNote = new Map<string, string[]>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const result = test.result();
        const note = (result.state === 'skipped' && result.note) || 'no reason given';
        byNote.set(note, [...(byNote.get(note) ?? []), `${module.relativeModuleId} > ${test.fullName}`]);
      }
    }
    if (byNote.size === 0) return;
    const lines = ['', '======== LEFT OUT: these tests did not run on this machine ========'];
    for (const [note, tests] of byNote) lines.push(`${note}:`, ...tests.map((name) => `  - ${name}`));
    process.stdout.write(`${lines.join('\n')}\n\n`);
  }
}
