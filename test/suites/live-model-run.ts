/** Runs random sequences against a store and the model side by side; they must agree on everything after every step. */
import { expect } from 'vitest';
import { type Roll, recount, replay } from '../../src/domain/roll.ts';
import { ARCHIVE_LEASE_MS } from '../../src/limits.ts';
import type { Answer } from '../../src/live/live-store.ts';
import { FixedClock, T0 } from '../support/fixed-clock.ts';
import type { HeardEntry } from '../support/heard.ts';
import { Random } from '../support/random.ts';
import { countedIds, rollState } from './live-fixtures.ts';
import { LiveModel, type ModelRoll } from './live-model.ts';
import { BOTH, RandomSteps, type Send, STAFF, type Step, USERS } from './live-model-steps.ts';
import type { LiveStoreUnderTest, MakeLiveStore } from './live-scene.ts';

/** How many of all sequences replace the process now and then: that takes far longer than everything else. */
const REOPENING_SEQUENCES = 0.06;

/** reopens false: its processes are not replaced. */
export type ModelRun = { make: MakeLiveStore; seed: number; sequences: number; reopens?: boolean };

/** Sequence n of a run has the seed `seed + n`, so that any of them runs alone. All share one store. */
export async function runModel({ make, seed, sequences, reopens = true }: ModelRun): Promise<void> {
  const clock = new FixedClock();
  let under = await make({ clock: clock.read, makeId: countedIds() });
  try {
    for (let n = 0; n < sequences; n += 1) under = await runSequence(under, clock, seed + n, reopens);
  } finally {
    await under.close();
  }
}

async function runSequence(
  under: LiveStoreUnderTest,
  clock: FixedClock,
  seed: number,
  reopens: boolean,
): Promise<LiveStoreUnderTest> {
  const sequence = new Sequence(under, clock, seed, reopens);
  try {
    await sequence.run();
  } catch (error) {
    const steps = sequence.steps.map((it) => JSON.stringify(it)).join('\n');
    const repeat = `MODEL_SEED=${seed} MODEL_SEQUENCES=1`;
    throw new Error(`the store and the model disagree; repeat with ${repeat}. The steps:\n${steps}`, { cause: error });
  }
  return sequence.under;
}

class Sequence {
  readonly steps: Step[] = [];
  under: LiveStoreUnderTest;
  private readonly clock: FixedClock;
  private readonly model: LiveModel;
  private readonly random: Random;
  private readonly generator: RandomSteps;

  constructor(under: LiveStoreUnderTest, clock: FixedClock, seed: number, mayReopen: boolean) {
    clock.now = T0 + (seed % 1000) * 60_000;
    this.under = under;
    this.clock = clock;
    this.model = new LiveModel(clock);
    this.random = new Random(seed);
    const reopens = mayReopen && under.reopen !== undefined && this.random.chance(REOPENING_SEQUENCES);
    const name = `model-${seed}`;
    this.generator = new RandomSteps({ name, random: this.random, model: this.model, clock, reopens });
    under.heard.take();
  }

  async run(): Promise<void> {
    for (const id of this.generator.session_ids) await this.take(this.generator.open(id));
    for (let n = this.random.between(5, 35); n > 0; n -= 1) await this.take(this.generator.next());
    await this.compare(true);
    await this.finish();
  }

  /** Ends and archives what is left, so that the next sequence finds an empty store. */
  private async finish(): Promise<void> {
    for (const [session_id, { roll }] of [...this.model.rolls]) {
      const header_version = roll.header.version;
      const by = { by: 'auto', by_name: 'auto', updates: [], submitted: false, admit: [] };
      const command = { kind: 'end', header_version, outcome: 'completed', reason: null, ...by } as const;
      if (roll.state === 'active') {
        await this.take({ step: 'turn', sends: [{ session_id, command }], failing: false });
      }
    }
    await this.take({ step: 'advance', ms: 2 * ARCHIVE_LEASE_MS });
    await this.take({ step: 'due', confirm: 'confirm', delay_ms: 0 });
    expect(this.model.rolls.size).toBe(0);
    expect((await this.under.live.backlog()).rolls).toBe(0);
  }

  private async take(step: Step): Promise<void> {
    this.steps.push(step);
    const before = new Map([...this.model.rolls].map(([id, { roll }]) => [id, roll.seq]));
    const changes = await this.make(step);
    await this.under.settle?.();
    for (const [id, { roll }] of this.model.rolls) {
      if (before.has(id))
        expect(roll.seq - (before.get(id) ?? 0), 'one seq per accepted change').toBe(changes.get(id) ?? 0);
    }
    await this.compare(step.step === 'reopen');
  }

  /** Answers how many changes each roll accepted. */
  private async make(step: Step): Promise<Map<string, number>> {
    const { model } = this;
    const { live, heard } = this.under;
    switch (step.step) {
      case 'open': {
        const answer = await live.open(step.plan);
        const epoch = (await live.peek(step.plan.session.id))?.header.epoch ?? '';
        same('opened', answer, { opened: model.open(step.plan, epoch) });
        break;
      }
      case 'turn':
        return this.turn(step.sends, step.failing);
      case 'roster':
      case 'staff':
        await this.changeCourse(step);
        break;
      case 'reattach': {
        const { session_id, connection, staff } = step;
        const back = await live.reattach(session_id, connection, () => (staff ? 'staff' : 'student'));
        same('reattached', back, model.reattach(session_id, connection, staff));
        break;
      }
      case 'detach':
        heard.gone(step.connection);
        model.heard.gone(step.connection);
        for (const id of this.generator.session_ids) {
          await live.detach(id, step.connection);
          model.detach(id, step.connection);
        }
        break;
      case 'statistics':
        await live.publishStatistics(step.session_id, step.to);
        model.publishStatistics(step.session_id, step.to);
        break;
      case 'advance':
        this.clock.advance(step.ms);
        break;
      case 'due':
        await this.due(step);
        break;
      case 'reopen':
        this.under = (await this.under.reopen?.()) ?? this.under;
        model.restart();
    }
    return new Map();
  }

  /** The store gets all of a turn at once, the model one after the other. */
  private async turn(sends: Send[], failing: boolean): Promise<Map<string, number>> {
    const { live, failNext } = this.under;
    if (failNext !== undefined && failing) failNext.error = new Error('the commit fails');
    const pending = sends.map(({ session_id, command, connection }) =>
      live.submit(session_id, command, connection === undefined ? undefined : { id: connection }),
    );
    const settled = await Promise.allSettled(pending);
    if (failNext !== undefined) failNext.error = null;
    const changes = new Map<string, number>();
    const made: { answer: Answer | null; session_id: string; at: number }[] = [];
    const passed = sends.map((send, n) => {
      const result = settled[n] as PromiseSettledResult<Answer | null>;
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ code: 'STORE_UNAVAILABLE' });
        expect(failing, 'unavailable only when the commit failed').toBe(true);
      } else {
        const { session_id, command, connection } = send;
        const outcome = this.model.submit(session_id, command, connection);
        same(`answer ${n}`, withoutCurrent(result.value), outcome);
        made.push({ answer: result.value, session_id, at: n });
        const counts = outcome?.ok && outcome.changed && outcome.repeated !== true;
        if (counts) changes.set(session_id, (changes.get(session_id) ?? 0) + 1);
      }
      return new Map(this.generator.session_ids.map((id) => [id, JSON.stringify(this.model.current(id), inOrder)]));
    });
    for (const { answer, session_id, at } of made) {
      if (!answer?.ok) continue;
      const since = passed.slice(at).map((it) => it.get(session_id));
      const { record, ...numbers } = answer.current ?? { record: undefined };
      const current = answer.current === null ? null : numbers;
      expect(since, 'current is of the command, or later').toContain(JSON.stringify(current, inOrder));
      if (record === undefined) continue;
      const records = this.model.rolls.get(session_id)?.roll.records;
      same('the record as it is by now', record, records?.get(record.student_id));
    }
    return changes;
  }

  private async changeCourse(step: Extract<Step, { step: 'roster' | 'staff' }>): Promise<void> {
    const { live } = this.under;
    const { course_id } = this.generator;
    if (step.step === 'roster') await live.followRoster(course_id, step.entries);
    else await live.followStaff(course_id, step.staff);
    for (const id of this.model.rolls.keys()) {
      const { step: kind } = step;
      this.model.submit(id, kind === 'roster' ? { kind, entries: step.entries } : { kind, staff: step.staff });
    }
  }

  private async due({ confirm, delay_ms }: Extract<Step, { step: 'due' }>): Promise<void> {
    const { live } = this.under;
    const claims = await live.claimDue(10);
    same('claims', byId(claims), byId(this.model.claimDue()));
    for (const claim of claims) {
      same('final roll', await live.final(claim), this.model.final(claim));
      const stale = { ...claim, fence: claim.fence - 1 };
      expect(await live.confirm(stale, 1)).toBe(false);
      if (confirm === 'confirm') same('confirmed', await live.confirm(claim, 1), this.model.confirm(claim, 1));
      if (confirm !== 'defer') continue;
      await live.defer(claim, delay_ms);
      this.model.defer(claim, delay_ms);
    }
  }

  /**
   * Events as this store's can be compared. One that publishes by namespace tells nothing that nobody hears, and who
   * hears it is decided where it arrives: then it must have gone to the namespaces of those who should hear it.
   */
  private comparable(entries: HeardEntry[]): { session_id: string }[] {
    const { namespaceOf } = this.under;
    const events = entries.flatMap((it) => (it.kind === 'event' ? [it] : []));
    if (namespaceOf === undefined) return events;
    const published = events.filter(({ alone }) => alone !== true);
    return published.flatMap(({ by, namespaces = [...new Set(by.map(namespaceOf))], ...event }) => {
      if (namespaces.length === 0) return [];
      const alone = event.delivery.receivers.to === 'student';
      return [{ ...event, namespaces: namespaces.sort(), ...(alone ? { by } : {}) }];
    });
  }

  private async compare(wholly: boolean): Promise<void> {
    const { live, heard } = this.under;
    const told = this.comparable(heard.take());
    const expected = this.comparable(this.model.heard.take());
    for (const id of this.generator.session_ids) {
      const of = (events: typeof told) => events.filter((it) => it.session_id === id);
      same(`events of ${id}`, of(told), of(expected));
      same(`members of ${id}`, heard.membersOf(id), this.model.heard.membersOf(id));
      const view = await this.under.whole(id);
      const model = this.model.rolls.get(id);
      if (view === null || model === undefined) {
        expect([view, model], `only one has ${id}`).toEqual([null, undefined]);
        continue;
      }
      same(`roll ${id}`, stateOf(view.roll, wholly), stateOf(model.roll, wholly));
      const connections = (it: { connections: Map<string, { id: string }> }) => [...it.connections.values()];
      same(`online in ${id}`, connections(view.presence).sort(up), connections(model.presence).sort(up));
      expectSound({ ...model, roll: view.roll, presence: view.presence });
    }
    const users = wholly ? [...USERS, ...STAFF] : [this.random.pick(USERS)];
    for (const user of users)
      same(`followed by ${user}`, (await live.followedBy(user)).sort(), this.model.followedBy(user).sort());
    const { course_id } = this.generator;
    const active = (await live.activeInCourse(course_id)).map((it) => JSON.stringify(it)).sort();
    same(
      'active',
      active,
      this.model
        .activeInCourse(course_id)
        .map((it) => JSON.stringify(it))
        .sort(),
    );
  }
}

/** What holds of every roll at any time, whatever the model says. */
function expectSound({ opening, roll, presence }: ModelRoll): void {
  const { log, records } = roll;
  expect(recount(roll), 'counts are those of the records').toEqual(roll.counts);
  expect([log.length, log.at(-1)?.room_seq ?? 0], 'the log is whole').toEqual([roll.seq, roll.room_seq]);
  let room_seq = 0;
  const own = new Map<string, number>();
  for (const [n, change] of log.entries()) {
    if (change.kind === 'end' || (change.kind !== 'join' && roll.header.student_visibility === 'room')) room_seq += 1;
    if (change.seq !== n + 1 || change.room_seq !== room_seq) throw new Error(`change ${n} is numbered ${change.seq}`);
    for (const { student_id } of change.lines) own.set(student_id, (own.get(student_id) ?? 0) + 1);
  }
  let joined = 0;
  for (const [n, record] of [...records.values()].entries()) {
    if (record.line !== n) throw new Error(`record ${n} has line ${record.line}`);
    if (record.own_seq !== (own.get(record.student_id) ?? 0)) throw new Error(`own_seq of ${record.student_id} is off`);
    if (record.joined_at !== null) joined += 1;
  }
  expect(joined, 'joined counts').toBe(roll.joined);
  for (const [user_id, student_id] of roll.users) {
    if (records.get(student_id)?.user_id !== user_id) throw new Error(`${user_id} is not ${student_id}`);
  }
  for (const { user_id, student_id } of presence.connections.values()) {
    if (!roll.followers.has(user_id) && user_id !== BOTH) throw new Error(`${user_id} is online and does not follow`);
    if (student_id === null) continue;
    if (roll.state !== 'active' || records.get(student_id)?.approved !== true)
      throw new Error(`${user_id} may not be here`);
  }
  const replayed = replay(opening, log);
  const marks = (it: typeof replayed) =>
    [...it.records.values()].map(({ approved: _a, user_id: _u, student_name: _n, roll: _r, flags, ...record }) => ({
      ...record,
      shares: flags?.includes('shared_device') === true,
    }));
  same('replayed records', marks(replayed), marks(roll));
  same('replayed numbers', [replayed.state, replayed.counts, replayed.end], [roll.state, roll.counts, roll.end]);
}

const up = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);

const byId = <T extends { session_id: string }>(claims: T[]): T[] =>
  [...claims].sort((a, b) => (a.session_id < b.session_id ? -1 : 1));

const withoutCurrent = (answer: Answer | null): unknown => {
  if (answer === null || !answer.ok) return answer;
  const { current: _current, ...outcome } = answer;
  return outcome;
};

/** For JSON.stringify: the fields of objects in the order of their names. */
const inOrder = (_key: string, value: unknown): unknown =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** With or without what only grows. What a request was answered is among the requests, and need not be in the log too. */
const stateOf = (roll: Roll, wholly: boolean): object => {
  const { log, requests, ...state } = rollState(roll);
  if (!wholly) return state;
  const changes = log.map(({ request: _request, ...change }) => change);
  return { ...state, log: changes, requests: requests.sort(([a], [b]) => (a < b ? -1 : 1)) };
};

/** Compares as text, which is fast, and shows the difference when there is one. */
function same(what: string, got: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a === b || JSON.stringify(got, inOrder) === JSON.stringify(wanted, inOrder)) return;
  expect(a === undefined ? a : JSON.parse(a), what).toEqual(b === undefined ? b : JSON.parse(b));
}
