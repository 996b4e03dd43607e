import { describe, expect, test } from 'vitest';
import { T0 } from '../support/fixed-clock.ts';
import { rosterEntry } from './live-fixtures.ts';
import { accepted, refusedAs, type Scene } from './live-scene.ts';

export function describeMarking(scene: () => Scene): void {
  describe('marking', () => {
    test('MARK-1 a mark sets the status, who and when; everybody hears of it, the student as their own', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().join(1, 'c1'));
      accepted(await scene().join(2, 'c2'));
      scene().heard.take();
      scene().clock.advance(1000);
      const at = new Date(T0 + 1000).toISOString();
      const answer = accepted(await scene().mark(1, 'late', { remarks: 'bus' }));
      const record = { status: 'late', marked_at: at, marked_by: 't1', remarks: 'bus', own_seq: 2 };
      expect(answer).toMatchObject({ seq: 3, room_seq: 1, changed: true, records: [record] });
      await scene().settle();
      const told = scene()
        .heard.take()
        .filter((it) => it.kind === 'event');
      expect(told.map((it) => [it.delivery.event, it.by])).toEqual([
        ['attendanceUpdated', ['c1', 'c2', 'ct']],
        ['studentMarked', ['ct']],
        ['attendanceMarked', ['c1']],
      ]);
      expect(told[0]?.delivery.payload).toMatchObject({
        student_id: 's1',
        studentId: 's1',
        status: 'late',
        attendanceRecord: { student_id: 's1', status: 'late', marked_at: at },
        updated_by: 'Ada',
        statistics: { presentCount: 1, lateCount: 1, absentCount: 2, attendanceRate: 50 },
        seq: 3,
        room_seq: 1,
      });
      expect(told[2]?.delivery.payload).toMatchObject({ sessionId: 'session-1', studentId: 's1', own_seq: 2 });
    });

    test('MARK-1 the last write wins, and the same value by the same hand is no change', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().mark(1, 'late', { remarks: 'bus' }));
      expect(accepted(await scene().mark(1, 'late'))).toMatchObject({ changed: false, seq: 1 });
      expect(accepted(await scene().mark(1, 'late', { by: 't2' }))).toMatchObject({ changed: true, seq: 2 });
      expect(accepted(await scene().mark(1, 'late', { by: 't2', remarks: null }))).toMatchObject({
        seq: 3,
        records: [{ remarks: null, marked_by: 't2' }],
      });
      expect(accepted(await scene().mark(1, 'absent'))).toMatchObject({ seq: 4, records: [{ status: 'absent' }] });
      await scene().settle();
      expect(scene().heard.payloads('studentMarked')).toHaveLength(4);
      expect(
        scene()
          .heard.payloads('studentMarked')
          .map((it) => it.seq),
      ).toEqual([1, 2, 3, 4]);
    });

    test('MARK-1 a bulk tells each changed record and then the whole, under one seq', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      for (const n of [1, 2]) accepted(await scene().join(n, `c${n}`));
      accepted(await scene().mark(3, 'excused'));
      scene().heard.take();
      const answer = accepted(
        await scene().bulk([
          { student_id: 's1', status: 'late' },
          { student_id: 's3', status: 'excused' },
          { student_id: 's2', status: 'present' },
          { student_id: 's1', status: 'present' },
        ]),
      );
      expect(answer).toMatchObject({ seq: 4, room_seq: 2 });
      expect(answer.records.map((it) => [it.student_id, it.status])).toEqual([
        ['s1', 'present'],
        ['s2', 'present'],
      ]);
      await scene().settle();
      const told = scene()
        .heard.take()
        .flatMap((it) => (it.kind === 'event' ? [it.delivery] : []));
      expect(told.map((it) => it.event)).toEqual([
        ...['studentMarked', 'attendanceMarked'],
        ...['studentMarked', 'attendanceMarked'],
        'attendanceBulkUpdated',
      ]);
      expect(told.at(-1)?.payload).toMatchObject({
        updatedRecords: [
          { student_id: 's1', status: 'present' },
          { student_id: 's2', status: 'present' },
        ],
        statistics: { presentCount: 2, excusedCount: 1, absentCount: 1 },
        seq: 4,
        room_seq: 2,
      });
    });

    test('MARK-1 with only_unmarked a bulk leaves alone what somebody marked, check-ins included', async () => {
      await scene().open();
      accepted(await scene().join(1));
      accepted(await scene().mark(2, 'excused'));
      const all = [1, 2, 3, 4].map((n) => ({ student_id: `s${n}`, status: 'absent' as const }));
      const answer = accepted(await scene().bulk(all, { only_unmarked: true }));
      expect(answer.records.map((it) => it.student_id)).toEqual(['s3', 's4']);
      expect((await scene().view()).roll.counts).toEqual({ present: 1, absent: 2, late: 0, excused: 1 });
    });

    test('MARK-1 a bulk that changes nothing takes no seq and tells nobody', async () => {
      await scene().open();
      accepted(await scene().mark(1, 'late'));
      scene().heard.take();
      const answer = accepted(await scene().bulk([{ student_id: 's1', status: 'late' }]));
      expect(answer).toMatchObject({ seq: 1, room_seq: 1, changed: false, records: [] });
      await scene().settle();
      expect(scene().heard.take()).toEqual([]);
    });

    test('MARK-2 nobody who was dropped can be marked, and nothing of that bulk is', async () => {
      await scene().open();
      await scene().roster(rosterEntry(2, { approved: false }));
      const refused = refusedAs(await scene().mark(2, 'late'), 'STUDENT_NOT_ON_ROLL');
      expect(refused.student_ids).toEqual(['s2']);
      const both = [1, 2].map((n) => ({ student_id: `s${n}`, status: 'late' as const }));
      refusedAs(await scene().bulk(both), 'STUDENT_NOT_ON_ROLL');
      refusedAs(await scene().end({ updates: both, submitted: true }), 'STUDENT_NOT_ON_ROLL');
      expect((await scene().view()).roll).toMatchObject({ seq: 0, state: 'active', counts: { absent: 4 } });
    });

    test('MARK-2 no mark after the end', async () => {
      await scene().open();
      const [ended, marked, joined] = await Promise.all([
        scene().end(),
        scene().mark(1, 'late'),
        scene().join(1, 'c1'),
      ]);
      accepted(ended);
      refusedAs(marked, 'SESSION_NOT_ACTIVE');
      refusedAs(joined, 'SESSION_NOT_ACTIVE');
      refusedAs(await scene().bulk([{ student_id: 's1', status: 'late' }]), 'SESSION_NOT_ACTIVE');
      refusedAs(await scene().attend('t1', 'ct'), 'SESSION_NOT_ACTIVE');
    });

    test('statistics reach the room at most once in an interval, and say what is true then', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().join(1, 'c1'));
      scene().heard.take();
      const { live, clock } = scene();
      await live.publishStatistics('session-1');
      await live.publishStatistics('session-1');
      clock.advance(499);
      await live.publishStatistics('session-1');
      accepted(await scene().mark(2, 'excused'));
      clock.advance(1);
      await live.publishStatistics('session-1');
      await scene().settle();
      const { epoch } = (await scene().view()).roll.header;
      const statistics = scene().heard.payloads('attendanceStatistics');
      expect(statistics.map((it) => [it.seq, it.room_seq, it.online_count, it.epoch])).toEqual([
        [1, 0, 1, epoch],
        [2, 1, 1, epoch],
      ]);
      expect(statistics.map((it) => it.statistics.attendanceRate)).toEqual([25, 33.33]);
      expect(scene().heard.events().at(-1)?.by).toEqual(['c1', 'ct']);
      clock.advance(500);
      await live.publishStatistics('session-1', 'staff');
      await live.publishStatistics('session-1');
      await scene().settle();
      expect(scene().heard.payloads('attendanceStatistics')).toHaveLength(3);
      expect(scene().heard.events().at(-1)?.by).toEqual(['ct']);
      accepted(await scene().end());
      clock.advance(1000);
      await live.publishStatistics('session-1');
      await scene().settle();
      expect(scene().heard.payloads('attendanceStatistics')).toHaveLength(3);
    });
  });
}
