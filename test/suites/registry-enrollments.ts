import { describe, expect, test } from 'vitest';
import type { Registry } from '../../src/registry/registry.ts';
import { FOREIGN_CURSORS, readAll, refused } from './expectations.ts';
import { courseOf, enrollmentOf } from './fixtures.ts';

export function describeEnrollments(registry: () => Registry): void {
  const everybody = (course_id = 'c1') =>
    readAll((cursor) => registry().enrollments(course_id, { limit: 200, cursor }));

  describe('enrollments', () => {
    test('are created, updated and left alone, and the answer tells which', async () => {
      const ada = enrollmentOf('s1', { user_id: 'u1', roll: '7' });
      const ben = enrollmentOf('s2', { status: 'pending' });
      expect(await registry().putEnrollments('c1', [ada, ben], 1)).toEqual({
        created: 2,
        updated: 0,
        unchanged: 0,
        changed: [
          { enrollment: ada, previous_user_id: null },
          { enrollment: ben, previous_user_id: null },
        ],
      });
      const moved = { ...ada, user_id: 'u9' };
      const approved = { ...ben, status: 'approved' as const };
      const carl = enrollmentOf('s3');
      expect(await registry().putEnrollments('c1', [moved, approved, carl], 2)).toEqual({
        created: 1,
        updated: 2,
        unchanged: 0,
        changed: [
          { enrollment: moved, previous_user_id: 'u1' },
          { enrollment: approved, previous_user_id: 's2' },
          { enrollment: carl, previous_user_id: null },
        ],
      });
      expect(await registry().putEnrollments('c1', [moved, approved, carl], 3)).toEqual({
        created: 0,
        updated: 0,
        unchanged: 3,
        changed: [],
      });
      expect(await everybody()).toEqual([moved, approved, carl]);
    });

    test.each([
      ['user_id', { user_id: 'u2' }],
      ['name', { name: 'Ada' }],
      ['roll', { roll: '1' }],
      ['status', { status: 'dropped' as const }],
    ])('a different %s is an update', async (_field, change) => {
      await registry().putEnrollments('c1', [enrollmentOf('s1')], 1);
      expect(await registry().putEnrollments('c1', [enrollmentOf('s1', change)], 2)).toMatchObject({ updated: 1 });
      expect(await registry().enrollment('c1', 's1')).toEqual(enrollmentOf('s1', change));
    });

    test('nothing is nothing', async () => {
      expect(await registry().putEnrollments('c1', [], 1)).toEqual({
        created: 0,
        updated: 0,
        unchanged: 0,
        changed: [],
      });
    });

    test('belong to their course alone', async () => {
      await registry().putEnrollments('c1', [enrollmentOf('s1', { user_id: 'u1' })], 1);
      await registry().putEnrollments('c2', [enrollmentOf('s1', { user_id: 'u1', name: 'Other' })], 1);
      await registry().putEnrollments('c2', [enrollmentOf('s2', { user_id: 'u2' })], 1);
      expect(await everybody('c1')).toEqual([enrollmentOf('s1', { user_id: 'u1' })]);
      expect(await registry().enrollmentOfUser('c1', 'u2')).toBeNull();
    });

    test('CONFLICT when a user would belong to two students, and nothing of the request remains', async () => {
      const before = [enrollmentOf('s1', { user_id: 'u1' }), enrollmentOf('s2', { user_id: 'u2' })];
      await registry().putEnrollments('c1', before, 1);
      const clash = [enrollmentOf('s3'), enrollmentOf('s4', { user_id: 'u1' }), enrollmentOf('s1', { user_id: 'u1' })];
      await refused(registry().putEnrollments('c1', clash, 2), 'CONFLICT');
      await refused(registry().putEnrollments('c1', [enrollmentOf('s3', { user_id: 'u2' })], 2), 'CONFLICT');
      await refused(registry().putEnrollments('c1', [enrollmentOf('s2', { user_id: 'u1' })], 2), 'CONFLICT');
      const twice = [enrollmentOf('s5', { user_id: 'u5' }), enrollmentOf('s6', { user_id: 'u5' })];
      await refused(registry().putEnrollments('c1', twice, 2), 'CONFLICT');
      expect(await everybody()).toEqual(before);
    });

    test('a user who belongs to a dropped student is taken all the same', async () => {
      await registry().putEnrollments('c1', [enrollmentOf('s1', { user_id: 'u1', status: 'dropped' })], 1);
      await refused(registry().putEnrollments('c1', [enrollmentOf('s2', { user_id: 'u1' })], 2), 'CONFLICT');
    });

    test('two students may change users in one request, and three may rotate', async () => {
      const with_ = (student_id: string, user_id: string) => enrollmentOf(student_id, { user_id });
      await registry().putEnrollments('c1', [with_('s1', 'u1'), with_('s2', 'u2'), with_('s3', 'u3')], 1);
      const swap = await registry().putEnrollments('c1', [with_('s1', 'u2'), with_('s2', 'u1')], 2);
      expect(swap.changed.map((change) => change.previous_user_id)).toEqual(['u1', 'u2']);
      expect((await registry().enrollmentOfUser('c1', 'u1'))?.student_id).toBe('s2');
      expect((await registry().enrollmentOfUser('c1', 'u2'))?.student_id).toBe('s1');
      await registry().putEnrollments('c1', [with_('s1', 'u1'), with_('s2', 'u3'), with_('s3', 'u2')], 3);
      expect((await everybody()).map((row) => row.user_id)).toEqual(['u1', 'u3', 'u2']);
    });

    test('a user who is given up in a request may be taken in it', async () => {
      await registry().putEnrollments('c1', [enrollmentOf('s1', { user_id: 'u1' })], 1);
      const handed = [enrollmentOf('s2', { user_id: 'u1' }), enrollmentOf('s1', { user_id: 'u2' })];
      expect(await registry().putEnrollments('c1', handed, 2)).toMatchObject({ created: 1, updated: 1 });
      expect((await registry().enrollmentOfUser('c1', 'u1'))?.student_id).toBe('s2');
    });

    test('INVALID_PAYLOAD when a student is named twice', async () => {
      await refused(
        registry().putEnrollments('c1', [enrollmentOf('s1'), enrollmentOf('s1', { name: 'x' })], 1),
        'INVALID_PAYLOAD',
      );
      expect(await everybody()).toEqual([]);
    });

    test('the roster is the approved ones by student_id', async () => {
      const students = ['s3', 's1', 's2'].map((id) => enrollmentOf(id));
      await registry().putEnrollments('c1', students, 1);
      const others = (['pending', 'rejected', 'dropped'] as const).map((status) => enrollmentOf(status, { status }));
      await registry().putEnrollments('c1', others, 1);
      expect((await registry().approvedEnrollments('c1')).map((row) => row.student_id)).toEqual(['s1', 's2', 's3']);
      expect(await registry().approvedEnrollments('c2')).toEqual([]);
    });

    test('are found by student, by user whatever their status, and several at once', async () => {
      const ada = enrollmentOf('s1', { user_id: 'u1', status: 'rejected' });
      await registry().putEnrollments('c1', [ada, enrollmentOf('s2')], 1);
      expect(await registry().enrollment('c1', 's1')).toEqual(ada);
      expect(await registry().enrollment('c1', 'u1')).toBeNull();
      expect(await registry().enrollment('c2', 's1')).toBeNull();
      expect(await registry().enrollmentOfUser('c1', 'u1')).toEqual(ada);
      expect(await registry().enrollmentOfUser('c1', 's1')).toBeNull();
      expect(await registry().enrollmentOfUser('c2', 'u1')).toBeNull();
      const several = await registry().enrollmentsOf('c1', ['s2', 'nobody', 's1']);
      expect(several.map((row) => row.student_id).sort()).toEqual(['s1', 's2']);
      expect(await registry().enrollmentsOf('c1', [])).toEqual([]);
    });

    test('of a person are found by either id in every course', async () => {
      const ada = enrollmentOf('s1', { user_id: 'u1' });
      await registry().putEnrollments('c1', [ada, enrollmentOf('s2')], 1);
      await registry().putEnrollments('c2', [enrollmentOf('u1', { status: 'dropped' })], 1);
      expect(await registry().enrollmentsOfPerson('u1')).toEqual([
        { course_id: 'c1', enrollment: ada },
        { course_id: 'c2', enrollment: enrollmentOf('u1', { status: 'dropped' }) },
      ]);
      expect(await registry().enrollmentsOfPerson('s1')).toEqual([{ course_id: 'c1', enrollment: ada }]);
      expect(await registry().enrollmentsOfPerson('nobody')).toEqual([]);
    });

    test('are listed oldest first and can be filtered by status', async () => {
      await registry().putEnrollments('c1', [enrollmentOf('s3'), enrollmentOf('s2', { status: 'pending' })], 1);
      await registry().putEnrollments('c1', [enrollmentOf('s1', { status: 'dropped' })], 2);
      // An update does not make it younger.
      await registry().putEnrollments('c1', [enrollmentOf('s3', { user_id: 'u3', name: 'New' })], 3);
      const ids = async (statuses?: ('pending' | 'dropped')[]) =>
        (await registry().enrollments('c1', { limit: 50, statuses })).items.map((row) => row.student_id);
      expect(await ids()).toEqual(['s2', 's3', 's1']);
      expect(await ids(['pending', 'dropped'])).toEqual(['s2', 's1']);
      expect(await ids([])).toEqual([]);
    });

    test('pages give every enrollment once, also while others are added', async () => {
      const first = Array.from({ length: 7 }, (_, n) => enrollmentOf(`s${n}`));
      await registry().putEnrollments('c1', first, 1);
      let added = 0;
      const all = await readAll(
        (cursor) => registry().enrollments('c1', { limit: 3, cursor }),
        async () => {
          if (added < 2) await registry().putEnrollments('c1', [enrollmentOf(`a${added++}`)], 10 + added);
        },
      );
      expect(all.map((row) => row.student_id)).toEqual(['s0', 's1', 's2', 's3', 's4', 's5', 's6', 'a0', 'a1']);
    });

    test.each(FOREIGN_CURSORS)('INVALID_PAYLOAD for the foreign cursor "%s"', async (cursor) => {
      const refusal = await refused(registry().enrollments('c1', { limit: 2, cursor }), 'INVALID_PAYLOAD');
      expect(refusal.details.field).toBe('cursor');
    });

    test("INVALID_PAYLOAD for another list's cursor", async () => {
      await registry().createCourse(courseOf('c1'));
      await registry().createCourse(courseOf('c2'));
      const { next_cursor } = await registry().courses({}, { limit: 1 });
      await refused(registry().enrollments('c1', { limit: 2, cursor: next_cursor ?? '' }), 'INVALID_PAYLOAD');
      await refused(registry().sessions({}, { limit: 2, cursor: next_cursor ?? '' }), 'INVALID_PAYLOAD');
    });
  });
}
