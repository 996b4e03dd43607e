import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/domain/commands.ts';
import { recount } from '../../src/domain/roll.ts';
import { ROLL_MAX_CHANGES, ROLL_MAX_REMEMBERED_NO_OPS, ROLL_MAX_STUDENTS } from '../../src/limits.ts';
import { rollState, rosterEntry, student } from '../suites/live-fixtures.ts';
import { decideAt, end, join, make, mark, marks, openingOf, refuses, rollOf } from '../suites/roll-commands.ts';
import { T0 } from '../support/fixed-clock.ts';

const request = (key: string, hash = 'h') => ({ key, hash });

describe('deciding', () => {
  test('a decision changes nothing before it is applied', () => {
    const roll = rollOf();
    const before = JSON.stringify(rollState(roll));
    const commands: Command[] = [join(1), mark(1, 'late'), end(), { kind: 'staff', staff: ['t9'] }];
    for (const command of commands) {
      expect(decideAt(roll, command).change).not.toBeNull();
      expect(JSON.stringify(rollState(roll))).toBe(before);
    }
  });

  test('the answer holds the records as they are once the change is applied', () => {
    const roll = rollOf();
    const answer = make(
      roll,
      marks(
        [
          { student_id: 's9', status: 'late' },
          { student_id: 's1', status: 'excused' },
        ],
        { admit: [student(9)] },
      ),
    );
    expect(answer.records).toEqual([roll.records.get('s9'), roll.records.get('s1')]);
    expect(make(roll, join(2)).records).toEqual([roll.records.get('s2')]);
  });

  describe('joins', () => {
    test('JOIN-1 the first one sets status and time, later ones change nothing but attendance', () => {
      const roll = rollOf(3, { late_at: T0 + 100, closes_at: T0 + 200 });
      expect(make(roll, join(1), T0 + 99)).toMatchObject({ first_join: true, records: [{ status: 'present' }] });
      expect(make(roll, join(2), T0 + 100)).toMatchObject({ records: [{ status: 'late', marked_by: 'self' }] });
      refuses(roll, join(3), 'CHECKIN_CLOSED', T0 + 200);
      const again = make(roll, join(1), T0 + 5000);
      expect(again).toMatchObject({ changed: false, seq: 2, change: null });
      expect(again.first_join).toBeUndefined();
      expect(roll.records.get('s1')?.joined_at).toBe(new Date(T0 + 99).toISOString());
    });

    test('JOIN-1 a refusal says when it opens', () => {
      expect(refuses(rollOf(3, { opens_at: T0 + 1 }), join(1), 'CHECKIN_NOT_OPEN').opens_at).toBe(T0 + 1);
    });

    test('JOIN-1 who was marked still has a first join, under the rules', () => {
      const roll = rollOf(3, { closes_at: T0 + 200 });
      make(roll, mark(1, 'present'));
      make(roll, mark(2, 'absent'));
      refuses(roll, join(1), 'CHECKIN_CLOSED', T0 + 200);
      const { change } = make(roll, join(2), T0 + 199);
      expect(change?.lines).toMatchObject([{ from: 'absent', status: 'absent', marked_by: 't1' }]);
      expect(roll.joined).toBe(1);
    });

    test('JOIN-4 somebody who is not on the roll comes with an admission, under the same rules', () => {
      const roll = rollOf(3, { closes_at: T0 + 200 });
      refuses(roll, join(4), 'ADMISSION_NEEDED');
      refuses(roll, join(4, { admit: student(4) }), 'CHECKIN_CLOSED', T0 + 200);
      expect(roll.records.size).toBe(3);
      make(roll, join(4, { admit: student(4) }));
      expect(roll.records.get('s4')).toMatchObject({ line: 3, status: 'present', user_id: 'u4', approved: true });
      expect(roll.users.get('u4')).toBe('s4');
      expect(roll.counts).toEqual({ present: 1, absent: 3, late: 0, excused: 0 });
    });

    test('JOIN-5 a second device is no change', () => {
      const roll = rollOf();
      make(roll, join(1));
      expect(make(roll, join(1)).change).toBeNull();
    });

    test('JOIN-7 after leaving, a join follows again and is no change of the record', () => {
      const roll = rollOf();
      make(roll, join(1));
      expect(make(roll, { kind: 'leave', user_id: 'u1' }).change).toMatchObject({ kind: 'quiet', unfollow: 'u1' });
      expect(roll.followers.size).toBe(0);
      expect(make(roll, join(1)).change).toMatchObject({ kind: 'quiet', seq: 0, follow: 'u1', lines: [] });
      expect([...roll.followers]).toEqual(['u1']);
      expect(roll.seq).toBe(1);
    });

    test('a profile picture is kept from the first join', () => {
      const roll = rollOf();
      make(roll, join(1, { profile_picture: 'p' }));
      make(roll, mark(1, 'late'));
      make(roll, join(1, { profile_picture: 'q' }));
      expect(roll.records.get('s1')?.profile_picture).toBe('p');
    });

    test('the order of refusals: not active, not approved, rules', () => {
      const roll = rollOf(3, { closes_at: T0 });
      make(roll, { kind: 'roster', entries: [rosterEntry(1, { approved: false })] });
      refuses(roll, join(1, { header_version: 2 }), 'STUDENT_NOT_ENROLLED');
      refuses(roll, join(2, { header_version: 2 }), 'CHECKIN_CLOSED');
      make(roll, end({ header_version: 2 }));
      refuses(roll, join(1, { header_version: 2 }), 'SESSION_NOT_ACTIVE');
      refuses(roll, join(2, { header_version: 2 }), 'SESSION_NOT_ACTIVE');
    });
  });

  describe('marks', () => {
    test('MARK-1 are absolute: status, hand and remarks decide whether they change anything', () => {
      const roll = rollOf();
      const say = (status: 'late' | 'absent', remarks?: string | null, by = 't1') =>
        make(roll, marks([{ student_id: 's1', status, remarks }], { by })).changed;
      expect(say('absent')).toBe(true);
      expect(say('absent')).toBe(false);
      expect(say('absent', 'ill')).toBe(true);
      expect(say('absent')).toBe(false);
      expect(say('absent', 'ill')).toBe(false);
      expect(say('absent', 'ill', 't2')).toBe(true);
      expect(say('late', undefined, 't2')).toBe(true);
      expect(roll.records.get('s1')?.remarks).toBe('ill');
      expect(say('late', null, 't2')).toBe(true);
      expect(roll.records.get('s1')).toMatchObject({ status: 'late', remarks: null, own_seq: 5 });
      expect(roll.seq).toBe(5);
    });

    test('MARK-1 the last update of a student in a bulk counts, in the place of the first', () => {
      const roll = rollOf();
      const { change } = make(
        roll,
        marks([
          { student_id: 's2', status: 'late' },
          { student_id: 's1', status: 'late' },
          { student_id: 's2', status: 'excused' },
        ]),
      );
      expect(change?.lines.map((it) => [it.student_id, it.status])).toEqual([
        ['s2', 'excused'],
        ['s1', 'late'],
      ]);
    });

    test('MARK-1 after a check-in by the same values a mark is still a change: another hand', () => {
      const roll = rollOf();
      make(roll, join(1));
      const answer = make(roll, mark(1, 'present'));
      expect(answer).toMatchObject({ changed: true, records: [{ marked_by: 't1' }] });
    });

    test('MARK-2 who was dropped cannot be marked; who is unknown needs an admission; the former is said first', () => {
      const roll = rollOf();
      make(roll, { kind: 'roster', entries: [rosterEntry(1, { approved: false })] });
      const both = [
        { student_id: 's1', status: 'late' as const },
        { student_id: 's9', status: 'late' as const },
      ];
      const more = { header_version: 2 };
      expect(refuses(roll, marks(both, more), 'STUDENT_NOT_ON_ROLL').student_ids).toEqual(['s1']);
      // What the registry said earlier does not bring them back.
      refuses(roll, marks(both, { ...more, admit: [student(1), student(9)] }), 'STUDENT_NOT_ON_ROLL');
      expect(refuses(roll, marks(both.slice(1), more), 'ADMISSION_NEEDED').student_ids).toEqual(['s9']);
    });

    test('MARK-2 no mark on a roll that has ended', () => {
      const roll = rollOf();
      make(roll, end());
      refuses(roll, mark(1, 'late'), 'SESSION_NOT_ACTIVE');
      refuses(roll, marks([]), 'SESSION_NOT_ACTIVE');
    });

    test('an empty bulk is accepted and changes nothing', () => {
      expect(make(rollOf(), marks([]))).toMatchObject({ changed: false, records: [], change: null });
    });
  });

  describe('ends', () => {
    test('END-1 with updates the marks and the end are one change', () => {
      const roll = rollOf();
      const updates = [{ student_id: 's1', status: 'late' as const }];
      const { change } = make(roll, end({ updates, submitted: true }), T0 + 1000);
      expect(change).toMatchObject({ kind: 'end', seq: 1, room_seq: 1, source: 'submit', submitted: true });
      expect(roll).toMatchObject({ state: 'completed', seq: 1, counts: { late: 1, absent: 2 } });
      expect(roll.end).toEqual({
        at: new Date(T0 + 1000).toISOString(),
        by: 't1',
        by_name: 'Ada',
        outcome: 'completed',
        reason: null,
        traceparent: null,
      });
    });

    test('END-1 all or nothing: an update that is refused does not end', () => {
      const roll = rollOf();
      refuses(roll, end({ updates: [{ student_id: 's9', status: 'late' }] }), 'ADMISSION_NEEDED');
      expect(roll.state).toBe('active');
    });

    test('END-1 nobody ends twice, nothing but leaving and staff goes on', () => {
      const roll = rollOf();
      make(roll, join(1));
      make(roll, end({ outcome: 'cancelled', reason: 'fire' }));
      expect(roll.state).toBe('cancelled');
      refuses(roll, end(), 'SESSION_NOT_ACTIVE');
      refuses(roll, { kind: 'attend', header_version: 1, user_id: 't1' }, 'SESSION_NOT_ACTIVE');
      expect(make(roll, { kind: 'roster', entries: [rosterEntry(1, { approved: false })] }).change).toBeNull();
      expect(make(roll, { kind: 'staff', staff: ['t1'] }).change).not.toBeNull();
      expect(make(roll, { kind: 'leave', user_id: 'u1' }).change).not.toBeNull();
    });
  });

  describe('bounds', () => {
    test('a roll takes so many changes and no more; joins of who is here, no-ops and the end still work', () => {
      const roll = rollOf();
      make(roll, join(1));
      roll.seq = ROLL_MAX_CHANGES - 1;
      expect(make(roll, join(2)).seq).toBe(ROLL_MAX_CHANGES);
      refuses(roll, join(3), 'ROLL_FULL');
      refuses(roll, mark(3, 'late'), 'ROLL_FULL');
      refuses(roll, join(9, { admit: student(9) }), 'ROLL_FULL');
      make(roll, { kind: 'leave', user_id: 'u1' });
      make(roll, join(1));
      const ended = make(roll, end({ updates: [{ student_id: 's3', status: 'late' }], submitted: true }));
      expect(ended.seq).toBe(ROLL_MAX_CHANGES + 1);
      expect(roll.state).toBe('completed');
      expect(recount(roll)).toEqual(roll.counts);
    });

    test('MARK-1 a no-op is accepted on a full roll', () => {
      const roll = rollOf();
      make(roll, mark(1, 'late'));
      roll.seq = ROLL_MAX_CHANGES;
      expect(make(roll, mark(1, 'late')).changed).toBe(false);
    });

    test('a roll takes so many students and no more', () => {
      const roll = rollOf(ROLL_MAX_STUDENTS);
      const stranger = student(ROLL_MAX_STUDENTS + 1);
      refuses(roll, join(ROLL_MAX_STUDENTS + 1, { admit: stranger }), 'ROLL_FULL');
      const updates = [{ student_id: stranger.student_id, status: 'late' as const }];
      refuses(roll, marks(updates, { admit: [stranger] }), 'ROLL_FULL');
      refuses(roll, end({ updates, admit: [stranger] }), 'ROLL_FULL');
      make(roll, join(1));
      make(roll, end());
    });

    test('requests that change nothing are remembered up to a bound, then refused rather than forgotten', () => {
      const roll = rollOf();
      make(roll, mark(1, 'late'));
      roll.remembered_no_ops = ROLL_MAX_REMEMBERED_NO_OPS - 1;
      make(roll, mark(1, 'late', { request: request('a') }));
      expect(roll.requests.has('a')).toBe(true);
      refuses(roll, mark(1, 'late', { request: request('b') }), 'ROLL_FULL');
      make(roll, mark(1, 'absent', { request: request('c') }));
      make(roll, end({ request: request('d') }));
      expect([...roll.requests.keys()]).toEqual(['a', 'c', 'd']);
    });
  });

  test('START-1 opening puts everybody on the roll as absent', () => {
    const roll = rollOf(5);
    expect(roll.counts).toEqual({ present: 0, absent: 5, late: 0, excused: 0 });
    expect(roll.users.size).toBe(5);
    expect(openingOf(5).students).toHaveLength(5);
    expect([...roll.records.values()].every((it) => it.marked_by === null && it.joined_at === null)).toBe(true);
  });
});
