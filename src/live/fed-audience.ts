/** The rooms of one node, whose events come to it through the fan-out and not from the store that made them. */
import type { Connection } from '../domain/presence.ts';
import type { Change, RollState } from '../domain/roll.ts';
import type { Counts } from '../domain/statistics.ts';
import type { Delivery } from '../fanout.ts';
import type { RollView } from './live-store.ts';

/** Where a roll stood when a connection was let in: its numbers, and the run of its scripts that did it. */
export type LetInAt = { seq: number; room_seq: number; run: number; epoch: string; version: number };

export interface FedAudience {
  /** Place in NAMESPACES, from 0, of a connection of this node; undefined: it is gone. */
  namespaceOf(connection: string): number | undefined;
  /** Whether a connection hears a session here. */
  hears(session_id: string, connection: string): boolean;
  /** Everybody of this node who hears a session. */
  membersOf(session_id: string): Connection[];
  /** Every session that somebody here hears. */
  sessions(): Iterable<string>;
  /**
   * Lets a connection into the rooms of a session, as what it is now and nothing else. Resolves once whatever is
   * published is heard here; false: something later than the numbers went by before that, and it must be told what the
   * roll is by now. Rejects with STORE_UNAVAILABLE when this node cannot hear; the connection stays in the rooms.
   */
  admit(session_id: string, connection: Connection, at: LetInAt): Promise<boolean>;
  /**
   * Resolves when all that was published up to these numbers has gone by here: what is answered then is followed by
   * nothing older. What does not come in time was missed, and is read and told. Answers what has gone by, at least the
   * numbers.
   */
  heardUpTo(session_id: string, numbers: { seq: number; room_seq: number }): Promise<{ seq: number; room_seq: number }>;
  /** These connections are not in the session any more. */
  expel(session_id: string, connections: string[]): void;
  /** Tells these connections alone. */
  tell(connections: string[], deliveries: Delivery[]): void;
}

/** Where a roll stands. */
export type Standing = {
  seq: number;
  room_seq: number;
  epoch: string;
  /** Of its header: grows with every change of roster or staff. */
  version: number;
  state: RollState;
  counts: Counts;
  online_count: number;
};

/** What the rooms of a node ask of the store, to find out what they have missed and to mend it. STORE_UNAVAILABLE. */
export interface FeedSource {
  /** Null: there is no such roll. */
  standings(session_ids: string[]): Promise<Map<string, Standing | null>>;
  /** The roll, and its changes after a seq, at most SYNC_MAX_CHANGES + 1 of them. Null: there is no such roll. */
  since(session_id: string, seq: number): Promise<{ view: RollView; changes: Change[] } | null>;
  /** Puts every connection that hears a roll here back into it; who may not be there any more is expelled. */
  comeBack(session_id: string): Promise<void>;
}
