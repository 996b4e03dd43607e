/**
 * Keeps one session's roll in step with the service: takes in its events, finds out by their numbers what was missed,
 * and fetches that. One for each time that a session is entered: once stopped, what was under way changes nothing more.
 */
import type { ServerPayload } from '../contract/events.ts';
import { Alarms } from './alarms.ts';
import type { AnswerTo } from './answers.ts';
import { localError, RollcastError } from './error.ts';
import { cursorOf, phaseAfter, takeMissed } from './missed.ts';
import type { Value } from './observable.ts';
import type { RequestOptions } from './requests.ts';
import { afterBreak, type Follower, isTaken, type Known, type Me, NO_ROLL, NOBODY, type Roll, take } from './roll.ts';
import type { SessionHost } from './session.ts';

/** Heartbeats come every 15 s: after so long without a word, it is asked whether all is well. */
const SILENT_AFTER_MS = 40_000;
/** Where students hear only of themselves, they look for what they missed at most so often. */
const OWN_SYNC_EVERY_MS = 15_000;
/** What could not be fetched is asked for again after this, and up to half of it more. */
const AGAIN_AFTER_MS = 15_000;

export type State = { roll: Value<Roll>; me: Value<Me> };
type Heard = { event: string; payload: unknown };
/** rejoin: on a connection that may not be in the session. whole: not only what was missed. */
type Wanted = { rejoin: boolean; whole: boolean };
type Entered = AnswerTo<'startAttendanceSession'> | AnswerTo<'joinAttendanceSession'>;

export class Following {
  private readonly session_id: string;
  private readonly host: SessionHost;
  private readonly state: State;
  /** Null: not let in, or stopped. */
  private follower: Follower | null = null;
  private stopped = false;
  private entering = 0;
  /** Events that came while something was being fetched. */
  private held: Heard[] = [];
  private holders = 0;
  private wanted: Wanted | null = null;
  private catching: Promise<void> | null = null;
  private whole = 0;
  private heard_at = 0;
  private own_synced = { at: 0, seq: 0 };
  private readonly alarms: Alarms<'silence' | 'own' | 'again'>;

  constructor(session_id: string, host: SessionHost, state: State) {
    this.session_id = session_id;
    this.host = host;
    this.state = state;
    this.alarms = new Alarms((ms, what) => host.later(ms, what));
  }

  get isStopped(): boolean {
    return this.stopped;
  }

  get isIn(): boolean {
    return this.follower !== null;
  }

  /** By a start or a join; again when it is in already. RollcastError: and if nobody else has entered, it is stopped. */
  async enter(send: (options: RequestOptions) => Promise<Entered>, options: RequestOptions = {}): Promise<void> {
    this.entering += 1;
    let isRepeated = false;
    const onRepeat = () => {
      isRepeated = true;
      options.onRepeat?.();
    };
    try {
      await this.holding(async () => {
        const answer = await send({ ...options, onRepeat });
        this.assertGoesOn();
        await this.entered(answer, isRepeated);
      });
    } catch (error) {
      if (this.entering === 1 && this.follower === null) this.stop('out');
      throw error;
    } finally {
      this.entering -= 1;
    }
  }

  hear(event: string, payload: unknown): void {
    if (!isTaken(event)) return;
    this.heard_at = this.host.now();
    if (this.holders > 0) this.held.push({ event, payload });
    else this.takeIn({ event, payload });
  }

  /** The socket is connected again. What is on its way in is sent until it is answered; else it is caught up. */
  reconnected(): void {
    if (this.follower === null || this.isFinished) return;
    this.known = afterBreak(this.known);
    // The service puts this socket back by itself; asking makes sure that it hears before what it missed is fetched.
    // Who is online is in no log of changes: staff fetch everything.
    this.look({ rejoin: this.roll.phase !== 'over', whole: this.follower.isStaff });
  }

  /** Fetches the whole roll. RollcastError. */
  refresh(): Promise<void> {
    return this.follower === null ? Promise.resolve() : this.catchUp({ rejoin: false, whole: true });
  }

  stop(phase: 'out' | 'removed'): void {
    if (this.stopped) return;
    this.stopped = true;
    this.follower = null;
    this.alarms.clear();
    this.state.roll.update({ in_sync: true, phase: this.roll.phase === 'over' ? 'over' : phase });
  }

  private async entered(answer: Entered, isRepeated: boolean): Promise<void> {
    const isFirst = this.follower === null;
    // Staff are told no status of their own, however they came in.
    if ('own_seq' in answer && answer.status !== null) this.joined(answer, isFirst);
    else this.follower = { isStaff: true };
    if (this.follower?.isStaff === true && isFirst) await this.fetchAll();
    // A repeated join is answered with the record as it was then, and the numbers of now. It is in, though not in step yet.
    else if (!isFirst || isRepeated)
      await this.catchUp({ rejoin: false, whole: false }).catch(() => this.assertGoesOn());
    this.watch();
  }

  /** Without the roll staff are not in. */
  private async fetchAll(): Promise<void> {
    try {
      await this.catchUp({ rejoin: false, whole: true });
    } catch (error) {
      this.follower = null;
      throw error;
    }
  }

  /** A student is let in. Later times say nothing of what went by since: that is fetched from the numbers that are known. */
  private joined(answer: ServerPayload<'attendanceSessionJoined'>, isFirst: boolean): void {
    const { session, statistics, status, joined_at, seq, room_seq, own_seq, epoch, student_visibility } = answer;
    this.follower = { isStaff: false, student_visibility };
    const phase = session.status === 'active' ? 'in' : 'over';
    const { student_id } = this.state.me.get();
    if (isFirst) {
      this.state.me.set({ ...NOBODY, student_id, status, joined_at, own_seq });
      this.state.roll.set({ ...NO_ROLL, phase, session, statistics, seq, room_seq, epoch });
      this.whole = room_seq;
      this.own_synced = { at: this.host.now(), seq };
    } else {
      this.state.me.update({ joined_at });
      this.state.roll.update({ phase: this.roll.phase === 'over' ? 'over' : phase, session, statistics });
    }
  }

  private takeIn({ event, payload }: Heard): void {
    const { follower } = this;
    if (follower === null) return;
    const { known, missed } = take(this.known, event, payload, follower);
    this.known = known;
    if (missed) this.look();
    if (event === 'attendanceStatistics' && follower.student_visibility === 'self') {
      this.considerOwnSync((payload as ServerPayload<'attendanceStatistics'>).seq);
    }
  }

  /** Marks of others are not told, so only a grown seq says that there may be one of mine that did not come. */
  private considerOwnSync(seq: number): void {
    if (seq <= this.own_synced.seq || this.alarms.has('own')) return;
    const wait = Math.max(0, this.own_synced.at + OWN_SYNC_EVERY_MS - this.host.now());
    // Not a whole class at once.
    this.alarms.set('own', wait + this.host.random() * OWN_SYNC_EVERY_MS, () => this.look());
  }

  /** Holds back what comes until the work is done, then takes it in. */
  private async holding(work: () => Promise<void>): Promise<void> {
    this.holders += 1;
    try {
      await work();
    } finally {
      this.holders -= 1;
      if (this.holders === 0) for (const it of this.held.splice(0)) this.takeIn(it);
    }
  }

  /** Catches up in the background: what fails is tried again. */
  private look(want: Wanted = { rejoin: false, whole: false }): void {
    this.catchUp(want).catch(() => {});
  }

  /** One at a time: who asks meanwhile is served by one more after it. RollcastError. */
  private catchUp(want: Wanted): Promise<void> {
    this.want(want);
    this.state.roll.update({ in_sync: false });
    this.catching ??= Promise.resolve().then(() => this.holding(() => this.work()));
    return this.catching;
  }

  private want({ rejoin, whole }: Wanted): void {
    this.wanted = { rejoin: rejoin || this.wanted?.rejoin === true, whole: whole || this.wanted?.whole === true };
  }

  private async work(): Promise<void> {
    try {
      for (let wanted = this.wanted; wanted !== null; wanted = this.wanted) {
        this.wanted = null;
        await this.fetch(wanted);
      }
      this.state.roll.update({ in_sync: true });
    } finally {
      // Before what was held is taken in, which may find that more was missed.
      this.catching = null;
    }
  }

  private async fetch(wanted: Wanted): Promise<void> {
    try {
      if (wanted.rejoin) await this.rejoin();
      await this.fetchMissed(wanted.whole);
    } catch (error) {
      const phase = phaseAfter(error, this.follower);
      if (phase !== null) this.stop(phase);
      if (!this.stopped) {
        this.want(wanted);
        // Without a connection the next one will do it.
        const wait = AGAIN_AFTER_MS * (1 + this.host.random() / 2);
        if (this.host.isConnected()) this.alarms.set('again', wait, () => this.look());
      }
      throw error;
    }
  }

  private async rejoin(): Promise<void> {
    const again = this.host.request('joinAttendanceSession', { session_id: this.session_id }, { request_id: null });
    const answer = await again.catch((error: unknown) => {
      // It has ended meanwhile: what was missed of it is asked for all the same.
      if (error instanceof RollcastError && error.code === 'SESSION_NOT_ACTIVE') return null;
      throw error;
    });
    this.assertGoesOn();
    if (answer !== null && answer.status !== null) this.joined(answer, false);
  }

  private async fetchMissed(whole: boolean): Promise<void> {
    const { session_id, follower } = this;
    if (follower === null) throw notFollowed();
    const cursor = whole ? {} : cursorOf(this.known, follower);
    const answer = await this.host.request('syncAttendance', { session_id, ...cursor });
    this.assertGoesOn();
    this.known = takeMissed(this.known, answer, follower);
    this.own_synced = { at: this.host.now(), seq: answer.seq };
  }

  // --- parts ------------------------------------------------------------------------------------------------------

  private get roll(): Roll {
    return this.state.roll.get();
  }

  private get known(): Known {
    return { roll: this.roll, me: this.state.me.get(), whole: this.whole };
  }

  private set known({ roll, me, whole }: Known) {
    this.whole = whole;
    this.state.me.update(me);
    this.state.roll.update(roll);
  }

  /** Nothing more will be told. */
  private get isFinished(): boolean {
    const { phase, persisted_version } = this.roll;
    return phase === 'over' && (this.follower?.isStaff !== true || persisted_version !== null);
  }

  /** Who was taken out of the course hears nothing any more, and learns it here. */
  private watch(): void {
    this.heard_at = this.host.now();
    const listen = () => {
      const quiet_for = this.host.now() - this.heard_at;
      if (this.isFinished) return;
      if (quiet_for < SILENT_AFTER_MS) this.alarms.set('silence', SILENT_AFTER_MS - quiet_for, listen);
      else {
        if (this.host.isConnected()) this.look();
        this.alarms.set('silence', SILENT_AFTER_MS, listen);
      }
    };
    listen();
  }

  private assertGoesOn(): void {
    if (this.stopped) throw notFollowed();
  }
}

const notFollowed = (): RollcastError => localError('CLOSED', 'This session is not followed any more');
