import { describe, expect, test } from 'vitest';
import { SESSION } from './live-fixtures.ts';
import { accepted, type Scene } from './live-scene.ts';

const present = async (scene: Scene) => [...(await scene.view()).presence.connections.keys()].sort();

export function describeLeaving(scene: () => Scene): void {
  const begin = async () => {
    await scene().open();
    accepted(await scene().attend('t1', 'ct'));
    accepted(await scene().join(1, 'c1'));
    scene().heard.take();
  };

  describe('leaving and coming back', () => {
    test('JOIN-5 staff hear that a student left when the last device is gone, and the record stays', async () => {
      await begin();
      accepted(await scene().join(1, 'c2'));
      await scene().live.detach(SESSION, 'c1');
      scene().heard.gone('c1');
      await scene().settle();
      expect(scene().heard.takeNames()).toEqual([]);
      scene().clock.advance(1000);
      await scene().live.detach(SESSION, 'c2');
      scene().heard.gone('c2');
      await scene().settle();
      expect(scene().heard.take()).toMatchObject([
        {
          by: ['ct'],
          delivery: {
            event: 'studentLeftAttendance',
            payload: {
              student_id: 's1',
              student_name: 'Student 1',
              disconnected_at: new Date(scene().clock.now).toISOString(),
              remaining_online_count: 0,
            },
          },
        },
        { by: ['ct'], delivery: { event: 'studentLeft', payload: { session_id: SESSION, studentId: 's1' } } },
      ]);
      expect(await scene().statusOf(1)).toBe('present');
      expect((await scene().view()).roll).toMatchObject({ seq: 1, joined: 1 });
    });

    test('a connection that is gone twice, or never was, changes nothing', async () => {
      await begin();
      await scene().live.detach(SESSION, 'c1');
      await scene().settle();
      scene().heard.take();
      await scene().live.detach(SESSION, 'c1');
      await scene().live.detach(SESSION, 'nobody');
      await scene().live.detach(SESSION, 'ct');
      await scene().settle();
      expect(scene().heard.take()).toEqual([]);
    });

    test('JOIN-7 a follower who connects again is back without a command, told as a return', async () => {
      await begin();
      await scene().live.detach(SESSION, 'c1');
      scene().heard.gone('c1');
      scene().heard.take();
      expect(await scene().live.followedBy('u1')).toEqual([SESSION]);
      const back = await scene().live.reattach(SESSION, { id: 'c2', user_id: 'u1' }, () => 'student');
      expect(back).toEqual({ id: 'c2', user_id: 'u1', student_id: 's1' });
      await scene().settle();
      const told = scene()
        .heard.take()
        .filter((it) => it.kind === 'event');
      expect(told).toMatchObject([
        {
          by: ['ct'],
          delivery: {
            event: 'studentJoinedAttendance',
            payload: { student_id: 's1', returned: true, online_count: 1, seq: 1, status: 'present' },
          },
        },
      ]);
      accepted(await scene().mark(1, 'late'));
      await scene().settle();
      expect(
        scene()
          .heard.by('c2')
          .map((it) => it.event),
      ).toEqual(['attendanceUpdated', 'attendanceMarked']);
    });

    test('JOIN-7 a second device that connects is no return', async () => {
      await begin();
      await scene().live.reattach(SESSION, { id: 'c2', user_id: 'u1' }, () => 'student');
      await scene().live.reattach(SESSION, { id: 'c2', user_id: 'u1' }, () => 'student');
      await scene().settle();
      expect(scene().heard.takeNames()).toEqual([]);
      expect(await present(scene())).toEqual(['c1', 'c2', 'ct']);
    });

    test('JOIN-7 staff come back as staff, without a word', async () => {
      await begin();
      const back = await scene().live.reattach(SESSION, { id: 'ct2', user_id: 't1' }, () => 'staff');
      expect(back).toEqual({ id: 'ct2', user_id: 't1', student_id: null });
      accepted(await scene().join(2, 'c2'));
      await scene().settle();
      expect(scene().heard.takeNames()).toEqual(['studentJoinedAttendance']);
      expect(scene().heard.by('ct2')).toHaveLength(1);
    });

    test('JOIN-7 who never joined, or has left, is not put back', async () => {
      await begin();
      const { live } = scene();
      expect(await live.reattach(SESSION, { id: 'c2', user_id: 'u2' }, () => 'student')).toBeNull();
      expect(await live.reattach(SESSION, { id: 'ct2', user_id: 't2' }, () => 'staff')).toBeNull();
      accepted(await scene().mark(3, 'present'));
      expect(await live.reattach(SESSION, { id: 'c3', user_id: 'u3' }, () => 'student')).toBeNull();
      accepted(await scene().leave('u1', 'c1'));
      accepted(await scene().leave('t1', 'ct'));
      expect(await live.followedBy('u1')).toEqual([]);
      expect(await live.followedBy('t1')).toEqual([]);
      expect(await live.reattach(SESSION, { id: 'c1b', user_id: 'u1' }, () => 'student')).toBeNull();
      expect(await live.reattach(SESSION, { id: 'ctb', user_id: 't1' }, () => 'staff')).toBeNull();
      expect(await present(scene())).toEqual([]);
    });

    test('a student who leaves hears no more, staff are told, the record stays; joining again is a return', async () => {
      await begin();
      expect(accepted(await scene().leave('u1', 'c1'))).toMatchObject({ changed: false, seq: 1 });
      await scene().settle();
      expect(scene().heard.takeNames()).toEqual(['studentLeftAttendance', 'studentLeft']);
      expect(scene().heard.membersOf(SESSION)).toEqual(['ct']);
      accepted(await scene().mark(1, 'late'));
      await scene().settle();
      expect(scene().heard.by('c1')).toEqual([]);
      scene().heard.take();
      accepted(await scene().join(1, 'c1'));
      await scene().settle();
      expect(scene().heard.payloads('studentJoinedAttendance').at(-1)).toMatchObject({
        returned: true,
        status: 'late',
      });
    });

    test('leaving twice, or without having joined, is answered the same', async () => {
      await begin();
      accepted(await scene().leave('u1', 'c1'));
      scene().heard.take();
      expect(accepted(await scene().leave('u1', 'c1'))).toMatchObject({ changed: false });
      expect(accepted(await scene().leave('u2', 'c2'))).toMatchObject({ changed: false });
      await scene().settle();
      expect(scene().heard.takeNames()).toEqual([]);
    });

    test('JOIN-5 leaving with one device keeps the other in, and the user a follower', async () => {
      await begin();
      accepted(await scene().join(1, 'c2'));
      const answer = accepted(await scene().leave('u1', 'c1'));
      expect(answer).toMatchObject({ seq: 1, room_seq: 0, changed: false, current: { seq: 1, online_count: 1 } });
      await scene().settle();
      expect(scene().heard.takeNames()).toEqual([]);
      expect(await scene().live.followedBy('u1')).toEqual([SESSION]);
      expect(scene().heard.membersOf(SESSION)).toEqual(['c2', 'ct']);
      accepted(await scene().leave('u1', 'c2'));
      expect(await scene().live.followedBy('u1')).toEqual([]);
      await scene().settle();
      expect(scene().heard.takeNames()).toEqual(['studentLeftAttendance', 'studentLeft']);
    });

    test('leaving works after the end as well', async () => {
      await begin();
      accepted(await scene().end());
      await scene().settle();
      scene().heard.take();
      accepted(await scene().leave('t1', 'ct'));
      await scene().settle();
      expect(scene().heard.takeNames()).toEqual([]);
      expect(await present(scene())).toEqual([]);
      expect(await scene().live.reattach(SESSION, { id: 'ct', user_id: 't1' }, () => 'staff')).toBeNull();
    });

    describe('in one turn', () => {
      test('JOIN-5 both devices leave: the student has left', async () => {
        await begin();
        accepted(await scene().join(1, 'c2'));
        await Promise.all([scene().leave('u1', 'c1'), scene().leave('u1', 'c2')]);
        expect(await scene().live.followedBy('u1')).toEqual([]);
        expect(await present(scene())).toEqual(['ct']);
        await scene().settle();
        expect(scene().heard.takeNames()).toEqual(['studentLeftAttendance', 'studentLeft']);
      });

      test('JOIN-3 one device joins, another leaves: the one that joined is in', async () => {
        await begin();
        const [joined] = await Promise.all([scene().join(1, 'c2'), scene().leave('u1', 'c1')]);
        expect(accepted(joined).current?.online_count).toBe(1);
        expect(await present(scene())).toEqual(['c2', 'ct']);
        expect(await scene().live.followedBy('u1')).toEqual([SESSION]);
        expect(scene().heard.membersOf(SESSION)).toEqual(['c2', 'ct']);
        await scene().settle();
        expect(scene().heard.takeNames()).toEqual([]);
      });

      test('JOIN-7 the same for staff', async () => {
        await begin();
        await Promise.all([scene().attend('t1', 'ct2'), scene().leave('t1', 'ct')]);
        expect(await scene().live.followedBy('t1')).toEqual([SESSION]);
        expect(scene().heard.membersOf(SESSION)).toEqual(['c1', 'ct2']);
      });

      test('JOIN-5 the same connection joins and leaves: told as an arrival, and as gone', async () => {
        await begin();
        await Promise.all([scene().join(2, 'c2'), scene().leave('u2', 'c2')]);
        await scene().settle();
        expect(scene().heard.takeNames()).toEqual(['studentJoinedAttendance', 'studentLeftAttendance', 'studentLeft']);
        expect(scene().heard.payloads('studentJoinedAttendance').at(-1)?.online_count).toBe(2);
        expect(await present(scene())).toEqual(['c1', 'ct']);
        expect(await scene().live.followedBy('u2')).toEqual([]);
        expect(await scene().statusOf(2)).toBe('present');
      });

      test('JOIN-3 a join and the end: who is told that they joined hears the end', async () => {
        await begin();
        const [joined] = await Promise.all([scene().join(2, 'c2'), scene().end()]);
        accepted(joined);
        await scene().settle();
        expect(
          scene()
            .heard.by('c2')
            .map((it) => it.event),
        ).toEqual(['attendanceSessionEnded']);
        expect(await present(scene())).toEqual(['ct']);
      });

      test('JOIN-5 a connection that was staff joins as a student, the end, another leaves: nobody is left in', async () => {
        await scene().open({ staff: ['t1', 'u1'] });
        accepted(await scene().attend('u1', 'c1'));
        await Promise.all([scene().join(1, 'c1'), scene().end(), scene().leave('u1', 'c2')]);
        expect(await present(scene())).toEqual([]);
        expect(await scene().live.followedBy('u1')).toEqual([]);
      });

      test('a leave and the end: staff hear that the student left', async () => {
        await begin();
        await Promise.all([scene().leave('u1', 'c1'), scene().end()]);
        await scene().settle();
        const names = scene().heard.takeNames();
        expect(names.slice(0, 2)).toEqual(['studentLeftAttendance', 'studentLeft']);
        expect(scene().heard.by('c1')).toEqual([]);
      });

      test('SYNC-1 a return before marks: everything arrives in seq order', async () => {
        await begin();
        await scene().live.detach(SESSION, 'c1');
        await Promise.all([scene().join(1, 'c2'), scene().mark(1, 'late'), scene().mark(2, 'late')]);
        await scene().settle();
        const back = scene().heard.payloads('studentJoinedAttendance').at(-1);
        expect(back).toMatchObject({ returned: true, seq: 1, status: 'present' });
        const seqs = scene()
          .heard.events()
          .map((it) => it.seq);
        expect(seqs).toEqual([...seqs].sort((a, b) => a - b));
      });
    });
  });
}
