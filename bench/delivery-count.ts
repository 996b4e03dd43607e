import { connect, type Socket } from 'node:net';
import type { Redis } from 'ioredis';
import { withDeadline } from './bounded.ts';

/**
 * How many messages a Redis server hands to its subscribers, from its own record of everything that it does (MONITOR):
 * who subscribes and unsubscribes which sharded channel and what is published, also inside of scripts, in the order in
 * which it happens. Each SPUBLISH counts as many deliveries as its channel has subscribers at that moment. At the end
 * that must agree with the number of subscribers that the server itself names, or the count fails.
 */

export interface Deliveries {
  published: number;
  delivered: number;
}

const ANSWER_DEADLINE_MS = 60_000;
/** A line's time, database, client and command; what follows may be long. */
const COMMAND = /^\+[\d.]+ \[\d+ ([^\]]*)\] "(\w+)"/;
const COMMAND_WITHIN_BYTES = 128;
const LINE_END = '\r\n';

/** Before the count began nobody has told who they are. */
interface Channel {
  unnamed: number;
  named: Set<string>;
}

export class DeliveryCount {
  readonly #connection: Socket;
  readonly #client: Redis;
  readonly #channels = new Map<string, Channel>();
  readonly #count: Deliveries = { published: 0, delivered: 0 };
  #rest: Buffer = Buffer.alloc(0);
  #counting = false;
  #marks = 0;
  #awaited: { mark: string; resolve: () => void } | undefined;

  private constructor(connection: Socket, client: Redis) {
    this.#connection = connection;
    this.#client = client;
    connection.on('error', () => {});
    connection.on('data', (chunk) => this.#read(chunk));
  }

  /** To be called while nobody subscribes or publishes. `client`: for questions to the same server. */
  static async start(port: number, client: Redis): Promise<DeliveryCount> {
    const count = new DeliveryCount(connect(port, '127.0.0.1'), client);
    count.#connection.write(`MONITOR${LINE_END}`);
    for (const [name, subscribers] of await count.#subscribers()) {
      count.#channels.set(name, { unnamed: subscribers, named: new Set() });
    }
    // Asked until the record has begun: the first mark may come before it.
    await count.#upToNow();
    count.#counting = true;
    return count;
  }

  /** What has been delivered since the start. Throws when the count does not agree with the server. */
  async stop(): Promise<Deliveries> {
    await this.#upToNow();
    this.#connection.destroy();
    for (const [name, subscribers] of await this.#subscribers()) {
      const counted = subscribersOf(this.#channels.get(name));
      if (counted !== subscribers) throw new Error(`${name} has ${subscribers} subscribers, counted were ${counted}`);
    }
    return this.#count;
  }

  async #subscribers(): Promise<[name: string, subscribers: number][]> {
    const names = (await this.#client.call('PUBSUB', 'SHARDCHANNELS')) as string[];
    const flat = (await this.#client.call('PUBSUB', 'SHARDNUMSUB', ...names)) as (string | number)[];
    return names.map((_, index) => [String(flat[2 * index]), Number(flat[2 * index + 1])]);
  }

  /** Resolves when the record has been read up to this call. */
  #upToNow(): Promise<void> {
    this.#marks += 1;
    const mark = `rollcast-bench-${this.#marks}`;
    const read = new Promise<void>((resolve) => {
      this.#awaited = { mark, resolve };
    });
    const asking = setInterval(() => void this.#client.call('ECHO', mark), 100);
    return withDeadline(read, ANSWER_DEADLINE_MS, 'the record of what Redis does').finally(() => clearInterval(asking));
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, start)) {
      this.#line(bytes.subarray(start, end));
      start = end + LINE_END.length;
    }
    this.#rest = bytes.subarray(start);
  }

  #line(line: Buffer): void {
    const [, client = '', name = ''] = COMMAND.exec(line.toString('latin1', 0, COMMAND_WITHIN_BYTES)) ?? [];
    const command = name.toUpperCase();
    if (command === 'ECHO') this.#marked(line);
    else if (command === 'SPUBLISH') this.#published(first(line));
    else if (command === 'SSUBSCRIBE') for (const channel of all(line)) this.#subscribed(channel, client);
    else if (command === 'SUNSUBSCRIBE') for (const channel of all(line)) this.#unsubscribed(channel, client);
  }

  #marked(line: Buffer): void {
    if (this.#awaited === undefined || first(line) !== this.#awaited.mark) return;
    this.#awaited.resolve();
    this.#awaited = undefined;
  }

  #published(channel: string): void {
    if (!this.#counting) return;
    this.#count.published += 1;
    this.#count.delivered += subscribersOf(this.#channels.get(channel));
  }

  #subscribed(channel: string, client: string): void {
    const known = this.#channels.get(channel);
    if (known === undefined) this.#channels.set(channel, { unnamed: 0, named: new Set([client]) });
    else known.named.add(client);
  }

  #unsubscribed(channel: string, client: string): void {
    const known = this.#channels.get(channel);
    if (known !== undefined && !known.named.delete(client)) known.unnamed -= 1;
  }
}

function subscribersOf(channel: Channel | undefined): number {
  return channel === undefined ? 0 : channel.unnamed + channel.named.size;
}

/** The arguments of a command; channel names hold nothing that is escaped. */
function all(line: Buffer): string[] {
  return Array.from(line.toString('latin1').matchAll(/ "([^"]*)"/g), ([, argument = '']) => argument).slice(1);
}

/** The first argument alone, without reading a long line to its end. */
function first(line: Buffer): string {
  const begin = line.indexOf('" "') + 3;
  return line.toString('latin1', begin, line.indexOf('"', begin));
}
