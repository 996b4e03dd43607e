/**
 * One attendance session, followed by one user: it joins or attends, keeps the roll as the service has it, finds out by
 * the numbers what it missed, and fetches that by itself.
 */
import type { ClientEventName, ServerPayload } from '../contract/events.ts';
import type { AttendanceStatus, MarkUpdate } from '../contract/nouns.ts';
import { RollcastError } from './error.ts';
import { type Observable, Value } from './observable.ts';
import type { RequestOptions } from './requests.ts';
import {
  type Follower,
  fromSnapshot,
  isTaken,
  type Known,
  type Me,
  NO_ROLL,
  NOBODY,
  type Roll,
  type Snapshot,
  take,
} from './roll.ts';

/** Heartbeats come every 15 s: after so long without a word, it is asked whether all is well. */
const SILENT_AFTER_MS = 40_000;
/** Where students hear only of themselves, they look for what they missed at most so often. */
const OWN_SYNC_EVERY_MS = 15_000;

/** What a session needs of the connection that it is on. */
export type SessionHost = {
  request(event: ClientEventName, payload: object, options?: RequestOptions): Promise<Record<string, unknown>>;
  /** Calls after this many milliseconds, unless what it returns is called before. */
  later(ms: number, what: () => void): () => void;
  random(): number;
  now(): number;
  isConnected(): boolean;
};

type SyncAnswer = {
  events?: { event: string; data: unknown }[];
  snapshot?: Snapshot;
  seq: number;
  room_seq: number;
  own_seq?: number;
  epoch: string;
};
type Heard = { event: string; payload: unknown };

/** What keeps somebody out for good. */
const OUT_CODES = new Set(['STUDENT_NOT_ENROLLED', 'FORBIDDEN', 'SESSION_NOT_FOUND']);

export class AttendanceSession {
  readonly session_id: string;
  private readonly host: SessionHost;
  private readonly rollValue = new Value<Roll>(NO_ROLL);
  private readonly meValue = new Value<Me>(NOBODY);
  private follower: Follower | null = null;
  /** Events that came while something was being fetched; null: nothing is. */
  private held: Heard[] | null = null;
  /** Something was missed again while it was being fetched. */
  private missedMore = false;
  private heard_at = 0;
  private own_synced = { at: 0, seq: 0 };
  private cancelOwnSync: (() => void) | null = null;
  private cancelWatch: (() => void) | null = null;

  constructor(session_id: string, host: SessionHost) {
    this.session_id = session_id;
    this.host = host;
  }

  get roll(): Observable<Roll> {
    return this.rollValue;
  }

  /** The user as a student of this session. */
  get me(): Observable<Me> {
    return this.meValue;
  }

  // --- students -------------------------------------------------------------------------------------------------

  /** Checks in, or comes back. Whatever happens to the connection afterwards, it comes back by itself. */
  async join(input: { code?: string; ticket?: string } = {}, options?: RequestOptions): Promise<Me> {
    await this.enter({ isStaff: false }, () => this.send('joinAttendanceSession', input, options));
    return this.me.get();
  }

  /** For good: this device does not come back by itself any more. The record stays. */
  async leave(options?: RequestOptions): Promise<void> {
    this.stopFollowing();
    await this.send('leaveAttendanceSession', {}, options);
  }

  // --- staff ----------------------------------------------------------------------------------------------------

  /** Starts the session, or comes to it while it runs. */
  async start(options?: RequestOptions): Promise<Roll> {
    await this.enter({ isStaff: true }, () => this.send('startAttendanceSession', {}, options));
    return this.roll.get();
  }

  /** Follows a session that runs, without starting it. */
  async attend(options?: RequestOptions): Promise<Roll> {
    await this.enter({ isStaff: true }, () => this.send('joinAttendanceSession', {}, options));
    return this.roll.get();
  }

  async mark(
    student_id: string,
    status: AttendanceStatus,
    { remarks, ...options }: { remarks?: string | null } & RequestOptions = {},
  ): Promise<void> {
    const more = remarks === undefined ? {} : { remarks };
    await this.send('markStudentAttendance', { student_id, status, ...more }, options);
  }

  /** All of them or none. Answers how many records it changed. */
  async markMany(
    updates: MarkUpdate[],
    { only_unmarked, ...options }: { only_unmarked?: boolean } & RequestOptions = {},
  ): Promise<number> {
    const more = only_unmarked === undefined ? {} : { only_unmarked };
    const answer = await this.send('bulkUpdateAttendance', { attendanceUpdates: updates, ...more }, options);
    return (answer as ServerPayload<'attendanceBulkUpdateComplete'>).totalUpdated;
  }

  /** Freezes the roll. On a session that is over: what was stored. */
  async end(options?: RequestOptions): Promise<ServerPayload<'attendanceSessionEndedConfirm'>> {
    return (await this.send('endAttendanceSession', {}, options)) as ServerPayload<'attendanceSessionEndedConfirm'>;
  }

  /** Marks and ends in one step. */
  async submit(updates: MarkUpdate[], options?: RequestOptions): Promise<ServerPayload<'attendanceSubmitted'>> {
    const answer = await this.send('submitAttendance', { attendanceUpdates: updates }, options);
    return answer as ServerPayload<'attendanceSubmitted'>;
  }

  /** The code of this moment; ask again when it expires. */
  async checkInCode(): Promise<ServerPayload<'checkInCode'>> {
    return (await this.send('getCheckInCode', {})) as ServerPayload<'checkInCode'>;
  }

  /** Fetches the roll as it is now, whatever is known. */
  async refresh(): Promise<void> {
    await this.sync(false);
  }

  // --- for the connection -----------------------------------------------------------------------------------------

  /** An event of this session came. */
  hear(event: string, payload: unknown): void {
    this.heard_at = this.host.now();
    if (this.follower === null || !isTaken(event)) return;
    if (this.held !== null) this.held.push({ event, payload });
    else this.takeIn(event, payload);
  }

  /** The socket is connected again: what went by meanwhile is fetched. */
  async reconnected(): Promise<void> {
    // What is on its way in is sent until it is answered.
    if (this.follower === null || this.roll.get().phase !== 'in') return;
    const { isStaff } = this.follower;
    // The service has put this socket back already; asking makes sure that it hears before what it missed is asked for.
    await this.fetching(async () => {
      const answer = await this.send('joinAttendanceSession', {}).catch((error: unknown) => this.unlessOver(error));
      if (answer !== null && !isStaff) this.joined(answer as ServerPayload<'attendanceSessionJoined'>, false);
      await this.fetchMissed(true);
    });
  }

  close(): void {
    this.stopFollowing();
  }

  // --- parts ------------------------------------------------------------------------------------------------------

  private send(event: ClientEventName, payload: object, options?: RequestOptions): Promise<Record<string, unknown>> {
    return this.host.request(event, { session_id: this.session_id, ...payload }, options);
  }

  private async enter(follower: Follower, send: () => Promise<Record<string, unknown>>): Promise<void> {
    const before = this.follower;
    this.follower = { ...before, ...follower };
    if (before === null) this.rollValue.update({ phase: 'entering' });
    try {
      await this.fetching(async () => {
        const answer = await send();
        if (follower.isStaff) await this.fetchMissed(false);
        else this.joined(answer as ServerPayload<'attendanceSessionJoined'>, true);
      });
      this.watch();
    } catch (error) {
      this.follower = before;
      if (before === null) this.rollValue.update({ phase: 'out', in_sync: true });
      throw error;
    }
  }

  /** all: its numbers are where to go on from; else what lies between is still to be fetched. */
  private joined(answer: ServerPayload<'attendanceSessionJoined'>, all: boolean): void {
    const { session, statistics, status, joined_at, seq, room_seq, own_seq, epoch, student_visibility } = answer;
    this.follower = { isStaff: false, student_visibility };
    const roll = this.roll.get();
    const isOver = session.status !== 'active';
    const phase = isOver ? ('over' as const) : ('in' as const);
    const shared = { phase, session, statistics };
    if (!all && epoch === roll.epoch) {
      this.rollValue.update(shared);
      return;
    }
    this.rollValue.update({ ...shared, seq, room_seq, epoch });
    this.meValue.update({ status, joined_at, own_seq });
    this.own_synced = { at: this.host.now(), seq };
  }

  private takeIn(event: string, payload: unknown): void {
    const { follower } = this;
    if (follower === null) return;
    const { known, missed } = take(this.known, event, payload, follower);
    this.known = known;
    if (missed) void this.sync(true).catch(() => {});
    if (event === 'attendanceStatistics' && follower.student_visibility === 'self') {
      this.considerOwnSync((payload as ServerPayload<'attendanceStatistics'>).seq);
    }
  }

  private get known(): Known {
    return { roll: this.roll.get(), me: this.me.get() };
  }

  private set known({ roll, me }: Known) {
    this.meValue.set(me);
    this.rollValue.set(roll);
  }

  /** since: what was missed since the numbers that are known; else all of it. RollcastError. */
  private async sync(since: boolean): Promise<void> {
    if (this.held !== null) {
      this.missedMore = true;
      return;
    }
    await this.fetching(() => this.fetchMissed(since));
  }

  /** Holds back what comes until the work is done, then takes it in. */
  private async fetching(work: () => Promise<void>): Promise<void> {
    const outermost = this.held === null;
    this.held ??= [];
    this.rollValue.update({ in_sync: false });
    try {
      await work();
    } finally {
      if (outermost) this.release();
    }
  }

  private release(): void {
    const held = this.held ?? [];
    this.held = null;
    this.rollValue.update({ in_sync: true });
    const again = this.missedMore;
    this.missedMore = false;
    for (const { event, payload } of held) this.hear(event, payload);
    if (again) void this.sync(true).catch(() => {});
  }

  private async fetchMissed(since: boolean): Promise<void> {
    const { follower } = this;
    if (follower === null) return;
    const { roll, me } = this.known;
    const { seq, room_seq, epoch } = roll;
    const own = follower.isStaff ? {} : { since_room_seq: room_seq, since_own_seq: me.own_seq };
    const cursor = since && epoch !== null ? { epoch, since_seq: seq, ...own } : {};
    const answer = await this.send('syncAttendance', cursor).catch((error: unknown) => this.unlessOut(error));
    this.takeMissed(answer as SyncAnswer, follower);
  }

  private takeMissed(answer: SyncAnswer, follower: Follower): void {
    const { events, snapshot, ...numbers } = answer;
    if (snapshot !== undefined) this.known = fromSnapshot(this.known, snapshot, numbers, follower);
    for (const { event, data } of events ?? []) this.known = take(this.known, event, data, follower).known;
    const { seq, room_seq, epoch, own_seq } = numbers;
    const { roll, me } = this.known;
    // Numbers of another epoch, or of the archive, say nothing about those before.
    const isSame = epoch === roll.epoch;
    const known = isSame
      ? { seq: Math.max(seq, roll.seq), room_seq: Math.max(room_seq, roll.room_seq), epoch }
      : { seq, room_seq, epoch };
    const phase = roll.phase === 'entering' || roll.phase === 'out' ? ('in' as const) : roll.phase;
    this.rollValue.update({ ...known, phase });
    if (own_seq !== undefined && own_seq !== me.own_seq) this.meValue.update({ own_seq });
    this.own_synced = { at: this.host.now(), seq };
  }

  /** Marks of others are not told, so only a grown seq says that there may be one of mine that did not come. */
  private considerOwnSync(seq: number): void {
    if (seq <= this.own_synced.seq || this.cancelOwnSync !== null) return;
    const wait = Math.max(0, this.own_synced.at + OWN_SYNC_EVERY_MS - this.host.now());
    // Not a whole class at once.
    this.cancelOwnSync = this.host.later(wait + this.host.random() * OWN_SYNC_EVERY_MS, () => {
      this.cancelOwnSync = null;
      void this.sync(true).catch(() => {});
    });
  }

  private watch(): void {
    this.cancelWatch?.();
    this.heard_at = this.host.now();
    const look = () => {
      this.cancelWatch = this.host.later(SILENT_AFTER_MS, look);
      const isSilent = this.host.now() - this.heard_at >= SILENT_AFTER_MS;
      // Who was taken out of the course hears nothing any more, and learns it here.
      if (isSilent && this.host.isConnected() && this.roll.get().phase === 'in') void this.sync(true).catch(() => {});
    };
    this.cancelWatch = this.host.later(SILENT_AFTER_MS, look);
  }

  /** The session has ended meanwhile: what was missed of it is asked for all the same. */
  private unlessOver(error: unknown): null {
    if (error instanceof RollcastError && error.code === 'SESSION_NOT_ACTIVE') return null;
    return this.unlessOut(error);
  }

  /** Rejects as it was rejected; who may not see the session any more does not follow it. */
  private unlessOut(error: unknown): never {
    if (error instanceof RollcastError && OUT_CODES.has(error.code)) {
      this.stopFollowing();
      this.rollValue.update({ phase: 'removed' });
    }
    throw error;
  }

  private stopFollowing(): void {
    this.follower = null;
    this.cancelOwnSync?.();
    this.cancelOwnSync = null;
    this.cancelWatch?.();
    this.cancelWatch = null;
    if (this.roll.get().phase !== 'over') this.rollValue.update({ phase: 'out' });
  }
}
