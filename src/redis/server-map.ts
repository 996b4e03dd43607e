/** Which server holds which key: one server, the master that sentinels name, or the primaries of a Cluster. */
import type { RedisNode } from './settings.ts';

export interface ServerMap {
  /** The primary that holds this key or channel; undefined while nobody is known to. */
  serverOf(key: string): string | undefined;
  /** All primaries, as `host:port`. */
  readonly servers: ReadonlySet<string>;
  /** Every key has a primary. */
  readonly isComplete: boolean;
  /** Called after every change of the map. */
  onChange(listener: () => void): void;
  /** A server said that a slot has moved to another one. */
  moved(slot: number, address: string): void;
  /** Something suggests that the map is out of date. */
  readSoon(): void;
  /** Resolves when the map is known; never, when it is stopped before. */
  start(): Promise<void>;
  stop(): void;
  /** Why it is not known, as far as that is known. */
  readonly lastError: Error | null;
}

/** One server that is what it is. */
export class OneServer implements ServerMap {
  readonly servers: ReadonlySet<string>;
  readonly isComplete = true;
  readonly lastError = null;
  private readonly address: string;

  constructor(node: RedisNode) {
    this.address = addressOf(node);
    this.servers = new Set([this.address]);
  }

  serverOf(): string {
    return this.address;
  }

  onChange(): void {}
  moved(): void {}
  readSoon(): void {}
  async start(): Promise<void> {}
  stop(): void {}
}

export const addressOf = ({ host, port }: RedisNode): string => `${host}:${port}`;

export const nodeAt = (address: string): RedisNode => {
  // The last colon: an IPv6 address has others.
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
};
