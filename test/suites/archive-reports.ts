import { beforeEach, describe, expect, test } from 'vitest';
import type { AttendanceStatus } from '../../src/contract/nouns.ts';
import { attendanceRate } from '../../src/domain/statistics.ts';
import type { NewSession } from '../../src/registry/registry.ts';
import type { ArchiveUnderTest } from './archive-suite.ts';
import { readAll } from './expectations.ts';
import { beginSession, finalRollOf, recordOf } from './fixtures.ts';

export function describeReports(made: () => ArchiveUnderTest): void {
  /** Stores a session in which these students have these statuses. */
  const store = async (
    id: string,
    statuses: Record<string, AttendanceStatus>,
    more: Partial<NewSession> & { outcome?: 'completed' | 'cancelled' } = {},
  ) => {
    const { outcome = 'completed', ...plan } = more;
    await beginSession(made().registry, id, plan);
    const records = Object.entries(statuses).map(([student_id, status], line) =>
      recordOf(line, student_id, { status, user_id: `u-${student_id}`, student_name: `${student_id} in ${id}` }),
    );
    const course_id = plan.course_id ?? 'c1';
    await made().archive.store(finalRollOf(id, { course_id, records, audit: [], outcome }));
  };

  describe('report', () => {
    const report = (course_id = 'c1') => made().archive.report(course_id, { after_student_id: '', limit: 200 });

    test('sums per student over the completed sessions that hold a record of them', async () => {
      await store('x1', { s1: 'present', s2: 'absent' }, { date: 1 });
      await store('x2', { s2: 'late', s1: 'excused' }, { date: 2 });
      await store('x3', { s1: 'absent', s3: 'present' }, { date: 3 });
      await store('other', { s1: 'present' }, { course_id: 'c2' });
      await store('cancelled', { s1: 'present', s4: 'present' }, { outcome: 'cancelled' });
      await store('undone', { s1: 'present' });
      await made().archive.cancel('undone', 't1', 'r', '2026-09-07T10:00:00.000Z');
      await beginSession(made().registry, 'running');
      const rows = await report();
      expect(rows).toEqual([
        {
          student_id: 's1',
          student_name: 's1 in x3',
          roll: null,
          sessions: 3,
          counts: { present: 1, absent: 1, late: 0, excused: 1 },
        },
        {
          student_id: 's2',
          student_name: 's2 in x2',
          roll: null,
          sessions: 2,
          counts: { present: 0, absent: 1, late: 1, excused: 0 },
        },
        {
          student_id: 's3',
          student_name: 's3 in x3',
          roll: null,
          sessions: 1,
          counts: { present: 1, absent: 0, late: 0, excused: 0 },
        },
      ]);
      expect(rows.map((row) => attendanceRate(row.counts))).toEqual([50, 50, 100]);
      expect(await report('c2')).toHaveLength(1);
      expect(await report('c3')).toEqual([]);
    });

    test('the name is that of the latest session, not of the one stored last', async () => {
      await store('new', { s1: 'present' }, { date: 9 });
      await store('old', { s1: 'present' }, { date: 1 });
      expect((await report())[0]?.student_name).toBe('s1 in new');
    });

    test('follows corrections', async () => {
      await store('x1', { s1: 'absent' });
      const updates = [{ student_id: 's1', status: 'present' as const }];
      await made().archive.correct({ session_id: 'x1', updates, reason: 'r', by: 't1', at: 'now', admit: [] });
      expect((await report())[0]?.counts).toEqual({ present: 1, absent: 0, late: 0, excused: 0 });
    });

    test('pages by student_id', async () => {
      const ids = ['s1', 's10', 's2', 's3', 's4'];
      await store('x1', Object.fromEntries(ids.map((id) => [id, 'present' as const])));
      await store('x2', Object.fromEntries(ids.map((id) => [id, 'late' as const])));
      const page = (after_student_id: string) => made().archive.report('c1', { after_student_id, limit: 2 });
      expect((await page('')).map((row) => row.student_id)).toEqual(['s1', 's10']);
      expect((await page('s10')).map((row) => [row.student_id, row.sessions])).toEqual([
        ['s2', 2],
        ['s3', 2],
      ]);
      expect((await page('s3')).map((row) => row.student_id)).toEqual(['s4']);
      expect(await page('s4')).toEqual([]);
    });
  });

  describe('history', () => {
    const inCourses = (student_id: string, course_ids = ['c1', 'c2']) =>
      course_ids.map((course_id) => ({ course_id, student_id }));
    const history = (student_id: string, course_ids?: string[], limit = 200) =>
      readAll((cursor) => made().archive.history(inCourses(student_id, course_ids), { limit, cursor }));
    const sessions = async (...args: Parameters<typeof history>) =>
      (await history(...args)).map((entry) => entry.session_id);

    beforeEach(async () => {
      await store('x1', { s1: 'present', s2: 'absent' }, { date: 10 });
      await store('x3', { s1: 'late' }, { date: 30, course_id: 'c2' });
      await store('x2', { s2: 'late', s1: 'absent' }, { date: 20 });
      await store('x4', { s1: 'excused' }, { date: 30 });
      await store('gone', { s1: 'present' }, { date: 40, outcome: 'cancelled' });
      await beginSession(made().registry, 'running');
    });

    test('is the completed sessions with a record of the student, newest first', async () => {
      expect(await sessions('s1')).toEqual(['x4', 'x3', 'x2', 'x1']);
      expect(await sessions('u-s1')).toEqual([]);
      expect(await sessions('s2')).toEqual(['x2', 'x1']);
      expect(await sessions('nobody')).toEqual([]);
      expect((await history('s2'))[1]).toStrictEqual({
        session_id: 'x1',
        course_id: 'c1',
        title: 'Session x1',
        date: 10,
        record: { ...recordOf(1, 's2', { user_id: 'u-s2', student_name: 's2 in x1' }), version: 1 },
      });
    });

    test('of some courses only', async () => {
      expect(await sessions('s1', ['c2'])).toEqual(['x3']);
      expect(await sessions('s1', ['c2', 'c1'])).toEqual(['x4', 'x3', 'x2', 'x1']);
      expect(await sessions('s1', [])).toEqual([]);
    });

    test('sums range over the same sessions', async () => {
      const { archive } = made();
      const counts = (student_id: string, course_ids?: string[]) =>
        archive.historyCounts(inCourses(student_id, course_ids));
      expect(await counts('s1')).toEqual({ present: 1, absent: 1, late: 1, excused: 1 });
      expect(await counts('s1', ['c1'])).toEqual({ present: 1, absent: 1, late: 0, excused: 1 });
      expect(await counts('s1', ['c1', 'c1'])).toEqual({ present: 1, absent: 1, late: 0, excused: 1 });
      expect(await counts('s1', [])).toEqual({ present: 0, absent: 0, late: 0, excused: 0 });
      expect(await counts('nobody')).toEqual({ present: 0, absent: 0, late: 0, excused: 0 });
    });

    test('AUTH-1 a student_id that means somebody else in another course is not mixed up with them', async () => {
      const mixed = [
        { course_id: 'c1', student_id: 's2' },
        { course_id: 'c2', student_id: 's1' },
      ];
      const found = await made().archive.history(mixed, { limit: 9 });
      expect(found.items.map((entry) => entry.session_id)).toEqual(['x3', 'x2', 'x1']);
    });

    test('pages give every session once, also while sessions are added', async () => {
      expect(await sessions('s1', undefined, 1)).toEqual(['x4', 'x3', 'x2', 'x1']);
      let added = 0;
      const all = await readAll(
        (cursor) => made().archive.history(inCourses('s1'), { limit: 2, cursor }),
        async () => {
          added += 1;
          await store(`new${added}`, { s1: 'present' }, { date: 100 + added });
        },
      );
      expect(all.map((entry) => entry.session_id)).toEqual(['x4', 'x3', 'x2', 'x1']);
    });
  });
}
