/** What a command does to a roll at a given instant: every rule of check-in, marking and ending, in one place. Pure. */
import { ROLL_MAX_CHANGES, ROLL_MAX_STUDENTS, WRONG_CODES_MAX } from '../limits.ts';
import { checkinAt } from './checkin.ts';
import { type CodeProof, isSlotValid, takesCode } from './checkin-code.ts';
import type { Command, Decision, Refused, RequestKey, Update } from './commands.ts';
import { accept, type Now, numbered, quiet, refused, unchanged } from './decisions.ts';
import { type Admission, followed, hasFlag, type Line, type RollRecord, type RosterEntry, withFlag } from './record.ts';
import type { Roll } from './roll.ts';
import { mustWait, oneMore } from './wrong-codes.ts';

type Of<K extends Command['kind']> = Extract<Command, { kind: K }>;

const NOT_ACTIVE = refused({ ok: false, code: 'SESSION_NOT_ACTIVE' });

/**
 * Decides a command. Refusals change nothing, but that a wrong code counts. `change: null` with an accepted outcome: nothing to remember either.
 * Guarantees: at most one seq per command; a remembered request answers as it did and changes nothing.
 */
export const decide = (roll: Roll, command: Command, now: Now): Decision => {
  switch (command.kind) {
    case 'roster':
      return decideRoster(roll, command, now);
    case 'staff':
      return quiet(roll, now, { staff: command.staff });
    case 'leave':
      return answeredBefore(roll, command.request) ?? decideLeave(roll, command, now);
  }
  // Even a repeat must not let somebody back in who was dropped since.
  if (command.kind === 'join' && isBarred(roll, command.user_id)) {
    return refused({ ok: false, code: roll.state === 'active' ? 'STUDENT_NOT_ENROLLED' : 'SESSION_NOT_ACTIVE' });
  }
  const { request } = command;
  const before = answeredBefore(roll, request);
  if (before !== null) return before;
  if (roll.state !== 'active') return NOT_ACTIVE;
  if (command.header_version !== roll.header.version) return refused({ ok: false, code: 'STALE_HEADER' });
  switch (command.kind) {
    case 'join':
      return decideJoin(roll, command, now);
    case 'attend':
      return roll.followers.has(command.user_id)
        ? unchanged(roll, [], request, now)
        : quiet(roll, now, { follow: command.user_id }, request);
    case 'mark':
    case 'bulk':
      return decideMarks(roll, command, now);
    case 'end':
      return decideEnd(roll, command, now);
  }
};

/** A request that was accepted is answered as it was, and changes nothing. */
const answeredBefore = (roll: Roll, request: RequestKey | undefined): Decision | null => {
  const earlier = request === undefined ? undefined : roll.requests.get(request.key);
  if (earlier === undefined) return null;
  if (earlier.hash !== request?.hash) return refused({ ok: false, code: 'CONFLICT' });
  return { outcome: { ...earlier.outcome, repeated: true }, change: null };
};

const decideLeave = (roll: Roll, { user_id, stays, request }: Of<'leave'>, now: Now): Decision =>
  stays !== true && roll.followers.has(user_id)
    ? quiet(roll, now, { unfollow: user_id }, request)
    : unchanged(roll, [], request, now);

const isBarred = (roll: Roll, user_id: string): boolean => {
  const student_id = roll.users.get(user_id);
  return student_id !== undefined && roll.records.get(student_id)?.approved === false;
};

const decideJoin = (roll: Roll, command: Of<'join'>, now: Now): Decision => {
  const { user_id, admit, request } = command;
  const student_id = roll.users.get(user_id) ?? admit?.student_id;
  if (student_id === undefined) return refused({ ok: false, code: 'ADMISSION_NEEDED', student_ids: [] });
  const record = roll.records.get(student_id);
  // The registry gave this line to another user since, or dropped its student.
  if (record !== undefined && (!record.approved || record.user_id !== user_id)) {
    return refused({ ok: false, code: 'STUDENT_NOT_ENROLLED' });
  }
  if (record !== undefined && record.joined_at !== null) {
    // Here before: rules apply to the first join alone.
    if (roll.followers.has(user_id)) return unchanged(roll, [record], request, now);
    return quiet(roll, now, { follow: user_id }, request, [record]);
  }
  const verdict = checkinAt(roll.header.windows, now.ms);
  if (!verdict.ok) return refused(verdict);
  const refusal = takesCode(roll.header) ? decideCode(roll, student_id, command.proof, now) : null;
  if (refusal !== null) return refusal;
  if (isFull(roll) || (record === undefined && roll.records.size >= ROLL_MAX_STUDENTS)) {
    return refused({ ok: false, code: 'ROLL_FULL' });
  }
  // A mark that staff made earlier stands (JOIN-1): then the join only says when they came.
  const keep = record !== undefined && record.marked_by !== null;
  const line: Line = {
    student_id,
    from: record?.status ?? 'absent',
    status: keep ? record.status : verdict.status,
    joined_at: now.iso,
    marked_at: keep ? record.marked_at : now.iso,
    marked_by: keep ? record.marked_by : 'self',
    remarks: record?.remarks ?? null,
    own_seq: (record?.own_seq ?? 0) + 1,
    profile_picture: command.profile_picture,
  };
  if (record === undefined && admit !== undefined) line.admitted = admit;
  const others = sharersOf(roll, student_id, command.devices ?? []);
  if (others.length > 0) line.flags = [...(record?.flags ?? []), 'shared_device'];
  const name = record?.student_name ?? admit?.student_name ?? '';
  const change = numbered(roll, now, 'join', 'checkin', user_id, name, [line], false);
  change.follow = user_id;
  if (command.devices !== undefined && command.devices.length > 0) change.devices = command.devices;
  const flagged = others.filter((it) => !hasFlag(it, 'shared_device')).map((it) => withFlag(it, 'shared_device'));
  if (flagged.length > 0) change.flagged = flagged;
  return accept(roll, change, request, true);
};

/** Null: the code is right. A ticket is never guessed, so it counts for nothing, and is good whatever was guessed before. */
const decideCode = (roll: Roll, student_id: string, proof: CodeProof = {}, now: Now): Decision | null => {
  const { slot, valid_until } = proof;
  if (valid_until != null && now.ms <= valid_until) return null;
  const invalid = { ok: false, code: 'CHECKIN_CODE_INVALID' } as const;
  if (slot === undefined) {
    return refused(valid_until === undefined ? { ok: false, code: 'CHECKIN_CODE_REQUIRED' } : invalid);
  }
  const before = roll.wrong_codes.get(student_id);
  const retry_after_ms = mustWait(before, WRONG_CODES_MAX, now.ms);
  if (retry_after_ms !== null) return refused({ ok: false, code: 'RATE_LIMITED', retry_after_ms });
  if (slot !== null && isSlotValid(slot, now.ms)) return null;
  const wrong_codes = { student_id, ...oneMore(before, now.ms) };
  return { ...quiet(roll, now, { wrong_codes }), outcome: invalid };
};

/** Records of the other students who were the first to check in from one of these devices, once each. */
const sharersOf = (roll: Roll, student_id: string, devices: string[]): RollRecord[] => {
  const ids = new Set(devices.flatMap((device) => roll.devices.get(device) ?? []));
  ids.delete(student_id);
  return [...ids].flatMap((id) => roll.records.get(id) ?? []);
};

const decideMarks = (roll: Roll, command: Of<'mark' | 'bulk'>, now: Now): Decision => {
  const lines = linesOf(roll, command, command.only_unmarked, now);
  if (!Array.isArray(lines)) return refused(lines);
  if (lines.length === 0) {
    const id = command.updates[0]?.student_id;
    const only = command.kind === 'mark' && id !== undefined ? roll.records.get(id) : undefined;
    return unchanged(roll, only === undefined ? [] : [only], command.request, now);
  }
  if (isFull(roll)) return refused({ ok: false, code: 'ROLL_FULL' });
  const { kind, by, by_name } = command;
  const tells_room = roll.header.student_visibility !== 'self';
  return accept(roll, numbered(roll, now, kind, kind, by, by_name, lines, tells_room), command.request);
};

const decideEnd = (roll: Roll, command: Of<'end'>, now: Now): Decision => {
  // A roll that is full can still end, with its last marks.
  const lines = linesOf(roll, command, false, now);
  if (!Array.isArray(lines)) return refused(lines);
  const { by, by_name, outcome, reason, submitted } = command;
  const change = numbered(roll, now, 'end', submitted ? 'submit' : 'end', by, by_name, lines, true);
  change.end = { at: now.iso, by, by_name, outcome, reason, traceparent: command.traceparent ?? null };
  if (submitted) change.submitted = true;
  return accept(roll, change, command.request);
};

/**
 * Registry changes: known students follow at once, unknown ones come by their join or a mark (JOIN-4). What the roll says
 * already is left out; a stranger still makes older headers stale, since a join or a mark on its way may carry an
 * admission from before: of somebody who is not approved any more, or whose user id is another now.
 */
const decideRoster = (roll: Roll, command: Of<'roster'>, now: Now): Decision => {
  if (roll.state !== 'active') return unchanged(roll, []);
  const roster = command.entries.filter((entry) => differs(roll.records.get(entry.student_id), entry));
  const namesStranger = command.entries.some(({ student_id }) => !roll.records.has(student_id));
  if (roster.length === 0 && !namesStranger) return unchanged(roll, []);
  const flagged = roster.flatMap((entry) => {
    const record = roll.records.get(entry.student_id);
    return record === undefined || record.approved === entry.approved ? [] : [followed(record, entry)];
  });
  return quiet(roll, now, flagged.length === 0 ? { roster } : { roster, flagged });
};

const differs = (record: RollRecord | undefined, entry: RosterEntry): boolean =>
  record !== undefined &&
  (record.user_id !== entry.user_id ||
    record.student_name !== entry.student_name ||
    record.roll !== entry.roll ||
    record.approved !== entry.approved);

/** The lines that a set of marks changes, in the order of the updates; the last update of a student counts. */
const linesOf = (
  roll: Roll,
  command: { updates: Update[]; by: string; admit: Admission[] },
  only_unmarked: boolean,
  now: Now,
): Line[] | Refused => {
  const wanted = new Map<string, Update>();
  for (const update of command.updates) wanted.set(update.student_id, update);
  const admissions = new Map(command.admit.map((admission) => [admission.student_id, admission]));
  const unknown: string[] = [];
  const refusedIds: string[] = [];
  const lines: Line[] = [];
  let newcomers = 0;
  for (const update of wanted.values()) {
    const record = roll.records.get(update.student_id);
    const admission = admissions.get(update.student_id);
    if (record === undefined && admission === undefined) unknown.push(update.student_id);
    else if (record !== undefined && !record.approved) refusedIds.push(update.student_id);
    else {
      if (only_unmarked && record !== undefined && record.marked_by !== null) continue;
      const line = markedLine(record, update, command.by, now);
      if (line === null) continue;
      if (record === undefined && admission !== undefined) {
        line.admitted = admission;
        newcomers += 1;
      }
      lines.push(line);
    }
  }
  if (refusedIds.length > 0) return { ok: false, code: 'STUDENT_NOT_ON_ROLL', student_ids: refusedIds };
  if (unknown.length > 0) return { ok: false, code: 'ADMISSION_NEEDED', student_ids: unknown };
  if (roll.records.size + newcomers > ROLL_MAX_STUDENTS) return { ok: false, code: 'ROLL_FULL' };
  return lines;
};

/** A mark is an absolute value: null when the record already says so, by the same hand. */
const markedLine = (record: RollRecord | undefined, update: Update, by: string, now: Now): Line | null => {
  const remarks = update.remarks === undefined ? (record?.remarks ?? null) : update.remarks;
  const same =
    record !== undefined && record.status === update.status && record.remarks === remarks && record.marked_by === by;
  if (same) return null;
  return {
    student_id: update.student_id,
    from: record?.status ?? 'absent',
    status: update.status,
    joined_at: record?.joined_at ?? null,
    marked_at: now.iso,
    marked_by: by,
    remarks,
    own_seq: (record?.own_seq ?? 0) + 1,
    ...(record?.flags === undefined ? {} : { flags: record.flags }),
  };
};

const isFull = (roll: Roll): boolean => roll.seq >= ROLL_MAX_CHANGES;
