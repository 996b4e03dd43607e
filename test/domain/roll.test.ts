import { describe, expect, test } from 'vitest';
import { ATTENDANCE_STATUSES } from '../../src/contract/nouns.ts';
import type { Command } from '../../src/domain/commands.ts';
import { auditOf, finalRoll } from '../../src/domain/final-roll.ts';
import { type Change, openRoll, recount, replay, sessionOf } from '../../src/domain/roll.ts';
import { rollState, rosterEntry, student } from '../suites/live-fixtures.ts';
import { end, join, make, mark, marks, openingOf, refuses, rollOf } from '../suites/roll-commands.ts';
import { T0 } from '../support/fixed-clock.ts';
import { Random } from '../support/random.ts';

describe('the roll', () => {
  test('JOIN-2 replaying every change, written as JSON and read again, gives the same roll', () => {
    const opening = openingOf();
    const roll = openRoll(opening);
    const changes: Change[] = [];
    const random = new Random(1);
    const commands = () => [
      join(random.between(1, 6), { admit: student(6), request: { key: `j${random.int(9)}`, hash: 'h' } }),
      mark(random.between(1, 3), random.pick(ATTENDANCE_STATUSES), {
        request: { key: `m${random.int(9)}`, hash: 'h' },
      }),
      marks([1, 2].map((n) => ({ student_id: `s${n}`, status: random.pick(ATTENDANCE_STATUSES), remarks: 'x' }))),
      { kind: 'attend', header_version: 1, user_id: 't1' } as const,
      { kind: 'leave', user_id: `u${random.between(1, 6)}` } as const,
    ];
    for (let step = 0; step < 200; step += 1) {
      const command = random.pick(commands());
      if (command.kind === 'join' && command.user_id !== 'u6' && !roll.users.has(command.user_id)) continue;
      const { change } = make(roll, command, T0 + step);
      if (change !== null) changes.push(change);
    }
    const last: Command[] = [
      {
        kind: 'roster',
        entries: [rosterEntry(1, { user_id: 'u2' }), rosterEntry(2, { user_id: 'u1', approved: false })],
      },
      { kind: 'staff', staff: ['t2'] },
      end({ header_version: 3 }),
    ];
    for (const command of last) {
      const { change } = make(roll, command);
      if (change !== null) changes.push(change);
    }
    const read = JSON.parse(JSON.stringify({ opening, changes })) as { opening: typeof opening; changes: Change[] };
    const again = replay(read.opening, read.changes);
    expect(JSON.parse(JSON.stringify(rollState(again)))).toEqual(JSON.parse(JSON.stringify(rollState(roll))));
    expect(recount(again)).toEqual(roll.counts);
  });

  test('a record is replaced, never changed: what was handed out stays as it was', () => {
    const roll = rollOf();
    const before = roll.records.get('s1');
    make(roll, mark(1, 'late'));
    expect(before).toMatchObject({ status: 'absent', own_seq: 0 });
  });

  test('seq and room_seq: joins are told to staff, everything else that counts to the room', () => {
    const roll = rollOf();
    const numbers = [join(1), mark(1, 'late'), join(2), marks([{ student_id: 's3', status: 'late' }]), end()].map(
      (it) => {
        const { seq, room_seq } = make(roll, it);
        return [seq, room_seq];
      },
    );
    expect(numbers).toEqual([
      [1, 0],
      [2, 1],
      [3, 1],
      [4, 2],
      [5, 3],
    ]);
  });

  test('the session object says what the roll says', () => {
    const roll = rollOf();
    expect(sessionOf(roll).status).toBe('active');
    make(roll, end());
    expect(sessionOf(roll)).toEqual({ ...roll.header.session, status: 'completed' });
  });

  describe('roster changes', () => {
    const users = (roll: ReturnType<typeof rollOf>) => Object.fromEntries([...roll.users].sort());

    test('two students swap their user ids', () => {
      const roll = rollOf(3);
      make(roll, join(1));
      make(roll, join(2));
      make(roll, { kind: 'roster', entries: [rosterEntry(1, { user_id: 'u2' }), rosterEntry(2, { user_id: 'u1' })] });
      expect(users(roll)).toEqual({ u1: 's2', u2: 's1', u3: 's3' });
      expect([...roll.followers]).toEqual([]);
      expect(make(roll, join(1, { header_version: 2 })).records[0]?.student_id).toBe('s2');
    });

    test('JOIN-7 who has a user id already follows on when its former student is told to have another', () => {
      const roll = rollOf(3);
      make(roll, { kind: 'roster', entries: [rosterEntry(2, { approved: false })] });
      make(roll, mark(4, 'absent', { header_version: 2, admit: [student(4, { user_id: 'u2' })] }));
      make(roll, join(2, { header_version: 2 }));
      expect(roll.records.get('s4')?.status).toBe('absent');
      make(roll, { kind: 'roster', entries: [rosterEntry(2, { user_id: 'u9', approved: false })] });
      expect([...roll.followers]).toEqual(['u2']);
      expect(users(roll)).toEqual({ u1: 's1', u2: 's4', u3: 's3', u9: 's2' });
    });

    test('JOIN-7 who is given a user id that somebody follows with has to join themselves', () => {
      const roll = rollOf(3);
      make(roll, join(1));
      make(roll, { kind: 'roster', entries: [rosterEntry(2, { user_id: 'u1' })] });
      expect([...roll.followers]).toEqual([]);
      expect(users(roll)).toEqual({ u1: 's2', u3: 's3' });
    });

    test('three go round', () => {
      const roll = rollOf(3);
      const to = ['u2', 'u3', 'u1'];
      make(roll, { kind: 'roster', entries: to.map((user_id, n) => rosterEntry(n + 1, { user_id })) });
      expect(users(roll)).toEqual({ u1: 's3', u2: 's1', u3: 's2' });
    });

    test('one after the other, a user id is with the latest, whichever change comes first', () => {
      const giveThenTake = rollOf(2);
      make(giveThenTake, { kind: 'roster', entries: [rosterEntry(2, { user_id: 'u9' })] });
      make(giveThenTake, { kind: 'roster', entries: [rosterEntry(1, { user_id: 'u2' })] });
      const takeThenGive = rollOf(2);
      make(takeThenGive, { kind: 'roster', entries: [rosterEntry(1, { user_id: 'u2' })] });
      make(takeThenGive, { kind: 'roster', entries: [rosterEntry(2, { user_id: 'u9' })] });
      expect(users(giveThenTake)).toEqual({ u2: 's1', u9: 's2' });
      expect(users(takeThenGive)).toEqual({ u2: 's1', u9: 's2' });
    });

    test.each([
      ['who is approved', rosterEntry(9, { user_id: 'u10' })],
      ['who is not', rosterEntry(9, { approved: false })],
    ])('MARK-2 somebody %s and not on the roll is left out, but makes a new header', (_who, entry) => {
      const roll = rollOf(2);
      make(roll, { kind: 'roster', entries: [entry] });
      expect(roll.records.size).toBe(2);
      expect(roll.header.version).toBe(2);
      refuses(roll, join(9, { admit: student(9) }), 'STALE_HEADER');
    });

    test('what the roll says already is no change and leaves the header as it is', () => {
      const roll = rollOf(2);
      expect(make(roll, { kind: 'roster', entries: [rosterEntry(1), rosterEntry(2)] }).change).toBeNull();
      expect(make(roll, { kind: 'roster', entries: [] }).change).toBeNull();
      const { change } = make(roll, { kind: 'roster', entries: [rosterEntry(1), rosterEntry(2, { roll: '22' })] });
      expect(change?.roster).toEqual([rosterEntry(2, { roll: '22' })]);
      expect(roll.header.version).toBe(2);
    });

    test('a record keeps its line, its marks and its place in the counts when its student is dropped', () => {
      const roll = rollOf(2);
      make(roll, mark(1, 'excused'));
      make(roll, { kind: 'roster', entries: [rosterEntry(1, { approved: false })] });
      expect(roll.records.get('s1')).toMatchObject({ line: 0, status: 'excused', approved: false });
      expect(roll.counts).toEqual({ present: 0, absent: 1, late: 0, excused: 1 });
    });
  });
});

describe('the final roll', () => {
  test('END-3 there is none before the end', () => {
    expect(() => finalRoll(rollOf())).toThrow();
  });

  test('END-3 the audit tells the whole way from absent to the final status, for everybody', () => {
    const random = new Random(2);
    const roll = rollOf(4);
    for (let step = 0; step < 80; step += 1) {
      const n = random.between(1, 4);
      make(roll, random.chance(0.3) ? join(n) : mark(n, random.pick(ATTENDANCE_STATUSES)), T0 + step);
    }
    make(roll, end({ updates: [{ student_id: 's1', status: 'excused', remarks: 'last' }], submitted: true }));
    const final = finalRoll(roll);
    const now = new Map<string, string>();
    let seq = 0;
    for (const entry of final.audit) {
      expect(entry.seq).toBeGreaterThanOrEqual(seq);
      seq = entry.seq;
      if (entry.student_id === null) continue;
      expect(entry.from).toBe(now.get(entry.student_id) ?? 'absent');
      now.set(entry.student_id, entry.to);
    }
    for (const record of final.records) expect(record.status).toBe(now.get(record.student_id) ?? 'absent');
    expect(new Set(final.audit.map((it) => it.seq)).size).toBe(roll.seq);
    expect(final.audit.at(-1)).toMatchObject({ student_id: null, from: 'active', to: 'completed', seq: roll.seq });
    expect(final.counts).toEqual(recount(roll));
  });

  test('MARK-1 the audit says who, when, from, to, by what, and the remarks', () => {
    const roll = rollOf(2);
    make(roll, join(1), T0 + 1);
    make(roll, marks([{ student_id: 's2', status: 'late', remarks: 'bus' }], { by: 't2' }), T0 + 2);
    make(roll, end({ outcome: 'cancelled', reason: 'fire drill', by: 'auto', by_name: 'auto' }), T0 + 3);
    const at = (ms: number) => new Date(T0 + ms).toISOString();
    expect(auditOf(roll.header, roll.log)).toEqual([
      { seq: 1, at: at(1), by: 'u1', student_id: 's1', from: 'absent', to: 'present', source: 'checkin' },
      { seq: 2, at: at(2), by: 't2', student_id: 's2', from: 'absent', to: 'late', remarks: 'bus', source: 'bulk' },
      {
        seq: 3,
        at: at(3),
        by: 'auto',
        student_id: null,
        from: 'active',
        to: 'cancelled',
        reason: 'fire drill',
        source: 'cancel',
      },
    ]);
  });
});
