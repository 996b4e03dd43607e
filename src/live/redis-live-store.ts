/**
 * Live rolls in Redis. Every change of a roll is one run of a script that decides, writes, numbers, logs and publishes;
 * this process keeps nothing of them but the headers that it has seen lately. Events come back to it, as to every node,
 * through the fan-out, so an answer is given only once its connection is sure to hear what follows.
 */
import type { Clock, MakeId } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { ActiveSession } from '../contract/events.ts';
import { rulesOf } from '../domain/checkin.ts';
import { takesCode } from '../domain/checkin-code.ts';
import type { Command, Outcome, RequestKey } from '../domain/commands.ts';
import { type FinalRoll, finalRoll } from '../domain/final-roll.ts';
import type { Connection } from '../domain/presence.ts';
import type { RosterEntry } from '../domain/record.ts';
import { admittedRecord } from '../domain/record.ts';
import type { Change, RollNow, RollState } from '../domain/roll.ts';
import {
  ARCHIVE_LEASE_MS,
  AUTO_END_AFTER_ENDS_AT_MS,
  REQUESTS_KEPT_MS,
  ROLL_MAX_CHANGES,
  STATISTICS_MIN_INTERVAL_MS,
  SYNC_MAX_CHANGES,
  WRONG_CODES_MAX,
  WRONG_CODES_OF_ADDRESS_MAX,
} from '../limits.ts';
import type { StateLink } from '../redis/state-link.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { FedAudience, FeedSource, Standing } from './fed-audience.ts';
import { IndexKeeper } from './index-keeper.ts';
import type {
  Answer,
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
import { SCRIPTS } from './lua-scripts.ts';
import { storedRecord } from './lua-templates.ts';
import { RedisAttending } from './redis-attending.ts';
import { type FromSocket, RedisCommands } from './redis-commands.ts';
import { RedisDueList } from './redis-due-list.ts';
import { RedisIndexes } from './redis-indexes.ts';
import type { RedisKeys } from './redis-keys.ts';
import { missedOf } from './redis-missed.ts';
import { headerOf, type ReadOptions, RedisRolls, rollOf, viewOf } from './redis-rolls.ts';

export type RedisLiveStoreOptions = {
  link: StateLink;
  keys: RedisKeys;
  makeId: MakeId;
  audience: FedAudience;
  /** A roll became due now: wakes the archiver. */
  onDue: () => void;
  tracing?: Tracing | undefined;
  /** Only in tests: instead of Redis' own clock. */
  clock?: Clock;
};

/** Tries of what a change may overtake: a header, or a reading. */
const MAX_TRIES = 4;

export class RedisLiveStore implements LiveStore, FeedSource {
  private readonly rolls: RedisRolls;
  private readonly audience: FedAudience;
  private readonly onDue: () => void;
  private readonly commands: RedisCommands;
  private readonly attending: RedisAttending;
  private readonly indexes: RedisIndexes;
  private readonly indexKeeper: IndexKeeper;
  private readonly dueList: RedisDueList;
  private closed = false;

  constructor({ link, keys, makeId, audience, onDue, tracing, clock }: RedisLiveStoreOptions) {
    const node = makeId();
    this.rolls = new RedisRolls({ link, keys, makeId, ...(clock === undefined ? {} : { clock }) });
    this.audience = audience;
    this.onDue = onDue;
    this.commands = new RedisCommands(this.rolls, node, tracing);
    this.attending = new RedisAttending({ rolls: this.rolls, commands: this.commands, audience, node });
    this.indexes = new RedisIndexes(link, keys);
    this.indexKeeper = new IndexKeeper(this.rolls, this.indexes);
    this.dueList = new RedisDueList(this.rolls, this.indexes);
  }

  async open(plan: RollPlan): Promise<{ opened: boolean }> {
    this.assertOpen();
    const { session, staff, teacher_name, started_by, rebuilt, students } = plan;
    const { course_id } = session;
    await this.indexes.opening(session.id, course_id);
    const { secret, student_visibility } = plan;
    const header = { course_id, teacher_name, started_by, rebuilt, secret, student_visibility };
    const rules = rulesOf(plan, plan.auto_end_after_minutes);
    const { opens_at, late_after, closes_after, auto_end_after, ends_at, end_after } = rules;
    const windows = [opens_at, late_after, closes_after, auto_end_after, ends_at];
    const texts = students.map((it, line) => JSON.stringify(storedRecord(admittedRecord(line, it))));
    const args = [
      JSON.stringify(session),
      JSON.stringify(header),
      JSON.stringify(staff),
      ...windows.map((it) => it ?? ''),
      AUTO_END_AFTER_ENDS_AT_MS,
      end_after,
      Number(takesCode(plan)),
      Number(student_visibility === 'self'),
      plan.version,
      ...students.flatMap(({ student_id, user_id }, i) => [student_id, user_id, texts[i] as string]),
    ];
    const due = await this.rolls.run(SCRIPTS.open, session.id, args, true);
    if (due === null) return { opened: false };
    await this.indexes.due(session.id, Number(due));
    return { opened: true };
  }

  peek(session_id: string): Promise<RollPeek | null> {
    return this.commands.peek(session_id);
  }

  known(session_id: string): Promise<RollPeek | null> {
    return this.commands.lastSeen(session_id);
  }

  async states(session_ids: string[]): Promise<Map<string, RollState>> {
    const peeks = await Promise.all(session_ids.map((id) => this.peek(id)));
    return new Map(peeks.flatMap((peek, i) => (peek === null ? [] : [[session_ids[i] as string, peek.state]])));
  }

  async submit(session_id: string, command: Command, connection?: { id: string }): Promise<Answer | null> {
    this.assertOpen();
    if (connection === undefined) return this.make(session_id, command);
    return this.attending.sendFor(session_id, connection.id, (from) => this.make(session_id, command, from));
  }

  reattach(
    session_id: string,
    connection: { id: string; user_id: string },
    comesBackAs: ComesBackAs,
  ): Promise<Connection | null> {
    return this.attending.reattach(session_id, connection, comesBackAs);
  }

  detach(session_id: string, connection: string): Promise<void> {
    return this.attending.detach(session_id, connection);
  }

  async tryCode(session_id: string, slot: number | null, { device, address }: Guesser): Promise<CodeTried | null> {
    const args = [slot ?? '', device, address, WRONG_CODES_MAX, WRONG_CODES_OF_ADDRESS_MAX];
    const answer = (await this.rolls.run(SCRIPTS.tryCode, session_id, args)) as [string, string?] | null;
    if (answer === null) return null;
    const [code, ms] = answer;
    if (code === 'OK') return { ok: true, now: Number(ms) };
    if (code === 'RATE_LIMITED') return { ok: false, code, retry_after_ms: Number(ms) };
    return { ok: false, code: code as 'SESSION_NOT_ACTIVE' | 'CHECKIN_CODE_INVALID' };
  }

  now(session_id: string): Promise<number> {
    return this.rolls.now(session_id);
  }

  async answered(session_id: string, { key, hash }: RequestKey): Promise<Outcome | null> {
    const text = (await this.rolls.run(SCRIPTS.answered, session_id, [key, hash])) as string | null;
    return text === null ? null : (JSON.parse(text) as Outcome);
  }

  async sweepPresence(): Promise<void> {
    await this.attending.presence.look();
    await this.indexes.retry();
    await this.indexKeeper.look();
  }

  read(session_id: string, of_user?: string): Promise<RollView | null> {
    const records = of_user === undefined ? ('all' as const) : { of_user };
    return this.readAs(session_id, { records, online: of_user === undefined });
  }

  private async readAs(session_id: string, options: ReadOptions): Promise<RollView | null> {
    for (let tries = 1; ; tries += 1) {
      const reading = await this.rolls.read(session_id, options);
      if (reading === null) return null;
      const heard = await this.audience.heardUpTo(session_id, reading.head);
      // Who asks may have heard more than this says, and would fall behind.
      if (heard.seq <= reading.head.seq || tries === MAX_TRIES) return viewOf(reading);
    }
  }

  async history(session_id: string, from_seq: number, limit: number): Promise<History | null> {
    const reading = await this.rolls.read(session_id, { changes: { from_seq, limit } });
    return reading === null ? null : { header: headerOf(reading.head), changes: reading.changes };
  }

  async missed(
    session_id: string,
    user_id: string,
    viewerOf: (roll: RollNow) => Viewer,
    cursor: Cursor,
  ): Promise<Missed | null> {
    let view = await this.read(session_id, user_id);
    if (view === null) return null;
    if (viewerOf(view.roll).staff) view = await this.read(session_id);
    if (view === null) return null;
    const viewer = viewerOf(view.roll);
    return { view, viewer, deliveries: await missedOf(this.rolls, view, viewer, cursor) };
  }

  async publishStatistics(session_id: string, to: 'room' | 'staff' = 'room'): Promise<void> {
    await this.rolls.run(SCRIPTS.statistics, session_id, [to, STATISTICS_MIN_INTERVAL_MS]);
  }

  async activeInCourse(course_id: string): Promise<ActiveSession[]> {
    const ids = await this.indexes.ofCourse(course_id);
    const readings = await Promise.all(ids.map((id) => this.rolls.read(id, {})));
    const active = readings.flatMap((reading, i): ActiveSession[] => {
      if (reading === null || reading.head.state !== 'active') return [];
      const { session, started_at, joined } = reading.head;
      const { teacher_id } = session;
      return [{ sessionId: ids[i] as string, teacherId: teacher_id, studentCount: joined, startedAt: started_at }];
    });
    return active.sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
  }

  async followedBy(user_id: string): Promise<string[]> {
    const ids = await this.indexes.ofUser(user_id);
    const follows = await Promise.all(ids.map((id) => this.rolls.isFollowed(id, user_id)));
    await Promise.all(ids.map((id, i) => (follows[i] === null ? this.indexes.notOfUser(id, user_id) : null)));
    return ids.filter((_, i) => follows[i] === true);
  }

  async followRoster(course_id: string, entries: RosterEntry[]): Promise<void> {
    await this.sendToCourse(course_id, { kind: 'roster', entries });
  }

  async followStaff(course_id: string, staff: string[]): Promise<void> {
    await this.sendToCourse(course_id, { kind: 'staff', staff });
  }

  claimDue(limit: number): Promise<Claim[]> {
    return this.dueList.claim(limit, ARCHIVE_LEASE_MS);
  }

  async final(claim: Claim): Promise<FinalRoll | null> {
    const changes = { from_seq: 1, limit: ROLL_MAX_CHANGES + 1 };
    const reading = await this.rolls.read(claim.session_id, { records: 'all', changes });
    if (reading === null || reading.head.end === null || reading.head.fence !== claim.fence) return null;
    return finalRoll({ ...rollOf(reading), log: reading.changes });
  }

  confirm(claim: Claim, version: number): Promise<boolean> {
    return this.dueList.confirm(claim, version, REQUESTS_KEPT_MS);
  }

  defer(claim: Claim, delay_ms: number): Promise<void> {
    return this.dueList.defer(claim, delay_ms);
  }

  backlog(): Promise<Backlog> {
    return this.dueList.backlog();
  }

  async forgetPerson(session_ids: string[], user_ids: string[]): Promise<void> {
    const { link, keys } = this.rolls;
    await Promise.all(session_ids.map((id) => link.command('unlink', keys.keptRequestsOf(id))));
    // Whoever looks for the rolls of a user takes out the entries of those that are gone.
    for (const id of user_ids) await this.followedBy(id);
  }

  async ping(): Promise<void> {
    this.assertOpen();
    await this.rolls.link.ping();
  }

  /** Answers what is under way, then refuses everything, and gives up the lease. The link belongs to the caller. */
  async close(): Promise<void> {
    this.closed = true;
    await this.commands.settled();
    await this.attending.presence.leave();
  }

  // --- for the rooms of this node ---------------------------------------------------------------------------------

  async standings(session_ids: string[]): Promise<Map<string, Standing | null>> {
    const readings = await Promise.all(session_ids.map((id) => this.rolls.read(id, {})));
    return new Map(session_ids.map((id, i) => [id, readings[i]?.head ?? null]));
  }

  async since(session_id: string, seq: number): Promise<{ view: RollView; changes: Change[] } | null> {
    const changes = { from_seq: seq + 1, limit: SYNC_MAX_CHANGES + 1 };
    const reading = await this.rolls.read(session_id, { records: 'all', online: true, changes });
    return reading === null ? null : { view: viewOf(reading), changes: reading.changes };
  }

  comeBack(session_id: string): Promise<void> {
    return this.attending.comeBack(session_id);
  }

  // --- parts ----------------------------------------------------------------------------------------------------

  private async make(session_id: string, command: Command, from?: FromSocket): Promise<Answer | null> {
    const answer = this.commands.send<Outcome>(session_id, { ...command, connection: from });
    const indexed = this.indexes.before(session_id, command);
    const given = indexed === null ? await answer : (await Promise.all([answer, indexed]))[0];
    if (given === null) return null;
    const { outcome, applied } = given;
    if (!outcome.ok) return outcome;
    if (command.kind === 'end' && outcome.repeated !== true) await this.ended(session_id);
    const current = await this.attending.moved(session_id, command, from?.id ?? null, { outcome, applied });
    return { ...outcome, current };
  }

  /**
   * The index said so before the roll did, and whoever looked in between has found that it is not due. (When this
   * fails too, the next look at all rolls mends it.)
   */
  private async ended(session_id: string): Promise<void> {
    await this.indexes.due(session_id, 0).catch(() => {});
    this.onDue();
  }

  private async sendToCourse(course_id: string, command: Command): Promise<void> {
    this.assertOpen();
    const ids = await this.indexes.ofCourse(course_id);
    await Promise.all(ids.map((id) => this.commands.send(id, command)));
  }

  private assertOpen(): void {
    if (this.closed) throw refuse('STORE_UNAVAILABLE');
  }
}
