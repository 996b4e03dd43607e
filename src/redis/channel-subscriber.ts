/**
 * The channels that a node hears, in the shape that the sharded adapter knows from the client of the `redis` package
 * (sSubscribe, sUnsubscribe). What the adapter wants is remembered here and asked of Redis until Redis has confirmed it:
 * again after every loss of a connection, after a failure, and on another server when a Cluster moves the channel.
 *
 * From its confirmation on until its connection is lost, every message of a channel is heard, in order. What was missed
 * in between is for the listeners of onRestored() to repair. A connection that is open but dead is noticed within
 * REDIS_PING_MS + REDIS_SILENT_MS; until then its channels count as confirmed.
 */
import { unavailable } from '../contract/errors.ts';
import { REDIS_RESUBSCRIBE_MS, REDIS_SUBSCRIBE_TIMEOUT_MS } from '../limits.ts';
import type { PatientClock } from '../patient-clock.ts';
import { Channel, type MessageHandler } from './channel.ts';
import type { RedisConnection } from './connection.ts';
import { redirectionIn } from './server-errors.ts';
import type { ServerPool } from './server-pool.ts';

/** Asked before a channel's handler gets a message. False: somebody else has taken care of it. */
export type MessageFilter = (channel: string, message: Buffer) => boolean;

export type ChannelsListener = (channels: string[]) => void;

export class ChannelSubscriber {
  /** One at most; set before there are channels. */
  filter: MessageFilter | null = null;
  private readonly pool: ServerPool;
  private readonly clock: PatientClock;
  private readonly reportError: (error: unknown) => void;
  private readonly channels = new Map<string, Channel>();
  private readonly lostListeners: ChannelsListener[] = [];
  private readonly restoredListeners: ChannelsListener[] = [];
  private restored: string[] = [];
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  /** `reportError`: for what a handler throws. */
  constructor(pool: ServerPool, clock: PatientClock, reportError: (error: unknown) => void) {
    this.pool = pool;
    this.clock = clock;
    this.reportError = reportError;
    pool.use({
      opened: (connection) => this.listenTo(connection),
      up: () => this.subscribeUnconfirmed(),
      down: (connection) => this.lose((it) => it.connection === connection),
      rerouted: () => this.reroute(),
    });
  }

  /**
   * Hears a channel from now on, instead of by an earlier handler. Resolves, never rejects, when the first try is
   * over; effective() tells when it has succeeded. (The third argument is the adapter's: it wants bytes.)
   */
  async sSubscribe(name: string, handler: MessageHandler, _bytes?: true): Promise<void> {
    const known = this.channels.get(name);
    if (known !== undefined) {
      known.handler = handler;
      return;
    }
    const channel = new Channel(name, handler);
    this.channels.set(name, channel);
    await this.subscribe(channel);
  }

  /** Hears these no more. Never rejects. */
  async sUnsubscribe(names: string | string[]): Promise<void> {
    await Promise.all([names].flat().map((name) => this.unsubscribe(name)));
  }

  /**
   * Resolves when everything that is published into the channel from now on will be heard here; at once when that is
   * known already. Rejects with STORE_UNAVAILABLE when its connection is down, is lost, refuses it, or does not confirm it
   * within REDIS_SUBSCRIBE_TIMEOUT_MS, or when nobody wants the channel any more.
   */
  effective(name: string): Promise<void> {
    const channel = this.channels.get(name);
    if (channel === undefined) return Promise.reject(unavailable(new Error('the channel is not subscribed')));
    if (channel.isConfirmed) return Promise.resolve();
    const connection = this.connectionOf(channel);
    if (connection?.isUp !== true) return Promise.reject(connection?.away() ?? unknownPlace());
    const confirmed = channel.confirmation(this.clock, REDIS_SUBSCRIBE_TIMEOUT_MS);
    if (!channel.isAsked) void this.subscribe(channel);
    return confirmed;
  }

  /**
   * Subscribes channels again whatever is believed of them; those that nobody wants are left out. Resolves and rejects
   * like effective() for all of them.
   */
  async resubscribe(names: string[]): Promise<void> {
    const channels = names.map((name) => this.channels.get(name)).filter((it) => it !== undefined);
    for (const channel of channels) channel.doubt();
    await Promise.all(channels.map(({ name }) => this.effective(name)));
  }

  /** Answers, when everything that was published into the channel until now has been heard, true; false: it is not known. */
  async flushed(name: string): Promise<boolean> {
    const connection = this.channels.get(name)?.connection;
    if (connection?.isUp !== true) return false;
    return connection.send('ping', []).then(
      () => true,
      () => false,
    );
  }

  /** Hands a message to the channel's handler, unfiltered; to nobody if the channel has none. */
  deliver(name: string, message: Buffer): void {
    try {
      this.channels.get(name)?.handler(message, name);
    } catch (error) {
      this.reportError(error);
    }
  }

  /** Called with the confirmed channels that are not heard any more: their connection is lost, or Redis moved them. */
  onLost(listener: ChannelsListener): void {
    this.lostListeners.push(listener);
  }

  /** Called with lost channels that are heard again; what was published meanwhile was missed. */
  onRestored(listener: ChannelsListener): void {
    this.restoredListeners.push(listener);
  }

  /** Subscribes nothing any more. The connections are closed by who made them. */
  close(): void {
    this.closed = true;
    clearTimeout(this.retry);
    for (const channel of this.channels.values()) channel.give(unavailable(new Error('closed')));
  }

  private listenTo(connection: RedisConnection): void {
    connection.client.on('smessageBuffer', (name: Buffer, message: Buffer) =>
      this.hear(connection, name.toString(), message),
    );
    // The server ended a subscription by itself: the slot of the channel has moved. The client does not say which.
    connection.client.on('moved', () => {
      this.pool.map.readSoon();
      this.lose((it) => it.connection === connection);
      this.retrySoon();
    });
  }

  private hear(connection: RedisConnection, name: string, message: Buffer): void {
    // Only from where it was subscribed last: on the move from one server to another it might be heard twice.
    if (this.channels.get(name)?.connection !== connection) return;
    try {
      if (this.filter !== null && !this.filter(name, message)) return;
    } catch (error) {
      this.reportError(error);
      return;
    }
    this.deliver(name, message);
  }

  private connectionOf({ name }: Channel): RedisConnection | null {
    try {
      return this.pool.of(name);
    } catch {
      return null;
    }
  }

  /** Asks once. What fails is asked again soon, as long as its connection is up; else when that comes up. */
  private async subscribe(channel: Channel): Promise<void> {
    const connection = this.connectionOf(channel);
    if (connection?.isUp !== true || this.closed) return;
    const attempt = channel.ask(connection);
    try {
      await connection.send('ssubscribe', [channel.name]);
    } catch (error) {
      const redirection = redirectionIn(error);
      if (!channel.failed(attempt, redirection === null ? unavailable(error) : null)) return;
      if (redirection !== null) this.pool.map.moved(redirection.slot, redirection.address);
      this.retrySoon();
      return;
    }
    if (channel.confirm(attempt)) this.restore(channel.name);
  }

  private async unsubscribe(name: string): Promise<void> {
    const channel = this.channels.get(name);
    if (channel === undefined) return;
    this.channels.delete(name);
    channel.give(unavailable(new Error('the channel is not wanted any more')));
    const { connection } = channel;
    // When it fails the connection has gone, and the subscription with it.
    if (connection?.isUp === true) await connection.send('sunsubscribe', [name]).catch(() => {});
  }

  private subscribeUnconfirmed(): void {
    for (const channel of this.channels.values()) {
      if (!channel.isConfirmed && !channel.isAsked) void this.subscribe(channel);
    }
  }

  private retrySoon(): void {
    if (this.closed || this.retry !== undefined) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.subscribeUnconfirmed();
    }, REDIS_RESUBSCRIBE_MS);
  }

  /** These are not heard any more. */
  private lose(which: (channel: Channel) => boolean): void {
    const lost: string[] = [];
    for (const channel of this.channels.values()) if (which(channel) && channel.lose()) lost.push(channel.name);
    if (lost.length > 0) tell(this.lostListeners, lost);
  }

  /** Channels whose server is another one now are asked of that one. */
  private reroute(): void {
    this.lose((it) => {
      const { connection } = it;
      if (connection === null || connection === this.connectionOf(it)) return false;
      if (connection.isUp) connection.send('sunsubscribe', [it.name]).catch(() => {});
      return true;
    });
    this.subscribeUnconfirmed();
  }

  /** Told once for all that a turn restores. */
  private restore(name: string): void {
    this.restored.push(name);
    if (this.restored.length > 1) return;
    setImmediate(() => {
      const { restored } = this;
      this.restored = [];
      if (!this.closed) tell(this.restoredListeners, restored);
    });
  }
}

const tell = (listeners: ChannelsListener[], channels: string[]): void => {
  for (const listener of listeners) listener(channels);
};

const unknownPlace = (): Error => unavailable(new Error('nobody holds this part of the Cluster'));
