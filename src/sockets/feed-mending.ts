/**
 * Finding out what the feeds of this node have missed, and mending it. How a miss is noticed: the next message of the
 * session says so; or a connection was lost, and once it is there again every session on it is looked at; or, when
 * nothing tells it, the heartbeat finds a line behind its roll.
 *
 * What fails is tried again with every beat. Nothing here rejects.
 */
import type { Clock } from '../clock.ts';
import { unavailable } from '../contract/errors.ts';
import { FEED_LOOK_MAX_SESSIONS, STATISTICS_MIN_INTERVAL_MS } from '../limits.ts';
import type { FeedSource, Standing } from '../live/fed-audience.ts';
import type { ChannelSubscriber } from '../redis/channel-subscriber.ts';
import type { Feed } from './feed.ts';
import type { FeedLine } from './feed-line.ts';
import type { FeedReports } from './feed-options.ts';

/** Heartbeats are spread over the sessions: a beat is one of these parts of heartbeat_ms, */
const HEARTBEAT_PARTS = 15;
/** and each session has its turn every so many beats: early enough to have mended by the end of it what was found. */
const HEARTBEAT_EVERY_PARTS = 14;

/** What a look is for: where new lines begin, what was missed while nothing was heard, or the heartbeat. */
type LookFor = 'beginning' | 'missed' | 'heartbeat';

export type FeedMendingOptions = {
  subscriber: Pick<ChannelSubscriber, 'effective' | 'flushed' | 'resubscribe'>;
  clock: Clock;
  /** Told once for all that fail together. */
  onError: (error: unknown) => void;
  /** Every session has a heartbeat at least this often. */
  heartbeat_ms: number;
  /** A line that is still behind its roll after this does not hear. */
  deaf_after_ms: number;
  reports: Pick<FeedReports, 'deaf'>;
};

export class FeedMending {
  private readonly options: FeedMendingOptions;
  /** By the beat that is theirs. */
  private readonly turns: Set<Feed>[] = Array.from({ length: HEARTBEAT_EVERY_PARTS }, () => new Set());
  private turn = 0;
  private added = 0;
  /** To be looked at with the next beat. */
  private readonly unsettled = new Set<Feed>();
  /** What failed since everything was settled last has been told. */
  private told = false;
  private source: FeedSource | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: FeedMendingOptions) {
    this.options = options;
  }

  start(source: FeedSource): void {
    this.source = source;
    this.timer = setInterval(() => this.beat(), this.options.heartbeat_ms / HEARTBEAT_PARTS);
    this.timer.unref();
  }

  /** Asks nothing more. */
  stop(): void {
    clearInterval(this.timer);
    this.source = null;
  }

  add(feed: Feed): void {
    this.turns[this.added % HEARTBEAT_EVERY_PARTS]?.add(feed);
    this.added += 1;
  }

  remove(feed: Feed): void {
    this.unsettled.delete(feed);
    for (const turn of this.turns) turn.delete(feed);
  }

  /** Asks how these sessions stand, and mends what is missing. */
  async look(feeds: Feed[], what: LookFor): Promise<void> {
    for (let first = 0; first < feeds.length; first += FEED_LOOK_MAX_SESSIONS) {
      const batch = feeds.slice(first, first + FEED_LOOK_MAX_SESSIONS);
      // Of a line that is not heard yet, what is asked now says nothing.
      const lines = batch.map((feed) => feed.confirmedLines());
      const standings = await this.ask(batch);
      if (standings === null) continue;
      await Promise.all(
        batch.map((feed, i) => {
          const standing = standings.get(feed.session_id) ?? null;
          return this.mend(feed, lines[i] ?? [], standing, what).catch((error) => this.fail([feed], error));
        }),
      );
    }
  }

  /** Something is missing, and no standing is needed to know it. */
  async repair(feed: Feed): Promise<void> {
    await this.mended(feed).catch((error) => this.fail([feed], error));
  }

  private beat(): void {
    if (this.unsettled.size === 0) this.told = false;
    const turn = [...(this.turns[this.turn] ?? [])].filter((feed) => !this.unsettled.has(feed));
    this.turn = (this.turn + 1) % HEARTBEAT_EVERY_PARTS;
    void this.look([...this.unsettled], 'missed');
    void this.look(turn, 'heartbeat');
  }

  private async ask(feeds: Feed[]): Promise<Map<string, Standing | null> | null> {
    try {
      return (await this.source?.standings(feeds.map(({ session_id }) => session_id))) ?? null;
    } catch (error) {
      this.fail(feeds, error);
      return null;
    }
  }

  /** standing null: there is no such roll. Whoever hears it stays; it may be rebuilt. */
  private async mend(feed: Feed, lines: FeedLine[], standing: Standing | null, what: LookFor): Promise<void> {
    this.unsettled.delete(feed);
    if (standing === null) {
      if (feed.isHolding) await this.mended(feed);
      return;
    }
    if (standing.epoch !== feed.epoch) feed.renew(standing, lines);
    for (const line of lines) line.beginAt(standing);
    await this.prove(lines, standing);
    if (what === 'heartbeat' && feed.isBehind(standing)) await this.hearAgain(feed, standing);
    const isMissing = what !== 'beginning' && (feed.isHolding || feed.isBehind(standing));
    if (isMissing || feed.isOutdated(standing)) await this.mended(feed);
    else await this.bringBack(feed);
    if (feed.isAt(standing)) {
      if (standing.state !== 'active') feed.letStudentsGo();
      if (what === 'heartbeat') await this.tellHeartbeat(feed, standing);
    }
    // What is published until these are heard again is missed: looked at once more then.
    if (what !== 'beginning' && !feed.isConfirmed) {
      this.unsettled.add(feed);
      await this.confirm(feed);
    }
  }

  /** What was published before the roll was read has been heard after this: what is behind then has missed something. */
  private async prove(lines: FeedLine[], standing: Standing): Promise<void> {
    const doubtful = lines.filter((it) => it.isUnsure || it.isBehind(standing));
    const flushed = await Promise.all(doubtful.map(({ channel }) => this.options.subscriber.flushed(channel)));
    if (!flushed.every((it) => it)) throw unavailable(new Error('what was published is not here yet'));
    for (const line of doubtful) if (line.isUnsure) line.provenUpTo(standing);
  }

  private async mended(feed: Feed): Promise<void> {
    if (this.source === null) return;
    await feed.repair(this.source);
    if (feed.isHolding) this.unsettled.add(feed);
    await this.bringBack(feed);
  }

  private async bringBack(feed: Feed): Promise<void> {
    if (!feed.doubtsMembers || this.source === null) return;
    feed.doubtsMembers = false;
    try {
      await this.source.comeBack(feed.session_id);
    } catch (error) {
      feed.doubtsMembers = true;
      throw error;
    }
  }

  /** Messages may be on their way. What has not come by then does not come. */
  private async hearAgain(feed: Feed, standing: Standing): Promise<void> {
    const { subscriber, deaf_after_ms, reports } = this.options;
    if (await feed.conditions.until(() => feed.isHolding || !feed.isBehind(standing), deaf_after_ms)) return;
    const lines = [...feed.lines.values()];
    reports.deaf(lines.filter((it) => it.isBehind(standing)).length);
    for (const line of lines) line.confirmed = false;
    await subscriber.resubscribe(lines.map(({ channel }) => channel));
    for (const line of lines) line.confirmed = true;
  }

  private async confirm(feed: Feed): Promise<void> {
    const lines = [...feed.lines.values()];
    await Promise.all(lines.map(({ channel }) => this.options.subscriber.effective(channel)));
    for (const line of lines) line.confirmed = true;
  }

  /** Statistics go at most so often, heartbeats included. */
  private async tellHeartbeat(feed: Feed, standing: Standing): Promise<void> {
    // Whoever was let in just now is answered first. Where that was with later numbers, these would look like a fault.
    await new Promise<void>((answered) => setImmediate(answered));
    const lines = [...feed.lines.values()];
    if (!feed.isAt(standing) || lines.some((line) => line.hasAnsweredPast(standing))) return;
    if (this.options.clock() - feed.statistics_at >= STATISTICS_MIN_INTERVAL_MS) feed.tellStatistics(standing);
  }

  private fail(feeds: Feed[], error: unknown): void {
    if (!this.told) this.options.onError(error);
    this.told = true;
    for (const feed of feeds) if (feed.lines.size > 0) this.unsettled.add(feed);
  }
}
