import { describe, expect, test } from 'vitest';
import type { Registry } from '../../src/registry/registry.ts';
import { FOREIGN_CURSORS, readAll, refused } from './expectations.ts';
import { courseOf, enrollmentOf } from './fixtures.ts';

export function describeCourses(registry: () => Registry): void {
  const ids = async (filter: Parameters<Registry['courses']>[0]) =>
    (await readAll((cursor) => registry().courses(filter, { limit: 50, cursor }))).map((course) => course.id);

  describe('courses', () => {
    test('are read back as they were written', async () => {
      const course = courseOf('c1', { title: 'Łódź: "Algebra" — 数学', staff: ['a1', 'a2'] });
      await registry().createCourse(course);
      expect(await registry().course('c1')).toEqual(course);
      expect(await registry().course('c2')).toBeNull();
    });

    test('CONFLICT for an id that is taken; the first one stays', async () => {
      await registry().createCourse(courseOf('c1', { staff: ['a1'] }));
      await refused(registry().createCourse(courseOf('c1', { title: 'Another', staff: ['a2'] })), 'CONFLICT');
      expect(await registry().course('c1')).toEqual(courseOf('c1', { staff: ['a1'] }));
      expect(await registry().courseIdsOfStaff('a2')).toEqual([]);
    });

    test('a patch changes what it names and nothing else', async () => {
      await registry().createCourse(courseOf('c1', { staff: ['a1'] }));
      expect(await registry().patchCourse('c1', { title: 'New' })).toEqual(
        courseOf('c1', { title: 'New', staff: ['a1'] }),
      );
      const patched = courseOf('c1', { title: 'New', teacher_id: 't2', staff: ['a2'], timezone: 'UTC' });
      expect(await registry().patchCourse('c1', { teacher_id: 't2', staff: ['a2'], timezone: 'UTC' })).toEqual(patched);
      expect(await registry().patchCourse('c1', {})).toEqual(patched);
      expect(await registry().course('c1')).toEqual(patched);
      expect(await registry().patchCourse('c2', { title: 'x' })).toBeNull();
    });

    test('the courses of staff follow teacher and staff', async () => {
      await registry().createCourse(courseOf('c1', { teacher_id: 't1', staff: ['t1', 'a1'] }));
      await registry().createCourse(courseOf('c2', { teacher_id: 'a1' }));
      expect(await registry().courseIdsOfStaff('t1')).toEqual(['c1']);
      expect((await registry().courseIdsOfStaff('a1')).sort()).toEqual(['c1', 'c2']);
      await registry().patchCourse('c1', { teacher_id: 't2', staff: [] });
      expect(await registry().courseIdsOfStaff('t1')).toEqual([]);
      expect(await registry().courseIdsOfStaff('a1')).toEqual(['c2']);
      expect(await registry().courseIdsOfStaff('t2')).toEqual(['c1']);
    });

    test('are listed oldest first, then by id', async () => {
      await registry().createCourse(courseOf('b', { created_at: '2026-09-02T08:00:00.000Z' }));
      await registry().createCourse(courseOf('z', { created_at: '2026-09-01T08:00:00.000Z' }));
      await registry().createCourse(courseOf('a', { created_at: '2026-09-02T08:00:00.000Z' }));
      expect(await ids({})).toEqual(['z', 'a', 'b']);
    });

    test('are filtered by staff, by approved enrollment, or by either', async () => {
      await registry().createCourse(courseOf('teaches', { teacher_id: 'u1' }));
      await registry().createCourse(courseOf('assists', { staff: ['u1'] }));
      await registry().createCourse(courseOf('learns'));
      await registry().createCourse(courseOf('waits'));
      await registry().createCourse(courseOf('both', { staff: ['u1'] }));
      await registry().createCourse(courseOf('other'));
      const mine = (status: 'approved' | 'pending') => [enrollmentOf('s1', { user_id: 'u1', status })];
      await registry().putEnrollments('learns', mine('approved'), 1);
      await registry().putEnrollments('both', mine('approved'), 1);
      await registry().putEnrollments('waits', mine('pending'), 1);

      expect(await ids({ staff_user_id: 'u1' })).toEqual(['assists', 'both', 'teaches']);
      expect(await ids({ enrolled_user_id: 'u1' })).toEqual(['both', 'learns']);
      expect(await ids({ staff_user_id: 'u1', enrolled_user_id: 'u1' })).toEqual([
        'assists',
        'both',
        'learns',
        'teaches',
      ]);
      // The student's id is not the user's.
      expect(await ids({ enrolled_user_id: 's1' })).toEqual([]);
      expect(await ids({ staff_user_id: 'nobody' })).toEqual([]);
    });

    test('pages give every course once, also while courses are added', async () => {
      const at = (n: number) => `2026-09-01T08:00:00.00${n}Z`;
      for (const n of [1, 2, 3, 4, 5]) await registry().createCourse(courseOf(`c${n}`, { created_at: at(n) }));
      let added = 5;
      const all = await readAll(
        (cursor) => registry().courses({}, { limit: 2, cursor }),
        async () => {
          if (added < 7) await registry().createCourse(courseOf(`c${++added}`, { created_at: at(added) }));
        },
      );
      expect(all.map((course) => course.id)).toEqual(['c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7']);
    });

    test('the last page says that it is the last', async () => {
      await registry().createCourse(courseOf('c1'));
      await registry().createCourse(courseOf('c2'));
      expect((await registry().courses({}, { limit: 2 })).next_cursor).toBeNull();
      expect((await registry().courses({}, { limit: 1 })).next_cursor).not.toBeNull();
    });

    test.each(FOREIGN_CURSORS)('INVALID_PAYLOAD for the foreign cursor "%s"', async (cursor) => {
      const refusal = await refused(registry().courses({}, { limit: 2, cursor }), 'INVALID_PAYLOAD');
      expect(refusal.details.field).toBe('cursor');
    });
  });

  test('answers a ping', async () => {
    await registry().ping();
  });
}
