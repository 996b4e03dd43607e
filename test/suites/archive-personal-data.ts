import { beforeEach, describe, expect, test } from 'vitest';
import type { ArchiveUnderTest } from './archive-suite.ts';
import { readAll, refused } from './expectations.ts';
import { beginSession, courseOf, enrollmentOf, finalRollOf, recordOf } from './fixtures.ts';

const AT = '2026-09-08T10:00:00.000Z';

/** What is the person's own has "secret" in it, their student id too; what is somebody else's has not. */
const STUDENT = 'secret-student';

/**
 * Fills a store with a person who is in everything that is kept, next to somebody else. Their user id, pu, is one of the
 * course's staff as well.
 */
export async function fillWithPerson({ registry, archive }: ArchiveUnderTest): Promise<void> {
  await registry.createCourse(courseOf('c1', { staff: ['pu'] }));
  const person = enrollmentOf(STUDENT, { user_id: 'pu', name: 'Secret Person', roll: 'secret-roll' });
  await registry.putEnrollments('c1', [person, enrollmentOf('s2')], 1);
  await registry.putEnrollments('c2', [{ ...person, status: 'rejected' }], 1);
  await beginSession(registry, 'x1', { date: 1 });
  const records = [
    recordOf(0, 's2', { status: 'late', marked_at: AT, marked_by: 'pu', remarks: 'theirs' }),
    recordOf(1, STUDENT, {
      user_id: 'pu',
      student_name: 'Secret Person',
      roll: 'secret-roll',
      status: 'present',
      joined_at: AT,
      marked_at: AT,
      marked_by: 'self',
      remarks: 'secret remark',
      flags: ['shared_device'],
    }),
  ];
  await archive.store(
    finalRollOf('x1', {
      records,
      audit: [
        { seq: 1, at: AT, by: 'pu', student_id: STUDENT, from: 'absent', to: 'present', source: 'checkin' },
        {
          seq: 2,
          at: AT,
          by: 't1',
          student_id: STUDENT,
          from: 'present',
          to: 'late',
          remarks: 'secret',
          source: 'mark',
        },
        { seq: 3, at: AT, by: 'pu', student_id: 's2', from: 'absent', to: 'late', remarks: 'theirs', source: 'mark' },
        { seq: 4, at: AT, by: 'pu', student_id: null, from: 'active', to: 'completed', source: 'end' },
      ],
      seq: 4,
    }),
  );
  const correct = (updates: { student_id: string; status: 'excused'; remarks?: string }[], reason: string) =>
    archive.correct({ session_id: 'x1', updates, reason, by: 't1', at: AT, admit: [] });
  await correct([{ student_id: STUDENT, status: 'excused', remarks: 'secret illness' }], 'secret reason');
  await correct([{ student_id: 's2', status: 'excused' }], 'their own reason');
  const both = [
    { student_id: 's2', status: 'present' as const },
    { student_id: STUDENT, status: 'present' as const },
  ];
  const reason = 'secret reason of two';
  await archive.correct({ session_id: 'x1', updates: both, reason, by: 't1', at: AT, admit: [] });
}

export function describePersonalData(made: () => ArchiveUnderTest): void {
  const audit = () => readAll((cursor) => made().archive.audit('x1', { limit: 200, cursor }));

  describe('export', () => {
    test('is everything that is held about a person, by either id', async () => {
      await fillWithPerson(made());
      const held = await made().archive.exportPerson({ id: 'pu', user: true });
      expect(held.enrollments).toEqual([
        { course_id: 'c1', ...enrollmentOf(STUDENT, { user_id: 'pu', name: 'Secret Person', roll: 'secret-roll' }) },
        {
          course_id: 'c2',
          ...enrollmentOf(STUDENT, { user_id: 'pu', name: 'Secret Person', roll: 'secret-roll', status: 'rejected' }),
        },
      ]);
      expect(held.records).toEqual([
        {
          session_id: 'x1',
          course_id: 'c1',
          title: 'Session x1',
          date: 1,
          ...(await made().archive.recordOf('x1', STUDENT)),
        },
      ]);
      expect(held.audit).toEqual(
        (await audit())
          .filter((entry) => entry.student_id === STUDENT)
          .map((entry) => ({ session_id: 'x1', ...entry })),
      );
      expect(held.audit).toHaveLength(4);
      expect(await made().archive.exportPerson({ id: STUDENT, user: false })).toEqual(held);
    });

    test('holds nothing of anybody else', async () => {
      await fillWithPerson(made());
      expect(JSON.stringify(await made().archive.exportPerson({ id: STUDENT, user: false }))).not.toMatch(
        /s2|theirs|their own/,
      );
      expect(await made().archive.exportPerson({ id: 'nobody', user: true })).toEqual({
        enrollments: [],
        records: [],
        audit: [],
      });
    });
  });

  describe('erasure', () => {
    beforeEach(() => fillWithPerson(made()));

    test('leaves no trace of the student in records, audit and enrollments', async () => {
      const before = await made().archive.session('x1');
      expect(await made().archive.erasePerson({ id: 'pu', user: true }, 'anon1')).toBeGreaterThan(0);
      const { archive, registry } = made();
      const left = {
        records: await archive.records('x1'),
        audit: await audit(),
        enrollments: [await registry.enrollments('c1', { limit: 50 }), await registry.enrollments('c2', { limit: 50 })],
        report: await archive.report('c1', { after_student_id: '', limit: 50 }),
        held: [
          await archive.exportPerson({ id: 'pu', user: true }),
          await archive.exportPerson({ id: STUDENT, user: false }),
        ],
        history: await archive.history([{ course_id: 'c1', student_id: STUDENT }], { limit: 9 }),
        persons: [await registry.enrollmentsOfPerson('pu'), await registry.enrollmentsOfPerson(STUDENT)],
      };
      expect(JSON.stringify(left)).not.toMatch(/secret/i);
      expect(left.held).toEqual([0, 1].map(() => ({ enrollments: [], records: [], audit: [] })));
      expect(left.persons).toEqual([[], []]);
      // Counts, statuses and versions stay.
      expect(await archive.session('x1')).toEqual(before);
    });

    test('blanks what identifies and keeps what counts', async () => {
      const before = await made().archive.recordOf('x1', STUDENT);
      await made().archive.erasePerson({ id: STUDENT, user: false }, 'anon1');
      const { flags, ...kept } = before ?? {};
      expect(flags).toBeDefined();
      expect(await made().archive.recordOf('x1', 'anon1')).toStrictEqual({
        ...kept,
        student_id: 'anon1',
        user_id: 'anon1',
        student_name: '',
        roll: null,
        remarks: null,
      });
      const told = (await audit()).filter((entry) => entry.student_id === 'anon1');
      expect(told.map((entry) => [entry.seq, entry.by, entry.remarks, entry.reason])).toEqual([
        [1, 'anon1', undefined, undefined],
        [2, 't1', null, undefined],
        [5, 't1', null, ''],
        [7, 't1', undefined, ''],
      ]);
      const erased = enrollmentOf('anon1', { name: '', roll: null });
      expect(await made().registry.enrollment('c1', 'anon1')).toEqual({ ...erased, status: 'dropped' });
      expect(await made().registry.enrollment('c2', 'anon1')).toEqual({ ...erased, status: 'rejected' });
    });

    test('leaves alone what the same user did as staff, and everybody else', async () => {
      const before = await audit();
      await made().archive.erasePerson({ id: 'pu', user: true }, 'anon1');
      const { archive, registry } = made();
      expect(await archive.recordOf('x1', 's2')).toMatchObject({ marked_by: 't1', remarks: 'theirs' });
      expect(await registry.courseIdsOfStaff('pu')).toEqual(['c1']);
      expect((await registry.course('c1'))?.staff).toEqual(['pu']);
      const untouched = (entry: { seq: number }) => [3, 4, 6].includes(entry.seq);
      expect((await audit()).filter(untouched)).toEqual(before.filter(untouched));
      // One reason was given for both, so it goes for both.
      expect((await audit()).filter((entry) => entry.seq === 7)).toMatchObject([
        { student_id: 's2', from: 'excused', to: 'present', reason: '' },
        { student_id: 'anon1', reason: '' },
      ]);
      expect(await registry.enrollment('c1', 's2')).toEqual(enrollmentOf('s2'));
    });

    test('repeated, it finds nothing', async () => {
      await made().archive.erasePerson({ id: 'pu', user: true }, 'anon1');
      const after = [await made().archive.records('x1'), await audit()];
      expect(await made().archive.erasePerson({ id: 'pu', user: true }, 'anon1')).toBe(0);
      expect(await made().archive.erasePerson({ id: 'pu', user: true }, 'anon2')).toBe(0);
      expect([await made().archive.records('x1'), await audit()]).toEqual(after);
    });

    test('CONFLICT when the pseudonym is somebody else, who stays', async () => {
      const before = await made().archive.recordOf('x1', 's2');
      await refused(made().archive.erasePerson({ id: 'pu', user: true }, 's2'), 'CONFLICT');
      expect(await made().archive.recordOf('x1', 's2')).toEqual(before);
    });

    test('an id that is one student and the user of another is taken for one person with two names', async () => {
      const { registry, archive } = made();
      await registry.putEnrollments(
        'c3',
        [enrollmentOf('dup', { user_id: 'a' }), enrollmentOf('b', { user_id: 'dup' })],
        1,
      );
      await beginSession(registry, 'x3', { course_id: 'c3' });
      const records = [recordOf(0, 'dup', { user_id: 'a' }), recordOf(1, 'b', { user_id: 'dup' })];
      await archive.store(finalRollOf('x3', { course_id: 'c3', records, audit: [] }));
      expect(await archive.erasePerson({ id: 'dup', user: true }, 'anon')).toBe(4);
      expect((await archive.records('x3')).map((record) => [record.student_id, record.user_id])).toEqual([
        ['anon', 'anon'],
        ['anon-2', 'anon-2'],
      ]);
      expect((await registry.enrollment('c3', 'anon-2'))?.user_id).toBe('anon-2');
    });

    test('without `user` a student whose user id reads the same stays', async () => {
      const { registry, archive } = made();
      const [dup, other] = [enrollmentOf('dup', { user_id: 'a' }), enrollmentOf('b', { user_id: 'dup' })];
      await registry.putEnrollments('c3', [dup, other], 1);
      expect((await archive.exportPerson({ id: 'dup', user: false })).enrollments).toEqual([
        { course_id: 'c3', ...dup },
      ]);
      expect(await archive.erasePerson({ id: 'dup', user: false }, 'anon')).toBe(1);
      expect(await registry.enrollment('c3', 'b')).toEqual(other);
    });

    test('END-2 a late archiver does not bring the person back', async () => {
      await made().archive.erasePerson({ id: 'pu', user: true }, 'anon1');
      await made().archive.store(finalRollOf('x1', { records: [recordOf(0, 's2'), recordOf(1, STUDENT)] }));
      expect(await made().archive.recordOf('x1', STUDENT)).toBeNull();
    });
  });
}
