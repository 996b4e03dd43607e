import { BenchProcess } from './child-process.ts';
import type { Cleanup } from './cleanup.ts';
import type { JoinRoundResult } from './join-round.ts';
import type { EndRequest, JoinRequest, OpenRequest } from './load-generator.ts';

/** Above every deadline inside the generator, so that its own, clearer message comes first. */
const OPEN_DEADLINE_MS = 300_000;
const SESSIONS_DEADLINE_MS = 300_000;
const ANSWER_DEADLINE_MS = 90_000;

/** The parent's side of one load generator process; every method waits for that step to be done. */
export class LoadClient {
  readonly process: BenchProcess;

  constructor(targetName: string, cleanup: Cleanup) {
    const script = new URL('./load-generator.ts', import.meta.url);
    this.process = new BenchProcess({ name: `load generator for ${targetName}`, script }, cleanup);
  }

  /** Opens a socket for every teacher and every student. */
  async open(request: OpenRequest): Promise<void> {
    await this.process.call('open', request, OPEN_DEADLINE_MS);
  }

  /** Every teacher starts the session of their class. */
  async startSessions(sessionIds: string[]): Promise<void> {
    await this.process.call('startSessions', sessionIds, SESSIONS_DEADLINE_MS);
  }

  /** Every student joins; resolves at the last acknowledgement. */
  async runJoins(request: JoinRequest): Promise<void> {
    await this.process.call('runJoins', request, request.window_ms + ANSWER_DEADLINE_MS);
  }

  /** Waits for what follows the last acknowledgement, then checks the round and returns what was measured. */
  async joinResult(aftermathMs: number): Promise<JoinRoundResult> {
    return (await this.process.call('joinResult', aftermathMs, aftermathMs + ANSWER_DEADLINE_MS)) as JoinRoundResult;
  }

  /** Every teacher ends the session of their class. */
  async endSessions(request: EndRequest): Promise<void> {
    await this.process.call('endSessions', request, SESSIONS_DEADLINE_MS);
  }

  /** Closes all sockets. */
  async close(): Promise<void> {
    await this.process.call('close', undefined, SESSIONS_DEADLINE_MS);
  }
}
