/** One attendance session, as the user of a Rollcast takes part in it. What keeps its roll in step is in following.ts. */
import type { ClientEventName, ClientPayload } from '../contract/events.ts';
import type { AttendanceStatus, MarkUpdate } from '../contract/nouns.ts';
import type { AnswerTo } from './answers.ts';
import { Following, type State } from './following.ts';
import { type Observable, Value } from './observable.ts';
import type { RequestOptions } from './requests.ts';
import { type Me, NO_ROLL, NOBODY, type Roll } from './roll.ts';

/** What a session needs of the connection that it is on. */
export type SessionHost = {
  request<E extends ClientEventName>(
    event: E,
    payload: ClientPayload<E>,
    options?: RequestOptions,
  ): Promise<AnswerTo<E>>;
  /** Calls after this many milliseconds, unless what it returns is called before. */
  later(ms: number, what: () => void): () => void;
  random(): number;
  now(): number;
  isConnected(): boolean;
};

export class AttendanceSession {
  readonly session_id: string;
  private readonly host: SessionHost;
  private readonly state: State = { roll: new Value<Roll>(NO_ROLL), me: new Value<Me>(NOBODY) };
  private following: Following | null = null;

  constructor(session_id: string, host: SessionHost) {
    this.session_id = session_id;
    this.host = host;
  }

  get roll(): Observable<Roll> {
    return this.state.roll;
  }

  /** The user as a student of this session. */
  get me(): Observable<Me> {
    return this.state.me;
  }

  // --- students -------------------------------------------------------------------------------------------------

  /** Checks in, or comes back. Whatever happens to the connection afterwards, it comes back by itself. RollcastError. */
  async join(input: { code?: string; ticket?: string } = {}, options?: RequestOptions): Promise<Me> {
    const { session_id } = this;
    await this.enter((how) => this.host.request('joinAttendanceSession', { session_id, ...input }, how), options);
    return this.me.get();
  }

  /** For good: this device does not come back by itself any more. The record stays. RollcastError. */
  async leave(options?: RequestOptions): Promise<void> {
    const { session_id } = this;
    this.following?.stop('out');
    await this.host.request('leaveAttendanceSession', { session_id }, options);
  }

  // --- staff ----------------------------------------------------------------------------------------------------

  /** Starts the session, or comes to it while it runs. RollcastError. */
  async start(options?: RequestOptions): Promise<Roll> {
    const { session_id } = this;
    await this.enter((how) => this.host.request('startAttendanceSession', { session_id }, how), options);
    return this.roll.get();
  }

  /** Follows a session that runs, without starting it. RollcastError. */
  async attend(options?: RequestOptions): Promise<Roll> {
    await this.join({}, options);
    return this.roll.get();
  }

  /** remarks: null takes away what was there; left out, it stays. RollcastError. */
  async mark(
    student_id: string,
    status: AttendanceStatus,
    { remarks, ...options }: { remarks?: string | null } & RequestOptions = {},
  ): Promise<void> {
    const { session_id } = this;
    const more = remarks === undefined ? {} : { remarks };
    await this.host.request('markStudentAttendance', { session_id, student_id, status, ...more }, options);
  }

  /** All of them or none. Answers how many records it changed. RollcastError. */
  async markMany(
    updates: MarkUpdate[],
    { only_unmarked, ...options }: { only_unmarked?: boolean } & RequestOptions = {},
  ): Promise<number> {
    const { session_id } = this;
    const payload = {
      session_id,
      attendanceUpdates: updates,
      ...(only_unmarked === undefined ? {} : { only_unmarked }),
    };
    return (await this.host.request('bulkUpdateAttendance', payload, options)).totalUpdated;
  }

  /** Freezes the roll. On a session that is over: what was stored. RollcastError. */
  end(options?: RequestOptions): Promise<AnswerTo<'endAttendanceSession'>> {
    return this.host.request('endAttendanceSession', { session_id: this.session_id }, options);
  }

  /** Marks and ends in one step. RollcastError. */
  submit(updates: MarkUpdate[] = [], options?: RequestOptions): Promise<AnswerTo<'submitAttendance'>> {
    const { session_id } = this;
    return this.host.request('submitAttendance', { session_id, attendanceUpdates: updates }, options);
  }

  /** The code of this moment; ask again when it expires. RollcastError. */
  checkInCode(): Promise<AnswerTo<'getCheckInCode'>> {
    return this.host.request('getCheckInCode', { session_id: this.session_id });
  }

  /** Fetches the roll as it is now, whatever is known; nothing, where the session is not followed. RollcastError. */
  async refresh(): Promise<void> {
    await this.following?.refresh();
  }

  // --- for the connection -----------------------------------------------------------------------------------------

  hear(event: string, payload: unknown): void {
    this.following?.hear(event, payload);
  }

  reconnected(): void {
    this.following?.reconnected();
  }

  close(): void {
    this.following?.stop('out');
  }

  // --- parts ------------------------------------------------------------------------------------------------------

  private enter(...[send, options]: Parameters<Following['enter']>): Promise<void> {
    if (this.following === null || this.following.isStopped) {
      this.following = new Following(this.session_id, this.host, this.state);
    }
    if (!this.following.isIn) this.state.roll.update({ phase: 'entering' });
    return this.following.enter(send, options);
  }
}
