import { describe, expect, test } from 'vitest';
import { COURSE, rosterEntry, SESSION, student } from './live-fixtures.ts';
import { accepted, refusedAs, type Scene } from './live-scene.ts';

export function describeCourseChanges(scene: () => Scene): void {
  describe('changes of the course', () => {
    test('AUTH-1 who is dropped is out: expelled, not followed, told to staff as left; the record stays', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().join(1, 'c1'));
      accepted(await scene().join(1, 'c1b'));
      accepted(await scene().join(2, 'c2'));
      scene().heard.take();
      await scene().roster(rosterEntry(1, { approved: false }));
      await scene().settle();
      expect(scene().heard.membersOf(SESSION)).toEqual(['c2', 'ct']);
      expect(scene().heard.takeNames()).toEqual(['studentMarked', 'studentLeftAttendance', 'studentLeft']);
      expect(await scene().live.followedBy('u1')).toEqual([]);
      expect(await scene().live.reattach(SESSION, { id: 'c1c', user_id: 'u1' }, () => 'student')).toBeNull();
      refusedAs(await scene().join(1, 'c1d'), 'STUDENT_NOT_ENROLLED');
      const { roll, presence } = await scene().view();
      expect(roll.records.get('s1')).toMatchObject({ status: 'present', approved: false });
      expect(roll).toMatchObject({ seq: 2, counts: { present: 2 }, header: { version: 2 } });
      expect([...presence.connections.keys()].sort()).toEqual(['c2', 'ct']);
    });

    test('AUTH-1 who is approved again joins again, as a return', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1'));
      await scene().roster(rosterEntry(1, { approved: false }));
      await scene().roster(rosterEntry(1));
      expect(await scene().live.reattach(SESSION, { id: 'c2', user_id: 'u1' }, () => 'student')).toBeNull();
      expect(accepted(await scene().join(1, 'c2'))).toMatchObject({ changed: false, seq: 1 });
      expect(scene().heard.membersOf(SESSION)).toEqual(['c2']);
    });

    test('JOIN-4 an approval of somebody who is not on the roll adds nobody, until they join', async () => {
      await scene().open();
      await scene().roster(rosterEntry(5));
      expect((await scene().view()).roll.records.size).toBe(4);
      accepted(await scene().join(5, 'c5', { admit: student(5) }));
      expect((await scene().view()).roll.counts).toMatchObject({ present: 1, absent: 4 });
    });

    test('names and numbers follow', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      await scene().roster(rosterEntry(1, { student_name: 'New Name', roll: '77' }));
      accepted(await scene().join(1, 'c1'));
      await scene().settle();
      expect(scene().heard.payloads('studentJoinedAttendance')).toMatchObject([
        { student_name: 'New Name', roll: '77' },
      ]);
    });

    test('AUTH-1 a user id that moves to another student takes the old connection out', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1'));
      accepted(await scene().join(2, 'c2'));
      await scene().roster(rosterEntry(1, { user_id: 'u2' }), rosterEntry(2, { user_id: 'u1' }));
      expect(scene().heard.membersOf(SESSION)).toEqual([]);
      const { roll } = await scene().whole();
      expect([roll.users.get('u1'), roll.users.get('u2')]).toEqual(['s2', 's1']);
      expect([...roll.followers]).toEqual([]);
      expect(accepted(await scene().join(1, 'c1')).records[0]?.student_id).toBe('s2');
      expect((await scene().view()).presence.connections.get('c1')?.student_id).toBe('s2');
    });

    test('AUTH-1 a user id of nobody any more joins no roll', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1'));
      await scene().roster(rosterEntry(1, { user_id: 'new' }));
      expect(scene().heard.membersOf(SESSION)).toEqual([]);
      refusedAs(await scene().join(1, 'c1'), 'ADMISSION_NEEDED');
      // What the registry said before: this line belongs to somebody else by now.
      refusedAs(await scene().join(1, 'c1', { admit: student(1) }), 'STUDENT_NOT_ENROLLED');
    });

    test('AUTH-1 one connection whose user is another student now is that student alone', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().join(1, 'c1'));
      // A mark brings the new student with the user id, before the roster change of the old one has come.
      accepted(
        await scene().bulk([{ student_id: 's9', status: 'absent' }], { admit: [student(9, { user_id: 'u1' })] }),
      );
      expect(accepted(await scene().join(1, 'c1')).records[0]?.student_id).toBe('s9');
      expect((await scene().view()).presence.onlineStudents()).toEqual(['s9']);
      scene().heard.take();
      accepted(await scene().mark(1, 'late'));
      accepted(await scene().mark(9, 'late'));
      await scene().settle();
      const own = scene()
        .heard.by('c1')
        .flatMap((it) => (it.event === 'attendanceMarked' ? [it.payload] : []));
      expect(own.map((it) => it.student_id)).toEqual(['s9']);
      await scene().roster(rosterEntry(1, { user_id: 'u9' }));
      expect(scene().heard.membersOf(SESSION)).toEqual(['c1', 'ct']);
      expect(await scene().live.followedBy('u1')).toEqual([SESSION]);
    });

    test('JOIN-7 nobody comes back as a student who has not joined', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1'));
      accepted(
        await scene().bulk([{ student_id: 's9', status: 'absent' }], { admit: [student(9, { user_id: 'u1' })] }),
      );
      expect(await scene().live.reattach(SESSION, { id: 'c2', user_id: 'u1' }, () => 'student')).toBeNull();
    });

    test('AUTH-1 staff who are removed are out at once and do not come back', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'c-t1'));
      accepted(await scene().attend('t2', 'c-t2'));
      scene().heard.take();
      await scene().staff('t1', 't3');
      expect(scene().heard.membersOf(SESSION)).toEqual(['c-t1']);
      expect(await scene().live.followedBy('t2')).toEqual([]);
      expect(await scene().live.reattach(SESSION, { id: 'c-t2b', user_id: 't2' }, () => 'staff')).toBeNull();
      expect((await scene().live.peek(SESSION))?.header).toMatchObject({ staff: ['t1', 't3'], version: 2 });
      accepted(await scene().mark(1, 'late'));
      await scene().settle();
      expect(scene().heard.by('c-t2')).toEqual([]);
      accepted(await scene().attend('t3', 'c-t3'));
    });

    test('AUTH-1 an observer who is staff of everything stays when the staff change', async () => {
      await scene().open();
      accepted(await scene().attend('admin', 'c-admin'));
      await scene().staff('t1');
      expect(scene().heard.membersOf(SESSION)).toEqual(['c-admin']);
    });

    test('AUTH-1 somebody who became staff and was dropped as a student stays as staff', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1'));
      await scene().staff('t1', 'u1');
      accepted(await scene().attend('u1', 'c-staff'));
      await scene().roster(rosterEntry(1, { approved: false }));
      expect(scene().heard.membersOf(SESSION)).toEqual(['c-staff']);
      expect(await scene().live.reattach(SESSION, { id: 'c-staff2', user_id: 'u1' }, () => 'staff')).not.toBeNull();
      expect(await scene().live.reattach(SESSION, { id: 'c2', user_id: 'u1' }, () => 'student')).toBeNull();
    });

    test('AUTH-1 staff are out of an ended roll too', async () => {
      await scene().open();
      accepted(await scene().attend('t2', 'c-t2'));
      accepted(await scene().end());
      await scene().staff('t1');
      expect(scene().heard.membersOf(SESSION)).toEqual([]);
      expect(await scene().live.reattach(SESSION, { id: 'c-t2b', user_id: 't2' }, () => 'staff')).toBeNull();
    });

    test('END-3 an ended roll does not change when the roster does', async () => {
      await scene().open();
      accepted(await scene().end());
      await scene().roster(rosterEntry(1, { approved: false, student_name: 'Other' }));
      expect((await scene().view()).roll.records.get('s1')).toMatchObject({
        approved: true,
        student_name: 'Student 1',
      });
    });

    test('every roll of the course follows, and none of another', async () => {
      await scene().open({}, 'a');
      await scene().open({}, 'b');
      accepted(await scene().submit(scene().joinCommand(1), 'ca', 'a'));
      accepted(await scene().submit(scene().joinCommand(1), 'cb', 'b'));
      await scene().live.followRoster('course-2', [rosterEntry(1, { approved: false })]);
      expect([scene().heard.membersOf('a'), scene().heard.membersOf('b')]).toEqual([['ca'], ['cb']]);
      expect((await scene().live.followedBy('u1')).sort()).toEqual(['a', 'b']);
      await scene().live.followRoster(COURSE, [rosterEntry(1, { approved: false })]);
      expect([scene().heard.membersOf('a'), scene().heard.membersOf('b')]).toEqual([[], []]);
      expect(await scene().live.followedBy('u1')).toEqual([]);
    });

    test('AUTH-1 a join and a drop in one turn: the student is out whichever comes first', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      const joined = scene().join(1, 'c1');
      const entries = [1, 2].map((n) => rosterEntry(n, { approved: false }));
      const dropped = scene().submit({ kind: 'roster', entries });
      const tooLate = scene().join(2, 'c2');
      accepted(await joined);
      await dropped;
      refusedAs(await tooLate, 'STUDENT_NOT_ENROLLED');
      await scene().settle();
      expect(scene().heard.membersOf(SESSION)).toEqual(['ct']);
      const marked = ['studentMarked', 'studentMarked'];
      const left = ['studentLeftAttendance', 'studentLeft'];
      expect(scene().heard.takeNames()).toEqual(['studentJoinedAttendance', ...marked, ...left]);
    });
  });
}
