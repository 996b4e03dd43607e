/**
 * Works off the due-list: ends sessions whose limit has come (END-4), and brings ended rolls into the archive (END-2).
 *
 * A roll leaves the list only when the archive has confirmed it. Order: claim with a lease and a fence, store
 * (insert-only, so a repeat changes nothing), confirm. A worker that dies lets its lease lapse; one that wakes late
 * holds an outdated fence, and what it writes again is already there. A roll that keeps failing stays, is tried on with
 * growing waits, and is visible in logs and metrics; it is never dropped.
 */
import { Refusal } from '../contract/errors.ts';
import { ARCHIVE_AT_ONCE_ROLLS, ARCHIVE_POLL_MS, ARCHIVE_RETRY_MAX_MS, ARCHIVE_RETRY_MIN_MS } from '../limits.ts';
import type { Claim, LiveStore } from '../live/live-store.ts';
import { during, NO_TRACING, type Tracing } from '../tracing/tracing.ts';
import type { Archive } from './archive.ts';

/** What a first store makes of a session's version. */
const FIRST_VERSION = 1;

export type ArchiverEvents = {
  /** ms: what this try took. */
  archived(session_id: string, tries: number, ms: number): void;
  /** ms: as above; null: it failed before there was anything to archive. */
  failed(session_id: string, tries: number, error: unknown, ms: number | null): void;
};

export type ArchiverOptions = {
  live: Pick<LiveStore, 'claimDue' | 'final' | 'confirm' | 'defer'>;
  archive: Pick<Archive, 'store'>;
  /** Ends a session whose limit has come. */
  endByClock: (session_id: string) => Promise<void>;
  events: ArchiverEvents;
  tracing?: Tracing;
  /** Between 0 and 1. */
  random: () => number;
};

export class Archiver {
  private readonly options: ArchiverOptions;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = true;

  constructor(options: ArchiverOptions) {
    this.options = options;
  }

  start(): void {
    this.stopped = false;
    this.timer = setInterval(() => this.wake(), ARCHIVE_POLL_MS);
    this.wake();
  }

  /** Something is due now. */
  wake(): void {
    if (this.stopped) return;
    if (this.running !== null) {
      this.again = true;
      return;
    }
    const { tracing = NO_TRACING } = this.options;
    // Whoever woke it has asked for nothing of what it does.
    this.running = tracing
      .from([], () => this.workOff())
      .finally(() => {
        this.running = null;
        if (!this.again) return;
        this.again = false;
        this.wake();
      });
  }

  /** Takes nothing new; resolves when what is under way is done. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** One look at the due-list, until it is empty or the archive is away: then the next look tries again. */
  async workOff(): Promise<void> {
    const { live, events } = this.options;
    for (;;) {
      let claims: Claim[];
      try {
        claims = await live.claimDue(ARCHIVE_AT_ONCE_ROLLS);
      } catch (error) {
        events.failed('', 0, error, null);
        return;
      }
      if (claims.length === 0) return;
      const settled = await Promise.all(claims.map((claim) => this.look(claim)));
      if (this.stopped || settled.includes('store is away')) return;
    }
  }

  private async look(claim: Claim): Promise<'done' | 'failed' | 'store is away'> {
    const { live, archive, endByClock, events, tracing = NO_TRACING } = this.options;
    const started = performance.now();
    const took = () => performance.now() - started;
    try {
      if (claim.due === 'end') {
        await this.traced('end by clock', claim, null, () => endByClock(claim.session_id));
        return 'done';
      }
      const final = await live.final(claim);
      if (final === null) return 'done';
      const confirmed = await this.traced('archive', claim, final.traceparent, async () => {
        await during(tracing.part('archive store'), archive.store(final));
        return live.confirm(claim, FIRST_VERSION);
      });
      if (confirmed) events.archived(claim.session_id, claim.tries + 1, took());
      return 'done';
    } catch (error) {
      events.failed(claim.session_id, claim.tries + 1, error, claim.due === 'end' ? null : took());
      await live.defer(claim, this.delayAfter(claim.tries)).catch(() => {
        // The live store is away too: the lease lapses by itself.
      });
      return error instanceof Refusal && error.code === 'STORE_UNAVAILABLE' ? 'store is away' : 'failed';
    }
  }

  /** below: the traceparent of what has brought this about, if that is known. */
  private traced<T>(
    name: string,
    { session_id, tries }: Claim,
    below: string | null,
    work: () => Promise<T>,
  ): Promise<T> {
    const { tracing = NO_TRACING } = this.options;
    const span = tracing.begin(name, { 'rollcast.session_id': session_id, 'rollcast.tries': tries + 1 }, below);
    return during(span, span.run(work));
  }

  private delayAfter(tries: number): number {
    const full = Math.min(ARCHIVE_RETRY_MAX_MS, ARCHIVE_RETRY_MIN_MS * 2 ** Math.min(tries, 20));
    return full / 2 + (full / 2) * this.options.random();
  }
}
