import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import { processCpuMicros } from './cpu-time.ts';
import { answerCalls, endWithParent } from './ipc.ts';

/**
 * Loaded into a server under measurement with `--import`, so that the server itself needs to know nothing of the
 * benchmark: answers how much CPU time the process has used so far, and how much memory it takes.
 */

// Node also loads this file into every worker thread of that server; the main thread speaks for all of them.
if (isMainThread && process.send !== undefined) {
  answerCalls({ processCpuMicros, residentBytes: () => process.memoryUsage.rss() });
  endWithParent(() => process.kill(process.pid, 'SIGTERM'));
  // The probe alone must not keep a server alive that wants to end.
  process.channel?.unref();
}
