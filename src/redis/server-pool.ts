/** A node's connections for one purpose: one to each primary, following the map of servers. */
import { unavailable } from '../contract/errors.ts';
import type { PatientClock } from '../patient-clock.ts';
import { RedisConnection } from './connection.ts';
import { ANSWER_WITHIN_MS, connectionOptions, type Purpose } from './connection-options.ts';
import { nodeAt, type ServerMap } from './server-map.ts';
import type { RedisSettings } from './settings.ts';

/** Told once for each loss, not for each try to connect again; `connection` is for logs. */
export type LinkReports = {
  lost(connection: string, why: string, purpose: Purpose): void;
  restored(connection: string): void;
  /** Whether every server can be reached for this purpose; told at each change, and first when it can. */
  reachable(purpose: Purpose, is: boolean): void;
};

/** What the user of a pool has to say and to know. */
export type PoolWatch = {
  /** A connection was made and will come up: for who listens to its client. */
  opened?(connection: RedisConnection): void;
  prepare?(connection: RedisConnection): Promise<void>;
  /** A connection is up, again, or its server has another replication id. */
  up?(connection: RedisConnection): void;
  down?(connection: RedisConnection): void;
  /** Keys may have another connection than before. */
  rerouted?(): void;
};

export type PoolOptions = {
  settings: RedisSettings;
  purpose: Purpose;
  map: ServerMap;
  clock: PatientClock;
  reports: LinkReports;
};

export class ServerPool {
  private readonly options: PoolOptions;
  private readonly watches: PoolWatch[] = [];
  private readonly connections = new Map<string, RedisConnection>();
  /** Connections that were up and are not. */
  private readonly lost = new Set<RedisConnection>();
  private started = false;
  /** As last told. */
  private reachable = false;
  private closing = false;
  private whole: (() => void) | null = null;

  constructor(options: PoolOptions) {
    this.options = options;
    options.map.onChange(() => this.started && this.follow());
  }

  /** Before start(). */
  use(watch: PoolWatch): void {
    this.watches.push(watch);
  }

  /** Opens the connections, which come up by themselves. Resolves when all of them are up for the first time. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.started = true;
      this.whole = resolve;
      this.follow();
    });
  }

  /** The connection to the primary of this key, up or not. Throws STORE_UNAVAILABLE while it has none that is known. */
  of(key: string): RedisConnection {
    const address = this.options.map.serverOf(key);
    const connection = address === undefined ? undefined : this.connections.get(address);
    if (connection === undefined) throw unavailable(new Error('nobody holds this part of the Cluster'));
    return connection;
  }

  at(address: string): RedisConnection | undefined {
    return this.connections.get(address);
  }

  all(): Iterable<RedisConnection> {
    return this.connections.values();
  }

  /** Every key can be reached. */
  get isUp(): boolean {
    if (this.connections.size === 0 || !this.options.map.isComplete) return false;
    for (const connection of this.connections.values()) if (!connection.isUp) return false;
    return true;
  }

  /** One that is not up; null: all are. */
  get firstDown(): RedisConnection | null {
    for (const connection of this.connections.values()) if (!connection.isUp) return connection;
    return null;
  }

  get map(): ServerMap {
    return this.options.map;
  }

  async close(): Promise<void> {
    this.closing = true;
    await Promise.all([...this.connections.values()].map((it) => it.close()));
  }

  private follow(): void {
    if (this.closing) return;
    const { servers } = this.options.map;
    for (const [address, connection] of this.connections) {
      if (servers.has(address)) continue;
      this.connections.delete(address);
      this.lost.delete(connection);
      const wasUp = connection.isUp;
      // Not politely: what it still acknowledged might be lost with it.
      connection.abandon();
      if (wasUp) this.tell('down', connection);
    }
    for (const address of servers) if (!this.connections.has(address)) this.open(address);
    for (const watch of this.watches) watch.rerouted?.();
    this.tellReachable();
  }

  private open(address: string): void {
    const { settings, purpose, clock } = this.options;
    const options = connectionOptions(settings, purpose, nodeAt(address));
    const patience = { clock, answer_within_ms: ANSWER_WITHIN_MS[purpose] };
    const connection = new RedisConnection(address, options, patience, {
      prepare: async (it) => {
        for (const watch of this.watches) await watch.prepare?.(it);
      },
      up: (it) => this.up(it),
      closed: (it, wasUp) => this.closed(it, wasUp),
    });
    this.connections.set(address, connection);
    for (const watch of this.watches) watch.opened?.(connection);
  }

  private up(connection: RedisConnection): void {
    if (this.lost.delete(connection)) this.options.reports.restored(this.nameOf(connection));
    this.tell('up', connection);
    this.tellReachable();
  }

  private tellReachable(): void {
    const { isUp } = this;
    if (isUp === this.reachable) return;
    this.reachable = isUp;
    this.options.reports.reachable(this.options.purpose, isUp);
    if (!isUp) return;
    this.whole?.();
    this.whole = null;
  }

  private closed(connection: RedisConnection, wasUp: boolean): void {
    // A shard that is gone may have another primary by now.
    this.options.map.readSoon();
    if (!wasUp) return;
    this.lost.add(connection);
    this.options.reports.lost(this.nameOf(connection), connection.lastError.message, this.options.purpose);
    this.tellReachable();
    this.tell('down', connection);
  }

  private tell(what: 'up' | 'down', connection: RedisConnection): void {
    for (const watch of this.watches) watch[what]?.(connection);
  }

  private nameOf({ address }: RedisConnection): string {
    return `${this.options.purpose} (${address})`;
  }
}
