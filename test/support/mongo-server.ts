/** A MongoDB server of a test's own: a real process on this machine, that the test may kill, freeze and start again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { MongoClient } from 'mongodb';
import { dataDirectory, endWithThisProcess } from './child-processes.ts';
import { freePort } from './free-port.ts';
import { type MongoProgram, mongoProgram } from './mongo-program.ts';
import { until } from './until.ts';

const START_DEADLINE_MS = 30_000;
const END_DEADLINE_MS = 10_000;
const ANSWER_WITHIN_MS = 1_000;
const OUTPUT_KEPT_CHARACTERS = 4_000;

export class MongoProcess {
  readonly port: number;
  private readonly program: MongoProgram;
  private readonly data = dataDirectory();
  private child: ChildProcess | null = null;
  private output = '';

  private constructor(port: number, program: MongoProgram) {
    this.port = port;
    this.program = program;
  }

  /** Resolves when it takes writes. The first one may have to be built: see `mongoProgram`. */
  static async start(): Promise<MongoProcess> {
    const server = new MongoProcess(await freePort(), await mongoProgram());
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** Of this database on it. */
  url(database: string, port = this.port): string {
    return `mongodb://127.0.0.1:${port}/${database}?directConnection=true`;
  }

  get pid(): number {
    const pid = this.child?.pid;
    if (pid === undefined) throw new Error(`${this.name} does not run`);
    return pid;
  }

  /** Starts it again on the same port and data; resolves when it takes writes. */
  async restart(): Promise<void> {
    if (this.child !== null) throw new Error(`${this.name} still runs`);
    const dir = path.join(this.data.dir, 'db');
    mkdirSync(dir, { recursive: true });
    const args =
      this.program.kind === 'mongod'
        ? ['--dbpath', dir, '--port', String(this.port), '--bind_ip', '127.0.0.1', '--replSet', 'rs0', '--quiet']
        : ['-address', `127.0.0.1:${this.port}`, '-dir', dir];
    const child = spawn(this.program.path, args, { cwd: this.data.dir, stdio: ['ignore', 'pipe', 'pipe'] });
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
    await until(`${this.name} takes writes`, () => this.takesWrites(), START_DEADLINE_MS);
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

  private get name(): string {
    return `${this.program.kind} on port ${this.port}`;
  }

  private async takesWrites(): Promise<boolean> {
    if (this.child === null) throw new Error(`${this.name} ended instead of answering: ${this.output}`);
    const client = new MongoClient(this.url('admin'), {
      serverSelectionTimeoutMS: ANSWER_WITHIN_MS,
      socketTimeoutMS: ANSWER_WITHIN_MS,
    });
    try {
      const admin = client.db('admin');
      const hello = await admin.command({ hello: 1 });
      if (hello.isWritablePrimary !== false) return true;
      // A single-node replica set, like the smallest one in production.
      const members = [{ _id: 0, host: `127.0.0.1:${this.port}` }];
      await admin.command({ replSetInitiate: { _id: 'rs0', members } }).catch(() => {});
      return false;
    } catch {
      return false;
    } finally {
      await client.close();
    }
  }
}
