import { describe, expect, test } from 'vitest';
import { fullRecords } from '../../src/domain/roll.ts';
import { countStatuses } from '../../src/domain/statistics.ts';
import type { Claim } from '../../src/live/live-store.ts';
import { T0 } from '../support/fixed-clock.ts';
import { rosterEntry, SESSION, student } from './live-fixtures.ts';
import { accepted, refusedAs, type Scene } from './live-scene.ts';

export function describeEnding(scene: () => Scene): void {
  const claimed = async (): Promise<Claim> => {
    const [claim] = await scene().live.claimDue(10);
    if (claim === undefined) throw new Error('nothing is due');
    return claim;
  };

  describe('ending', () => {
    test('END-1 the end freezes the roll; everybody hears of it, staff with the records', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().join(1, 'c1'));
      scene().heard.take();
      scene().clock.advance(1000);
      const answer = accepted(await scene().end());
      expect(answer).toMatchObject({ seq: 2, room_seq: 1, changed: true, records: [] });
      const { roll } = await scene().view();
      const at = new Date(T0 + 1000).toISOString();
      expect(roll).toMatchObject({ state: 'completed', end: { at, by: 't1', by_name: 'Ada', outcome: 'completed' } });
      await scene().settle();
      const told = scene()
        .heard.take()
        .filter((it) => it.kind === 'event');
      expect(told.map((it) => [it.delivery.event, it.by])).toEqual([
        ['attendanceSessionEnded', ['c1', 'ct']],
        ['attendanceSessionEndedConfirm', ['ct']],
      ]);
      expect(told[0]?.delivery.payload).toMatchObject({
        finalData: { session: { status: 'completed' }, attendanceRecords: [] },
        ended_by: 'Ada',
        ended_at: at,
        seq: 2,
        room_seq: 1,
      });
      expect(told[1]?.delivery.payload).toMatchObject({ finalData: { attendanceRecords: fullRecords(roll) } });
    });

    test('END-5 students leave at the end without a word, staff after the archive has it', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().join(1, 'c1'));
      accepted(await scene().end());
      expect(scene().heard.membersOf(SESSION)).toEqual(['ct']);
      expect((await scene().view()).presence.onlineCount).toBe(0);
      await scene().live.detach(SESSION, 'c1');
      expect(await scene().live.reattach(SESSION, { id: 'c2', user_id: 'u1' }, () => 'student')).toBeNull();
      const back = await scene().live.reattach(SESSION, { id: 'ct2', user_id: 't1' }, () => 'staff');
      expect(back).toEqual({ id: 'ct2', user_id: 't1', student_id: null });
      await scene().settle();
      scene().heard.take();
      scene().clock.advance(2000);
      expect(await scene().live.confirm(await claimed(), 1)).toBe(true);
      await scene().settle();
      expect(scene().heard.take()).toMatchObject([
        {
          by: ['ct', 'ct2'],
          delivery: {
            event: 'attendancePersisted',
            payload: { session_id: SESSION, version: 1, persisted_at: new Date(T0 + 2000).toISOString() },
          },
        },
        { kind: 'expel', connections: ['ct', 'ct2'] },
      ]);
      expect(await scene().live.followedBy('t1')).toEqual([]);
      expect(await scene().live.followedBy('u1')).toEqual([]);
    });

    test('END-1 a submit applies its updates and ends, in one step', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().join(1, 'c1'));
      scene().heard.take();
      const updates = [
        { student_id: 's1', status: 'late' as const },
        { student_id: 's5', status: 'excused' as const },
      ];
      refusedAs(await scene().end({ updates, submitted: true }), 'ADMISSION_NEEDED');
      expect((await scene().view()).roll.state).toBe('active');
      const answer = accepted(await scene().end({ updates, submitted: true, admit: [student(5)] }));
      expect(answer.records.map((it) => [it.student_id, it.status])).toEqual([
        ['s1', 'late'],
        ['s5', 'excused'],
      ]);
      await scene().settle();
      const told = scene()
        .heard.take()
        .flatMap((it) => (it.kind === 'event' && it.by.length > 0 ? [it] : []));
      expect(told.map((it) => it.delivery.event)).toEqual([
        ...['studentMarked', 'attendanceMarked', 'studentMarked', 'attendanceBulkUpdated'],
        ...['attendanceSessionEnded', 'attendanceSessionEndedConfirm', 'attendanceSubmitted'],
      ]);
      expect(new Set(told.map((it) => it.seq))).toEqual(new Set([2]));
      expect(
        scene()
          .heard.by('c1')
          .map((it) => it.event),
      ).toEqual([...['attendanceMarked', 'attendanceBulkUpdated', 'attendanceSessionEnded']]);
    });

    test('END-1 who ends second is refused, in the same turn too', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      const [first, second] = await Promise.all([scene().end(), scene().end({ by: 't2', submitted: true })]);
      accepted(first);
      refusedAs(second, 'SESSION_NOT_ACTIVE');
      refusedAs(await scene().end(), 'SESSION_NOT_ACTIVE');
      await scene().settle();
      expect(scene().heard.payloads('attendanceSessionEnded')).toHaveLength(1);
    });

    test('END-1 of joins around an end, those before are in the final roll and those after are refused', async () => {
      await scene().open();
      const [before, , after] = await Promise.all([scene().join(1), scene().end(), scene().join(2)]);
      accepted(before);
      refusedAs(after, 'SESSION_NOT_ACTIVE');
      const final = await scene().live.final(await claimed());
      expect(final?.records.map((it) => it.status)).toEqual(['present', 'absent', 'absent', 'absent']);
    });

    test('a cancelled session ends with that outcome and its reason', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().end({ outcome: 'cancelled', reason: 'fire drill' }));
      expect((await scene().live.peek(SESSION))?.state).toBe('cancelled');
      await scene().settle();
      expect(scene().heard.payloads('attendanceSessionEnded')[0]?.finalData.session.status).toBe('cancelled');
      const final = await scene().live.final(await claimed());
      expect(final).toMatchObject({ outcome: 'cancelled', reason: 'fire drill' });
      expect(final?.audit.at(-1)).toMatchObject({ source: 'cancel', to: 'cancelled', reason: 'fire drill' });
    });

    test('END-3 the final roll equals the live one at its end, field by field', async () => {
      await scene().open();
      const steps = [
        () => scene().join(1, 'c1', { profile_picture: 'p' }),
        () => scene().mark(1, 'late', { remarks: 'bus' }),
        () => scene().mark(2, 'excused'),
        () => scene().join(2, 'c2'),
        () => scene().join(5, 'c5', { admit: student(5) }),
        () => scene().bulk([3, 4].map((n) => ({ student_id: `s${n}`, status: 'present' as const }))),
        () => scene().mark(1, 'late', { remarks: null, by: 't2' }),
      ];
      for (const step of steps) {
        scene().clock.advance(1000);
        accepted(await step());
      }
      await scene().roster(rosterEntry(4, { approved: false, student_name: 'Renamed' }));
      const updates = [{ student_id: 's3', status: 'absent' as const }];
      scene().clock.advance(1000);
      accepted(await scene().end({ updates, submitted: true }));
      const { roll } = await scene().view();
      const final = await scene().live.final(await claimed());
      if (final === null) throw new Error('the final roll is gone');
      expect(final.records.map(({ line: _line, user_id: _user, ...record }) => record)).toEqual(fullRecords(roll));
      expect(final.records.map((it) => [it.line, it.student_id, it.user_id])).toEqual(
        [1, 2, 3, 4, 5].map((n) => [n - 1, `s${n}`, `u${n}`]),
      );
      expect(final.counts).toEqual(countStatuses(final.records));
      expect(final).toMatchObject({
        session_id: SESSION,
        course_id: 'course-1',
        outcome: 'completed',
        reason: null,
        started_at: new Date(T0).toISOString(),
        ended_at: new Date(T0 + 8000).toISOString(),
        ended_by: 't1',
        ended_by_name: 'Ada',
        seq: 8,
        room_seq: 5,
        counts: { present: 2, absent: 1, late: 1, excused: 1 },
      });
      const at = (n: number) => new Date(T0 + n * 1000).toISOString();
      const line = (seq: number, by: string, student_id: string, from: string, to: string, source: string) => ({
        ...{ seq, at: at(seq), by, student_id, from, to, source },
      });
      expect(final.audit).toEqual([
        line(1, 'u1', 's1', 'absent', 'present', 'checkin'),
        { ...line(2, 't1', 's1', 'present', 'late', 'mark'), remarks: 'bus' },
        line(3, 't1', 's2', 'absent', 'excused', 'mark'),
        line(4, 'u2', 's2', 'excused', 'excused', 'checkin'),
        line(5, 'u5', 's5', 'absent', 'present', 'checkin'),
        line(6, 't1', 's3', 'absent', 'present', 'bulk'),
        line(6, 't1', 's4', 'absent', 'present', 'bulk'),
        line(7, 't2', 's1', 'late', 'late', 'mark'),
        line(8, 't1', 's3', 'present', 'absent', 'submit'),
        { seq: 8, at: at(8), by: 't1', student_id: null, from: 'active', to: 'completed', source: 'submit' },
      ]);
    });

    test('LOSS-1 the audit of a rebuilt roll begins with saying so', async () => {
      await scene().open({ rebuilt: true });
      accepted(await scene().end());
      const final = await scene().live.final(await claimed());
      expect(final?.audit[0]).toEqual({
        seq: 0,
        at: new Date(T0).toISOString(),
        by: 't1',
        student_id: null,
        from: null,
        to: 'active',
        source: 'rebuilt',
      });
    });
  });
}
