/** One roll of four students and a teacher on the store under test, with a verb for everything that is done to it. */
import { expect } from 'vitest';
import type { Clock, MakeId } from '../../src/clock.ts';
import type { AttendanceStatus } from '../../src/contract/nouns.ts';
import type { Command, Refused, RequestKey, Update } from '../../src/domain/commands.ts';
import type { Presence } from '../../src/domain/presence.ts';
import type { RosterEntry } from '../../src/domain/record.ts';
import type { Roll } from '../../src/domain/roll.ts';
import type { Delivery } from '../../src/fanout.ts';
import type { Answer, Cursor, LiveStore, RollPlan, RollView, Viewer } from '../../src/live/live-store.ts';
import { FixedClock } from '../support/fixed-clock.ts';
import type { Heard } from '../support/heard.ts';
import { COURSE, countedIds, planOf, SESSION } from './live-fixtures.ts';

export type WholeRoll = { roll: Roll; presence: Presence };

export type LiveStoreUnderTest = {
  live: LiveStore;
  heard: Heard;
  /** The roll with everything that the store keeps of it. */
  whole: (session_id: string) => Promise<WholeRoll | null>;
  /** Resolves when everything that was published until now has been heard. Unset: events are heard before answers. */
  settle?: () => Promise<void>;
  /** Set when events are published by namespace, and who hears them is decided as they arrive. */
  namespaceOf?: (connection: string) => number;
  /** A new process on what the old one left, which is gone from now on. */
  reopen?: () => Promise<LiveStoreUnderTest>;
  /** When set, the next commit fails with it, once. Unset: this store's commits cannot be made to fail. */
  failNext?: { error: Error | null };
  close: () => Promise<void>;
};
export type MakeLiveStore<U extends LiveStoreUnderTest = LiveStoreUnderTest> = (options: {
  clock: Clock;
  makeId: MakeId;
}) => Promise<U>;

type Join = Extract<Command, { kind: 'join' }>;
type Attend = Extract<Command, { kind: 'attend' }>;
type Marks = Extract<Command, { kind: 'mark' | 'bulk' }>;
type End = Extract<Command, { kind: 'end' }>;
export type Accepted = Extract<Answer, { ok: true }>;

export class Scene<U extends LiveStoreUnderTest = LiveStoreUnderTest> {
  readonly clock: FixedClock;
  /** What commands say that they were authorised against. */
  version = 1;
  /** The store as it was made, or last reopened. */
  under: U;

  private constructor(clock: FixedClock, under: U) {
    this.clock = clock;
    this.under = under;
  }

  static async of<U extends LiveStoreUnderTest>(make: MakeLiveStore<U>): Promise<Scene<U>> {
    const clock = new FixedClock();
    return new Scene(clock, await make({ clock: clock.read, makeId: countedIds() }));
  }

  get live(): LiveStore {
    return this.under.live;
  }

  get heard(): Heard {
    return this.under.heard;
  }

  get canReopen(): boolean {
    return this.under.reopen !== undefined;
  }

  async reopen(): Promise<void> {
    if (this.under.reopen === undefined) throw new Error('this store does not reopen');
    this.under = (await this.under.reopen()) as U;
  }

  settle(): Promise<void> {
    return this.under.settle?.() ?? Promise.resolve();
  }

  close(): Promise<void> {
    return this.under.close();
  }

  open(more: Partial<RollPlan> = {}, id = SESSION): Promise<{ opened: boolean }> {
    return this.live.open(planOf(id, more));
  }

  submit(command: Command, connection?: string, id = SESSION): Promise<Answer | null> {
    return this.live.submit(id, command, connection === undefined ? undefined : { id: connection });
  }

  joinCommand(n: number, more: Partial<Join> = {}): Command {
    return { kind: 'join', header_version: this.version, user_id: `u${n}`, profile_picture: null, ...more };
  }

  join(n: number, connection?: string, more: Partial<Join> = {}): Promise<Answer | null> {
    return this.submit(this.joinCommand(n, more), connection);
  }

  attend(user_id: string, connection?: string, more: Partial<Attend> = {}): Promise<Answer | null> {
    return this.submit({ kind: 'attend', header_version: this.version, user_id, ...more }, connection);
  }

  leave(user_id: string, connection?: string): Promise<Answer | null> {
    return this.submit({ kind: 'leave', user_id }, connection);
  }

  mark(n: number, status: AttendanceStatus, more: Partial<Marks> & Partial<Update> = {}): Promise<Answer | null> {
    const { remarks, ...rest } = more;
    return this.submit({ ...this.marks('mark', [{ student_id: `s${n}`, status, remarks }]), ...rest } as Command);
  }

  bulk(updates: Update[], more: Partial<Marks> = {}): Promise<Answer | null> {
    return this.submit({ ...this.marks('bulk', updates), ...more } as Command);
  }

  end(more: Partial<End> = {}, id = SESSION): Promise<Answer | null> {
    const by = { by: 't1', by_name: 'Ada' };
    const plain = { submitted: false, outcome: 'completed', reason: null } as const;
    const command = { kind: 'end', header_version: this.version, ...by, ...plain } as const;
    return this.submit({ ...command, updates: [], admit: [], ...more }, undefined, id);
  }

  roster(...entries: RosterEntry[]): Promise<void> {
    this.version += 1;
    return this.live.followRoster(COURSE, entries);
  }

  staff(...staff: string[]): Promise<void> {
    this.version += 1;
    return this.live.followStaff(COURSE, staff);
  }

  async view(id = SESSION): Promise<RollView> {
    const view = await this.live.read(id);
    if (view === null) throw new Error('there is no such roll');
    return view;
  }

  async whole(id = SESSION): Promise<WholeRoll> {
    const whole = await this.under.whole(id);
    if (whole === null) throw new Error('there is no such roll');
    return whole;
  }

  /** What such a viewer missed; null: a snapshot is advised. */
  async missed(viewer: Viewer, cursor: Cursor): Promise<Delivery[] | null> {
    // Student n: id s<n>, user u<n>.
    const user_id = viewer.staff ? 't1' : viewer.student_id.replace('s', 'u');
    return (await this.live.missed(SESSION, user_id, () => viewer, cursor))?.deliveries ?? null;
  }

  async statusOf(n: number): Promise<AttendanceStatus | undefined> {
    return (await this.view()).roll.records.get(`s${n}`)?.status;
  }

  private marks(kind: 'mark' | 'bulk', updates: Update[]) {
    return { kind, header_version: this.version, updates, only_unmarked: false, by: 't1', by_name: 'Ada', admit: [] };
  }
}

export const request = (key: string, hash = 'payload'): RequestKey => ({ key, hash });

/** The answer, which must be an accepted one. */
export const accepted = (answer: Answer | null): Accepted => {
  expect(answer).toMatchObject({ ok: true });
  return answer as Accepted;
};

/** The answer, which must be this refusal. */
export const refusedAs = <C extends Refused['code']>(answer: Answer | null, code: C): Extract<Refused, { code: C }> => {
  expect(answer).toMatchObject({ ok: false, code });
  return answer as Extract<Refused, { code: C }>;
};
