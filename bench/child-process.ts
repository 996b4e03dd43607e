import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Cleanup } from './cleanup.ts';
import { callProcess } from './ipc.ts';

/** The processes that the benchmark starts, each under the same Node as itself, and how they end. */

export interface StartOptions {
  /** For messages. */
  name: string;
  script: URL;
  /** Options for Node itself. */
  nodeOptions?: string[];
  /** The whole environment, but for what every program needs: what is set outside must not change what is measured. */
  env?: Record<string, string>;
}

/** What a program needs of the environment in order to run at all. */
const ENVIRONMENT_KEPT = ['PATH', 'HOME', 'TMPDIR'];

/** The end of what a process printed, kept for the message when it fails. */
const OUTPUT_KEPT_CHARACTERS = 4_000;
const CPU_DEADLINE_MS = 30_000;
const ACCEPT_DEADLINE_MS = 30_000;
const ACCEPT_RETRY_MS = 50;
/** A process that was asked to end and has not by now is killed. */
const END_DEADLINE_MS = 20_000;

export class BenchProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  #output = '';

  /** Starts it, and has the cleanup end it. */
  constructor({ name, script, nodeOptions = [], env = {} }: StartOptions, cleanup: Cleanup) {
    this.name = name;
    this.#child = spawn(process.execPath, [...nodeOptions, fileURLToPath(script)], {
      env: { ...Object.fromEntries(ENVIRONMENT_KEPT.map((key) => [key, process.env[key]])), ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    cleanup.add(() => this.#end());
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_KEPT_CHARACTERS);
      });
    }
  }

  /** Asks the process (see ipc.ts). A failure names the process and tells what it printed last. */
  async call(method: string, argument: unknown, deadlineMs: number): Promise<unknown> {
    try {
      return await callProcess(this.#child, method, argument, deadlineMs);
    } catch (error) {
      throw this.#failure(error instanceof Error ? error.message : String(error));
    }
  }

  /** Microseconds of CPU time used so far. Refuses to answer for less than all of it. */
  async cpuMicros(): Promise<number> {
    if (this.#hasChildren()) throw this.#failure('has child processes, whose CPU time would be left out');
    return (await this.call('processCpuMicros', undefined, CPU_DEADLINE_MS)) as number;
  }

  /** Memory of the process, as the operating system counts it. Includes what its collector has not freed yet. */
  async residentBytes(): Promise<number> {
    return (await this.call('residentBytes', undefined, CPU_DEADLINE_MS)) as number;
  }

  /** Resolves when the process accepts connections on this port of the loopback interface. */
  async accepts(port: number): Promise<void> {
    const deadline = performance.now() + ACCEPT_DEADLINE_MS;
    while (!(await canConnect(port))) {
      if (this.#ended()) throw this.#failure('ended before it listened');
      if (performance.now() > deadline) throw this.#failure(`did not listen within ${ACCEPT_DEADLINE_MS} ms`);
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_RETRY_MS));
    }
  }

  /** Ends the process, gently first, and resolves when it is gone. */
  async #end(): Promise<void> {
    if (this.#ended()) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), END_DEADLINE_MS);
    await gone;
    clearTimeout(killer);
  }

  #ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Known on Linux only; elsewhere taken to have none. */
  #hasChildren(): boolean {
    if (process.platform !== 'linux') return false;
    const tasks = `/proc/${this.#child.pid}/task`;
    try {
      return readdirSync(tasks).some((task) => readFileSync(`${tasks}/${task}/children`, 'utf8').trim() !== '');
    } catch {
      return false; // a thread that ended meanwhile, or a kernel that does not list children
    }
  }

  #failure(why: string): Error {
    const output = this.#output.trim();
    return new Error(`${this.name}: ${why}${output === '' ? '' : `\n  it printed: ${output}`}`);
  }
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    const answer = (connected: boolean) => {
      socket.destroy();
      resolve(connected);
    };
    socket.once('connect', () => answer(true)).once('error', () => answer(false));
  });
}

/** A port of the loopback interface that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port on the loopback interface');
  return address.port;
}
