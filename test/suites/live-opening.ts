import { describe, expect, test } from 'vitest';
import { recount, sessionOf } from '../../src/domain/roll.ts';
import { MINUTE_MS, T0 } from '../support/fixed-clock.ts';
import { COURSE, planOf, SESSION, sessionObjectOf, student } from './live-fixtures.ts';
import { accepted, type Scene } from './live-scene.ts';

export function describeOpening(scene: () => Scene): void {
  describe('opening', () => {
    test('START-1 every student of the plan is absent and unmarked, numbered from 0', async () => {
      expect(await scene().open()).toEqual({ opened: true });
      const { roll, presence } = await scene().view();
      expect(roll).toMatchObject({ state: 'active', seq: 0, room_seq: 0, joined: 0, end: null });
      expect(roll.counts).toEqual({ present: 0, absent: 4, late: 0, excused: 0 });
      expect([...roll.records.values()]).toEqual(
        [1, 2, 3, 4].map((n) => ({
          ...student(n),
          line: n - 1,
          profile_picture: null,
          status: 'absent',
          joined_at: null,
          marked_at: null,
          marked_by: null,
          remarks: null,
          own_seq: 0,
          approved: true,
        })),
      );
      expect(presence.onlineCount).toBe(0);
      expect(sessionOf(roll)).toEqual(sessionObjectOf(SESSION));
    });

    test('START-2 a roll that is there already is left as it is, whatever the second plan says', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1'));
      const { epoch } = (await scene().view()).roll.header;
      scene().clock.advance(1000);
      expect(await scene().open({ students: [], staff: ['t9'], checkin: { late_after_minutes: 0 } })).toEqual({
        opened: false,
      });
      const { roll } = await scene().view();
      expect(roll.header).toMatchObject({ epoch, staff: ['t1', 't2'], started_at: new Date(T0).toISOString() });
      expect(roll.records.get('s1')?.status).toBe('present');
      expect(roll.records.size).toBe(4);
    });

    test('START-2 of two openings at once, one opens', async () => {
      const opened = await Promise.all([scene().open(), scene().open()]);
      expect(opened.map((it) => it.opened).sort()).toEqual([false, true]);
    });

    test('START-2 an ended roll is not opened again before the archive has it', async () => {
      await scene().open();
      accepted(await scene().end());
      expect(await scene().open()).toEqual({ opened: false });
      expect((await scene().live.peek(SESSION))?.state).toBe('completed');
    });

    test('the windows count from the clock of the store', async () => {
      scene().clock.now = T0 + 3 * MINUTE_MS;
      await scene().open({
        checkin: { opens_before_minutes: 15, late_after_minutes: 5, closes_after_minutes: 20 },
        ends_at: T0 + 90 * MINUTE_MS,
      });
      expect((await scene().live.peek(SESSION))?.header.windows).toEqual({
        opens_at: T0 - 15 * MINUTE_MS,
        late_at: T0 + 8 * MINUTE_MS,
        closes_at: T0 + 23 * MINUTE_MS,
        auto_end_at: T0 + 100 * MINUTE_MS,
      });
    });

    test('an empty roll opens and takes late enrollments', async () => {
      await scene().open({ students: [] });
      accepted(await scene().join(7, 'c7', { admit: student(7) }));
      expect((await scene().view()).roll.counts).toEqual({ present: 1, absent: 0, late: 0, excused: 0 });
    });

    test('every roll has an epoch of its own, and a rebuilt one says so', async () => {
      await scene().open({}, 'a');
      await scene().open({ rebuilt: true }, 'b');
      const [a, b] = [await scene().view('a'), await scene().view('b')];
      expect(a.roll.header.epoch).not.toBe(b.roll.header.epoch);
      expect([a.roll.header.rebuilt, b.roll.header.rebuilt]).toEqual([false, true]);
    });

    test('LOSS-1 what has no roll answers nothing and changes nothing', async () => {
      const { live } = scene();
      expect(await live.peek(SESSION)).toBeNull();
      expect(await live.read(SESSION)).toBeNull();
      expect(await scene().join(1, 'c1')).toBeNull();
      expect(await scene().end()).toBeNull();
      expect(await scene().leave('u1', 'c1')).toBeNull();
      expect(await live.reattach(SESSION, { id: 'c1', user_id: 'u1' }, () => 'student')).toBeNull();
      expect(await scene().missed({ staff: true }, { epoch: 'e', since_seq: 0 })).toBeNull();
      await live.detach(SESSION, 'c1');
      await live.publishStatistics(SESSION);
      await scene().open({}, 'other');
      expect(await live.states([SESSION, 'other'])).toEqual(new Map([['other', 'active']]));
      expect(scene().heard.entries).toEqual([]);
    });

    test('the active rolls of a course are listed, oldest first, until they end', async () => {
      const { live, clock } = scene();
      const elsewhere = planOf('c', { session: sessionObjectOf('c', { course_id: 'course-2' }) });
      await scene().open({}, 'b');
      clock.advance(1);
      await scene().open({}, 'a');
      await live.open(elsewhere);
      accepted(await scene().submit(scene().joinCommand(1), 'c1', 'a'));
      const at = (ms: number) => new Date(T0 + ms).toISOString();
      expect(await live.activeInCourse(COURSE)).toEqual([
        { sessionId: 'b', teacherId: 't1', studentCount: 0, startedAt: at(0) },
        { sessionId: 'a', teacherId: 't1', studentCount: 1, startedAt: at(1) },
      ]);
      accepted(await scene().end({}, 'b'));
      expect((await live.activeInCourse(COURSE)).map((it) => it.sessionId)).toEqual(['a']);
      expect(await live.activeInCourse('course-3')).toEqual([]);
    });

    test('studentCount counts who has joined, and marks do not', async () => {
      await scene().open();
      accepted(await scene().mark(2, 'present'));
      accepted(await scene().join(1));
      expect((await scene().live.activeInCourse(COURSE))[0]?.studentCount).toBe(1);
    });

    test('reads show a roll that counts what it holds', async () => {
      await scene().open();
      await Promise.all([scene().join(1), scene().mark(2, 'excused'), scene().mark(3, 'late')]);
      const { roll } = await scene().view();
      expect(recount(roll)).toEqual(roll.counts);
      expect(roll.counts).toEqual({ present: 1, absent: 1, late: 1, excused: 1 });
    });
  });
}
