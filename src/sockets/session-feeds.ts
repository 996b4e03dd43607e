/**
 * The events of the rolls that this node's sockets hear. The scripts of a roll publish into the channels of its rooms; the
 * Socket.IO adapter subscribes a channel when the first socket here joins its room, and hands on what comes. This stands
 * between the two: it knows from when on a socket hears, lets pass what is in order, and has mended what was missed
 * (FeedMending) from the roll's log before clients need to ask.
 */
import type { Clock } from '../clock.ts';
import { unavailable } from '../contract/errors.ts';
import type { Connection } from '../domain/presence.ts';
import type { Delivery } from '../fanout.ts';
import { FEED_CATCH_UP_MS, FEED_DEAF_AFTER_MS, FEED_FLUSH_MS, STATISTICS_HEARTBEAT_MS } from '../limits.ts';
import type { FedAudience, FeedSource, LetInAt } from '../live/fed-audience.ts';
import { type RedisKeys, roomOf, staffRoomOf } from '../live/redis-keys.ts';
import type { ChannelSubscriber } from '../redis/channel-subscriber.ts';
import { Feed } from './feed.ts';
import { FeedLine, type Numbers } from './feed-line.ts';
import { FeedMending } from './feed-mending.ts';
import type { FeedReports, LocalRooms } from './feed-options.ts';

export type SessionFeedsOptions = {
  rooms: LocalRooms;
  subscriber: Pick<
    ChannelSubscriber,
    'filter' | 'flushed' | 'effective' | 'resubscribe' | 'deliver' | 'onLost' | 'onRestored'
  >;
  keys: Pick<RedisKeys, 'channel'>;
  clock: Clock;
  /** A session could not be looked at or mended; it is tried again. Told once for all that fail together. */
  onError: (error: unknown) => void;
  reports: FeedReports;
  /** Of what is waited for on the way from Redis. */
  pause: (ms: number) => Promise<void>;
  /** Instead of STATISTICS_HEARTBEAT_MS and FEED_DEAF_AFTER_MS. */
  heartbeat_ms?: number;
  deaf_after_ms?: number;
};

export class SessionFeeds implements FedAudience {
  private readonly options: SessionFeedsOptions;
  private readonly mending: FeedMending;
  private readonly feeds = new Map<string, Feed>();
  private readonly byChannel = new Map<string, Feed>();

  constructor(options: SessionFeedsOptions) {
    this.options = options;
    const { subscriber, rooms, clock, onError, reports } = options;
    const { heartbeat_ms = STATISTICS_HEARTBEAT_MS, deaf_after_ms = FEED_DEAF_AFTER_MS } = options;
    this.mending = new FeedMending({ subscriber, clock, onError, reports, heartbeat_ms, deaf_after_ms });
    subscriber.filter = (channel, message) => this.hear(channel, message);
    subscriber.onLost((channels) => this.lose(channels));
    subscriber.onRestored((channels) => this.restore(channels));
    rooms.onGone((connection, session_ids) => this.gone(connection, session_ids));
  }

  /** source: tells how rolls stand, and what was missed. Before that, nothing is mended. */
  start(source: FeedSource): void {
    this.mending.start(source);
  }

  /** Asks nothing more. What comes in order goes on to the sockets. */
  stop(): void {
    this.mending.stop();
  }

  namespaceOf(connection: string): number | undefined {
    return this.options.rooms.namespaceOf(connection);
  }

  hears(session_id: string, connection: string): boolean {
    return this.feeds.get(session_id)?.members.has(connection) === true;
  }

  membersOf(session_id: string): Connection[] {
    return Array.from(this.feeds.get(session_id)?.members.values() ?? [], ({ connection }) => connection);
  }

  sessions(): Iterable<string> {
    return this.feeds.keys();
  }

  async admit(session_id: string, connection: Connection, at: LetInAt): Promise<boolean> {
    const namespace = this.namespaceOf(connection.id);
    if (namespace === undefined) return true;
    const feed = this.feedOf(session_id, at);
    const lines = this.join(feed, connection, namespace, at.run);
    if (!lines.every(({ confirmed }) => confirmed)) {
      await this.confirm(feed, lines, at).catch((error: unknown) => {
        // Nobody wants the channel any more, since it was let go meanwhile: then there is nothing to hear.
        if (this.hears(session_id, connection.id)) throw error;
      });
      return false;
    }
    if (feed.epoch !== at.epoch) {
      await this.mending.look([feed], 'missed');
      return false;
    }
    // What was published before these numbers may still be on its way: it comes before the answer, or was missed.
    const come = await this.hasCome(feed, lines, () => !feed.isHolding && !lines.some((it) => it.isBehind(at)));
    if (come === 'late') throw unavailable(new Error('what was published is not here yet'));
    if (come === 'missed') {
      await this.mending.repair(feed);
      return false;
    }
    if (lines.some((it) => it.isPast(at))) return false;
    for (const line of lines) line.answer(at);
    return true;
  }

  async heardUpTo(session_id: string, numbers: Numbers): Promise<Numbers> {
    const feed = this.feeds.get(session_id);
    if (feed === undefined) return numbers;
    const hasAll = () => !feed.isHolding && !feed.isBehind(numbers);
    // What has not come is told before the answer, not after it; where it was only late, it is dropped when it comes.
    if ((await this.hasCome(feed, feed.confirmedLines(), hasAll)) !== 'all') await this.mending.repair(feed);
    const heard = feed.heard(numbers);
    for (const line of feed.lines.values()) line.answer(heard);
    return heard;
  }

  expel(session_id: string, connections: string[]): void {
    const feed = this.feeds.get(session_id);
    if (feed === undefined) this.options.rooms.expel(session_id, connections);
    else feed.expel(connections);
  }

  tell(connections: string[], deliveries: Delivery[]): void {
    for (const id of connections) for (const delivery of deliveries) this.options.rooms.tellOne(id, delivery);
  }

  /**
   * Waits for what was published. missed: what is lacking does not come any more. late: that is not known, since the node is
   * busy or its connection dead, which is found out once: so all of it is over well within a second.
   */
  private async hasCome(feed: Feed, lines: FeedLine[], hasAll: () => boolean): Promise<'all' | 'missed' | 'late'> {
    // Lines that say nothing yet of where they are: what was published before is heard after this. (Where they begin, only
    // their own look says: what others have read may be older than the line.)
    if (feed.isUnsure) {
      const unsure = feed.confirmedLines().filter(({ isUnsure }) => isUnsure);
      if (!(await this.allFlushed(unsure))) return hasAll() ? 'all' : 'late';
    }
    if (hasAll() || (await feed.conditions.until(hasAll, FEED_CATCH_UP_MS))) return 'all';
    // On a busy node it is late: only what has not come after this was missed.
    const flushed = await this.allFlushed(lines);
    if (hasAll()) return 'all';
    return flushed ? 'missed' : 'late';
  }

  /** Whether what was published on these until now has gone by. */
  private async allFlushed(lines: FeedLine[]): Promise<boolean> {
    if (lines.length === 0) return true;
    const { subscriber, pause } = this.options;
    const flushed = Promise.all(lines.map(({ channel }) => subscriber.flushed(channel)));
    const late = pause(FEED_FLUSH_MS).then(() => [false]);
    return (await Promise.race([flushed, late])).every((it) => it);
  }

  // --- who is here ----------------------------------------------------------------------------------------------

  /** The lines that it hears from now on, or from their confirmation on. */
  private join(feed: Feed, connection: Connection, namespace: number, run: number): FeedLine[] {
    const { rooms } = this.options;
    const { session_id } = feed;
    const { id, student_id } = connection;
    const earlier = feed.members.get(id)?.run ?? run;
    feed.members.set(id, { connection, run: Math.max(run, earlier) });
    rooms.join(session_id, id, student_id === null ? 'staff' : 'student');
    rooms.watch.heard(session_id);
    const line = this.lineOf(feed, namespace, roomOf(session_id), 'room');
    if (student_id === null) return [line, this.lineOf(feed, namespace, staffRoomOf(session_id), 'staff')];
    // It may have been staff before.
    feed.dropUnused();
    return [line];
  }

  private gone(connection: string, session_ids: Iterable<string>): void {
    for (const session_id of session_ids) {
      const feed = this.feeds.get(session_id);
      if (feed?.members.delete(connection)) feed.dropUnused();
    }
  }

  private feedOf(session_id: string, { epoch, version }: LetInAt): Feed {
    const known = this.feeds.get(session_id);
    if (known !== undefined) return known;
    const { rooms, subscriber, clock, reports } = this.options;
    const feed: Feed = new Feed({
      session_id,
      epoch,
      version,
      rooms,
      clock,
      deliver: (channel, message) => subscriber.deliver(channel, message),
      onGap: () => void this.mending.repair(feed),
      onUnused: (channel) => this.unused(feed, channel),
      pause: this.options.pause,
      reports,
    });
    this.feeds.set(session_id, feed);
    this.mending.add(feed);
    return feed;
  }

  private lineOf(feed: Feed, namespace: number, room: string, to: 'room' | 'staff'): FeedLine {
    const channel = this.options.keys.channel(namespace, room);
    let line = feed.lines.get(channel);
    if (line === undefined) {
      line = new FeedLine(channel, namespace, room, to);
      feed.lines.set(channel, line);
      this.byChannel.set(channel, feed);
    }
    return line;
  }

  private unused(feed: Feed, channel: string): void {
    this.byChannel.delete(channel);
    if (feed.lines.size > 0) return;
    this.feeds.delete(feed.session_id);
    this.mending.remove(feed);
  }

  // --- what is heard --------------------------------------------------------------------------------------------

  /** False: not for the adapter, or not yet. Messages that are not of a roll come on other channels. */
  private hear(channel: string, message: Buffer): boolean {
    const feed = this.byChannel.get(channel);
    const line = feed?.lines.get(channel);
    return feed === undefined || line === undefined || feed.receive(line, message);
  }

  /** Resolves when these lines are heard; rejects with STORE_UNAVAILABLE. */
  private async confirm(feed: Feed, lines: FeedLine[], at: LetInAt): Promise<void> {
    try {
      await Promise.all(lines.map(({ channel }) => this.options.subscriber.effective(channel)));
    } catch (error) {
      // Nobody is answered what the roll is by now: all that it tells from here on is to be heard, but nothing older than
      // what another line has told the same sockets meanwhile.
      const begin = feed.heard(at);
      for (const line of lines) line.beginAt(begin);
      throw error;
    }
    if (lines.every(({ confirmed }) => confirmed)) return;
    for (const line of lines) line.confirmed = true;
    void this.mending.look([feed], 'beginning');
  }

  /** Until they are heard again, what a socket hears on these is not sure. */
  private lose(channels: string[]): void {
    for (const channel of channels) this.setConfirmed(channel, false);
  }

  private restore(channels: string[]): void {
    for (const channel of channels) this.setConfirmed(channel, true);
    const feeds = channels.flatMap((channel) => this.byChannel.get(channel) ?? []);
    void this.mending.look([...new Set(feeds)], 'missed');
  }

  private setConfirmed(channel: string, confirmed: boolean): void {
    const line = this.byChannel.get(channel)?.lines.get(channel);
    if (line !== undefined) line.confirmed = confirmed;
  }
}
