/** A Redis server of a test's own: a real process on this machine, that the test may kill, freeze and start again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { dataDirectory, endWithThisProcess } from './child-processes.ts';
import { freePort } from './free-port.ts';
import { redisCommand, redisInfo } from './redis-command.ts';
import { until } from './until.ts';

/** The one on the path, unless another is to be tested: an other version of Redis, or valkey-server. */
export const REDIS_SERVER = process.env.TEST_REDIS_SERVER ?? 'redis-server';

const START_DEADLINE_MS = 10_000;
const END_DEADLINE_MS = 10_000;
/** Each try takes another port. Two test files at once seldom choose the same one, and never five times in a row. */
const START_TRIES = 5;
/** The end of what a server printed, kept for the message when it does not start. */
const OUTPUT_KEPT_CHARACTERS = 4_000;

export type RedisOptions = {
  /** More of the command line, such as `['--maxmemory', '10mb']`. */
  args?: string[];
  /** Keep an append-only file; true is `everysec`, with which a killed process may lose what it held back during an fsync. */
  aof?: boolean | 'everysec' | 'always';
  /** It starts as a replica of that one, and has what that one has. */
  replicaOf?: RedisProcess;
  /** A free one unless given. */
  port?: number;
  /** A sentinel: it watches other servers and keeps no data. */
  sentinel?: boolean;
};

/** What the server reads at each start, and rewrites itself when its role changes. */
const configuration = (port: number, dir: string, { aof = false, replicaOf, sentinel = false }: RedisOptions) => {
  const lines = [`port ${port}`, 'bind 127.0.0.1', `dir ${dir}`];
  if (!sentinel) {
    lines.push('save ""', 'maxmemory-policy noeviction', 'repl-diskless-sync-delay 0');
    if (aof !== false) lines.push('appendonly yes', `appendfsync ${aof === 'always' ? 'always' : 'everysec'}`);
    if (replicaOf !== undefined) lines.push(`replicaof 127.0.0.1 ${replicaOf.port}`);
  }
  return `${lines.join('\n')}\n`;
};

export class RedisProcess {
  readonly port: number;
  private readonly data = dataDirectory();
  private readonly options: RedisOptions;
  private child: ChildProcess | null = null;
  private output = '';

  private constructor(port: number, options: RedisOptions) {
    this.port = port;
    this.options = options;
    writeFileSync(path.join(this.data.dir, 'redis.conf'), configuration(port, this.data.dir, options));
  }

  /** Resolves when it answers. Rejects with what it printed when it ends instead. */
  static async start(options: RedisOptions = {}): Promise<RedisProcess> {
    for (let tries = 1; ; tries += 1) {
      const server = new RedisProcess(options.port ?? (await freePort()), options);
      try {
        await server.restart();
        if (options.replicaOf !== undefined) await server.untilInStep();
        return server;
      } catch (error) {
        await server.stop();
        const taken = server.output.includes('Address already in use');
        if (!taken || options.port !== undefined || tries === START_TRIES) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Throws while it does not run. */
  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    return pid;
  }

  get isRunning(): boolean {
    return this.child !== null;
  }

  /** Starts it again on the same port and data; resolves when it answers and has loaded them. */
  async restart(): Promise<void> {
    if (this.child !== null) throw new Error(`${this.name} still runs`);
    const { args = [], sentinel = false } = this.options;
    const child = spawn(REDIS_SERVER, ['redis.conf', ...(sentinel ? ['--sentinel'] : []), ...args], {
      cwd: this.data.dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    endWithThisProcess(child);
    this.child = child;
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output = (this.output + text).slice(-OUTPUT_KEPT_CHARACTERS);
      });
    }
    child.on('error', (error) => {
      this.output += error.message;
    });
    child.once('close', () => {
      this.child = null;
    });
    await until(`${this.name} answers`, () => this.answers(), START_DEADLINE_MS);
  }

  /** Sends the signal, also to one that is frozen, and resolves when the process is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    process.kill(this.pid, signal);
    if (signal !== 'SIGKILL') this.resume();
    await until(`${this.name} has ended by ${signal}`, () => this.child === null, END_DEADLINE_MS);
  }

  /** Its connections stay open and take bytes, but nothing is read or answered. */
  freeze(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** Ends it, whatever state it is in, and removes its data. */
  async stop(): Promise<void> {
    if (this.child?.pid !== undefined) await this.kill();
    this.data.remove();
  }

  /** One command over a connection of its own: see `redisCommand`. */
  command(...args: string[]): Promise<unknown> {
    return redisCommand(this.url, ...args);
  }

  /** The fields of an INFO section. */
  info(section: string): Promise<Record<string, string>> {
    return redisInfo(this.url, section);
  }

  private get name(): string {
    return `${REDIS_SERVER} on port ${this.port}`;
  }

  /** Whether this very process answers, not another one that took the port before it, and has loaded its data. */
  private async answers(): Promise<boolean> {
    if (this.child === null) throw new Error(`${this.name} ended instead of answering: ${this.output}`);
    const info = await redisInfo(this.url).catch(() => null);
    return info?.process_id === String(this.child?.pid) && info.loading !== '1';
  }

  /** Resolves when, as a replica, it has everything that its master has. */
  private async untilInStep(): Promise<void> {
    await until(`${this.name} follows its master`, async () => {
      const { master_link_status } = await this.info('replication');
      return master_link_status === 'up';
    });
  }
}
