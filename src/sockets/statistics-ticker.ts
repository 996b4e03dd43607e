/**
 * When a session's statistics are sent: soon after something happened, to staff at most every STATISTICS_MIN_INTERVAL_MS,
 * to everybody at most every STATISTICS_ROOM_INTERVAL_MS, and every STATISTICS_HEARTBEAT_MS in any case. Sending them to every student each time would cost more than the check-ins
 * themselves when many classes fill up at once, so a node has an allowance for that: while it is used up only staff get
 * them, and students when there is room again, those first who have waited longest.
 */
import type { Clock } from '../clock.ts';
import {
  STATISTICS_HEARTBEAT_MS,
  STATISTICS_MAX_DELIVERIES_PER_SECOND,
  STATISTICS_MIN_INTERVAL_MS,
  STATISTICS_ROOM_INTERVAL_MS,
} from '../limits.ts';

/** How often this looks. */
const TICK_MS = 100;
/** Waits this long after a change for more of them. */
const SETTLE_MS = 200;

/** Instants in milliseconds; the changed ones are null when their receivers know everything. */
type Session = {
  room_changed_at: number | null;
  staff_changed_at: number | null;
  room_sent_at: number;
  sent_at: number;
};

export type StatisticsTickerOptions = {
  clock: Clock;
  /** Sends them, unless somebody has just done so. */
  publish: (session_id: string, to: 'room' | 'staff') => Promise<void>;
  /** Sockets in the room of this session here. */
  membersOf: (session_id: string) => number;
  onError: (error: unknown) => void;
};

export class StatisticsTicker {
  private readonly options: StatisticsTickerOptions;
  /** In the order in which their rooms were last served. */
  private readonly sessions = new Map<string, Session>();
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

  /** Somebody here hears this session: it gets its heartbeats, although nothing may ever happen in it. */
  heard(session_id: string): void {
    this.sessionOf(session_id, this.options.clock());
  }

  /** Something happened in this session. */
  changed(session_id: string): void {
    const now = this.options.clock();
    const session = this.sessionOf(session_id, now);
    session.room_changed_at ??= now;
    session.staff_changed_at ??= now;
  }

  /**
   * Its statistics were delivered here, perhaps sent by another node: they tell everything that came before them. The
   * allowance is for what this node's sockets get, whoever sent it.
   */
  sent(session_id: string, to: 'room' | 'staff'): void {
    const session = this.sessions.get(session_id);
    if (session === undefined) return;
    const now = this.options.clock();
    session.sent_at = now;
    session.staff_changed_at = null;
    if (to === 'staff') return;
    session.room_changed_at = null;
    // What this node sends comes back to it, once in each namespace.
    if (now - session.room_sent_at < STATISTICS_MIN_INTERVAL_MS) return;
    this.allowance -= this.options.membersOf(session_id);
    session.room_sent_at = now;
    this.sessions.delete(session_id);
    this.sessions.set(session_id, session);
  }

  /** Looks once at every session. */
  tick(): void {
    const now = this.options.clock();
    const earned = ((now - this.looked_at) / 1000) * STATISTICS_MAX_DELIVERIES_PER_SECOND;
    this.allowance = Math.min(STATISTICS_MAX_DELIVERIES_PER_SECOND, this.allowance + earned);
    this.looked_at = now;
    // A room that is served moves to the end of this very order, and must not be met again.
    for (const [session_id, session] of [...this.sessions]) {
      if (now - session.sent_at < STATISTICS_MIN_INTERVAL_MS) continue;
      const isRoomsTurn = now - session.room_sent_at >= STATISTICS_ROOM_INTERVAL_MS && this.allowance > 0;
      if ((isRoomsTurn && isSettled(session.room_changed_at, now)) || needsHeartbeat(session, now))
        this.serveRoom(session_id, session, now);
      else if (isSettled(session.staff_changed_at, now)) this.send(session_id, session, now, 'staff');
    }
  }

  private sessionOf(session_id: string, now: number): Session {
    let session = this.sessions.get(session_id);
    if (session === undefined) {
      session = {
        room_changed_at: null,
        staff_changed_at: null,
        room_sent_at: now - STATISTICS_ROOM_INTERVAL_MS,
        sent_at: now - STATISTICS_MIN_INTERVAL_MS,
      };
      this.sessions.set(session_id, session);
    }
    return session;
  }

  private serveRoom(session_id: string, session: Session, now: number): void {
    this.sessions.delete(session_id);
    const members = this.options.membersOf(session_id);
    if (members === 0) return;
    this.allowance -= members;
    this.sessions.set(session_id, session);
    session.room_changed_at = null;
    session.room_sent_at = now;
    this.send(session_id, session, now, 'room');
  }

  private send(session_id: string, session: Session, now: number, to: 'room' | 'staff'): void {
    session.staff_changed_at = null;
    session.sent_at = now;
    this.options.publish(session_id, to).catch(this.options.onError);
  }
}

const isSettled = (changed_at: number | null, now: number): boolean =>
  changed_at !== null && now - changed_at >= SETTLE_MS;

/** Also without an allowance: a client tells from it that it has missed nothing. */
const needsHeartbeat = ({ room_sent_at }: Session, now: number): boolean =>
  now - room_sent_at >= STATISTICS_HEARTBEAT_MS;
