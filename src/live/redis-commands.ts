/** Commands on their way to a roll's script, and what it answers. */
import type { Command, Current, Outcome } from '../domain/commands.ts';
import type { RollRecord } from '../domain/record.ts';
import type { RollState } from '../domain/roll.ts';
import type { Counts } from '../domain/statistics.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { KnownRolls } from './known-rolls.ts';
import type { RollPeek } from './live-store.ts';
import { SCRIPTS } from './lua-scripts.ts';
import { peekOf, type RedisRolls } from './redis-rolls.ts';
import { RedisTurns } from './redis-turns.ts';

/** A connection as scripts name it; namespace: its place in NAMESPACES, from 1. */
export type FromSocket = { id: string; namespace: number };

/** The last three are about connections alone. */
export type Sent =
  | (Command & { connection?: FromSocket | undefined })
  | { kind: 'detach'; connection: FromSocket }
  | { kind: 'reattach'; user_id: string; as: 'staff' | 'student'; header_version: number; connection: FromSocket }
  | { kind: 'sweep'; node: string };

/** Where a roll stands after a run of its script; see lua/apply.lua. */
export type Applied = {
  state: RollState;
  version: number;
  epoch: string;
  seq: number;
  room_seq: number;
  counts: Counts;
  online_count: number;
  run: number;
  /** Connections that were named: the student as whom it is online, null as staff, false if it is not. */
  here: Record<string, string | null | false>;
  /** Connections that came in by this run, whom the end let go before they could hear it. */
  overtaken: string[];
  /** Records of students who joined, where they have changed since. */
  changed_since: Record<string, RollRecord>;
};

export type Reattached = { ok: true; student_id: string | null } | { ok: false; code: 'STALE_HEADER' | 'NOT_BACK' };
export type Given<O = Outcome> = { outcome: O; applied: Applied };

export const currentOf = (applied: Applied, student_id: string | null): Current => {
  const { seq, room_seq, state, counts, online_count, epoch } = applied;
  const record = student_id === null ? undefined : applied.changed_since[student_id];
  return { seq, room_seq, state, counts, online_count, epoch, ...(record === undefined ? {} : { record }) };
};

/** Texts that are themselves as JSON. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them.
const PLAIN = /^[^\u0000-\u001f"\\]*$/;

/** Nothing but joins, as arguments that the script need not parse; null: something else is among them. See lua/apply.lua. */
const joinsAlone = (commands: Sent[]): string[] | null => {
  const args: string[] = [];
  let version: number | undefined;
  for (const it of commands) {
    if (it.kind !== 'join' || it.connection === undefined || it.admit !== undefined) return null;
    if (it.proof !== undefined || it.devices !== undefined) return null;
    const { header_version, user_id, connection, profile_picture, request } = it;
    version ??= header_version;
    if (version !== header_version || !PLAIN.test(user_id) || !PLAIN.test(connection.id)) return null;
    const { key = '', hash = '' } = request ?? {};
    args.push(user_id, connection.id, String(connection.namespace), JSON.stringify(profile_picture), key, hash);
  }
  return ['', String(version), ...args];
};

export class RedisCommands {
  private readonly known = new KnownRolls();
  private readonly rolls: RedisRolls;
  private readonly node: string;
  private readonly turns: RedisTurns<Sent, Given<unknown> | null>;

  /** node: this process, in presence. */
  constructor(rolls: RedisRolls, node: string, tracing?: Tracing) {
    this.rolls = rolls;
    this.node = node;
    const changesOf = (it: Sent): number => ('updates' in it ? Math.max(1, it.updates.length) : 1);
    this.turns = new RedisTurns((session_id, commands) => this.run(session_id, commands), changesOf, tracing);
  }

  /** Null: there is no such roll. STORE_UNAVAILABLE. */
  send<O>(session_id: string, command: Sent): Promise<Given<O> | null> {
    return this.turns.send(session_id, command) as Promise<Given<O> | null>;
  }

  /** What authorises a look at a roll, as it is now. Null: there is no such roll. */
  async peek(session_id: string): Promise<RollPeek | null> {
    const reading = await this.rolls.read(session_id, {});
    const peek = reading === null ? null : peekOf(reading.head);
    this.known.saw(session_id, peek);
    return peek;
  }

  /** The same as last seen here, if it was. */
  async lastSeen(session_id: string): Promise<RollPeek | null> {
    return this.known.get(session_id) ?? this.peek(session_id);
  }

  settled(): Promise<void> {
    return this.turns.settled();
  }

  private async run(session_id: string, commands: Sent[]): Promise<(Given<unknown> | null)[]> {
    const ends = commands.some(({ kind }) => kind === 'end');
    const args = [this.node, ...(joinsAlone(commands) ?? [JSON.stringify(commands)])];
    const text = (await this.rolls.run(SCRIPTS.apply, session_id, args, ends)) as string | null;
    if (text === null) {
      this.known.forget(session_id);
      return commands.map(() => null);
    }
    const { answers, ...applied } = JSON.parse(text) as Applied & { answers: unknown[] };
    this.known.stands(session_id, applied);
    return answers.map((outcome) => ({ outcome, applied }));
  }
}
