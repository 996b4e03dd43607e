/** Rolls for the tests of the live store, alike but for what a test sets. */
import type { MakeId } from '../../src/clock.ts';
import type { CheckinPolicy, Session } from '../../src/contract/nouns.ts';
import type { Admission, RosterEntry } from '../../src/domain/record.ts';
import type { Roll } from '../../src/domain/roll.ts';
import type { RollPlan } from '../../src/live/live-store.ts';
import { T0 } from '../support/fixed-clock.ts';

export const SESSION = 'session-1';
export const COURSE = 'course-1';
export const SECRET = 'the secret of the roll';

/** Student n: id s<n>, user u<n>. */
export const student = (n: number, more: Partial<Admission> = {}): Admission => ({
  student_id: `s${n}`,
  user_id: `u${n}`,
  student_name: `Student ${n}`,
  roll: `${n}`,
  ...more,
});

export const rosterEntry = (n: number, more: Partial<RosterEntry> = {}): RosterEntry => ({
  ...student(n),
  approved: true,
  ...more,
});

export const sessionObjectOf = (id: string, more: Partial<Session> = {}): Session => ({
  id,
  _id: id,
  course_id: COURSE,
  title: 'Algebra',
  topic: 'Algebra',
  description: '',
  date: String(T0),
  starts_at: new Date(T0).toISOString(),
  ends_at: null,
  status: 'active',
  teacher_id: 't1',
  checkin: {},
  created_at: '2026-09-01T08:00:00.000Z',
  ...more,
});

export const planOf = (id: string, more: Partial<RollPlan> = {}): RollPlan => ({
  session: sessionObjectOf(id),
  checkin: {} as CheckinPolicy,
  date: T0,
  ends_at: null,
  auto_end_after_minutes: 720,
  staff: ['t1', 't2'],
  teacher_name: 'Ada',
  started_by: 't1',
  rebuilt: false,
  version: 1,
  secret: SECRET,
  student_visibility: 'room',
  students: [1, 2, 3, 4].map((n) => student(n)),
  ...more,
});

/** Ids that are easy to read: id-1, id-2, … */
export const countedIds = (): MakeId => {
  let last = 0;
  return () => {
    last += 1;
    return `id-${last}`;
  };
};

/** A roll as plain values of its own, to compare and to print. */
export const rollState = ({ records, users, followers, requests, wrong_codes, devices, log, ...rest }: Roll) => ({
  ...rest,
  wrong_codes: [...wrong_codes].sort(),
  devices: [...devices].sort(),
  records: [...records.values()],
  users: [...users].sort(),
  followers: [...followers].sort(),
  requests: [...requests],
  log: [...log],
});
