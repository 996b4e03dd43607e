/**
 * Time in which this process could have heard something. While the event loop is busy with one long turn, answers that
 * have arrived lie unread; a timer would be late then, fire first, and give up on them. This clock counts a turn for as
 * much as a short one, and tells that time is up after what has arrived was read.
 */

/** Exact to this. */
const TICK_MS = 50;
/** What one turn counts for at most. */
const TURN_MAX_MS = 2 * TICK_MS;

type Waiting = { at: number; up: () => void };

export class PatientClock {
  private elapsed_ms = 0;
  private looked_at = performance.now();
  private readonly timer: NodeJS.Timeout;
  private readonly waiting = new Set<Waiting>();
  private readonly looks = new Set<() => void>();

  constructor() {
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.timer.unref();
  }

  /** Milliseconds since it was made, as far as it counts. */
  get now(): number {
    return this.elapsed_ms;
  }

  /** Calls `up` once, after this many milliseconds. Answers how to call it off. */
  after(ms: number, up: () => void): () => void {
    const waiting = { at: this.elapsed_ms + ms, up };
    this.waiting.add(waiting);
    return () => void this.waiting.delete(waiting);
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }

  /** Calls `look` at every tick. Answers how to call it off. */
  every(look: () => void): () => void {
    this.looks.add(look);
    return () => void this.looks.delete(look);
  }

  /** Time is up for all who wait; nobody else is called any more. */
  stop(): void {
    clearInterval(this.timer);
    this.looks.clear();
    for (const { up } of this.waiting) up();
    this.waiting.clear();
  }

  private tick(): void {
    const now = performance.now();
    this.elapsed_ms += Math.min(now - this.looked_at, TURN_MAX_MS);
    this.looked_at = now;
    // Between the timers of a turn and this, what has arrived is read.
    setImmediate(() => this.look());
  }

  private look(): void {
    for (const look of this.looks) look();
    for (const it of this.waiting) {
      if (it.at > this.elapsed_ms) continue;
      this.waiting.delete(it);
      it.up();
    }
  }
}
