/** One process of the local cluster: started, watched, started again when it ended by itself or by somebody's kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

/** A cold start on a busy machine. */
const UP_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 50;
/** Long enough to see what its absence does. */
const BACK_AFTER_MS = 10_000;
/** The end of what it wrote, for the message when it does not start. */
const OUTPUT_KEPT_LINES = 5;

export type ProgramOptions = {
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  /** Whether it is up: asked again and again, and told each line that it wrote in this life. */
  isUp: (lines: string[]) => boolean | Promise<boolean>;
  /** What is printed of a line that it wrote; null: nothing. */
  show: (line: string) => string | null;
  say: (text: string) => void;
};

export class Program {
  readonly name: string;
  private readonly options: ProgramOptions;
  private child: ChildProcess | null = null;
  private lines: string[] = [];
  private wanted = true;
  private back: NodeJS.Timeout | undefined;

  constructor(options: ProgramOptions) {
    this.name = options.name;
    this.options = options;
  }

  /** Undefined while it does not run. */
  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Resolves when it is up, and keeps it up from then on. Rejects with one line that holds what it said last. */
  async start(): Promise<void> {
    this.wanted = true;
    const child = this.spawn();
    const deadline = performance.now() + UP_WITHIN_MS;
    while (!(await this.options.isUp(this.lines))) {
      if (this.child !== child) throw new Error(`${this.name} ended at its start: ${this.lastWords()}`);
      if (performance.now() > deadline) throw new Error(`${this.name} is not up in time: ${this.lastWords()}`);
      await pause(LOOK_EVERY_MS);
    }
    if (this.child === child) child.once('close', (code, signal) => this.ended(child.pid, ending(code, signal)));
  }

  /**
   * Ends it, until somebody starts it again; resolves when it is gone, with how it ended. Killed when it has not gone by
   * itself in time.
   */
  async stop(within_ms: number): Promise<string> {
    this.wanted = false;
    clearTimeout(this.back);
    const { child } = this;
    if (child === null) return 'it did not run';
    const gone = once(child, 'close');
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), within_ms);
    const [code, signal] = (await gone) as [number | null, NodeJS.Signals | null];
    clearTimeout(late);
    return ending(code, signal);
  }

  /** At once and without a goodbye, for an exit that waits for nothing. */
  kill(): void {
    this.wanted = false;
    this.child?.kill('SIGKILL');
  }

  private spawn(): ChildProcess {
    const { command, args, env, show, say } = this.options;
    // A process group of its own: a Ctrl-C in the terminal must not end Redis before the nodes have drained.
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const lines: string[] = [];
    this.lines = lines;
    this.child = child;
    child.on('error', (error) => lines.push(error.message));
    child.once('close', () => {
      if (this.child === child) this.child = null;
    });
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        lines.push(line);
        // What comes later is of no use to isUp().
        if (lines.length > 1_000) lines.splice(0, lines.length - OUTPUT_KEPT_LINES);
        const shown = show(line);
        if (shown !== null) say(`${this.name}: ${shown}`);
      });
    }
    return child;
  }

  private ended(pid: number | undefined, how: string): void {
    if (!this.wanted) return;
    const { say } = this.options;
    say(`${this.name} (pid ${pid}) has ended: ${how}. It comes back in ${BACK_AFTER_MS / 1_000} s.`);
    this.back = setTimeout(() => {
      this.start().then(
        () => say(`${this.name} is back: pid ${this.pid}`),
        (error: Error) => {
          this.child?.kill('SIGKILL');
          say(error.message);
          this.ended(undefined, 'it did not start');
        },
      );
    }, BACK_AFTER_MS);
  }

  private lastWords(): string {
    const words = this.lines.slice(-OUTPUT_KEPT_LINES).map((it) => it.trim());
    return words.filter((it) => it !== '').join(' | ') || 'it said nothing';
  }
}

const ending = (code: number | null, signal: NodeJS.Signals | null): string => signal ?? `exit code ${code}`;
