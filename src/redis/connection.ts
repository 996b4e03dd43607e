/**
 * One connection to one Redis server, made anew for as long as it is wanted. It counts as up from when the server has
 * said that it is a primary and whoever uses the connection has prepared it, until it is lost. While it is not up
 * every command is rejected at once; while it is, each is answered or rejected within the time of its purpose.
 *
 * A server is told apart by its replication id, which changes with every restart and fail-over. It is read before the
 * connection is up, and again every REDIS_PING_MS, which is also the sign of life and shows a primary that was demoted.
 */
import { Command, Redis, type RedisOptions } from 'ioredis';
import { unavailable } from '../contract/errors.ts';
import {
  REDIS_CLOSE_MS,
  REDIS_PING_MS,
  REDIS_RECONNECT_MAX_MS,
  REDIS_SILENT_MS,
  REDIS_WRITE_COMMANDS,
} from '../limits.ts';
import { infoFields } from './info.ts';
import { OwedAnswers, type OwedAnswersOptions } from './owed-answers.ts';

export type Argument = string | number | Buffer;

export type ConnectionWatch = {
  /** Part of coming up: what must be so before anybody uses the connection. When it rejects the connection is made anew. */
  prepare(connection: RedisConnection): Promise<void>;
  /** Up, again, or now in the hands of a server with another replication id. */
  up(connection: RedisConnection): void;
  /** It was lost, or another try to make it failed. */
  closed(connection: RedisConnection, wasUp: boolean): void;
};

/** How long it is waited for answers. */
export type Patience = Pick<OwedAnswersOptions, 'clock' | 'answer_within_ms'>;

export class RedisConnection {
  /** Host and port. */
  readonly address: string;
  /** For what only the client knows: its events. Commands go through send(). */
  readonly client: Redis;
  private readonly watch: ConnectionWatch;
  private readonly owed: OwedAnswers;
  private up = false;
  private closing = false;
  /** Counts the connections made, so that what belongs to an earlier one is recognised. */
  private session = 0;
  private reason: Error = new Error('not connected yet');
  private replication: string | null = null;
  /** Told when it is up, or will never be. */
  private readonly awaiting = new Set<() => void>();
  private corked: { uncork(): void } | null = null;
  /** Commands written since then. */
  private gathered = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(address: string, options: RedisOptions, patience: Patience, watch: ConnectionWatch) {
    this.address = address;
    this.watch = watch;
    this.owed = new OwedAnswers({
      ...patience,
      onDead: () => this.drop(new Error(`silent for ${REDIS_SILENT_MS} ms`)),
    });
    this.client = new Redis(options);
    this.client.on('error', (error: Error) => {
      this.reason = error;
    });
    this.client.on('connect', () => this.opened());
    this.client.on('ready', () => void this.ready());
    this.client.on('close', () => this.closed());
    this.client.on('end', () => this.ended());
    this.timer = setInterval(() => void this.lookAtIt(), REDIS_PING_MS);
    this.connect();
  }

  get isUp(): boolean {
    return this.up;
  }

  /** Resolves with whether it is up within this time. */
  upWithin(ms: number): Promise<boolean> {
    if (this.up) return Promise.resolve(true);
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.awaiting.delete(settle);
        resolve(this.up);
      };
      const timer = setTimeout(settle, ms);
      this.awaiting.add(settle);
    });
  }

  /** Why it is not up, as far as known. */
  get lastError(): Error {
    return this.reason;
  }

  /** Of the server that it is connected to. Throws STORE_UNAVAILABLE while it is not up. */
  get replicationId(): string {
    if (!this.up || this.replication === null) throw this.away();
    return this.replication;
  }

  /** STORE_UNAVAILABLE with why the connection is away. */
  away(): Error {
    return unavailable(new Error(`${this.address}: ${this.reason.message}`));
  }

  /**
   * Sends a command; those of one turn of the event loop leave in one write, or in few. Rejects with the client's or the server's own
   * error (see server-errors.ts); nothing is tried again.
   */
  send(name: string, args: Argument[]): Promise<unknown> {
    return this.up ? this.write(name, args) : Promise.reject(this.away());
  }

  /** The same in spite of a slot that is on the move, as an ASK redirection wants it. */
  sendAsking(name: string, args: Argument[]): Promise<unknown> {
    if (!this.up) return Promise.reject(this.away());
    // Its answer is told by that of the command.
    this.write('asking', []).catch(() => {});
    return this.write(name, args);
  }

  /** What this turn has gathered leaves now, for a caller that has gathered already. */
  flush(): void {
    this.corked?.uncork();
    this.corked = null;
    this.gathered = 0;
  }

  /** While preparing: as send(), before the connection is up. */
  write(name: string, args: Argument[]): Promise<unknown> {
    this.cork();
    const command = new Command(name, args, { replyEncoding: 'utf8' });
    this.owed.owe(command);
    const answer = this.client.sendCommand(command) as Promise<unknown>;
    this.gathered += 1;
    if (this.gathered >= REDIS_WRITE_COMMANDS) this.flush();
    return answer;
  }

  /** Gives up the present connection, without waiting for the other side, and makes a new one. */
  drop(why: Error): void {
    this.reason = why;
    this.client.stream?.destroy();
  }

  /** Says goodbye, bounded by REDIS_CLOSE_MS. Nothing is told of it, and nothing comes after it. */
  async close(): Promise<void> {
    const wasUp = this.up;
    this.stop();
    if (wasUp) await this.quit();
    this.cutOff();
  }

  /** The same without a goodbye: what is under way is rejected. */
  abandon(): void {
    this.stop();
    this.cutOff();
  }

  private stop(): void {
    this.closing = true;
    this.up = false;
    this.reason = new Error('closed');
    clearInterval(this.timer);
    this.owed.stop();
    for (const settle of this.awaiting) settle();
  }

  private cutOff(): void {
    this.client.disconnect();
    this.client.stream?.destroy();
  }

  private async quit(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, REDIS_CLOSE_MS);
    });
    await Promise.race([this.client.quit().catch(() => {}), bound]);
    clearTimeout(timer);
  }

  private connect(): void {
    // What fails is told by the events.
    this.client.connect().catch(() => {});
  }

  private cork(): void {
    const { stream } = this.client;
    if (this.corked !== null || stream === undefined) return;
    stream.cork();
    this.corked = stream;
    setImmediate(() => this.flush());
  }

  private opened(): void {
    this.owed.opened();
    this.client.stream?.on('data', () => this.owed.heard());
  }

  private async ready(): Promise<void> {
    const session = ++this.session;
    try {
      await this.readReplication(session);
      await this.watch.prepare(this);
    } catch (error) {
      if (session === this.session) this.drop(error as Error);
      return;
    }
    if (session !== this.session || this.closing) return;
    this.up = true;
    this.owed.isUp();
    // Unless an error says more.
    this.reason = new Error('the connection was closed');
    for (const settle of this.awaiting) settle();
    this.watch.up(this);
  }

  private closed(): void {
    const wasUp = this.up;
    this.session += 1;
    this.up = false;
    this.corked = null;
    this.owed.lost();
    if (!this.closing) this.watch.closed(this, wasUp);
  }

  /** The client has given up, which nobody asked for. */
  private ended(): void {
    if (!this.closing) setTimeout(() => !this.closing && this.connect(), REDIS_RECONNECT_MAX_MS);
  }

  /** No answer is noticed by what is owed (OwedAnswers); other failures are left to the commands that meet them. */
  private async lookAtIt(): Promise<void> {
    if (!this.up) return;
    const { session, replication } = this;
    try {
      await this.readReplication(session);
    } catch (error) {
      if (session === this.session && error instanceof NotPrimary) this.drop(error);
      return;
    }
    if (session === this.session && replication !== this.replication) this.watch.up(this);
  }

  private async readReplication(session: number): Promise<void> {
    const { role, master_replid } = infoFields(String(await this.write('info', ['replication'])));
    if (session !== this.session) return;
    if (role === 'slave') throw new NotPrimary('it is a replica');
    if (master_replid === undefined) throw new Error(NO_REPLICATION);
    this.replication = master_replid;
  }
}

class NotPrimary extends Error {}

const NO_REPLICATION = 'it tells no replication id (INFO replication); if it is a sentinel, set REDIS_MODE to sentinel';
