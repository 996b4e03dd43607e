/**
 * Live rolls in this process, every change journalled to SQLite before anybody hears of it.
 *
 * One turn of the event loop is one transaction: decide, apply in memory, journal, commit (fsync), and only then
 * deliver and answer, in order. All of that is synchronous, so nobody can read what is not committed. (Changes of roster
 * and staff are transactions of their own, in their place.) When a commit fails, the rolls concerned are dropped,
 * rebuilt from the journal, and every command of that transaction is answered STORE_UNAVAILABLE. Presence is not journalled: connections die with the process.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Clock, isoFrom, type MakeId } from '../clock.ts';
import { type Refusal, refuse } from '../contract/errors.ts';
import type { ActiveSession } from '../contract/events.ts';
import { windowsOf } from '../domain/checkin.ts';
import type { Now } from '../domain/decide.ts';
import { type FinalRoll, finalRoll } from '../domain/final-roll.ts';
import type { Connection } from '../domain/presence.ts';
import {
  type Change,
  type Command,
  type Opening,
  type Outcome,
  openRoll,
  type RequestKey,
  type Roll,
  type RollState,
  type RosterEntry,
  replay,
} from '../domain/roll.ts';
import { type Delivery, newsOfChange, persistedNews, statisticsNews } from '../fanout.ts';
import { PRESENCE_RETURN_MS, STATISTICS_MIN_INTERVAL_MS } from '../limits.ts';
import { Attending } from './attending.ts';
import { CommitPace } from './commit-pace.ts';
import { Journal } from './journal.ts';
import { answerRemembered, KeptRequests } from './kept-requests.ts';
import { backlogOf, claimDue, type LiveRoll, liveRoll, maybeOnline } from './live-roll.ts';
import type {
  Answer,
  Audience,
  Backlog,
  Claim,
  Cursor,
  LiveStore,
  RollPeek,
  RollPlan,
  RollView,
  Viewer,
} from './live-store.ts';
import { missedBy } from './missed.ts';
import { RollIndex } from './roll-index.ts';
import { answerOf, type Decided, decideQueued, type Queued, stepsOf } from './turn.ts';

export type EmbeddedLiveStoreOptions = {
  db: DatabaseSync;
  clock: Clock;
  makeId: MakeId;
  audience: Audience;
  /** A roll became due now: wakes the archiver. */
  onDue: () => void;
  /** Runs between the journal's last write and its commit; for fault tests. */
  beforeCommit?: () => void;
  /** When turns are committed; another one only in tests. */
  pace?: CommitPace;
};

export class EmbeddedLiveStore implements LiveStore {
  private readonly journal: Journal;
  private readonly clock: Clock;
  private readonly makeId: MakeId;
  private readonly attending: Attending;
  private readonly onDue: () => void;
  private readonly rolls = new Map<string, LiveRoll>();
  private readonly index = new RollIndex();
  private readonly keptRequests = new KeptRequests();
  private queue: Queued[] = [];
  private readonly pace: CommitPace;
  private readonly restored_at: number;
  private scheduled = false;
  private closed = false;

  /** Rolls that were active or not yet archived come back here, before anything else can happen. */
  constructor(options: EmbeddedLiveStoreOptions) {
    this.journal = new Journal(options.db, options.beforeCommit ?? (() => {}));
    this.clock = options.clock;
    this.makeId = options.makeId;
    this.attending = new Attending(options.audience, options.clock);
    this.onDue = options.onDue;
    this.pace = options.pace ?? new CommitPace();
    this.restored_at = this.clock();
    for (const { opening, changes, rows } of this.journal.all()) {
      const roll = replay(opening, changes);
      this.add(roll, rows).awaited = maybeOnline(roll);
    }
  }

  async open(plan: RollPlan): Promise<{ opened: boolean }> {
    const session_id = plan.session.id;
    this.assertOpen();
    if (this.rolls.has(session_id)) return { opened: false };
    const now = this.clock();
    const opening: Opening = {
      header: {
        session: plan.session,
        course_id: plan.session.course_id,
        staff: plan.staff,
        teacher_name: plan.teacher_name,
        windows: windowsOf(plan, now, plan.auto_end_after_minutes),
        started_at: isoFrom(now),
        started_by: plan.started_by,
        epoch: this.makeId(),
        rebuilt: plan.rebuilt,
        version: 1,
      },
      students: plan.students,
    };
    try {
      this.journal.open(session_id, opening);
    } catch (cause) {
      throw unavailable(cause);
    }
    this.add(openRoll(opening), []);
    return { opened: true };
  }

  async peek(session_id: string): Promise<RollPeek | null> {
    const live = this.rolls.get(session_id);
    return live === undefined ? null : { header: live.roll.header, state: live.roll.state };
  }

  async states(session_ids: string[]): Promise<Map<string, RollState>> {
    const states = new Map<string, RollState>();
    for (const id of session_ids) {
      const live = this.rolls.get(id);
      if (live !== undefined) states.set(id, live.roll.state);
    }
    return states;
  }

  submit(session_id: string, command: Command, connection?: { id: string }): Promise<Answer | null> {
    if (this.closed) return Promise.reject(refuse('STORE_UNAVAILABLE'));
    return new Promise((resolve, reject) => {
      this.pace.arrived();
      this.queue.push({ session_id, command, connection, resolve, reject });
      if (!this.scheduled) this.schedule();
    });
  }

  /**
   * At the end of this turn; or, when the last commit was just now, a little later, so that a crowd shares a commit
   * instead of queueing for one each. Whoever is alone never waits.
   */
  private schedule(): void {
    this.scheduled = true;
    const wait_ms = this.pace.wait();
    if (wait_ms > 0) setTimeout(() => this.flush(), wait_ms);
    else setImmediate(() => this.flush());
  }

  async reattach(
    session_id: string,
    { id, user_id }: { id: string; user_id: string },
    staff: boolean,
  ): Promise<Connection | null> {
    const live = this.rolls.get(session_id);
    if (live === undefined || !live.roll.followers.has(user_id)) return null;
    const student_id = staff ? undefined : live.roll.users.get(user_id);
    const record = student_id === undefined ? undefined : live.roll.records.get(student_id);
    if (!staff && (record?.approved !== true || record.joined_at === null || live.roll.state !== 'active')) return null;
    const connection = { id, user_id, student_id: student_id ?? null };
    this.attending.putOnline(live, connection, record ?? null);
    return connection;
  }

  async answered(session_id: string, request: RequestKey): Promise<Outcome | null> {
    const live = this.rolls.get(session_id);
    return live === undefined
      ? this.keptRequests.answer(session_id, request, this.clock())
      : answerRemembered(live.roll.requests, request);
  }

  async detach(session_id: string, connection: string): Promise<void> {
    const live = this.rolls.get(session_id);
    if (live !== undefined) this.attending.takeOffline(live, connection);
  }

  async sweepPresence(): Promise<void> {
    if (this.clock() - this.restored_at < PRESENCE_RETURN_MS) return;
    for (const live of this.rolls.values()) if (live.awaited.size > 0) this.attending.giveUpAwaited(live);
  }

  async read(session_id: string): Promise<RollView | null> {
    const live = this.rolls.get(session_id);
    return live === undefined ? null : { roll: live.roll, presence: live.presence };
  }

  async missed(session_id: string, viewer: Viewer, cursor: Cursor): Promise<Delivery[] | null> {
    const live = this.rolls.get(session_id);
    return live === undefined ? null : missedBy(live.roll, live.presence, viewer, cursor);
  }

  async publishStatistics(session_id: string, to: 'room' | 'staff' = 'room'): Promise<void> {
    const live = this.rolls.get(session_id);
    const now = this.clock();
    if (live === undefined || live.roll.state !== 'active') return;
    if (Math.abs(now - live.statistics_at) < STATISTICS_MIN_INTERVAL_MS) return;
    live.statistics_at = now;
    this.attending.tell(live, [statisticsNews(live.roll, live.presence, to)]);
  }

  async activeInCourse(course_id: string): Promise<ActiveSession[]> {
    const active: ActiveSession[] = [];
    for (const id of this.index.ofCourse(course_id)) {
      const roll = this.rolls.get(id)?.roll;
      if (roll?.state !== 'active') continue;
      const { session, started_at } = roll.header;
      active.push({ sessionId: id, teacherId: session.teacher_id, studentCount: roll.joined, startedAt: started_at });
    }
    return active.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  }

  async followedBy(user_id: string): Promise<string[]> {
    return this.index.ofUser(user_id);
  }

  async followRoster(course_id: string, entries: RosterEntry[]): Promise<void> {
    await Promise.all(this.index.ofCourse(course_id).map((id) => this.submit(id, { kind: 'roster', entries })));
  }

  async followStaff(course_id: string, staff: string[]): Promise<void> {
    await Promise.all(this.index.ofCourse(course_id).map((id) => this.submit(id, { kind: 'staff', staff })));
  }

  async claimDue(limit: number): Promise<Claim[]> {
    return claimDue(this.rolls, this.clock(), limit);
  }

  async final(claim: Claim): Promise<FinalRoll | null> {
    const live = this.held(claim);
    return live === null || live.roll.end === null ? null : finalRoll(live.roll);
  }

  async confirm(claim: Claim, version: number): Promise<boolean> {
    const live = this.held(claim);
    if (live === null || live.roll.end === null) return false;
    this.forget(claim.session_id, live);
    this.attending.tell(live, [persistedNews(claim.session_id, version, isoFrom(this.clock()))]);
    this.attending.letAllGo(live);
    return true;
  }

  async defer(claim: Claim, delay_ms: number): Promise<void> {
    const live = this.held(claim);
    if (live !== null) live.due_at = this.clock() + delay_ms;
  }

  async backlog(): Promise<Backlog> {
    return backlogOf(this.rolls.values(), this.clock());
  }

  async ping(): Promise<void> {
    this.assertOpen();
    try {
      this.journal.ping();
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  /** Answers what is queued, then refuses everything. The database belongs to the caller. */
  async close(): Promise<void> {
    this.flush();
    this.closed = true;
  }

  // --- group commit ---------------------------------------------------------------------------------------------

  private flush(): void {
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
      this.commit(changes);
    } catch (cause) {
      for (const id of new Set(step.map((it) => it.session_id))) this.reload(id);
      for (const queued of step) queued.reject(unavailable(cause));
      return [];
    }
    for (const it of decided) this.finish(it, now);
    return decided;
  }

  private commit(changes: Map<LiveRoll, Change[]>): void {
    if (changes.size === 0) return;
    const entries = [...changes];
    const rows = this.journal.append(
      entries.map(([live, ofRoll]) => ({ session_id: live.roll.header.session.id, changes: ofRoll })),
    );
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
    this.index.follow(roll, change);
    this.attending.tell(live, newsOfChange(roll, change, presence), change);
    if (change.roster !== undefined || change.staff !== undefined) this.attending.expelUnentitled(live);
    if (change.end !== undefined) this.ended(live, now);
  }

  private ended(live: LiveRoll, now: Now): void {
    this.attending.letStudentsGo(live);
    live.due_at = now.ms;
    this.onDue();
  }

  // --- keeping rolls --------------------------------------------------------------------------------------------

  private add(roll: Roll, rows: number[]): LiveRoll {
    const live = liveRoll(roll, rows);
    this.rolls.set(roll.header.session.id, live);
    this.index.add(roll);
    return live;
  }

  /** Back to what is committed, after a failed commit. Who is connected stays known. */
  private reload(id: string): void {
    const live = this.rolls.get(id);
    if (live === undefined) return;
    try {
      const { opening, changes } = this.journal.one(id, live.rows);
      this.index.remove(live.roll);
      live.roll = replay(opening, changes);
      this.index.add(live.roll);
    } catch {
      // The journal cannot even be read: better no roll than one that shows what was never committed. It is still in
      // the file, and comes back with the next start.
      this.index.remove(live.roll);
      this.rolls.delete(id);
    }
  }

  private forget(session_id: string, live: LiveRoll): void {
    try {
      this.journal.forget(session_id, live.rows);
    } catch (cause) {
      throw unavailable(cause);
    }
    this.index.remove(live.roll);
    this.rolls.delete(session_id);
    this.keptRequests.keep(live.roll, this.clock());
  }

  private held(claim: Claim): LiveRoll | null {
    const live = this.rolls.get(claim.session_id);
    return live !== undefined && live.fence === claim.fence ? live : null;
  }

  private assertOpen(): void {
    if (this.closed) throw refuse('STORE_UNAVAILABLE');
  }
}

const unavailable = (cause: unknown): Refusal => {
  const refusal = refuse('STORE_UNAVAILABLE');
  refusal.cause = cause;
  return refusal;
};
