import { describe, expect, test } from 'vitest';
import { MINUTE_MS, T0 } from '../support/fixed-clock.ts';
import { SESSION, student } from './live-fixtures.ts';
import { accepted, refusedAs, type Scene } from './live-scene.ts';

export function describeJoining(scene: () => Scene): void {
  describe('joining', () => {
    test('JOIN-1 a first join is present, and staff hear of it once', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      scene().clock.advance(1500);
      const at = new Date(T0 + 1500).toISOString();
      const answer = accepted(await scene().join(1, 'c1', { profile_picture: 'https://p/1.png' }));
      expect(answer).toMatchObject({ seq: 1, room_seq: 0, changed: true, first_join: true });
      expect(answer.current).toEqual({
        seq: 1,
        room_seq: 0,
        state: 'active',
        counts: { present: 1, absent: 3, late: 0, excused: 0 },
        online_count: 1,
        epoch: (await scene().view()).roll.header.epoch,
      });
      expect(answer.records).toMatchObject([
        { student_id: 's1', status: 'present', joined_at: at, marked_at: at, marked_by: 'self', own_seq: 1 },
      ]);
      await scene().settle();
      expect(scene().heard.events()).toEqual([
        {
          session_id: SESSION,
          seq: 1,
          room_seq: 0,
          by: ['ct'],
          delivery: {
            event: 'studentJoinedAttendance',
            receivers: { to: 'staff' },
            payload: {
              session_id: SESSION,
              student_id: 's1',
              student_name: 'Student 1',
              roll: '1',
              profile_picture: 'https://p/1.png',
              joined_at: at,
              status: 'present',
              online_count: 1,
              seq: 1,
            },
          },
        },
      ]);
    });

    test.each(['12, B', '"', '\\', ',"status":', 'a/b', "'", '{}', '%d', 'é\u2028'])(
      'JOIN-1, END-3 a name and a roll number with %j stay what they are',
      async (odd) => {
        const named = student(1, { student_name: `Name ${odd}`, roll: odd });
        await scene().open({ students: [named, student(2)] });
        accepted(await scene().attend('t1', 'ct'));
        const { records } = accepted(await scene().join(1, 'c1', { profile_picture: `https://p/${odd}` }));
        const { student_name, roll } = named;
        const expected = { student_name, roll, profile_picture: `https://p/${odd}`, status: 'present' };
        expect(records).toMatchObject([expected]);
        expect((await scene().view()).roll.records.get('s1')).toMatchObject(expected);
        await scene().settle();
        expect(scene().heard.payloads('studentJoinedAttendance')).toMatchObject([expected]);
      },
    );

    test('JOIN-1 from late_at on it is late, and staff are told that the record changed', async () => {
      await scene().open({ checkin: { late_after_minutes: 5 } });
      accepted(await scene().attend('t1', 'ct'));
      scene().clock.now = T0 + 5 * MINUTE_MS - 1;
      expect(accepted(await scene().join(1, 'c1')).records[0]?.status).toBe('present');
      scene().clock.now = T0 + 5 * MINUTE_MS;
      scene().heard.take();
      expect(accepted(await scene().join(2, 'c2')).records[0]?.status).toBe('late');
      await scene().settle();
      const told = scene()
        .heard.take()
        .filter((it) => it.kind === 'event');
      expect(told.map((it) => [it.delivery.event, it.by])).toEqual([
        ['studentJoinedAttendance', ['ct']],
        ['attendanceUpdated', ['ct']],
      ]);
    });

    test('JOIN-1 before it opens and after it closes a first join is refused, and later ones come in', async () => {
      const checkin = { opens_before_minutes: 0, closes_after_minutes: 30 };
      await scene().open({ checkin, date: T0 + 10 * MINUTE_MS });
      expect(refusedAs(await scene().join(1, 'c1'), 'CHECKIN_NOT_OPEN').opens_at).toBe(T0 + 10 * MINUTE_MS);
      scene().clock.now = T0 + 10 * MINUTE_MS;
      accepted(await scene().join(1, 'c1'));
      scene().clock.now = T0 + 30 * MINUTE_MS;
      refusedAs(await scene().join(2, 'c2'), 'CHECKIN_CLOSED');
      expect(accepted(await scene().join(1, 'c3'))).toMatchObject({ changed: false, records: [{ status: 'present' }] });
      accepted(await scene().leave('u1', 'c1'));
      accepted(await scene().leave('u1', 'c3'));
      accepted(await scene().join(1, 'c4'));
      expect(await scene().live.reattach(SESSION, { id: 'c5', user_id: 'u1' }, () => 'student')).not.toBeNull();
      expect(scene().heard.membersOf(SESSION)).toEqual(['c4', 'c5']);
    });

    test('JOIN-1 a mark of staff stands: the join only says when they came, and staff hear of the arrival', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      const marked = accepted(await scene().mark(1, 'excused', { remarks: 'doctor' })).records[0];
      scene().heard.take();
      scene().clock.advance(1000);
      const joined = accepted(await scene().join(1, 'c1'));
      expect(joined.first_join).toBe(true);
      expect(joined.records).toEqual([{ ...marked, joined_at: new Date(T0 + 1000).toISOString(), own_seq: 2 }]);
      await scene().settle();
      const [arrival] = scene().heard.payloads('studentJoinedAttendance');
      expect(arrival).toMatchObject({ status: 'excused', joined_at: new Date(T0 + 1000).toISOString(), seq: 2 });
      expect((await scene().view()).roll.counts).toEqual({ present: 0, absent: 3, late: 0, excused: 1 });
    });

    test('JOIN-1 an absent mark of staff stands too', async () => {
      await scene().open();
      accepted(await scene().mark(1, 'absent'));
      accepted(await scene().join(1, 'c1'));
      expect((await scene().view()).roll.records.get('s1')).toMatchObject({ status: 'absent', marked_by: 't1' });
    });

    test('JOIN-1 of a mark and a join in one turn, the mark stands whichever comes first', async () => {
      await scene().open();
      await Promise.all([scene().mark(1, 'excused'), scene().join(1), scene().join(2), scene().mark(2, 'excused')]);
      expect([await scene().statusOf(1), await scene().statusOf(2)]).toEqual(['excused', 'excused']);
    });

    test('JOIN-5 two devices of one student: one record, one arrival told', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      expect(accepted(await scene().join(1, 'c1')).first_join).toBe(true);
      const second = accepted(await scene().join(1, 'c2'));
      expect(second).toMatchObject({ seq: 1, changed: false, records: [{ student_id: 's1', status: 'present' }] });
      expect(second.first_join).toBeUndefined();
      expect(second.current?.online_count).toBe(1);
      await scene().settle();
      expect(scene().heard.payloads('studentJoinedAttendance')).toHaveLength(1);
      accepted(await scene().mark(1, 'late'));
      await scene().settle();
      const own = scene()
        .heard.events()
        .filter((it) => it.delivery.event === 'attendanceMarked');
      expect(own.map((it) => it.by)).toEqual([['c1', 'c2']]);
    });

    test('JOIN-5 two devices in one turn are no different', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      const [one, two] = await Promise.all([scene().join(1, 'c1'), scene().join(1, 'c2')]);
      expect([accepted(one).first_join, accepted(two).first_join]).toEqual([true, undefined]);
      await scene().settle();
      expect(scene().heard.payloads('studentJoinedAttendance')).toHaveLength(1);
      expect(scene().heard.membersOf(SESSION)).toEqual(['c1', 'c2', 'ct']);
    });

    test('JOIN-6 a burst is told arrival by arrival, each with the number online after it', async () => {
      const students = Array.from({ length: 40 }, (_, n) => ({ ...planStudent(n + 1) }));
      await scene().open({ students });
      accepted(await scene().attend('t1', 'ct'));
      await Promise.all(students.map((_, n) => scene().join(n + 1, `c${n + 1}`)));
      await scene().settle();
      const arrivals = scene().heard.payloads('studentJoinedAttendance');
      expect(arrivals.map((it) => it.seq)).toEqual(students.map((_, n) => n + 1));
      expect(arrivals.map((it) => it.online_count)).toEqual(students.map((_, n) => n + 1));
      expect(scene().heard.by('c1')).toEqual([]);
    });

    test('JOIN-3 an accepted join is in the session: admitted before the answer, and hears what follows', async () => {
      await scene().open();
      const answer = scene().join(1, 'c1');
      let admitted = false;
      void answer.then(() => {
        admitted = scene().heard.membersOf(SESSION).includes('c1');
      });
      accepted(await answer);
      expect(admitted).toBe(true);
      accepted(await scene().mark(2, 'late'));
      await scene().settle();
      expect(
        scene()
          .heard.by('c1')
          .map((it) => it.event),
      ).toEqual(['attendanceUpdated']);
    });

    test('a refused join puts nobody online', async () => {
      await scene().open({ checkin: { closes_after_minutes: 0 } });
      refusedAs(await scene().join(1, 'c1'), 'CHECKIN_CLOSED');
      expect((await scene().view()).presence.connections.size).toBe(0);
      expect(await scene().live.followedBy('u1')).toEqual([]);
      expect(scene().heard.membersOf(SESSION)).toEqual([]);
    });

    test('staff attend as observers: in the session, not counted', async () => {
      await scene().open();
      const answer = accepted(await scene().attend('t1', 'ct'));
      expect(answer).toMatchObject({ seq: 0, changed: false, records: [], current: { online_count: 0 } });
      const { presence } = await scene().view();
      expect(presence.connections.get('ct')).toEqual({ id: 'ct', user_id: 't1', student_id: null });
      await scene().settle();
      expect(scene().heard.events()).toEqual([]);
    });
  });
}

const planStudent = (n: number) => ({
  student_id: `s${n}`,
  user_id: `u${n}`,
  student_name: `Student ${n}`,
  roll: null,
});
