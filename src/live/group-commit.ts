/**
 * Group commit: the commands of one turn of the event loop are decided, applied, journalled and committed in one step,
 * and only then told and answered, in order. (Changes of roster and staff are steps of their own, in their place.) A
 * step whose commit fails has not happened: its rolls are rebuilt from the journal, and each of its commands is
 * answered STORE_UNAVAILABLE.
 */
import { type Clock, isoFrom } from '../clock.ts';
import { unavailable } from '../contract/errors.ts';
import type { Command } from '../domain/commands.ts';
import type { Now } from '../domain/decisions.ts';
import type { Change } from '../domain/roll.ts';
import { newsOfChange } from '../fanout.ts';
import { NO_TRACING, type Tracing } from '../tracing/tracing.ts';
import type { Attending } from './attending.ts';
import type { CommitPace } from './commit-pace.ts';
import type { Journal } from './journal.ts';
import type { LiveRoll } from './live-roll.ts';
import type { Answer } from './live-store.ts';
import type { Rolls } from './rolls.ts';
import { answerOf, type Decided, decideQueued, type Queued, stepsOf } from './turn.ts';

export type GroupCommitOptions = {
  journal: Journal;
  rolls: Rolls;
  attending: Attending;
  clock: Clock;
  pace: CommitPace;
  /** A roll became due now. */
  onDue: () => void;
  tracing?: Tracing | undefined;
};

export class GroupCommit {
  private readonly journal: Journal;
  private readonly rolls: Rolls;
  private readonly attending: Attending;
  private readonly clock: Clock;
  private readonly pace: CommitPace;
  private readonly onDue: () => void;
  private readonly tracing: Tracing;
  private queue: Queued[] = [];
  private scheduled = false;

  constructor({ journal, rolls, attending, clock, pace, onDue, tracing }: GroupCommitOptions) {
    this.journal = journal;
    this.rolls = rolls;
    this.attending = attending;
    this.clock = clock;
    this.pace = pace;
    this.onDue = onDue;
    this.tracing = tracing ?? NO_TRACING;
  }

  /** Part of the turn that is gathering. Null: there is no such roll. */
  submit(session_id: string, command: Command, connection: { id: string } | undefined): Promise<Answer | null> {
    return new Promise((resolve, reject) => {
      this.pace.arrived();
      this.queue.push({ session_id, command, connection, place: this.tracing.here(), resolve, reject });
      if (!this.scheduled) this.schedule();
    });
  }

  /** At the end of this turn, or a little later when a crowd is to share the commit. */
  private schedule(): void {
    this.scheduled = true;
    const wait_ms = this.pace.wait();
    if (wait_ms > 0) setTimeout(() => this.flush(), wait_ms);
    else setImmediate(() => this.flush());
  }

  /** Makes and answers what is queued, now. */
  flush(): void {
    this.scheduled = false;
    const turn = this.queue;
    this.queue = [];
    const decided = stepsOf(turn).flatMap((step) => this.makeStep(step));
    // Last, so that no answer is older than what its connection was told meanwhile.
    for (const it of decided) it.queued.resolve(answerOf(it));
  }

  /** Decides, commits and tells. Answers what is still to be answered; when the commit failed, that is nothing. */
  private makeStep(step: Queued[]): Decided[] {
    const ms = this.clock();
    const now: Now = { ms, iso: isoFrom(ms) };
    const decided: Decided[] = [];
    const changes = new Map<LiveRoll, Change[]>();
    try {
      for (const queued of step) {
        const live = this.rolls.get(queued.session_id);
        if (live === undefined) queued.resolve(null);
        else decided.push(decideQueued(queued, live, now, decided));
      }
      for (const { live, decision } of decided) {
        if (decision.change === null) continue;
        const ofRoll = changes.get(live);
        if (ofRoll === undefined) changes.set(live, [decision.change]);
        else ofRoll.push(decision.change);
      }
      const places = step.map(({ place }) => place);
      this.tracing.from(places, () => this.commit(changes));
    } catch (cause) {
      for (const id of new Set(step.map((it) => it.session_id))) this.rolls.reload(id);
      for (const queued of step) queued.reject(unavailable(cause));
      return [];
    }
    for (const it of decided) this.finish(it, now);
    return decided;
  }

  private commit(changes: Map<LiveRoll, Change[]>): void {
    if (changes.size === 0) return;
    const entries = [...changes];
    const turn = entries.map(([live, ofRoll]) => ({ session_id: live.roll.header.session.id, changes: ofRoll }));
    const span = this.tracing.part('journal commit');
    let rows: number[];
    try {
      rows = this.journal.append(turn);
    } catch (error) {
      span.end('STORE_UNAVAILABLE', true);
      throw error;
    }
    span.end();
    for (const [i, [live]] of entries.entries()) live.rows.push(rows[i] as number);
    this.pace.committed();
  }

  /** After the commit: who is online, and what is told. */
  private finish({ queued, live, decision: { outcome, change }, after, enters, returning }: Decided, now: Now): void {
    const { command, connection } = queued;
    const { roll, presence } = live;
    if (outcome.ok && !outcome.repeated && command.kind === 'leave' && connection !== undefined) {
      this.attending.leave(live, connection.id, after);
    }
    if (enters !== null) this.attending.putOnline(live, enters, returning, after);
    if (change === null) return;
    this.rolls.follow(roll, change);
    this.attending.tell(live, newsOfChange(roll, change, presence), change.seq === 0 ? roll : change);
    if (change.roster !== undefined || change.staff !== undefined) this.attending.expelUnentitled(live);
    if (change.end !== undefined) this.ended(live, now);
  }

  private ended(live: LiveRoll, now: Now): void {
    this.attending.letStudentsGo(live);
    live.due_at = now.ms;
    this.onDue();
  }
}
