/**
 * When a session's statistics go to its room: soon after something happened, at most every STATISTICS_MIN_INTERVAL_MS,
 * and every STATISTICS_HEARTBEAT_MS in any case. A node-wide allowance keeps them from eating the first minute of class:
 * a hundred classes that fill up at once hear statistics less often, and check-ins go first.
 */
import type { Clock } from '../clock.ts';
import {
  STATISTICS_HEARTBEAT_MS,
  STATISTICS_MAX_DELIVERIES_PER_SECOND,
  STATISTICS_MIN_INTERVAL_MS,
} from '../limits.ts';

/** How often this looks; also how long after a change the statistics follow when nothing else holds them back. */
const TICK_MS = 100;
/** Waits this long after a change for more of them. */
const SETTLE_MS = 200;

type Pending = { changed_at: number | null; sent_at: number };

export type StatisticsTickerOptions = {
  clock: Clock;
  /** Sends them, unless somebody has just done so. */
  publish: (session_id: string) => Promise<void>;
  /** Sockets that would receive them here. */
  membersOf: (session_id: string) => number;
  onError: (error: unknown) => void;
};

export class StatisticsTicker {
  private readonly options: StatisticsTickerOptions;
  private readonly sessions = new Map<string, Pending>();
  private allowance = STATISTICS_MAX_DELIVERIES_PER_SECOND;
  private looked_at: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(options: StatisticsTickerOptions) {
    this.options = options;
    this.looked_at = options.clock();
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Something happened in this session. */
  changed(session_id: string): void {
    const pending = this.sessions.get(session_id);
    const now = this.options.clock();
    if (pending === undefined)
      this.sessions.set(session_id, { changed_at: now, sent_at: now - STATISTICS_MIN_INTERVAL_MS });
    else pending.changed_at ??= now;
  }

  /** Looks once at every session; those that waited longest are looked at first. */
  tick(): void {
    const { clock, membersOf } = this.options;
    const now = clock();
    const earned = ((now - this.looked_at) / 1000) * STATISTICS_MAX_DELIVERIES_PER_SECOND;
    this.allowance = Math.min(STATISTICS_MAX_DELIVERIES_PER_SECOND, this.allowance + earned);
    this.looked_at = now;
    for (const [session_id, pending] of this.sessions) {
      if (!isDue(pending, now)) continue;
      if (this.allowance <= 0) return;
      const members = membersOf(session_id);
      this.sessions.delete(session_id);
      if (members === 0) continue;
      this.allowance -= members;
      // Set again, at the end of the order.
      this.sessions.set(session_id, { changed_at: null, sent_at: now });
      this.send(session_id);
    }
  }

  private send(session_id: string): void {
    this.options.publish(session_id).catch(this.options.onError);
  }
}

const isDue = ({ changed_at, sent_at }: Pending, now: number): boolean => {
  if (now - sent_at >= STATISTICS_HEARTBEAT_MS) return true;
  return changed_at !== null && now - changed_at >= SETTLE_MS && now - sent_at >= STATISTICS_MIN_INTERVAL_MS;
};
