import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { freePort } from './child-process.ts';
import type { Cleanup } from './cleanup.ts';
import { DeliveryCount } from './delivery-count.ts';

/** A real Redis server for one deployment, and what it tells of its own work. */

/** All since the server started. */
export interface RedisWork {
  /** User and system time of the whole process, microseconds. */
  cpu_us: number;
  /** Of every command, those that scripts call included. `usec`: as the server itself clocks them. */
  commands: Record<string, { calls: number; usec: number }>;
  /** To clients: answers and messages. */
  bytes_out: number;
  /** From clients. */
  bytes_in: number;
}

const START_DEADLINE_MS = 10_000;
const START_RETRY_MS = 50;
const END_DEADLINE_MS = 10_000;
/** The end of what it printed, for the message when it does not start. */
const OUTPUT_KEPT_CHARACTERS = 2_000;

/**
 * Append-only file with a sync each second, and nothing is ever thrown away: as Rollcast wants its Redis. Snapshots and
 * rewrites of the file are off, as they would fall into some rounds and not into others.
 */
const CONFIGURATION = {
  bind: '127.0.0.1',
  appendonly: 'yes',
  appendfsync: 'everysec',
  'maxmemory-policy': 'noeviction',
  save: '',
  'auto-aof-rewrite-percentage': '0',
};

export class RedisServer {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #client: Redis;
  #output = '';

  private constructor(program: string, port: number, dir: string) {
    this.port = port;
    const settings = Object.entries({ port: String(port), dir, ...CONFIGURATION });
    this.#child = spawn(
      program,
      settings.flatMap(([name, value]) => [`--${name}`, value]),
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#child.on('error', (error) => this.#keep(error.message));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#keep(text));
    }
    this.#client = new Redis({ port, lazyConnect: true, retryStrategy: () => START_RETRY_MS });
    this.#client.on('error', () => {});
  }

  /** Resolves when it answers. Its data lie under `dataParent`; the cleanup ends it and removes them. */
  static async start(program: string, dataParent: string, cleanup: Cleanup): Promise<RedisServer> {
    const dir = await mkdtemp(join(dataParent, 'rollcast-bench-redis-'));
    cleanup.add(() => rm(dir, { recursive: true, force: true }));
    const server = new RedisServer(program, await freePort(), dir);
    // It does not notice by itself that the benchmark has gone.
    const kill = () => server.#child.kill('SIGKILL');
    process.once('exit', kill);
    cleanup.add(async () => {
      await server.#end();
      process.off('exit', kill);
    });
    await server.#answers();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** One command. */
  call(name: string, ...args: string[]): Promise<unknown> {
    return this.#client.call(name, ...args);
  }

  /** What it has done so far. */
  async work(): Promise<RedisWork> {
    const info = String(await this.#client.call('INFO', 'cpu', 'stats', 'commandstats'));
    const work: RedisWork = { cpu_us: 0, commands: {}, bytes_out: 0, bytes_in: 0 };
    for (const line of info.split('\r\n')) {
      const [name = '', value = ''] = line.split(/:(.*)/s, 2);
      if (name === 'used_cpu_sys' || name === 'used_cpu_user') work.cpu_us += Number(value) * 1e6;
      else if (name === 'total_net_output_bytes') work.bytes_out = Number(value);
      else if (name === 'total_net_input_bytes') work.bytes_in = Number(value);
      else if (name.startsWith('cmdstat_')) {
        const [calls, usec] = ['calls', 'usec'].map((key) => Number(value.match(`(?:^|,)${key}=(\\d+)`)?.[1]));
        work.commands[name.slice('cmdstat_'.length)] = { calls: calls ?? 0, usec: usec ?? 0 };
      }
    }
    return work;
  }

  /** Counts the messages that it delivers from now on, at a price that forbids measuring anything else meanwhile. */
  countDeliveries(): Promise<DeliveryCount> {
    return DeliveryCount.start(this.port, this.#client);
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_KEPT_CHARACTERS);
  }

  async #answers(): Promise<void> {
    const deadline = performance.now() + START_DEADLINE_MS;
    for (;;) {
      const pid = await this.#pid().catch(() => undefined);
      // Not another server that took the port a moment earlier.
      if (pid !== undefined && pid === this.#child.pid) return;
      const why = this.#ended() ? 'ended at once' : performance.now() > deadline ? 'did not answer' : undefined;
      if (why !== undefined) throw new Error(`redis-server ${why}\n  it printed: ${this.#output.trim()}`);
      await new Promise((resolve) => setTimeout(resolve, START_RETRY_MS));
    }
  }

  async #pid(): Promise<number> {
    if (this.#client.status === 'wait') await this.#client.connect();
    return Number(/process_id:(\d+)/.exec(await this.#client.info('server'))?.[1]);
  }

  async #end(): Promise<void> {
    this.#client.disconnect();
    if (this.#ended()) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const killer = setTimeout(() => this.#child.kill('SIGKILL'), END_DEADLINE_MS);
    await gone;
    clearTimeout(killer);
  }

  #ended(): boolean {
    const { pid, exitCode, signalCode } = this.#child;
    return pid === undefined || exitCode !== null || signalCode !== null;
  }
}

/** Null: there is no such program, or it is something else. */
export async function redisVersion(program: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version']);
    return /v=(\S+)/.exec(stdout)?.[1] ?? null;
  } catch {
    return null;
  }
}
