import { describe, expect, test } from 'vitest';
import type { Registry, SessionFilter } from '../../src/registry/registry.ts';
import { FOREIGN_CURSORS, readAll, refused } from './expectations.ts';
import { sessionOf } from './fixtures.ts';

const BY = { user_id: 't1', name: 'Ada' };

export function describeSessions(registry: () => Registry): void {
  const ids = async (filter: SessionFilter) =>
    (await readAll((cursor) => registry().sessions(filter, { limit: 50, cursor }))).map((session) => session.id);

  describe('sessions', () => {
    test('are read back as they were written, scheduled', async () => {
      const plan = sessionOf('x1', {
        description: 'Línea\n2',
        ends_at: 1_788_771_600_000,
        checkin: { late_after_minutes: 10, code: 'off' },
      });
      await registry().createSession(plan);
      expect(await registry().session('x1')).toEqual({
        ...plan,
        status: 'scheduled',
        begun_at: null,
        begun_by: null,
        begun_by_name: null,
        opened_at: null,
        reopenings: 0,
        version: 0,
        cancelled_at: null,
        cancelled_by: null,
        cancel_reason: null,
      });
      expect(await registry().session('x2')).toBeNull();
    });

    test('CONFLICT for an id that is taken; the first one stays', async () => {
      await registry().createSession(sessionOf('x1'));
      await refused(registry().createSession(sessionOf('x1', { title: 'Another' })), 'CONFLICT');
      expect((await registry().session('x1'))?.title).toBe('Session x1');
    });

    test('a patch changes what it names while scheduled', async () => {
      await registry().createSession(sessionOf('x1', { ends_at: 5, checkin: { late_after_minutes: 1 } }));
      expect(await registry().patchScheduled('x1', { title: 'New', ends_at: null })).toMatchObject({
        title: 'New',
        ends_at: null,
        checkin: { late_after_minutes: 1 },
      });
      const rest = { description: 'd', date: 7, checkin: { closes_after_minutes: 2 } };
      expect(await registry().patchScheduled('x1', rest)).toMatchObject({ title: 'New', ...rest });
      const unchanged = await registry().session('x1');
      expect(await registry().patchScheduled('x1', {})).toEqual(unchanged);
      expect(unchanged?.checkin).toEqual({ closes_after_minutes: 2 });
    });

    test('a patch answers null when it is not scheduled any more, and changes nothing', async () => {
      expect(await registry().patchScheduled('x1', { title: 'x' })).toBeNull();
      await registry().createSession(sessionOf('x1'));
      await registry().begin('x1', BY, 5);
      expect(await registry().patchScheduled('x1', { title: 'x' })).toBeNull();
      expect((await registry().session('x1'))?.title).toBe('Session x1');
      await registry().createSession(sessionOf('x2'));
      await registry().cancelScheduled('x2', 't1', null, 5);
      expect(await registry().patchScheduled('x2', { title: 'x' })).toBeNull();
    });

    test('START-2 of two who begin it one wins, and both get the same session', async () => {
      await registry().createSession(sessionOf('x1'));
      const [a, b] = await Promise.all([
        registry().begin('x1', BY, 5),
        registry().begin('x1', { user_id: 't2', name: 'Ben' }, 6),
      ]);
      expect(a).toEqual(b);
      expect(a?.status).toBe('active');
      expect([
        [5, 't1', 'Ada'],
        [6, 't2', 'Ben'],
      ]).toContainEqual([a?.begun_at, a?.begun_by, a?.begun_by_name]);
      expect(await registry().session('x1')).toEqual(a);
      expect(await registry().begin('x1', BY, 9)).toEqual(a);
    });

    test('begin answers null for an unknown id and leaves a cancelled session cancelled', async () => {
      expect(await registry().begin('x1', BY, 5)).toBeNull();
      await registry().createSession(sessionOf('x1'));
      await registry().cancelScheduled('x1', 't1', 'ill', 4);
      expect(await registry().begin('x1', BY, 5)).toMatchObject({
        status: 'cancelled',
        begun_at: null,
        cancel_reason: 'ill',
      });
    });

    test('START-2 start and cancel cannot both win', async () => {
      for (const id of ['x1', 'x2', 'x3', 'x4']) {
        await registry().createSession(sessionOf(id));
        const [begun, cancelled] = await Promise.all([
          registry().begin(id, BY, 5),
          registry().cancelScheduled(id, 't1', null, 5),
        ]);
        const session = await registry().session(id);
        expect(session?.status).toBe(cancelled ? 'cancelled' : 'active');
        expect(session?.begun_at).toBe(cancelled ? null : 5);
        if (!cancelled) expect(begun?.status).toBe('active');
      }
    });

    test('opened is set once', async () => {
      await registry().createSession(sessionOf('x1'));
      await registry().begin('x1', BY, 5);
      await registry().opened('x1', 7);
      await registry().opened('x1', 8);
      expect((await registry().session('x1'))?.opened_at).toBe(7);
    });

    test('only a scheduled session is cancelled by cancelScheduled', async () => {
      await registry().createSession(sessionOf('x1'));
      expect(await registry().cancelScheduled('x1', 't1', 'ill', 5)).toBe(true);
      expect(await registry().session('x1')).toMatchObject({ status: 'cancelled', cancel_reason: 'ill', version: 0 });
      expect(await registry().cancelScheduled('x1', 't1', 'again', 6)).toBe(false);
      expect((await registry().session('x1'))?.cancel_reason).toBe('ill');
      await registry().createSession(sessionOf('x2'));
      await registry().begin('x2', BY, 5);
      expect(await registry().cancelScheduled('x2', 't1', 'ill', 6)).toBe(false);
      expect((await registry().session('x2'))?.status).toBe('active');
      expect(await registry().cancelScheduled('x3', 't1', null, 6)).toBe(false);
    });

    test('LOSS-1 only an active session is cancelled by cancelLost', async () => {
      await registry().createSession(sessionOf('x1'));
      expect(await registry().cancelLost({ id: 'x1', reopenings: 0 }, 't1', 'roll lost', 6)).toBe(false);
      await registry().begin('x1', BY, 5);
      expect(await registry().cancelLost({ id: 'x1', reopenings: 0 }, 't1', 'roll lost', 6)).toBe(true);
      expect(await registry().session('x1')).toMatchObject({ status: 'cancelled', cancel_reason: 'roll lost' });
      expect(await registry().cancelLost({ id: 'x1', reopenings: 0 }, 't1', 'again', 7)).toBe(false);
      expect(await registry().cancelLost({ id: 'x2', reopenings: 0 }, 't1', 'roll lost', 7)).toBe(false);
    });

    test('LOSS-1 whoever gives a roll up as lost must have seen that nobody opens it anew', async () => {
      await registry().createSession(sessionOf('x1'));
      expect(await registry().reopening('x1')).toBe(false);
      await registry().begin('x1', BY, 5);
      const seen = await registry().session('x1');
      expect(seen?.reopenings).toBe(0);
      expect(await registry().reopening('x1')).toBe(true);
      expect((await registry().session('x1'))?.reopenings).toBe(1);
      expect(await registry().cancelLost({ id: 'x1', reopenings: 0 }, 't1', 'roll lost', 6)).toBe(false);
      expect((await registry().session('x1'))?.status).toBe('active');
      expect(await registry().cancelLost({ id: 'x1', reopenings: 1 }, 't1', 'roll lost', 6)).toBe(true);
      expect(await registry().reopening('x1')).toBe(false);
      expect(await registry().reopening('nosuch')).toBe(false);
    });

    test('unopened are the active ones whose roll was never open, at most so many', async () => {
      for (const id of ['planned', 'a', 'b', 'c', 'open', 'gone']) await registry().createSession(sessionOf(id));
      for (const id of ['a', 'b', 'c', 'open', 'gone']) await registry().begin(id, BY, 5);
      await registry().opened('open', 6);
      await registry().cancelLost({ id: 'gone', reopenings: 0 }, 't1', 'roll lost', 6);
      expect((await registry().unopened(10)).map((session) => session.id).sort()).toEqual(['a', 'b', 'c']);
      expect(await registry().unopened(2)).toHaveLength(2);
      expect((await registry().unopened(10))[0]).toMatchObject({ status: 'active', begun_by: 't1' });
    });

    test('are listed newest first, then by id', async () => {
      await registry().createSession(sessionOf('b', { created_at: 2 }));
      await registry().createSession(sessionOf('z', { created_at: 1 }));
      await registry().createSession(sessionOf('a', { created_at: 2 }));
      expect(await ids({})).toEqual(['b', 'a', 'z']);
    });

    test('are filtered by course, status and planned start', async () => {
      await registry().createSession(sessionOf('a', { created_at: 1, course_id: 'c1', date: 10 }));
      await registry().createSession(sessionOf('b', { created_at: 2, course_id: 'c2', date: 20 }));
      await registry().createSession(sessionOf('c', { created_at: 3, course_id: 'c3', date: 30 }));
      await registry().createSession(sessionOf('d', { created_at: 4, course_id: 'c1', date: 40 }));
      await registry().begin('b', BY, 5);
      await registry().cancelScheduled('c', 't1', null, 5);
      expect(await ids({ course_ids: ['c1'] })).toEqual(['d', 'a']);
      expect(await ids({ course_ids: ['c1', 'c3'] })).toEqual(['d', 'c', 'a']);
      expect(await ids({ course_ids: [] })).toEqual([]);
      expect(await ids({ statuses: ['active'] })).toEqual(['b']);
      expect(await ids({ statuses: ['scheduled', 'cancelled'] })).toEqual(['d', 'c', 'a']);
      expect(await ids({ statuses: [] })).toEqual([]);
      expect(await ids({ from: 20, to: 40 })).toEqual(['c', 'b']);
      expect(await ids({ course_ids: ['c1'], statuses: ['scheduled'], from: 11 })).toEqual(['d']);
    });

    test('pages give every session once, also while sessions are added', async () => {
      for (const n of [1, 2, 3, 4, 5]) await registry().createSession(sessionOf(`x${n}`, { created_at: n }));
      let added = 5;
      const all = await readAll(
        (cursor) => registry().sessions({ course_ids: ['c1'] }, { limit: 2, cursor }),
        async () => {
          added += 1;
          await registry().createSession(sessionOf(`x${added}`, { created_at: added }));
        },
      );
      // New ones come before what was read; nothing is moved or told twice.
      expect(all.map((session) => session.id)).toEqual(['x5', 'x4', 'x3', 'x2', 'x1']);
    });

    test.each(FOREIGN_CURSORS)('INVALID_PAYLOAD for the foreign cursor "%s"', async (cursor) => {
      const refusal = await refused(registry().sessions({}, { limit: 2, cursor }), 'INVALID_PAYLOAD');
      expect(refusal.details.field).toBe('cursor');
    });
  });
}
