import { describe, expect, test } from 'vitest';
import type { AttendanceStatus } from '../../src/contract/nouns.ts';
import type { Delivery } from '../../src/fanout.ts';
import { SYNC_MAX_CHANGES } from '../../src/limits.ts';
import type { Cursor, Viewer } from '../../src/live/live-store.ts';
import { Random } from '../support/random.ts';
import { SESSION, student } from './live-fixtures.ts';
import { accepted, type Scene } from './live-scene.ts';

const STATUSES: AttendanceStatus[] = ['present', 'absent', 'late', 'excused'];
const STAFF: Viewer = { staff: true };
const STUDENT_1: Viewer = { staff: false, student_id: 's1' };
/** Presence and its counts are told as they happen and are not history. */
const PASSING = new Set(['studentLeftAttendance', 'studentLeft', 'attendanceStatistics', 'attendancePersisted']);

/** The history in what a connection heard. */
const history = (heard: Delivery[]): Delivery[] =>
  heard
    .filter(({ event, payload }) => !PASSING.has(event) && !('returned' in payload))
    .map((it) =>
      'online_count' in it.payload ? ({ ...it, payload: { ...it.payload, online_count: 0 } } as Delivery) : it,
    );

type Point = { numbers: Required<Cursor>; staffHeard: number; studentHeard: number };

export function describeSyncing(scene: () => Scene): void {
  /** Staff and student 1 are there all along; whatever happens, what they were told by then is remembered with it. */
  const randomHistory = async (random: Random): Promise<Point[]> => {
    await scene().open();
    accepted(await scene().attend('t1', 'ct'));
    accepted(await scene().join(1, 'c1'));
    const points: Point[] = [];
    for (let step = 0; step < 60; step += 1) {
      await scene().settle();
      const { roll } = await scene().view();
      points.push({
        numbers: {
          epoch: roll.header.epoch,
          since_seq: roll.seq,
          since_room_seq: roll.room_seq,
          since_own_seq: roll.records.get('s1')?.own_seq ?? 0,
        },
        staffHeard: history(scene().heard.by('ct')).length,
        studentHeard: history(scene().heard.by('c1')).length,
      });
      scene().clock.advance(random.int(2000));
      await Promise.all(Array.from({ length: random.between(1, 4) }, () => randomStep(random)));
    }
    await scene().settle();
    return points;
  };

  const randomStep = async (random: Random): Promise<unknown> => {
    const n = random.between(1, 6);
    const status = random.pick(STATUSES);
    const admit = [student(5), student(6)];
    switch (random.weighted({ join: 3, again: 1, mark: 4, bulk: 2, gone: 1, statistics: 1 })) {
      case 'join':
        return scene().join(random.between(2, 6), `c${n}-${random.int(2)}`, { admit: student(n) });
      case 'again':
        return scene().join(1, 'c1-other');
      case 'mark':
        return scene().mark(n, status, { admit, by: random.pick(['t1', 't2']), by_name: 'Ada' });
      case 'bulk':
        return scene().bulk(
          [1, 3, n].map((it) => ({ student_id: `s${it}`, status })),
          { admit, only_unmarked: random.chance(0.3) },
        );
      case 'gone':
        return scene().live.detach(SESSION, `c${n}-0`);
      case 'statistics':
        return scene().live.publishStatistics(SESSION);
    }
  };

  const missed = async (viewer: Viewer, cursor: Cursor): Promise<Delivery[]> => {
    const events = await scene().missed(viewer, cursor);
    if (events === null) throw new Error('a snapshot was advised');
    return history(events);
  };

  const expectNothingLost = async (points: Point[]): Promise<void> => {
    const [staff, one] = [history(scene().heard.by('ct')), history(scene().heard.by('c1'))];
    for (const { numbers, staffHeard, studentHeard } of points) {
      const { epoch, since_seq, since_room_seq, since_own_seq } = numbers;
      expect(await missed(STAFF, { epoch, since_seq })).toEqual(staff.slice(staffHeard));
      expect(await missed(STUDENT_1, { epoch, since_room_seq, since_own_seq })).toEqual(one.slice(studentHeard));
      // Without own_seq: the room tells as much, when everything that concerns one student is told to all.
      expect(await missed(STUDENT_1, { epoch, since_room_seq })).toEqual(one.slice(studentHeard));
    }
  };

  describe('syncing', () => {
    test.each([1, 2, 3, 4, 5])(
      'SYNC-1 heard until any point + missed since = heard by who was there (seed %i)',
      async (seed) => {
        const points = await randomHistory(new Random(seed));
        await expectNothingLost(points);
        const updates = [1, 2].map((n) => ({ student_id: `s${n}`, status: 'excused' as const }));
        accepted(await scene().end({ updates, submitted: true, by: 't9' }));
        await scene().settle();
        await expectNothingLost(points);
      },
    );

    test('SYNC-1 so it is after the process was replaced', async (context) => {
      context.skip(!scene().canReopen, 'needs a store that outlives its process');
      const points = await randomHistory(new Random(6));
      const before = scene().heard;
      const [staff, one] = [history(before.by('ct')), history(before.by('c1'))];
      await scene().reopen();
      for (const { numbers, staffHeard, studentHeard } of points) {
        expect(await missed(STAFF, numbers)).toEqual(staff.slice(staffHeard));
        expect(await missed(STUDENT_1, numbers)).toEqual(one.slice(studentHeard));
      }
    });

    test('SYNC-1 a student hears nobody else’s record in full, and no arrivals', async () => {
      await randomHistory(new Random(7));
      const { epoch } = (await scene().view()).roll.header;
      const events = await missed(STUDENT_1, { epoch, since_room_seq: 0, since_own_seq: 0 });
      const names = new Set(events.map((it) => it.event));
      expect([...names].sort()).toEqual(['attendanceBulkUpdated', 'attendanceMarked', 'attendanceUpdated']);
      for (const it of events) {
        expect(JSON.stringify(it)).not.toContain('student_name');
        if (it.event === 'attendanceMarked') expect(it.payload.student_id).toBe('s1');
      }
    });

    test('SYNC-1 own changes that were missed come even when the room’s number is up to date', async () => {
      await scene().open();
      for (const [n, status] of [
        [1, 'late'],
        [2, 'late'],
        [1, 'absent'],
        [3, 'late'],
        [1, 'excused'],
      ] as const) {
        accepted(await scene().mark(n, status));
      }
      const { epoch } = (await scene().view()).roll.header;
      const own = async (since_own_seq: number) => {
        const events = await missed(STUDENT_1, { epoch, since_room_seq: 5, since_own_seq });
        return events.flatMap((it) => (it.event === 'attendanceMarked' ? [it.payload.status] : []));
      };
      expect(await own(0)).toEqual(['late', 'absent', 'excused']);
      expect(await own(1)).toEqual(['absent', 'excused']);
      expect(await own(2)).toEqual(['excused']);
      expect(await missed(STUDENT_1, { epoch, since_room_seq: 5, since_own_seq: 3 })).toEqual([]);
    });

    test('SYNC-1 who is up to date missed nothing', async () => {
      await scene().open();
      const { epoch } = (await scene().view()).roll.header;
      expect(await missed(STAFF, { epoch, since_seq: 0 })).toEqual([]);
      expect(await missed(STUDENT_1, { epoch, since_room_seq: 0, since_own_seq: 0 })).toEqual([]);
      expect(await missed({ staff: false, student_id: 's9' }, { epoch, since_room_seq: 0 })).toEqual([]);
    });

    test('SYNC-1 numbers that cannot be right, or are of another epoch, advise a snapshot', async () => {
      await scene().open();
      accepted(await scene().mark(1, 'late'));
      const { epoch } = (await scene().view()).roll.header;
      const wrong: [Viewer, Cursor][] = [
        [STAFF, { epoch, since_seq: 2 }],
        [STAFF, { epoch }],
        [STAFF, { since_seq: 1 }],
        [STAFF, { epoch: 'other', since_seq: 1 }],
        [STAFF, { epoch, since_room_seq: 0 }],
        [STUDENT_1, { epoch, since_seq: 1 }],
        [STUDENT_1, { epoch, since_room_seq: 2 }],
        [STUDENT_1, { epoch, since_room_seq: 1, since_own_seq: 2 }],
      ];
      for (const [viewer, cursor] of wrong) expect(await scene().missed(viewer, cursor)).toBeNull();
    });

    test('SYNC-1 at most so many changes are replayed, beyond that a snapshot is advised', async () => {
      await scene().open();
      const marks = Array.from({ length: SYNC_MAX_CHANGES + 1 }, (_, n) => scene().mark(1, STATUSES[n % 4] ?? 'late'));
      for (const answer of await Promise.all(marks)) accepted(answer);
      const { epoch } = (await scene().view()).roll.header;
      expect(await scene().missed(STAFF, { epoch, since_seq: 0 })).toBeNull();
      expect(await scene().missed(STUDENT_1, { epoch, since_room_seq: 0 })).toBeNull();
      const some = await missed(STAFF, { epoch, since_seq: 1 });
      expect(some.filter((it) => it.event === 'studentMarked')).toHaveLength(SYNC_MAX_CHANGES);
    });
  });
}
