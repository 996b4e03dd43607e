/** Courses, enrollments, sessions and final rolls for the contract suites: valid, small, and alike but for what a test sets. */
import type { Course, Enrollment } from '../../src/contract/nouns.ts';
import type { FinalRecord, FinalRoll } from '../../src/domain/final-roll.ts';
import { countStatuses } from '../../src/domain/statistics.ts';
import type { NewSession, Registry } from '../../src/registry/registry.ts';

export const courseOf = (id: string, more: Partial<Course> = {}): Course => ({
  id,
  title: `Course ${id}`,
  teacher_id: 't1',
  staff: [],
  timezone: 'Europe/Berlin',
  created_at: '2026-09-01T08:00:00.000Z',
  ...more,
});

export const enrollmentOf = (student_id: string, more: Partial<Enrollment> = {}): Enrollment => ({
  student_id,
  user_id: student_id,
  name: `Name of ${student_id}`,
  roll: null,
  status: 'approved',
  ...more,
});

export const sessionOf = (id: string, more: Partial<NewSession> = {}): NewSession => ({
  id,
  course_id: 'c1',
  title: `Session ${id}`,
  description: '',
  date: 1_788_768_000_000,
  ends_at: null,
  checkin: {},
  teacher_id: 't1',
  created_at: 1_000,
  ...more,
});

export const recordOf = (line: number, student_id: string, more: Partial<FinalRecord> = {}): FinalRecord => ({
  line,
  student_id,
  user_id: student_id,
  student_name: `Name of ${student_id}`,
  roll: null,
  status: 'absent',
  joined_at: null,
  marked_at: null,
  marked_by: null,
  remarks: null,
  ...more,
});

/** A roll of two: s1 has checked in, s2 is absent, and then t1 has ended it. */
export function finalRollOf(session_id: string, more: Partial<FinalRoll> = {}): FinalRoll {
  const at = '2026-09-07T08:01:00.000Z';
  const records = more.records ?? [
    recordOf(0, 's1', { status: 'present', joined_at: at, marked_at: at, marked_by: 'self' }),
    recordOf(1, 's2'),
  ];
  return {
    session_id,
    course_id: 'c1',
    outcome: 'completed',
    reason: null,
    started_at: '2026-09-07T08:00:00.000Z',
    ended_at: '2026-09-07T09:30:00.000Z',
    ended_by: 't1',
    ended_by_name: 'Ada',
    audit: [
      { seq: 1, at, by: 's1', student_id: 's1', from: 'absent', to: 'present', source: 'checkin' },
      {
        seq: 2,
        at: '2026-09-07T09:30:00.000Z',
        by: 't1',
        student_id: null,
        from: 'active',
        to: 'completed',
        source: 'end',
      },
    ],
    seq: 2,
    room_seq: 1,
    traceparent: null,
    ...more,
    records,
    counts: countStatuses(records),
  };
}

/** Makes the session that a roll belongs to, and starts it. */
export async function beginSession(registry: Registry, id: string, more: Partial<NewSession> = {}): Promise<void> {
  await registry.createSession(sessionOf(id, more));
  await registry.begin(id, { user_id: 't1', name: 'Ada' }, 1_788_768_000_000);
  await registry.opened(id, 1_788_768_000_001);
}
