/**
 * Live rolls in this process, every change journalled to SQLite before anybody hears of it. Commands go through group
 * commit; all of it is synchronous, so nobody can read what is not committed. Presence is not journalled: connections die
 * with the process.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type Clock, isoFrom, type MakeId } from '../clock.ts';
import { refuse, unavailable } from '../contract/errors.ts';
import type { ActiveSession } from '../contract/events.ts';
import { windowsOf } from '../domain/checkin.ts';
import type { Command, Outcome, RequestKey } from '../domain/commands.ts';
import { type FinalRoll, finalRoll } from '../domain/final-roll.ts';
import type { Connection } from '../domain/presence.ts';
import type { RosterEntry } from '../domain/record.ts';
import type { Opening, RollNow, RollState } from '../domain/roll.ts';
import { persistedNews, statisticsNews } from '../fanout.ts';
import { PRESENCE_RETURN_MS, STATISTICS_MIN_INTERVAL_MS } from '../limits.ts';
import { Attending } from './attending.ts';
import { CommitPace } from './commit-pace.ts';
import { GroupCommit } from './group-commit.ts';
import { Journal, type JournalReports } from './journal.ts';
import { answerRemembered, KeptRequests } from './kept-requests.ts';
import { backlogOf, claimDue, type LiveRoll } from './live-roll.ts';
import type {
  Answer,
  Audience,
  Backlog,
  Claim,
  CodeTried,
  ComesBackAs,
  Cursor,
  Guesser,
  History,
  LiveStore,
  Missed,
  RollPeek,
  RollPlan,
  RollView,
  Viewer,
} from './live-store.ts';
import { missedBy } from './missed.ts';
import { Rolls } from './rolls.ts';

export type EmbeddedLiveStoreOptions = {
  db: DatabaseSync;
  clock: Clock;
  makeId: MakeId;
  audience: Audience;
  /** A roll became due now: wakes the archiver. */
  onDue: () => void;
  /** Runs between the journal's last write and its commit; for fault tests. */
  beforeCommit?: () => void;
  /** How commits go. */
  journal?: JournalReports;
  /** When turns are committed; another one only in tests. */
  pace?: CommitPace;
};

const UNREPORTED: JournalReports = { committed: () => {}, failed: () => {} };

export class EmbeddedLiveStore implements LiveStore {
  private readonly journal: Journal;
  private readonly clock: Clock;
  private readonly makeId: MakeId;
  private readonly attending: Attending;
  private readonly rolls: Rolls;
  private readonly keptRequests = new KeptRequests();
  private readonly commits: GroupCommit;
  private readonly restored_at: number;
  private closed = false;

  /** Rolls that were active or not yet archived come back here, before anything else can happen. */
  constructor(options: EmbeddedLiveStoreOptions) {
    const { beforeCommit = () => {}, journal = UNREPORTED } = options;
    this.journal = new Journal(options.db, { beforeCommit, reports: journal });
    this.clock = options.clock;
    this.makeId = options.makeId;
    this.attending = new Attending(options.audience, options.clock);
    this.restored_at = this.clock();
    this.rolls = new Rolls(this.journal);
    this.commits = new GroupCommit({
      journal: this.journal,
      rolls: this.rolls,
      attending: this.attending,
      clock: this.clock,
      pace: options.pace ?? new CommitPace(),
      onDue: options.onDue,
    });
  }

  async open(plan: RollPlan): Promise<{ opened: boolean }> {
    const session_id = plan.session.id;
    this.assertOpen();
    if (this.rolls.get(session_id) !== undefined) return { opened: false };
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
        secret: plan.secret,
        student_visibility: plan.student_visibility,
        rebuilt: plan.rebuilt,
        version: plan.version,
      },
      students: plan.students,
    };
    try {
      this.rolls.open(opening);
    } catch (cause) {
      throw unavailable(cause);
    }
    return { opened: true };
  }

  async peek(session_id: string): Promise<RollPeek | null> {
    const live = this.rolls.get(session_id);
    return live === undefined ? null : { header: live.roll.header, state: live.roll.state };
  }

  async known(session_id: string): Promise<RollPeek | null> {
    return this.peek(session_id);
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
    return this.commits.submit(session_id, command, connection);
  }

  async reattach(
    session_id: string,
    { id, user_id }: { id: string; user_id: string },
    comesBackAs: ComesBackAs,
  ): Promise<Connection | null> {
    const live = this.rolls.get(session_id);
    if (live === undefined || !live.roll.followers.has(user_id)) return null;
    const as = comesBackAs(live.roll.header);
    if (as === null) return null;
    const staff = as === 'staff';
    const student_id = staff ? undefined : live.roll.users.get(user_id);
    const record = student_id === undefined ? undefined : live.roll.records.get(student_id);
    if (!staff && (record?.approved !== true || record.joined_at === null || live.roll.state !== 'active')) return null;
    const connection = { id, user_id, student_id: student_id ?? null };
    this.attending.putOnline(live, connection, record ?? null);
    return connection;
  }

  async tryCode(session_id: string, slot: number | null, guesser: Guesser): Promise<CodeTried | null> {
    const live = this.rolls.get(session_id);
    return live === undefined ? null : live.guessers.try(live.roll.state, slot, guesser, this.clock());
  }

  async now(): Promise<number> {
    return this.clock();
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

  async history(session_id: string, from_seq: number, limit: number): Promise<History | null> {
    const live = this.rolls.get(session_id);
    if (live === undefined) return null;
    const from = Math.max(0, from_seq - 1);
    return { header: live.roll.header, changes: live.roll.log.slice(from, from + limit) };
  }

  async missed(
    session_id: string,
    _user_id: string,
    viewerOf: (roll: RollNow) => Viewer,
    cursor: Cursor,
  ): Promise<Missed | null> {
    const live = this.rolls.get(session_id);
    if (live === undefined) return null;
    const { roll, presence } = live;
    const viewer = viewerOf(roll);
    return { view: { roll, presence }, viewer, deliveries: missedBy(roll, presence, viewer, cursor, roll.log) };
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
    for (const id of this.rolls.ofCourse(course_id)) {
      const roll = this.rolls.get(id)?.roll;
      if (roll?.state !== 'active') continue;
      const { session, started_at } = roll.header;
      active.push({ sessionId: id, teacherId: session.teacher_id, studentCount: roll.joined, startedAt: started_at });
    }
    return active.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  }

  async followedBy(user_id: string): Promise<string[]> {
    return this.rolls.ofUser(user_id);
  }

  async followRoster(course_id: string, entries: RosterEntry[]): Promise<void> {
    await Promise.all(this.rolls.ofCourse(course_id).map((id) => this.submit(id, { kind: 'roster', entries })));
  }

  async followStaff(course_id: string, staff: string[]): Promise<void> {
    await Promise.all(this.rolls.ofCourse(course_id).map((id) => this.submit(id, { kind: 'staff', staff })));
  }

  async claimDue(limit: number): Promise<Claim[]> {
    return claimDue(this.rolls.values(), this.clock(), limit);
  }

  async final(claim: Claim): Promise<FinalRoll | null> {
    const live = this.held(claim);
    return live === null || live.roll.end === null ? null : finalRoll(live.roll);
  }

  async confirm(claim: Claim, version: number): Promise<boolean> {
    const live = this.held(claim);
    if (live === null || live.roll.end === null) return false;
    try {
      this.rolls.forget(live);
    } catch (cause) {
      throw unavailable(cause);
    }
    this.keptRequests.keep(live.roll, this.clock());
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

  async forgetPerson(session_ids: string[]): Promise<void> {
    for (const id of session_ids) this.keptRequests.drop(id);
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
    this.commits.flush();
    this.closed = true;
  }

  // --- parts ----------------------------------------------------------------------------------------------------

  private held(claim: Claim): LiveRoll | null {
    const live = this.rolls.get(claim.session_id);
    return live !== undefined && live.fence === claim.fence ? live : null;
  }

  private assertOpen(): void {
    if (this.closed) throw refuse('STORE_UNAVAILABLE');
  }
}
