import { describe, expect, test } from 'vitest';
import { ARCHIVE_LEASE_MS } from '../../src/limits.ts';
import { MINUTE_MS, T0 } from '../support/fixed-clock.ts';
import { SESSION } from './live-fixtures.ts';
import { accepted, type Scene } from './live-scene.ts';

export function describeDueList(scene: () => Scene): void {
  describe('the due-list', () => {
    test('END-4 an active roll is due at its limit, not before', async () => {
      await scene().open({ checkin: { auto_end_after_minutes: 50 } });
      const { live, clock } = scene();
      clock.now = T0 + 50 * MINUTE_MS - 1;
      expect(await live.claimDue(10)).toEqual([]);
      expect(await live.backlog()).toEqual({ rolls: 1, overdue: 0, oldest_overdue_ms: 0 });
      clock.now = T0 + 50 * MINUTE_MS;
      const [claim] = await live.claimDue(10);
      expect(claim).toMatchObject({ session_id: SESSION, due: 'end', tries: 0 });
      clock.advance(700);
      expect(await live.backlog()).toEqual({ rolls: 1, overdue: 1, oldest_overdue_ms: 700 });
    });

    test('END-2 an ended roll is due for the archive at once, also when its end was claimed', async () => {
      await scene().open({ checkin: { auto_end_after_minutes: 1 } });
      const { live, clock } = scene();
      clock.advance(MINUTE_MS);
      const [end] = await live.claimDue(10);
      accepted(await scene().end({ by: 'auto', by_name: 'auto' }));
      const [archive] = await live.claimDue(10);
      expect(archive).toMatchObject({ session_id: SESSION, due: 'archive', tries: 0 });
      expect(archive?.fence).toBeGreaterThan(end?.fence ?? Number.POSITIVE_INFINITY);
    });

    test('END-2 a claim holds for its lease; when it lapses the next one has a higher fence', async () => {
      await scene().open();
      accepted(await scene().end());
      const { live, clock } = scene();
      const [first] = await live.claimDue(10);
      if (first === undefined) throw new Error('nothing is due');
      clock.advance(ARCHIVE_LEASE_MS - 1);
      expect(await live.claimDue(10)).toEqual([]);
      clock.advance(1);
      const [second] = await live.claimDue(10);
      if (second === undefined) throw new Error('nothing is due');
      expect(second.fence).toBeGreaterThan(first.fence);
      expect(second.tries).toBe(first.tries + 1);
      // The older holder wakes up late: it can do nothing any more.
      expect(await live.final(first)).toBeNull();
      await live.defer(first, 0);
      expect(await live.claimDue(10)).toEqual([]);
      expect(await live.confirm(first, 1)).toBe(false);
      expect(await live.peek(SESSION)).not.toBeNull();
      expect(await live.final(second)).not.toBeNull();
      expect(await live.confirm(second, 1)).toBe(true);
    });

    test('END-2 what the archive has is forgotten, and its claim worth nothing', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1'));
      accepted(await scene().end());
      const { live } = scene();
      const [claim] = await live.claimDue(10);
      if (claim === undefined) throw new Error('nothing is due');
      expect(await live.confirm(claim, 1)).toBe(true);
      expect(await live.peek(SESSION)).toBeNull();
      expect(await live.states([SESSION])).toEqual(new Map());
      expect(await live.activeInCourse('course-1')).toEqual([]);
      expect(await live.followedBy('u1')).toEqual([]);
      expect(await scene().mark(1, 'late')).toBeNull();
      expect(await live.confirm(claim, 1)).toBe(false);
      expect(await live.final(claim)).toBeNull();
      await live.defer(claim, 0);
      expect(await live.backlog()).toEqual({ rolls: 0, overdue: 0, oldest_overdue_ms: 0 });
      expect(await live.claimDue(10)).toEqual([]);
    });

    test('END-2 a roll that is still active is never forgotten', async () => {
      await scene().open({ checkin: { auto_end_after_minutes: 1 } });
      const { live, clock } = scene();
      clock.advance(MINUTE_MS);
      const [claim] = await live.claimDue(10);
      if (claim === undefined) throw new Error('nothing is due');
      expect(await live.final(claim)).toBeNull();
      expect(await live.confirm(claim, 1)).toBe(false);
      accepted(await scene().join(1, 'c1'));
    });

    test('END-2 what was deferred is due after the delay, and counts its tries', async () => {
      await scene().open();
      accepted(await scene().end());
      const { live, clock } = scene();
      const tries: number[] = [];
      for (let round = 0; round < 3; round += 1) {
        const [claim] = await live.claimDue(10);
        if (claim === undefined) throw new Error('nothing is due');
        tries.push(claim.tries);
        await live.defer(claim, 2000);
        clock.advance(1999);
        expect(await live.claimDue(10)).toEqual([]);
        clock.advance(1);
      }
      expect(tries).toEqual([0, 1, 2]);
      expect(await live.backlog()).toEqual({ rolls: 1, overdue: 1, oldest_overdue_ms: 6000 });
    });

    test('a look takes at most as many as asked for, and the next look takes the rest', async () => {
      for (const id of ['a', 'b', 'c']) {
        await scene().open({}, id);
        accepted(await scene().end({}, id));
      }
      const first = await scene().live.claimDue(2);
      const second = await scene().live.claimDue(2);
      expect(first).toHaveLength(2);
      expect([...first, ...second].map((it) => it.session_id).sort()).toEqual(['a', 'b', 'c']);
      expect(await scene().live.claimDue(2)).toEqual([]);
    });

    test('LOSS-1 opened again after it was forgotten, a roll has a new epoch', async () => {
      await scene().open();
      const before = (await scene().view()).roll.header.epoch;
      accepted(await scene().end());
      const [claim] = await scene().live.claimDue(1);
      if (claim === undefined) throw new Error('nothing is due');
      await scene().live.confirm(claim, 1);
      await scene().open();
      const { roll } = await scene().view();
      expect(roll.header.epoch).not.toBe(before);
      expect(roll).toMatchObject({ seq: 0, counts: { absent: 4 } });
      expect(await scene().missed({ staff: true }, { epoch: before, since_seq: 0 })).toBeNull();
    });
  });
}
