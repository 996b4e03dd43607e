/** A roll of three students in memory, and a hand that decides and applies. */
import { expect } from 'vitest';
import type { CheckinWindows } from '../../src/domain/checkin.ts';
import type { Command, Decision, Refused } from '../../src/domain/commands.ts';
import { decide } from '../../src/domain/decide.ts';
import { type Accepted, apply, type Change, type Opening, openRoll, type Roll } from '../../src/domain/roll.ts';
import { T0 } from '../support/fixed-clock.ts';
import { SECRET, sessionObjectOf, student } from './live-fixtures.ts';

export const NO_RULES: CheckinWindows = { opens_at: null, late_at: null, closes_at: null, auto_end_at: T0 + 1e9 };

export const openingOf = (students = 3, windows: Partial<CheckinWindows> = {}): Opening => ({
  header: {
    session: sessionObjectOf('session-1'),
    course_id: 'course-1',
    staff: ['t1', 't2'],
    teacher_name: 'Ada',
    windows: { ...NO_RULES, ...windows },
    started_at: new Date(T0).toISOString(),
    started_by: 't1',
    epoch: 'epoch-1',
    secret: SECRET,
    student_visibility: 'room',
    rebuilt: false,
    version: 1,
  },
  students: Array.from({ length: students }, (_, n) => student(n + 1)),
});

export const rollOf = (students = 3, windows: Partial<CheckinWindows> = {}): Roll =>
  openRoll(openingOf(students, windows));

export const decideAt = (roll: Roll, command: Command, ms = T0): Decision =>
  decide(roll, command, { ms, iso: new Date(ms).toISOString() });

/** Decides, must be accepted, and applies. */
export const make = (roll: Roll, command: Command, ms = T0): Accepted & { change: Change | null } => {
  const { outcome, change } = decideAt(roll, command, ms);
  expect(outcome).toMatchObject({ ok: true });
  if (change !== null) apply(roll, change);
  return { ...(outcome as Accepted), change };
};

/** Decides, must be refused, and changes nothing. */
export const refuses = <C extends Refused['code']>(roll: Roll, command: Command, code: C, ms = T0) => {
  const { outcome, change } = decideAt(roll, command, ms);
  expect(outcome).toMatchObject({ ok: false, code });
  expect(change).toBeNull();
  return outcome as Extract<Refused, { code: C }>;
};

type Join = Extract<Command, { kind: 'join' }>;
type Marks = Extract<Command, { kind: 'mark' | 'bulk' }>;
type End = Extract<Command, { kind: 'end' }>;

export const join = (n: number, more: Partial<Join> = {}): Command => ({
  kind: 'join',
  header_version: 1,
  user_id: `u${n}`,
  profile_picture: null,
  ...more,
});

export const marks = (updates: Marks['updates'], more: Partial<Marks> = {}): Command => ({
  kind: 'bulk',
  header_version: 1,
  updates,
  only_unmarked: false,
  by: 't1',
  by_name: 'Ada',
  admit: [],
  ...more,
});

export const mark = (n: number, status: Marks['updates'][number]['status'], more: Partial<Marks> = {}): Command =>
  marks([{ student_id: `s${n}`, status }], { kind: 'mark', ...more });

export const end = (more: Partial<End> = {}): Command => ({
  kind: 'end',
  header_version: 1,
  updates: [],
  submitted: false,
  outcome: 'completed',
  reason: null,
  by: 't1',
  by_name: 'Ada',
  admit: [],
  ...more,
});
