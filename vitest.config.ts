import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    globalSetup: ['./test/support/build-console.ts'],
    reporters: ['default', './test/support/report-left-out.ts'],
    // Processes, not threads: many tests open servers and databases, and one that dies must not take others along.
    pool: 'forks',
    // The smallest machine that we promise the tests to pass on has two cores.
    maxWorkers: 2,
    // Tests wait for conditions that have deadlines of their own; these bounds only end a test that hangs.
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A test that passes the second time has found something: it is never run again to make it pass.
    retry: 0,
    passWithNoTests: false,
    dangerouslyIgnoreUnhandledErrors: false,
    allowOnly: false,
  },
});
