/** The service as a real process: started, killed, started again on the same data, and everything that it wrote. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { endWithThisProcess } from './child-processes.ts';

export { dataDirectory } from './child-processes.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');
/** A cold start takes a second or two, and this on a machine that does ten other things. */
const START_DEADLINE_MS = 60_000;
const FAILS_WITHIN_MS = 15_000;

export type Environment = Record<string, string>;
export type Exit = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

type Run = { child: ChildProcess; output: { stdout: string; stderr: string }; exited: Promise<Exit> };

const run = (env: Environment, entry = MAIN): Run => {
  const child = spawn(process.execPath, [entry], {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithThisProcess(child);
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    output.stderr += chunk;
  });
  const exited = once(child, 'close').then(([code, signal]) => ({ code, signal, ...output }) as Exit);
  return { child, output, exited };
};

/** Runs it until it ends by itself: for starts that must fail. One that does not is ended, and its exit tells. */
export const runToExit = async (env: Environment): Promise<Exit> => {
  const { child, exited } = run(env);
  const late = setTimeout(() => child.kill('SIGKILL'), FAILS_WITHIN_MS);
  try {
    return await exited;
  } finally {
    clearTimeout(late);
  }
};

export class Service {
  readonly env: Environment;
  private readonly entry: string;
  private current: Run | null = null;
  private earlier = '';
  private listensOn = 0;

  /** env: as in production; PORT 0 takes a free one, and keeps it over restarts so that clients find their way back. */
  constructor(env: Environment, entry = MAIN) {
    this.entry = entry;
    this.env = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info', ...env };
  }

  get url(): string {
    return `http://127.0.0.1:${this.listensOn}`;
  }

  get port(): number {
    return this.listensOn;
  }

  get pid(): number | undefined {
    return this.current?.child.pid;
  }

  get isRunning(): boolean {
    return this.current !== null && this.current.child.exitCode === null && this.current.child.signalCode === null;
  }

  /** A test ended it, and has not started it again. */
  get wasKilled(): boolean {
    return this.current === null;
  }

  /** Everything that it wrote to both streams, over all its lives. */
  get output(): string {
    const { stdout = '', stderr = '' } = this.current?.output ?? {};
    return this.earlier + stdout + stderr;
  }

  /**
   * Resolves when it listens; rejects with what it said when it ends before that. entry: another program, such as another
   * version, for this life alone.
   */
  async start(entry = this.entry): Promise<void> {
    const env = this.listensOn === 0 ? this.env : { ...this.env, PORT: String(this.listensOn) };
    const current = run(env, entry);
    this.current = current;
    const listening = new Promise<number>((resolve) => {
      const look = () => {
        const line = /^.*"msg":"listening".*$/m.exec(current.output.stdout)?.[0];
        if (line !== undefined) resolve((JSON.parse(line) as { port: number }).port);
      };
      current.child.stdout?.on('data', look);
    });
    const late = AbortSignal.timeout(START_DEADLINE_MS);
    this.listensOn = await Promise.race([
      listening,
      current.exited.then(({ code, signal, stderr }) => {
        throw new Error(`the service ended with ${code ?? signal} instead of listening: ${stderr}`);
      }),
      once(late, 'abort').then(() => {
        throw new Error(
          `the service did not listen within ${START_DEADLINE_MS} ms: ${current.output.stdout}${current.output.stderr}`,
        );
      }),
    ]);
  }

  /** Sends the signal; resolves when the process is gone. */
  async kill(signal: NodeJS.Signals): Promise<Exit> {
    if (this.current === null) throw new Error('the service does not run');
    const { child, exited } = this.current;
    child.kill(signal);
    const exit = await exited;
    this.earlier = this.output;
    this.current = null;
    return exit;
  }

  /** Ends it, whatever state it is in. */
  async stop(): Promise<void> {
    if (this.current !== null) await this.kill('SIGKILL');
  }
}
