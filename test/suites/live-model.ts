/**
 * The model of a live store: the pure domain, one command at a time, nothing grouped, nothing stored. Whatever a store
 * does for speed or safety, its answers, its events and its rolls must be those of this.
 */
import { isoFrom } from '../../src/clock.ts';
import type { ActiveSession } from '../../src/contract/events.ts';
import { windowsOf } from '../../src/domain/checkin.ts';
import type { Command, Current, Outcome } from '../../src/domain/commands.ts';
import { decide } from '../../src/domain/decide.ts';
import { type FinalRoll, finalRoll } from '../../src/domain/final-roll.ts';
import { type Connection, Presence } from '../../src/domain/presence.ts';
import type { RollRecord } from '../../src/domain/record.ts';
import { apply, type Opening, openRoll, type Roll } from '../../src/domain/roll.ts';
import {
  type Delivery,
  newsOfChange,
  newsOfLeaving,
  newsOfReturn,
  persistedNews,
  statisticsNews,
} from '../../src/fanout.ts';
import { ARCHIVE_LEASE_MS, STATISTICS_MIN_INTERVAL_MS } from '../../src/limits.ts';
import type { Claim, RollPlan } from '../../src/live/live-store.ts';
import type { FixedClock } from '../support/fixed-clock.ts';
import { Heard } from '../support/heard.ts';

export type ModelRoll = {
  opening: Opening;
  roll: Roll;
  presence: Presence;
  due_at: number;
  fence: number;
  tries: number;
  statistics_at: number;
};

export class LiveModel {
  readonly heard = new Heard();
  readonly rolls = new Map<string, ModelRoll>();
  private readonly clock: FixedClock;

  constructor(clock: FixedClock) {
    this.clock = clock;
  }

  open(plan: RollPlan, epoch: string): boolean {
    const { id, course_id } = plan.session;
    if (this.rolls.has(id)) return false;
    const { session, staff, teacher_name, started_by, rebuilt, secret, student_visibility } = plan;
    const windows = windowsOf(plan, this.clock.now, plan.auto_end_after_minutes);
    const started = { started_at: isoFrom(this.clock.now), started_by, epoch, rebuilt, version: plan.version };
    const kept = { secret, student_visibility };
    const opening = {
      header: { session, course_id, staff, teacher_name, windows, ...started, ...kept },
      students: plan.students,
    };
    const due = { due_at: windows.auto_end_at, fence: 0, tries: 0, statistics_at: Number.NEGATIVE_INFINITY };
    this.rolls.set(id, { opening, roll: openRoll(opening), presence: new Presence(), ...due });
    return true;
  }

  submit(session_id: string, command: Command, connection?: string): Outcome | null {
    const it = this.rolls.get(session_id);
    if (it === undefined) return null;
    const { roll, presence } = it;
    const others = [...presence.connections.values()].some(
      ({ id, user_id }) => command.kind === 'leave' && user_id === command.user_id && id !== connection,
    );
    const { seq, room_seq } = roll;
    const { outcome, change } = others
      ? { outcome: { ok: true, seq, room_seq, changed: false, records: [] } satisfies Outcome, change: null }
      : decide(roll, command, { ms: this.clock.now, iso: isoFrom(this.clock.now) });
    if (change !== null) apply(roll, change);
    if (outcome.ok && connection !== undefined) {
      const firstJoin = outcome.first_join === true && outcome.repeated !== true;
      this.move(it, command, connection, firstJoin);
    }
    if (change === null) return outcome;
    this.tell(it, newsOfChange(roll, change, presence));
    if (command.kind === 'roster' || command.kind === 'staff') this.expelUnentitled(it);
    if (command.kind === 'end') {
      this.letGo(it, ({ student_id }) => student_id !== null);
      it.due_at = this.clock.now;
    }
    return outcome;
  }

  current(session_id: string): Current | null {
    const it = this.rolls.get(session_id);
    if (it === undefined) return null;
    const { seq, room_seq, state, counts, header } = it.roll;
    return { seq, room_seq, state, counts, online_count: it.presence.onlineCount, epoch: header.epoch };
  }

  reattach(session_id: string, { id, user_id }: { id: string; user_id: string }, staff: boolean): Connection | null {
    const it = this.rolls.get(session_id);
    if (it === undefined || !it.roll.followers.has(user_id)) return null;
    if (staff) return this.putOnline(it, { id, user_id, student_id: null }, null);
    const record = it.roll.records.get(it.roll.users.get(user_id) ?? '');
    if (record === undefined || !record.approved || record.joined_at === null) return null;
    if (it.roll.state !== 'active') return null;
    return this.putOnline(it, { id, user_id, student_id: record.student_id }, record);
  }

  detach(session_id: string, id: string): void {
    const it = this.rolls.get(session_id);
    if (it !== undefined) this.takeOffline(it, id);
  }

  publishStatistics(session_id: string, to: 'room' | 'staff'): void {
    const it = this.rolls.get(session_id);
    if (it === undefined || it.roll.state !== 'active') return;
    if (this.clock.now - it.statistics_at < STATISTICS_MIN_INTERVAL_MS) return;
    it.statistics_at = this.clock.now;
    this.tell(it, [statisticsNews(it.roll, it.presence, to)]);
  }

  activeInCourse(course_id: string): ActiveSession[] {
    return [...this.rolls.values()].flatMap(({ roll: { header, state, joined } }) => {
      if (header.course_id !== course_id || state !== 'active') return [];
      const { session, started_at } = header;
      return [{ sessionId: session.id, teacherId: session.teacher_id, studentCount: joined, startedAt: started_at }];
    });
  }

  followedBy(user_id: string): string[] {
    return [...this.rolls].flatMap(([id, { roll }]) => (roll.followers.has(user_id) ? [id] : []));
  }

  claimDue(): Claim[] {
    return [...this.rolls].flatMap(([session_id, it]) => {
      if (it.due_at > this.clock.now) return [];
      it.due_at = this.clock.now + ARCHIVE_LEASE_MS;
      it.fence += 1;
      const due = it.roll.state === 'active' ? ('end' as const) : ('archive' as const);
      const tries = due === 'end' ? it.tries : it.tries++;
      return [{ session_id, fence: it.fence, due, tries }];
    });
  }

  final({ session_id }: Claim): FinalRoll | null {
    const it = this.rolls.get(session_id);
    return it === undefined || it.roll.end === null ? null : finalRoll(it.roll);
  }

  confirm({ session_id, fence }: Claim, version: number): boolean {
    const it = this.rolls.get(session_id);
    if (it === undefined || it.fence !== fence || it.roll.end === null) return false;
    this.rolls.delete(session_id);
    this.tell(it, [persistedNews(session_id, version, isoFrom(this.clock.now))]);
    this.letGo(it, () => true);
    return true;
  }

  defer({ session_id, fence }: Claim, delay_ms: number): void {
    const it = this.rolls.get(session_id);
    if (it?.fence === fence) it.due_at = this.clock.now + delay_ms;
  }

  /** The process that held the connections, and the claims, is gone. */
  restart(): void {
    this.heard.gone();
    for (const it of this.rolls.values()) {
      const { end, header } = it.roll;
      const due_at = end === null ? header.windows.auto_end_at : Date.parse(end.at);
      const fresh = { presence: new Presence(), fence: 0, tries: 0, statistics_at: Number.NEGATIVE_INFINITY };
      Object.assign(it, fresh, { due_at });
    }
  }

  private move(it: ModelRoll, command: Command, id: string, firstJoin: boolean): void {
    const { roll } = it;
    if (command.kind === 'leave') {
      this.heard.expel(roll.header.session.id, [id]);
      this.takeOffline(it, id);
    }
    if ((command.kind !== 'join' && command.kind !== 'attend') || !roll.followers.has(command.user_id)) return;
    const { user_id } = command;
    if (command.kind === 'attend') this.putOnline(it, { id, user_id, student_id: null }, null);
    const record = roll.records.get(roll.users.get(user_id) ?? '');
    if (command.kind === 'attend' || record === undefined || roll.state !== 'active') return;
    this.putOnline(it, { id, user_id, student_id: record.student_id }, firstJoin ? null : record);
  }

  private putOnline(it: ModelRoll, connection: Connection, returning: RollRecord | null): Connection {
    const { roll, presence } = it;
    const before = presence.connections.get(connection.id);
    if (before !== undefined && before.student_id !== connection.student_id) {
      this.heard.expel(roll.header.session.id, [connection.id]);
      this.takeOffline(it, connection.id);
    }
    const { cameOnline } = presence.attach(connection);
    this.heard.admit(roll.header.session.id, connection);
    if (cameOnline && returning !== null) this.tell(it, newsOfReturn(roll, returning, presence, roll.seq));
    return connection;
  }

  private takeOffline(it: ModelRoll, id: string): void {
    const gone = it.presence.detach(id);
    const record = it.roll.records.get(gone?.connection.student_id ?? '');
    if (gone === null || !gone.wentOffline || record === undefined || it.roll.state !== 'active') return;
    this.tell(it, newsOfLeaving(it.roll, record, it.presence, isoFrom(this.clock.now)));
  }

  private expelUnentitled(it: ModelRoll): void {
    const { records, users, followers, header } = it.roll;
    const out = [...it.presence.connections.values()].filter(({ user_id, student_id }) => {
      if (student_id === null) return !followers.has(user_id);
      return records.get(student_id)?.approved !== true || users.get(user_id) !== student_id;
    });
    const ids = out.map(({ id }) => id);
    this.heard.expel(header.session.id, ids);
    for (const id of ids.sort()) this.takeOffline(it, id);
  }

  private letGo({ roll, presence }: ModelRoll, goes: (connection: Connection) => boolean): void {
    const out = [...presence.connections.values()].filter(goes).map(({ id }) => id);
    for (const id of out) presence.detach(id);
    this.heard.expel(roll.header.session.id, out);
  }

  private tell({ roll, presence }: ModelRoll, deliveries: Delivery[]): void {
    const { seq, room_seq, header } = roll;
    this.heard.deliver({ session_id: header.session.id, seq, room_seq, deliveries }, presence);
  }
}
