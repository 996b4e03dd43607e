/**
 * The roll: who is present in one session, and every rule about changing it. Pure: no clock, no I/O, no randomness.
 *
 * decide() says what a command would change and what its sender is answered; apply() makes that change. A change holds
 * values after it, never differences, so applying the changes of a log in order rebuilds the roll exactly. The
 * embedded store runs this code; every other store must agree with it (the model test compares them).
 */
import type { AuditSource, FullRecord, Session } from '../contract/nouns.ts';
import type { CheckinWindows } from './checkin.ts';
import {
  type Admission,
  admittedRecord,
  changedRecord,
  followed,
  fullRecord,
  type Line,
  type RollRecord,
  type RosterEntry,
} from './record.ts';
import { type Counts, countStatuses, noCounts } from './statistics.ts';
import type { WrongCodes } from './wrong-codes.ts';

/** Whether students hear of every mark, or only of what concerns them. */
export type StudentVisibility = 'room' | 'self';

/** What is known about a roll without its records: enough to authorise a command against it. */
export type RollHeader = {
  readonly session: Session;
  readonly course_id: string;
  /** User ids that may act: the course's teacher and its staff. */
  readonly staff: readonly string[];
  readonly teacher_name: string;
  readonly windows: CheckinWindows;
  readonly started_at: string;
  readonly started_by: string;
  readonly epoch: string;
  /** Of codes, tickets and device signals: never told to anybody, and gone with the roll. Unset: an earlier version opened it. */
  readonly secret?: string;
  readonly student_visibility: StudentVisibility;
  /** The live store had lost this roll, and staff started it anew (LOSS-1). */
  readonly rebuilt: boolean;
  /** Grows when staff or roster change; a command decided with an older one is STALE_HEADER. */
  readonly version: number;
};

export type RollState = 'active' | 'completed' | 'cancelled';

export type RollEnd = {
  at: string;
  by: string;
  by_name: string;
  outcome: 'completed' | 'cancelled';
  reason: string | null;
  /** Where a trace of the end goes on when the roll is archived. Unset: an earlier version ended it. */
  traceparent?: string | null;
};

/** A roll as it stands, without what is only needed to change it or to tell how it came about. */
export type RollNow = {
  header: RollHeader;
  state: RollState;
  seq: number;
  room_seq: number;
  counts: Counts;
  /** Students with a joined_at. */
  joined: number;
  records: Map<string, RollRecord>;
  /** student_id by user_id. */
  users: Map<string, string>;
  end: RollEnd | null;
};

export type Roll = RollNow & {
  /** Users who attend and have not left: re-attached when they connect (JOIN-7). */
  followers: Set<string>;
  requests: Map<string, Remembered>;
  remembered_no_ops: number;
  /** Wrong codes of students. */
  wrong_codes: Map<string, WrongCodes>;
  /** The first student who checked in from each device. */
  devices: Map<string, string>;
  /** Every numbered change, by seq from 1. */
  log: Change[];
};

export type Opening = { header: RollHeader; students: Admission[] };

export type ChangeKind = 'join' | 'mark' | 'bulk' | 'end';

/** One step of a roll. Without a seq: it is remembered, but nobody needs to be told. */
export type Change = {
  kind: ChangeKind | 'quiet';
  /** 0 for quiet changes. */
  seq: number;
  room_seq: number;
  at: string;
  by: string;
  by_name: string;
  source: AuditSource;
  lines: Line[];
  counts: Counts;
  end?: RollEnd;
  submitted?: boolean;
  /** A join's devices. */
  devices?: string[];
  /** Whose flags it changes beside those of its lines: their records after it. */
  flagged?: RollRecord[];
  wrong_codes?: { student_id: string } & WrongCodes;
  follow?: string;
  unfollow?: string;
  roster?: RosterEntry[];
  staff?: string[];
  request?: { key: string; hash: string; outcome: Accepted };
};

/** A remembered request: what it was, and what it was answered. */
export type Remembered = { hash: string; outcome: Accepted };

/** What an accepted command is answered, and answered again when its request is repeated. */
export type Accepted = {
  ok: true;
  /** The numbers after the command. */
  seq: number;
  room_seq: number;
  /** False: nothing changed. */
  changed: boolean;
  /** The records concerned: of a join or a single mark the one, of a bulk those that it changed. */
  records: RollRecord[];
  /** A join that made the record's joined_at. */
  first_join?: boolean;
  /** It is the answer of an earlier request with the same id. */
  repeated?: boolean;
};

/** A new roll: every student absent (START-1). */
export const openRoll = ({ header, students }: Opening): Roll => {
  const records = new Map<string, RollRecord>();
  const users = new Map<string, string>();
  for (const student of students) {
    records.set(student.student_id, admittedRecord(records.size, student));
    users.set(student.user_id, student.student_id);
  }
  return {
    header,
    state: 'active',
    seq: 0,
    room_seq: 0,
    counts: { ...noCounts(), absent: records.size },
    joined: 0,
    records,
    users,
    followers: new Set(),
    requests: new Map(),
    remembered_no_ops: 0,
    wrong_codes: new Map(),
    devices: new Map(),
    log: [],
    end: null,
  };
};

/** Makes a decided change. Changes of one roll must be applied in the order in which they were decided. */
export const apply = (roll: Roll, change: Change): void => {
  for (const line of change.lines) applyLine(roll, line);
  for (const { student_id, flags } of change.flagged ?? []) applyFlags(roll, student_id, flags);
  for (const device of change.devices ?? []) {
    const first = roll.devices.get(device) ?? change.lines[0]?.student_id;
    if (first !== undefined) roll.devices.set(device, first);
  }
  if (change.wrong_codes !== undefined) {
    const { student_id, since, count } = change.wrong_codes;
    roll.wrong_codes.set(student_id, { since, count });
  }
  roll.seq = change.seq === 0 ? roll.seq : change.seq;
  roll.room_seq = change.room_seq;
  roll.counts = change.counts;
  if (change.follow !== undefined) roll.followers.add(change.follow);
  if (change.unfollow !== undefined) roll.followers.delete(change.unfollow);
  if (change.request !== undefined) {
    roll.requests.set(change.request.key, { hash: change.request.hash, outcome: change.request.outcome });
    if (change.seq === 0) roll.remembered_no_ops += 1;
  }
  if (change.roster !== undefined) applyRoster(roll, change.roster);
  if (change.staff !== undefined) {
    for (const id of roll.header.staff) if (!change.staff.includes(id)) roll.followers.delete(id);
    roll.header = { ...roll.header, staff: change.staff, version: roll.header.version + 1 };
  }
  if (change.end !== undefined) {
    roll.end = change.end;
    roll.state = change.end.outcome;
  }
  if (change.seq !== 0) roll.log.push(change);
};

const applyLine = (roll: Roll, line: Line): void => {
  let before = roll.records.get(line.student_id);
  if (before === undefined) {
    const admission = line.admitted;
    if (admission === undefined) throw new Error('a change names a student who is not on the roll');
    before = admittedRecord(roll.records.size, admission);
    roll.users.set(admission.user_id, admission.student_id);
  }
  if (before.joined_at === null && line.joined_at !== null) roll.joined += 1;
  roll.records.set(line.student_id, changedRecord(before, line));
};

const applyFlags = (roll: Roll, student_id: string, flags: RollRecord['flags']): void => {
  const record = roll.records.get(student_id);
  if (record !== undefined && flags !== undefined) roll.records.set(student_id, { ...record, flags });
};

const applyRoster = (roll: Roll, entries: RosterEntry[]): void => {
  // First free every user id that changes hands, then give: two students may have swapped theirs.
  for (const entry of entries) {
    const before = roll.records.get(entry.student_id);
    if (before === undefined || roll.users.get(before.user_id) !== entry.student_id) continue;
    roll.users.delete(before.user_id);
    if (before.user_id !== entry.user_id) unfollow(roll, before.user_id);
  }
  for (const entry of entries) {
    const before = roll.records.get(entry.student_id);
    if (before === undefined) continue;
    const { approved, user_id } = entry;
    roll.records.set(entry.student_id, followed(before, entry));
    // Whoever still has it followed as somebody else.
    if (!approved || roll.users.has(user_id)) unfollow(roll, user_id);
    roll.users.set(user_id, entry.student_id);
  }
  roll.header = { ...roll.header, version: roll.header.version + 1 };
};

/** Who lost their place as a student does not follow any more, unless they are staff by now. */
const unfollow = (roll: Roll, user_id: string): void => {
  if (!roll.header.staff.includes(user_id)) roll.followers.delete(user_id);
};

/** Rebuilds a roll from its opening and its changes. */
export const replay = (opening: Opening, changes: Iterable<Change>): Roll => {
  const roll = openRoll(opening);
  for (const change of changes) apply(roll, change);
  return roll;
};

/** The session object as this roll makes it. */
export const sessionOf = (roll: RollNow): Session =>
  roll.header.session.status === roll.state ? roll.header.session : { ...roll.header.session, status: roll.state };

export const fullRecords = (roll: RollNow): FullRecord[] => Array.from(roll.records.values(), fullRecord);

/** For tests and checks: the counts as the records have them. */
export const recount = (roll: RollNow): Counts => countStatuses(roll.records.values());
