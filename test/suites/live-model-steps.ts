/** Random steps for the model test: one course, one or two rolls, a registry that changes, people with two devices each. */
import { ATTENDANCE_STATUSES, type CheckinPolicy } from '../../src/contract/nouns.ts';
import { type CodeProof, slotOf } from '../../src/domain/checkin-code.ts';
import type { Command, RequestKey, Update } from '../../src/domain/commands.ts';
import type { Admission, RosterEntry } from '../../src/domain/record.ts';

import type { RollPlan } from '../../src/live/live-store.ts';
import { type FixedClock, MINUTE_MS } from '../support/fixed-clock.ts';
import type { Random } from '../support/random.ts';
import { planOf, sessionObjectOf } from './live-fixtures.ts';
import type { LiveModel } from './live-model.ts';
import { admissionOf, RandomRegistry } from './live-model-registry.ts';

export type Send = { session_id: string; command: Command; connection?: string };
export type Step =
  | { step: 'open'; plan: RollPlan }
  /** All sent in one turn of the event loop; failing: its first commit does not succeed. */
  | { step: 'turn'; sends: Send[]; failing: boolean }
  | { step: 'roster'; entries: RosterEntry[] }
  | { step: 'staff'; staff: string[] }
  | { step: 'reattach'; session_id: string; connection: { id: string; user_id: string }; staff: boolean }
  | { step: 'detach'; session_id: string; connection: string }
  | { step: 'statistics'; session_id: string; to: 'room' | 'staff' }
  | { step: 'advance'; ms: number }
  | { step: 'due'; confirm: 'confirm' | 'defer' | 'nothing'; delay_ms: number }
  | { step: 'reopen' };

export const STUDENTS = [1, 2, 3, 4, 5, 6].map((n) => `s${n}`);
export const USERS = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => `u${n}`);
/** Of these one is staff only while named, and the last always: an admin. */
export const STAFF = ['t1', 't2', 't3', 'admin'];
/** A student who is named as staff at times. Taken off the staff, they follow as a student only once they join again. */
export const BOTH = 'u1';

const CHECKINS: CheckinPolicy[] = [
  {},
  {},
  { late_after_minutes: 0 },
  { late_after_minutes: 5 },
  { late_after_minutes: 5, closes_after_minutes: 10 },
  { opens_before_minutes: 0, closes_after_minutes: 30, auto_end_after_minutes: 45 },
  { closes_after_minutes: 0 },
  { code: 'rotating' },
  { code: 'rotating', late_after_minutes: 5, closes_after_minutes: 10 },
];
const DEVICES = ['d1', 'd2', 'd3'];

export class RandomSteps {
  readonly course_id: string;
  readonly session_ids: string[];
  private readonly random: Random;
  private readonly model: LiveModel;
  private readonly clock: FixedClock;
  private readonly reopens: boolean;
  private readonly registry: RandomRegistry;
  /** Whether joins name their devices. */
  private readonly signals: boolean;
  private staff = ['t1', 't2'];
  private readonly sent: Send[] = [];

  constructor(options: { name: string; random: Random; model: LiveModel; clock: FixedClock; reopens: boolean }) {
    const { name, random, model, clock, reopens } = options;
    this.random = random;
    this.model = model;
    this.clock = clock;
    this.reopens = reopens;
    this.course_id = `course-${name}`;
    this.session_ids = random.chance(0.2) ? [`${name}-a`, `${name}-b`] : [`${name}-a`];
    this.signals = random.chance(0.3);
    this.registry = new RandomRegistry(random, STUDENTS, USERS);
  }

  open(session_id: string): Step {
    const { random, clock } = this;
    const checkin = random.pick(CHECKINS);
    const students = this.registry.entries().flatMap((it) => (it.approved ? [admissionOf(it)] : []));
    const session = sessionObjectOf(session_id, { course_id: this.course_id, checkin });
    const date = clock.now + random.pick([0, 0, 3, -20]) * MINUTE_MS;
    const ends_at = random.chance(0.3) ? clock.now + random.pick([-5, 40, 90]) * MINUTE_MS : null;
    const rebuilt = random.chance(0.1);
    const student_visibility = random.chance(0.3) ? ('self' as const) : ('room' as const);
    const rules = { checkin, date, ends_at, auto_end_after_minutes: 60, student_visibility };
    const more = { session, ...rules, rebuilt, students, staff: this.staff };
    return { step: 'open', plan: planOf(session_id, more) };
  }

  next(): Step {
    const { random } = this;
    const session_id = random.pick(this.session_ids);
    const weights = {
      turn: 20,
      advance: 6,
      detach: 3,
      reattach: 3,
      course: 1,
      statistics: 1,
      due: 2,
      open: 1,
      reopen: 1,
    };
    const step = random.weighted({ ...weights, reopen: this.reopens ? 2 : 0 });
    switch (step) {
      case 'turn':
        return this.turn();
      case 'advance':
        return { step, ms: this.someTime(session_id) };
      case 'detach':
        return { step, session_id, connection: this.someConnection(session_id).id };
      case 'reattach': {
        const followers = [...(this.model.rolls.get(session_id)?.roll.followers ?? [])];
        const user_id = random.pick(followers.length > 0 && random.chance(0.8) ? followers : [...USERS, ...STAFF]);
        const staff = STAFF.includes(user_id) || (user_id === BOTH && random.chance(0.3));
        return { step, session_id, connection: { id: this.device(user_id), user_id }, staff };
      }
      case 'course':
        return random.chance(0.7)
          ? { step: 'roster', entries: this.registry.changes() }
          : { step: 'staff', staff: this.staffChange() };
      case 'statistics':
        return { step, session_id, to: random.pick(['room', 'staff'] as const) };
      case 'due': {
        const confirm = random.pick(['confirm', 'defer', 'nothing'] as const);
        return { step, confirm, delay_ms: random.pick([0, 500, 60_000]) };
      }
      case 'open':
        return this.open(session_id);
      case 'reopen':
        return { step };
    }
  }

  private turn(): Step {
    const { random } = this;
    const sends: Send[] = [];
    const grown = new Map<string, number>();
    for (let n = random.pick([1, 1, 1, 2, 3, 4, 6, 8]); n > 0; n -= 1) {
      const session_id = random.pick(this.session_ids);
      const version = (this.model.rolls.get(session_id)?.roll.header.version ?? 1) + (grown.get(session_id) ?? 0);
      const send = this.send(session_id, random.chance(0.06) ? version - 1 : version);
      if (send.command.kind === 'roster' || send.command.kind === 'staff') {
        grown.set(session_id, (grown.get(session_id) ?? 0) + 1);
      }
      sends.push(send);
    }
    this.sent.push(...sends);
    return { step: 'turn', sends, failing: random.chance(0.04) };
  }

  private send(session_id: string, version: number): Send {
    const { random } = this;
    if (this.sent.length > 0 && random.chance(0.1)) return this.again(session_id, version);
    const kinds = { join: 9, attend: 2, leave: 3, mark: 5, bulk: 3, end: 0.3, roster: 0.6, staff: 0.4 };
    const kind = random.weighted(kinds);
    switch (kind) {
      case 'join':
        return this.join(session_id, version);
      case 'attend': {
        const user_id = random.pick([...STAFF, BOTH]);
        const command = { kind, header_version: version, user_id, ...this.request(kind, user_id, user_id) };
        return this.from(user_id, { session_id, command });
      }
      case 'leave': {
        const { id, user_id } = this.someConnection(session_id);
        const send = { session_id, command: { kind, user_id } };
        return random.chance(0.1) ? send : { ...send, connection: id };
      }
      case 'mark':
      case 'bulk':
        return { session_id, command: this.marks(kind, version, random.chance(0.3) && kind === 'bulk') };
      case 'end':
        return { session_id, command: this.end(version) };
      case 'roster':
        return { session_id, command: { kind, entries: this.registry.changes() } };
      case 'staff':
        return { session_id, command: { kind, staff: this.staffChange() } };
    }
  }

  /** Something that was sent before, as it was or authorised anew, perhaps by another device. */
  private again(session_id: string, version: number): Send {
    const { random } = this;
    const earlier = random.pick(this.sent);
    const header = 'header_version' in earlier.command && random.chance(0.7) ? { header_version: version } : {};
    const command = { ...earlier.command, ...header } as Command;
    const target = random.chance(0.8) ? earlier.session_id : session_id;
    return 'user_id' in command
      ? this.from(command.user_id, { session_id: target, command })
      : { session_id: target, command };
  }

  private join(session_id: string, version: number): Send {
    const { random } = this;
    const user_id = random.chance(0.1) ? random.pick(USERS) : random.pick(this.registry.entries()).user_id;
    const known = this.model.rolls.get(session_id)?.roll.users.has(user_id) === true;
    const mine = this.registry.entries().find((it) => it.user_id === user_id && it.approved);
    const admit = mine !== undefined && random.chance(known ? 0.1 : 0.8) ? admissionOf(mine) : undefined;
    const profile_picture = random.chance(0.2) ? `picture of ${user_id}` : null;
    const request = this.request('join', user_id, `${profile_picture}`);
    const who = { user_id, profile_picture, admit, proof: this.proof(session_id), devices: this.devices() };
    const command = { kind: 'join', header_version: version, ...who, ...request } as const;
    return this.from(user_id, { session_id, command });
  }

  /** Of a code of about now, or of a ticket; mostly a right one. Rolls that take none do not look at it. */
  private proof(session_id: string): CodeProof | undefined {
    const { random, clock } = this;
    const checkin = this.model.rolls.get(session_id)?.roll.header.session.checkin;
    if (checkin?.code !== 'rotating' && random.chance(0.95)) return undefined;
    const kind = random.weighted({ none: 6, slot: 6, ticket: 1, wrong: 3 });
    if (kind === 'none') return undefined;
    if (kind === 'slot') return { slot: slotOf(clock.now) + random.pick([0, 0, -1, -1, -2, 1]) };
    const ticket = { valid_until: random.pick([null, clock.now + 60_000, clock.now, clock.now - 1]) };
    if (kind === 'ticket') return ticket;
    return { slot: null, ...(random.chance(0.2) ? ticket : {}) };
  }

  private devices(): string[] | undefined {
    const { random } = this;
    const count = this.signals ? random.pick([0, 1, 1, 2]) : 0;
    return count === 0 ? undefined : Array.from({ length: count }, () => random.pick(DEVICES));
  }

  private marks(kind: 'mark' | 'bulk', header_version: number, only_unmarked: boolean): Command {
    const updates = this.updates(kind === 'mark' ? 1 : this.random.between(1, 5));
    const by = this.random.pick(STAFF);
    const request = this.request(kind, by, JSON.stringify([updates, only_unmarked]));
    const admit = this.admissions(updates);
    return { kind, header_version, updates, only_unmarked, by, by_name: `Name of ${by}`, admit, ...request };
  }

  private end(header_version: number): Command {
    const { random } = this;
    const submitted = random.chance(0.4);
    const updates = submitted ? this.updates(random.int(4)) : [];
    const cancelled = !submitted && random.chance(0.2);
    const result = cancelled
      ? ({ outcome: 'cancelled', reason: random.pick([null, 'fire drill']) } as const)
      : ({ outcome: 'completed', reason: null } as const);
    const by = random.pick([...STAFF, 'auto']);
    const request = this.request('end', by, JSON.stringify([updates, result]));
    const who = { by, by_name: `Name of ${by}`, admit: this.admissions(updates) };
    const trace = random.chance(0.5) ? { traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` } : {};
    return { kind: 'end', header_version, updates, submitted, ...result, ...who, ...request, ...trace };
  }

  private updates(count: number): Update[] {
    return Array.from({ length: count }, () => ({
      student_id: this.random.chance(0.1)
        ? this.random.pick(STUDENTS)
        : this.random.pick(this.registry.entries()).student_id,
      status: this.random.pick(ATTENDANCE_STATUSES),
      remarks: this.random.pick([undefined, undefined, null, 'bus', 'doctor']),
    }));
  }

  private admissions(updates: Update[]): Admission[] {
    if (this.random.chance(0.15)) return [];
    return updates.flatMap(({ student_id }) => {
      const entry = this.registry.entry(student_id);
      return entry?.approved === true ? [admissionOf(entry)] : [];
    });
  }

  private request(kind: string, user_id: string, payload: string): { request?: RequestKey } {
    const { random } = this;
    if (random.chance(0.6)) return {};
    return { request: { key: `${kind} ${user_id} ${random.int(2)}`, hash: payload } };
  }

  private from(user_id: string, send: Send): Send {
    return this.random.chance(0.1) ? send : { ...send, connection: this.device(user_id) };
  }

  private device(user_id: string): string {
    return `${user_id}-${this.random.int(2)}`;
  }

  /** Mostly one that is in the session. */
  private someConnection(session_id: string): { id: string; user_id: string } {
    const online = [...(this.model.rolls.get(session_id)?.presence.connections.values() ?? [])];
    if (online.length > 0 && this.random.chance(0.7)) return this.random.pick(online);
    const user_id = this.random.pick([...USERS, ...STAFF]);
    return { id: this.device(user_id), user_id };
  }

  /** Mostly to just before, or exactly at, the next edge of a rule. */
  private someTime(session_id: string): number {
    const { random } = this;
    const windows = this.model.rolls.get(session_id)?.roll.header.windows;
    const edges = Object.values(windows ?? {}).flatMap((at) => (at === null ? [] : [at - 1, at]));
    const ahead = edges.map((at) => at - this.clock.now).filter((ms) => ms > 0);
    return ahead.length > 0 && random.chance(0.4)
      ? Math.min(...ahead)
      : random.pick([1, 499, 500, 1000, 30_000, 60_000]);
  }

  private staffChange(): string[] {
    this.staff = this.random.pick([['t1'], ['t1', 't2'], ['t1', 't3'], ['t2', 't1', 't3'], ['t1', BOTH]]);
    return this.staff;
  }
}
