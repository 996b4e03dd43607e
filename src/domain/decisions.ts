/** What a decision is made of: the change, and the outcome that goes with it. */
import type { AuditSource } from '../contract/nouns.ts';
import { ROLL_MAX_REMEMBERED_NO_OPS } from '../limits.ts';
import type { Decision, Outcome, Refused, RequestKey } from './commands.ts';
import { admittedRecord, changedRecord, type Line, type RollRecord } from './record.ts';
import type { Accepted, Change, ChangeKind, Roll } from './roll.ts';
import type { Counts } from './statistics.ts';

/** The instant of a decision, both ways: rules compare milliseconds, records keep text. */
export type Now = { ms: number; iso: string };

export const refused = (outcome: Refused): Decision => ({ outcome, change: null });

/** A change that takes the next number. */
export const numbered = (
  roll: Roll,
  now: Now,
  kind: ChangeKind,
  source: AuditSource,
  by: string,
  by_name: string,
  lines: Line[],
  tells_room: boolean,
): Change => ({
  kind,
  seq: roll.seq + 1,
  room_seq: roll.room_seq + (tells_room ? 1 : 0),
  at: now.iso,
  by,
  by_name,
  source,
  lines,
  counts: countsAfter(roll.counts, lines),
});

const countsAfter = (before: Counts, lines: Line[]): Counts => {
  const counts = { ...before };
  for (const line of lines) {
    if (line.admitted === undefined) counts[line.from] -= 1;
    counts[line.status] += 1;
  }
  return counts;
};

/** The outcome of a change that is about to be applied: the records as they will be. */
export const accept = (roll: Roll, change: Change, request: RequestKey | undefined, first_join = false): Decision => {
  let next_line = roll.records.size;
  const records = change.lines.map((line) => recordAfter(roll, line, line.admitted === undefined ? -1 : next_line++));
  const outcome: Accepted = { ok: true, seq: change.seq, room_seq: change.room_seq, changed: true, records };
  if (first_join) outcome.first_join = true;
  if (request !== undefined) change.request = { ...request, outcome };
  return { outcome, change };
};

const recordAfter = (roll: Roll, line: Line, newcomer_line: number): RollRecord => {
  const before = roll.records.get(line.student_id);
  if (before !== undefined) return changedRecord(before, line);
  if (line.admitted === undefined) throw new Error('a change names a student who is not on the roll');
  return changedRecord(admittedRecord(newcomer_line, line.admitted), line);
};

/** Something to remember that nobody is told of. */
export const quiet = (
  roll: Roll,
  now: Now,
  what: Pick<Change, 'follow' | 'unfollow' | 'roster' | 'staff' | 'wrong_codes' | 'flagged'>,
  request?: RequestKey,
  records: RollRecord[] = [],
): Decision => {
  const outcome: Accepted = { ok: true, seq: roll.seq, room_seq: roll.room_seq, changed: false, records };
  const change: Change = { ...quietChange(roll, now), ...what };
  if (request !== undefined && roll.remembered_no_ops < ROLL_MAX_REMEMBERED_NO_OPS)
    change.request = { ...request, outcome };
  return { outcome, change };
};

/** Accepted, and the roll already says so. With a request id even that is remembered, so that a late repeat stays harmless. */
export const unchanged = (roll: Roll, records: RollRecord[], request?: RequestKey, now?: Now): Decision => {
  if (request === undefined || now === undefined) {
    const outcome: Outcome = { ok: true, seq: roll.seq, room_seq: roll.room_seq, changed: false, records };
    return { outcome, change: null };
  }
  if (roll.remembered_no_ops >= ROLL_MAX_REMEMBERED_NO_OPS) return refused({ ok: false, code: 'ROLL_FULL' });
  return quiet(roll, now, {}, request, records);
};

const quietChange = (roll: Roll, now: Now): Change => ({
  kind: 'quiet',
  seq: 0,
  room_seq: roll.room_seq,
  at: now.iso,
  by: '',
  by_name: '',
  source: 'mark',
  lines: [],
  counts: roll.counts,
});
