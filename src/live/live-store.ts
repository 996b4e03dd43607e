/**
 * The live store: the rolls of all running sessions, until the archive has confirmed them.
 *
 * Guarantees, whichever store it is:
 * - Atomic: a command takes effect whole or not at all. All commands for one roll that arrive in one turn of the event
 *   loop are one step (group commit); their order is the order of the calls, and what they change, tell and let in or
 *   out is the same as if each had been a step of its own.
 * - Durable: when a promise resolves with an accepted outcome, the change survives the death of this process.
 * - Told: the events of a change are delivered to the audience in seq order, after it is durable and without fail;
 *   nothing is delivered of a change that is not.
 * - Idempotent: a command with a request id has its effect once, however often it is sent.
 * - STORE_UNAVAILABLE (a Refusal thrown) means that the outcome is unknown; repeating with the same request id is safe.
 *   Nothing ever hangs.
 * - Time is the store's own clock: no node's clock decides a rule.
 */
import type { ActiveSession } from '../contract/events.ts';
import type { CheckinPolicy, Session } from '../contract/nouns.ts';
import type { Command, Current, Outcome, Refused, RequestKey } from '../domain/commands.ts';
import type { FinalRoll } from '../domain/final-roll.ts';
import type { Connection, Presence } from '../domain/presence.ts';
import type { Admission, RosterEntry } from '../domain/record.ts';
import type { Accepted, Change, RollHeader, RollNow, RollState, StudentVisibility } from '../domain/roll.ts';
import type { Delivery, News } from '../fanout.ts';

/** Where events leave: implemented by the socket rooms of a node. Called in order; must not throw. */
export interface Audience {
  /** Hands events to the sockets that `presence` knows. */
  deliver(news: News, presence: Presence): void;
  /** From now on this connection hears the session, as staff or as a student. Before submit() or reattach() answers. */
  admit(session_id: string, connection: Connection): void;
  /** These connections are not in the session any more. */
  expel(session_id: string, connections: string[]): void;
}

/** What a roll is opened from. The store adds its clock and an epoch. */
export type RollPlan = {
  /** As the clients see it, already active. */
  session: Session;
  checkin: CheckinPolicy;
  /** Planned start and end, milliseconds since the epoch. */
  date: number;
  ends_at: number | null;
  auto_end_after_minutes: number;
  staff: string[];
  teacher_name: string;
  started_by: string;
  rebuilt: boolean;
  /** Of the header; one that is opened anew must not be taken for the one before it, which nodes may still know. */
  version: number;
  /** Unguessable. */
  secret: string;
  student_visibility: StudentVisibility;
  students: Admission[];
};

/** A roll as it stands and who is online. Not to be changed; valid until the next await. */
export type RollView = { roll: RollNow; presence: Presence };

/** What happened to a roll, by seq. */
export type History = { header: RollHeader; changes: Change[] };

/**
 * What a command is answered: the decision, and for an accepted one the numbers that go with the answer. current null:
 * the roll has gone to the archive since, and only that can say what is later than all that the connection was told.
 */
export type Answer = Refused | (Accepted & { current: Current | null });

/** Who tries a code without a token, under the roll's secret. */
export type Guesser = { device: string; address: string };
/** A right code, and the store's clock; or why not. */
export type CodeTried =
  | { ok: true; now: number }
  | { ok: false; code: 'SESSION_NOT_ACTIVE' | 'CHECKIN_CODE_INVALID' }
  | { ok: false; code: 'RATE_LIMITED'; retry_after_ms: number };

export type RollPeek = { header: RollHeader; state: RollState };

/** As whom a user comes back to a roll; null: not at all. */
export type ComesBackAs = (header: RollHeader) => 'staff' | 'student' | null;

/** Who asks what was missed: staff hear everything, a student what the room and they themselves were told. */
export type Viewer = { staff: true } | { staff: false; student_id: string };
/** The roll, as whom it is seen, and what was missed in order; deliveries null: too much or unknown, take a snapshot. */
export type Missed = { view: RollView; viewer: Viewer; deliveries: Delivery[] | null };
export type Cursor = { epoch?: string; since_seq?: number; since_room_seq?: number; since_own_seq?: number };

/** A roll that needs a look, held by this claim until its lease lapses. */
export type Claim = {
  session_id: string;
  /** Grows with every claim of this roll: an older holder's confirm or defer does nothing. */
  fence: number;
  /** end: still active past its limit. archive: ended, and the archive has not confirmed it. */
  due: 'end' | 'archive';
  /** Archive tries so far. */
  tries: number;
};

/** All rolls, those of them that wait for their end or the archive, and how long the oldest of these has waited (ms). */
export type Backlog = { rolls: number; overdue: number; oldest_overdue_ms: number };

export interface LiveStore {
  /** Opens a roll and makes it due at its limit, in one step. A roll that is there already is left as it is. */
  open(plan: RollPlan): Promise<{ opened: boolean }>;
  /** What authorises a look at a roll, as it is now. Null: no such roll. */
  peek(session_id: string): Promise<RollPeek | null>;
  /** The same as last seen here, to authorise a command without a read: commands carry its version. Null: no such roll. */
  known(session_id: string): Promise<RollPeek | null>;
  /** The states of several rolls; those without a roll are left out. */
  states(session_ids: string[]): Promise<Map<string, RollState>>;
  /**
   * Decides and makes one command. With a connection, an accepted join or attend also puts it online, and a leave takes
   * it off; from the answer's numbers on that connection misses nothing. Null: there is no such roll.
   */
  submit(session_id: string, command: Command, connection?: { id: string }): Promise<Answer | null>;
  /**
   * A socket of a user who follows this roll is back: puts it online, as staff or as the student that the user is on
   * this roll. Null: not a follower any more, or the roll is over for them.
   */
  reattach(
    session_id: string,
    connection: { id: string; user_id: string },
    comesBackAs: ComesBackAs,
  ): Promise<Connection | null>;
  /**
   * Whether a code is right by the store's clock, by the slot that it is of (null: of none). A wrong one counts for its
   * guesser, on all nodes, and a right one always passes. Null: there is no such roll.
   */
  tryCode(session_id: string, slot: number | null, guesser: Guesser): Promise<CodeTried | null>;
  /** The clock that decides about this roll, milliseconds since the epoch. */
  now(session_id: string): Promise<number>;
  /** What a request was answered by a roll, also one that the archive has taken since; null: not known, or not any more. */
  answered(session_id: string, request: RequestKey): Promise<Outcome | null>;
  /** A connection is gone. */
  detach(session_id: string, connection: string): Promise<void>;
  /**
   * Tells staff who has not come back PRESENCE_RETURN_MS after the process that they were connected to was gone (PRES-1);
   * of a student who had gone before it, once more. To be called every PRESENCE_SWEEP_MS.
   */
  sweepPresence(): Promise<void>;
  /**
   * The roll and who is online, as of now, ended ones included until the archive has confirmed them. of_user: nobody's
   * record but that of the student who is this user is wanted, nor who is online.
   */
  read(session_id: string, of_user?: string): Promise<RollView | null>;
  /** At most `limit` changes from a seq on, in order. Null: no such roll. */
  history(session_id: string, from_seq: number, limit: number): Promise<History | null>;
  /**
   * What a user missed since their cursor, as whom `viewerOf` says; it may throw, for who may not see it. For a student the
   * roll may hold nobody's record but theirs, here and in what is answered: a whole class asks at once. Null: no such roll.
   */
  missed(
    session_id: string,
    user_id: string,
    viewerOf: (roll: RollNow) => Viewer,
    cursor: Cursor,
  ): Promise<Missed | null>;
  /**
   * Sends the statistics to the room, or to its staff alone, unless that was done less than STATISTICS_MIN_INTERVAL_MS ago
   * by anybody.
   */
  publishStatistics(session_id: string, to?: 'room' | 'staff'): Promise<void>;
  /** Active rolls of a course, oldest first. */
  activeInCourse(course_id: string): Promise<ActiveSession[]>;
  /** Rolls that a user follows (JOIN-7). */
  followedBy(user_id: string): Promise<string[]>;
  /** Every roll of a course follows a change of its roster or its staff; connections that lost their right are expelled. */
  followRoster(course_id: string, entries: RosterEntry[]): Promise<void>;
  followStaff(course_id: string, staff: string[]): Promise<void>;

  /** Takes due rolls, each for ARCHIVE_LEASE_MS. */
  claimDue(limit: number): Promise<Claim[]>;
  /** The whole of an ended roll; null: it is gone. */
  final(claim: Claim): Promise<FinalRoll | null>;
  /** The archive has it: tells staff (attendancePersisted) and forgets the roll. False: the claim is not valid any more. */
  confirm(claim: Claim, version: number): Promise<boolean>;
  /** Not archived: due again after this many milliseconds. */
  defer(claim: Claim, delay_ms: number): Promise<void>;
  backlog(): Promise<Backlog>;
  /**
   * Of sessions that the archive has taken: what their requests were answered, and that these users followed them. None of
   * it is left when this resolves.
   */
  forgetPerson(session_ids: string[], user_ids: string[]): Promise<void>;

  /** Throws STORE_UNAVAILABLE when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
