import { describe, expect, test } from 'vitest';
import type { Update } from '../../src/domain/commands.ts';
import { rosterEntry, SESSION, student } from './live-fixtures.ts';
import { accepted, refusedAs, type Scene } from './live-scene.ts';

const NUMBERED = new Set([
  'studentJoinedAttendance',
  'studentMarked',
  'attendanceBulkUpdated',
  'attendanceSessionEnded',
]);

export function describeCommands(scene: () => Scene): void {
  describe('commands', () => {
    test('commands of one turn are made in the order of the calls, one seq each', async () => {
      await scene().open();
      const answers = await Promise.all([
        scene().mark(1, 'late'),
        scene().mark(1, 'excused'),
        scene().join(2, 'c2'),
        scene().mark(1, 'present'),
      ]);
      expect(answers.map((it) => accepted(it).seq)).toEqual([1, 2, 3, 4]);
      expect(answers.map((it) => accepted(it).room_seq)).toEqual([1, 2, 2, 3]);
      expect(answers.map((it) => accepted(it).records[0]?.status)).toEqual(['late', 'excused', 'present', 'present']);
      expect(await scene().statusOf(1)).toBe('present');
    });

    test('events are heard in seq order, and each tells the record as its own change left it', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      await Promise.all([
        scene().mark(1, 'late'),
        scene().mark(2, 'present'),
        scene().mark(1, 'absent', { remarks: 'left' }),
        scene().bulk([1, 2, 3].map((n) => ({ student_id: `s${n}`, status: 'excused' as const }))),
      ]);
      await scene().settle();
      const numbered = scene()
        .heard.events()
        .filter(({ delivery }) => NUMBERED.has(delivery.event));
      expect(numbered.map((it) => it.seq)).toEqual([1, 2, 3, 4, 4, 4, 4]);
      expect(
        scene()
          .heard.payloads('studentMarked')
          .map((it) => it.attendanceRecord.status),
      ).toEqual([...['late', 'present', 'absent'], ...['excused', 'excused', 'excused']]);
      const rates = scene()
        .heard.payloads('attendanceUpdated')
        .map((it) => it.statistics.attendanceRate);
      expect(rates).toEqual([25, 50, 25]);
    });

    test('an answer knows at least all that its connection was told before it', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      const first = scene().join(1, 'c1');
      void scene().mark(2, 'present');
      void scene().mark(3, 'present');
      const answer = accepted(await first);
      await scene().settle();
      expect(answer.seq).toBe(1);
      const told = scene().heard.by('c1').length > 0 ? 3 : 1;
      expect(answer.current?.seq).toBeGreaterThanOrEqual(told);
      expect(answer.current?.online_count).toBe(1);
    });

    test('one bulk is one change, whole or not at all', async () => {
      await scene().open();
      const updates: Update[] = [1, 2].map((n) => ({ student_id: `s${n}`, status: 'present' }));
      refusedAs(await scene().bulk([...updates, { student_id: 's9', status: 'present' }]), 'ADMISSION_NEEDED');
      expect((await scene().view()).roll).toMatchObject({ seq: 0, counts: { absent: 4 } });
      await scene().settle();
      expect(scene().heard.entries).toEqual([]);
      expect(accepted(await scene().bulk(updates))).toMatchObject({ seq: 1, room_seq: 1, changed: true });
    });

    test('in one turn a refused command leaves the others alone', async () => {
      await scene().open();
      const [one, two, three] = await Promise.all([scene().join(1), scene().mark(9, 'late'), scene().mark(2, 'late')]);
      accepted(one);
      refusedAs(two, 'ADMISSION_NEEDED');
      expect(accepted(three).seq).toBe(2);
    });

    test('rolls do not touch each other, in one turn neither', async () => {
      await scene().open({}, 'a');
      await scene().open({}, 'b');
      const attend = { kind: 'attend', header_version: 1, user_id: 't1' } as const;
      for (const id of ['a', 'b']) accepted(await scene().submit(attend, `t${id}`, id));
      await Promise.all([
        scene().submit(scene().joinCommand(1), 'ca', 'a'),
        scene().submit(scene().joinCommand(2), 'cb', 'b'),
        scene().submit(scene().joinCommand(3), 'ca3', 'a'),
      ]);
      const [a, b] = [await scene().view('a'), await scene().view('b')];
      expect([a.roll.seq, b.roll.seq]).toEqual([2, 1]);
      expect([...a.presence.connections.keys()].sort()).toEqual(['ca', 'ca3', 'ta']);
      expect([...b.presence.connections.keys()].sort()).toEqual(['cb', 'tb']);
      await scene().settle();
      const heardIn = (id: string) =>
        scene()
          .heard.events()
          .filter((it) => it.session_id === id);
      expect([heardIn('a').length, heardIn('b').length]).toEqual([2, 1]);
    });

    test('AUTH-1 a command that was authorised with an older header is STALE_HEADER and changes nothing', async () => {
      await scene().open();
      await scene().staff('t1');
      const stale = { header_version: 1 };
      refusedAs(await scene().join(1, 'c1', stale), 'STALE_HEADER');
      refusedAs(await scene().attend('t2', 'ct', stale), 'STALE_HEADER');
      refusedAs(await scene().mark(1, 'late', stale), 'STALE_HEADER');
      refusedAs(await scene().bulk([{ student_id: 's1', status: 'late' }], stale), 'STALE_HEADER');
      refusedAs(await scene().end(stale), 'STALE_HEADER');
      const { roll, presence } = await scene().whole();
      expect(roll).toMatchObject({ seq: 0, state: 'active', header: { version: 2 } });
      expect([...roll.followers, ...presence.connections.keys()]).toEqual([]);
      await scene().settle();
      expect(scene().heard.entries).toEqual([]);
      accepted(await scene().join(1, 'c1'));
    });

    test('AUTH-1 so is one that was in the same turn as the change', async () => {
      await scene().open();
      const change = scene().submit({ kind: 'staff', staff: ['t1'] });
      refusedAs(await scene().mark(1, 'late', { by: 't2' }), 'STALE_HEADER');
      await change;
    });

    test('MARK-2 so is one that brings an admission from before a roster change of somebody who is not on the roll', async () => {
      await scene().open();
      await scene().roster(rosterEntry(9, { approved: false }));
      const earlier = { header_version: 1, admit: [student(9)] };
      refusedAs(await scene().bulk([{ student_id: 's9', status: 'present' }], earlier), 'STALE_HEADER');
      refusedAs(await scene().join(9, 'c9', { header_version: 1, admit: student(9) }), 'STALE_HEADER');
      const version = scene().version;
      await scene().roster(rosterEntry(8, { user_id: 'other' }));
      refusedAs(await scene().join(8, 'c8', { header_version: version, admit: student(8) }), 'STALE_HEADER');
    });

    test('JOIN-4 who is not on the roll needs an admission, and comes on it with a line of their own', async () => {
      await scene().open();
      expect(refusedAs(await scene().join(5, 'c5'), 'ADMISSION_NEEDED').student_ids).toEqual([]);
      const joined = accepted(await scene().join(5, 'c5', { admit: student(5) }));
      expect(joined).toMatchObject({ seq: 1, first_join: true, records: [{ line: 4, student_id: 's5' }] });
      const strangers: Update[] = ['s6', 's1', 's7'].map((student_id) => ({ student_id, status: 'excused' }));
      expect(refusedAs(await scene().bulk(strangers), 'ADMISSION_NEEDED').student_ids).toEqual(['s6', 's7']);
      const marked = accepted(await scene().bulk(strangers, { admit: [student(7), student(6)] }));
      expect(marked.records.map((it) => [it.student_id, it.line])).toEqual([
        ['s6', 5],
        ['s1', 0],
        ['s7', 6],
      ]);
      const { roll } = await scene().view();
      expect(roll.counts).toEqual({ present: 1, absent: 3, late: 0, excused: 3 });
      expect([...roll.records.values()].map((it) => it.line)).toEqual([0, 1, 2, 3, 4, 5, 6]);
      accepted(await scene().join(6, 'c6'));
    });

    test('JOIN-4 an admission that was not needed changes nothing of the record', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1', { admit: student(1, { student_name: 'Other' }) }));
      const late = [student(2, { student_name: 'Other' })];
      accepted(await scene().bulk([{ student_id: 's2', status: 'late' }], { admit: late }));
      const { roll } = await scene().view();
      expect([roll.records.get('s1')?.student_name, roll.records.get('s2')?.student_name]).toEqual([
        'Student 1',
        'Student 2',
      ]);
      expect(roll.records.size).toBe(4);
    });

    test('a store that is closed refuses with STORE_UNAVAILABLE and answers what came before', async () => {
      await scene().open();
      const before = scene().mark(1, 'late');
      await scene().live.close();
      accepted(await before);
      await expect(scene().mark(2, 'late')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(scene().open({}, 'b')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(scene().live.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    });

    test('a store that runs answers a ping', async () => {
      await scene().live.ping();
      expect(await scene().live.peek(SESSION)).toBeNull();
    });
  });
}
