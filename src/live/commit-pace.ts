/**
 * How long a turn waits for its commit. Whoever is alone never waits. A crowd shares commits, since each of them is a wait
 * for the disk: while more than COMMIT_CROWD_PER_SECOND commands come, commits are COMMIT_INTERVAL_MS apart.
 */
import { COMMIT_CROWD_PER_SECOND, COMMIT_INTERVAL_MS } from '../limits.ts';

/** Commands are counted over this and the part of the one before that is not longer ago. */
const WINDOW_MS = 100;

export class CommitPace {
  private readonly interval_ms: number;
  private readonly now: () => number;
  private window_at = Number.NEGATIVE_INFINITY;
  private inWindow = 0;
  private inWindowBefore = 0;
  private committed_at = Number.NEGATIVE_INFINITY;

  /** now: milliseconds that only grow. */
  constructor(interval_ms: number = COMMIT_INTERVAL_MS, now: () => number = () => performance.now()) {
    this.interval_ms = interval_ms;
    this.now = now;
  }

  /** A command has come. */
  arrived(): void {
    this.inWindow += 1;
  }

  committed(): void {
    this.committed_at = this.now();
  }

  /** Milliseconds from now to the commit of a turn that begins now; 0: at the end of this turn. */
  wait(): number {
    const now = this.now();
    if (!this.isCrowd(now)) return 0;
    return Math.max(0, this.interval_ms - (now - this.committed_at));
  }

  private isCrowd(now: number): boolean {
    const age = now - this.window_at;
    if (age >= WINDOW_MS) {
      this.inWindowBefore = age < 2 * WINDOW_MS ? this.inWindow : 0;
      // What has come since the last look belongs to this window.
      this.inWindow = 0;
      this.window_at = now;
    }
    const before = this.inWindowBefore * (1 - (now - this.window_at) / WINDOW_MS);
    return (this.inWindow + before) * (1000 / WINDOW_MS) > COMMIT_CROWD_PER_SECOND;
  }
}
