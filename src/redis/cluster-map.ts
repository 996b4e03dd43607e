/**
 * The map of a Redis Cluster: which primary holds each slot. Read from any node that answers: at the start, from time to
 * time, and soon after anything that suggests a change (a MOVED reply, a lost connection). For each reading a connection
 * of its own is opened, so that it depends on none that may be stuck.
 */
import { Redis } from 'ioredis';
import { REDIS_SLOTS_MIN_INTERVAL_MS, REDIS_SLOTS_REFRESH_MS } from '../limits.ts';
import { unwatchedConnectionOptions } from './connection-options.ts';
import { SLOTS, slotOf } from './key-slot.ts';
import { addressOf, nodeAt, type ServerMap } from './server-map.ts';
import type { RedisNode, RedisSettings } from './settings.ts';

/** Slots from first to last, and the primary that holds them. */
type Range = { first: number; last: number; address: string };

/** Of CLUSTER SLOTS: first slot, last slot, then nodes as [host, port, id, …], the primary first. */
type SlotsReply = [first: number, last: number, primary: [host: string | null, port: number]][];

export class ClusterMap implements ServerMap {
  private readonly settings: RedisSettings;
  private readonly listeners: (() => void)[] = [];
  private slots: (string | undefined)[] = [];
  private primaries: ReadonlySet<string> = new Set();
  /** What was read last, to see whether the next reading differs. */
  private ranges = '';
  private complete = false;
  private reading = false;
  private readAgain = false;
  /** The next reading is not far. */
  private soon = false;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private error: Error | null = null;
  private known: (() => void) | null = null;

  constructor(settings: RedisSettings) {
    this.settings = settings;
  }

  get servers(): ReadonlySet<string> {
    return this.primaries;
  }

  get isComplete(): boolean {
    return this.complete;
  }

  get lastError(): Error | null {
    return this.error;
  }

  serverOf(key: string): string | undefined {
    return this.slots[slotOf(key)];
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  moved(slot: number, address: string): void {
    if (slot >= SLOTS || this.slots[slot] === address) return;
    this.slots[slot] = address;
    // The next reading is to be looked at whatever it says.
    this.ranges = '';
    this.primaries = new Set([...this.primaries, address]);
    this.readSoon();
    this.tell();
  }

  readSoon(): void {
    if (this.reading) this.readAgain = true;
    else if (!this.soon) this.readIn(REDIS_SLOTS_MIN_INTERVAL_MS);
  }

  start(): Promise<void> {
    return new Promise((resolve) => {
      this.known = resolve;
      void this.read();
    });
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private readIn(delay_ms: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.soon = delay_ms === REDIS_SLOTS_MIN_INTERVAL_MS;
    this.timer = setTimeout(() => void this.read(), delay_ms);
  }

  private async read(): Promise<void> {
    this.reading = true;
    this.readAgain = false;
    const known = await this.readFromAny();
    this.reading = false;
    this.readIn(known && !this.readAgain ? REDIS_SLOTS_REFRESH_MS : REDIS_SLOTS_MIN_INTERVAL_MS);
  }

  /** Asks the primaries that are known, then the configured nodes, one after the other. */
  private async readFromAny(): Promise<boolean> {
    for (const address of new Set([...this.primaries, ...this.settings.nodes.map(addressOf)])) {
      try {
        const ranges = await this.readFrom(nodeAt(address));
        if (!this.stopped) this.take(ranges);
        return true;
      } catch (error) {
        this.error = new Error(`${address}: ${(error as Error).message}`);
      }
    }
    return false;
  }

  private async readFrom(node: RedisNode): Promise<Range[]> {
    const client = new Redis({
      ...unwatchedConnectionOptions(this.settings, 'map', node),
      retryStrategy: () => null,
      enableReadyCheck: false,
    });
    // Why a connection failed is told here alone; what rejects then only says that it is closed.
    let reason: Error | null = null;
    client.on('error', (error: Error) => {
      reason = error;
    });
    try {
      await client.connect();
      const reply = (await client.call('cluster', 'slots')) as SlotsReply;
      if (reply.length === 0) throw new Error('the Cluster has no slots');
      return reply.map(([first, last, [host, port]]) => ({
        first,
        last,
        // A node that does not know its own address leaves it out: then it is the one that was asked.
        address: addressOf({ host: host || node.host, port }),
      }));
    } catch (error) {
      throw reason ?? error;
    } finally {
      client.disconnect();
      client.stream?.destroy();
    }
  }

  private take(ranges: Range[]): void {
    this.error = null;
    this.known?.();
    this.known = null;
    const read = JSON.stringify(ranges.sort((a, b) => a.first - b.first));
    if (read === this.ranges) return;
    this.ranges = read;
    this.slots = new Array(SLOTS).fill(undefined);
    for (const { first, last, address } of ranges) this.slots.fill(address, first, last + 1);
    this.complete = !this.slots.includes(undefined);
    this.primaries = new Set(ranges.map(({ address }) => address));
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}
