/** Rolls in Redis as the rest of the service sees them: how scripts are called, and what their answers mean. */
import type { Clock, MakeId } from '../clock.ts';
import type { Session } from '../contract/nouns.ts';
import type { CheckinWindows } from '../domain/checkin.ts';
import { Presence } from '../domain/presence.ts';
import type { RollRecord } from '../domain/record.ts';
import type { Change, RollEnd, RollHeader, RollNow, RollState } from '../domain/roll.ts';
import type { Counts } from '../domain/statistics.ts';
import type { RedisScript, StateLink } from '../redis/state-link.ts';
import type { RollPeek, RollView } from './live-store.ts';
import { SCRIPTS } from './lua-scripts.ts';
import type { RedisKeys } from './redis-keys.ts';

/** What every reading of a roll begins with; see lua/read.lua. */
export type RollHead = {
  session: Session;
  header: Omit<RollHeader, 'session' | 'staff' | 'windows' | 'started_at' | 'epoch' | 'version'>;
  started_at: string;
  windows: CheckinWindows;
  end: RollEnd | null;
  state: RollState;
  version: number;
  epoch: string;
  staff: string[];
  seq: number;
  room_seq: number;
  counts: Counts;
  joined: number;
  online_count: number;
  run: number;
  fence: number;
};

export type ReadOptions = {
  /** of_user: of the student who is this user. */
  records?: 'all' | string[] | { of_user: string };
  online?: boolean;
  /** Changes from this seq on, at most so many. */
  changes?: { from_seq: number; limit: number };
};

export type RollReading = {
  head: RollHead;
  records: RollRecord[];
  users: [user_id: string, student_id: string][];
  presence: Presence;
  changes: Change[];
};

/** A connection as it is written down: [user_id, student_id, node, namespace]. */
type OnlineEntry = [string, string | null, string, number];

export type RedisRollsOptions = {
  link: StateLink;
  keys: RedisKeys;
  makeId: MakeId;
  /** Only in tests: instead of the server's own clock. */
  clock?: Clock;
};

export class RedisRolls {
  readonly link: StateLink;
  readonly keys: RedisKeys;
  private readonly makeId: MakeId;
  private readonly fixedClock: Clock | undefined;

  constructor({ link, keys, makeId, clock }: RedisRollsOptions) {
    this.link = link;
    this.keys = keys;
    this.makeId = makeId;
    this.fixedClock = clock;
  }

  /** The first argument of every script. */
  get clock(): string {
    return this.fixedClock === undefined ? '' : String(this.fixedClock());
  }

  /** Runs a script of one roll. wait: answered when replicas have it, as configured. STORE_UNAVAILABLE. */
  async run(script: RedisScript, session_id: string, args: (string | number)[], wait = false): Promise<unknown> {
    const keys = this.keys.ofRoll(session_id);
    const [roll = ''] = keys;
    const common = [this.clock, session_id, this.link.replicationId(roll, script), this.makeId()];
    return this.link.run(script, keys, [...common, ...this.keys.roomArguments(session_id), ...args], { wait });
  }

  /** Null: there is no such roll. */
  async read(session_id: string, { records = [], online = false, changes }: ReadOptions): Promise<RollReading | null> {
    const which = records === 'all' ? records : 'of_user' in records ? `@${records.of_user}` : JSON.stringify(records);
    const range = changes === undefined ? ['', ''] : [Math.max(1, changes.from_seq), changes.limit];
    const answer = await this.run(SCRIPTS.read, session_id, [which, online ? '1' : '', ...range]);
    if (answer === null) return null;
    const [head, texts, users, entries, log] = answer as [string, string[], string[], string[], string[]];
    return {
      head: JSON.parse(head) as RollHead,
      records: texts.map((text) => JSON.parse(text) as RollRecord),
      users: pairsOf(users),
      presence: presenceOf(pairsOf(entries)),
      changes: log.map((text) => JSON.parse(text) as Change),
    };
  }

  /** The clock of the server that has this roll. */
  async now(session_id: string): Promise<number> {
    const [now] = (await this.link.run(SCRIPTS.dueNow, [this.keys.dueListOf(session_id)], [this.clock, 0])) as [string];
    return Number(now);
  }

  /** Whether a user follows a roll; null: there is no such roll. */
  async isFollowed(session_id: string, user_id: string): Promise<boolean | null> {
    const [roll = '', , , followers = ''] = this.keys.ofRoll(session_id);
    const [there, follows] = await Promise.all([
      this.link.command('exists', roll),
      this.link.command('hexists', followers, user_id),
    ]);
    return there === 1 ? follows === 1 : null;
  }

  async followersOf(session_id: string): Promise<string[]> {
    const [, , , followers = ''] = this.keys.ofRoll(session_id);
    return (await this.link.command('hkeys', followers)) as string[];
  }

  /** Changes before a seq, the latest first, at most so many; they never change any more. */
  async changesBefore(session_id: string, seq: number, limit: number): Promise<Change[]> {
    const [, , , , , , log = ''] = this.keys.ofRoll(session_id);
    const entries = await this.link.command('xrevrange', log, `${seq - 1}-0`, '-', 'COUNT', limit);
    return (entries as [string, string[]][]).map(([, [, text = '']]) => JSON.parse(text) as Change);
  }
}

export const headerOf = (head: RollHead): RollHeader => {
  const { session, header, staff, windows, started_at, epoch, version } = head;
  return { session, ...header, staff, windows, started_at, epoch, version };
};

export const peekOf = (head: RollHead): RollPeek => ({ header: headerOf(head), state: head.state });

export const rollOf = ({ head, records, users }: RollReading): RollNow => ({
  header: headerOf(head),
  state: head.state,
  seq: head.seq,
  room_seq: head.room_seq,
  counts: head.counts,
  joined: head.joined,
  records: new Map(records.sort((a, b) => a.line - b.line).map((it) => [it.student_id, it])),
  users: new Map(users),
  end: head.end,
});

export const viewOf = (reading: RollReading): RollView => ({ roll: rollOf(reading), presence: reading.presence });

const pairsOf = (flat: string[]): [string, string][] =>
  Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] as string, flat[2 * i + 1] as string]);

const presenceOf = (entries: [string, string][]): Presence => {
  const presence = new Presence();
  for (const [id, text] of entries) {
    const [user_id, student_id] = JSON.parse(text) as OnlineEntry;
    presence.attach({ id, user_id, student_id });
  }
  return presence;
};
