import { beforeEach, describe, expect, test } from 'vitest';
import type { Correction } from '../../src/archive/archive.ts';
import type { Refusal } from '../../src/contract/errors.ts';
import type { AttendanceStatus } from '../../src/contract/nouns.ts';
import type { ArchiveUnderTest } from './archive-suite.ts';
import { readAll, refused } from './expectations.ts';
import { beginSession, enrollmentOf, finalRollOf, recordOf } from './fixtures.ts';

const AT = '2026-09-08T10:00:00.000Z';
const JOINED = '2026-09-07T08:01:00.000Z';

export function describeCorrections(made: () => ArchiveUnderTest): void {
  const audit = () => readAll((cursor) => made().archive.audit('x1', { limit: 200, cursor }));
  const correct = (updates: Correction['updates'], more: Partial<Correction> = {}) =>
    made().archive.correct({ session_id: 'x1', updates, reason: 'a reason', by: 't2', at: AT, admit: [], ...more });
  const admitted = (student_id: string) => ({ student_id, user_id: `u-${student_id}`, student_name: 'New', roll: '9' });

  /** s1 present by check-in with a remark, s2 and s3 absent; seq 2 at the end. */
  const storeRoll = async () => {
    await made().registry.putEnrollments(
      'c1',
      ['n1', 'n2', 'unnamed'].map((id) => enrollmentOf(id)),
      1,
    );
    await beginSession(made().registry, 'x1');
    const s1 = { status: 'present' as const, joined_at: JOINED, marked_at: JOINED, marked_by: 'self', remarks: 'old' };
    const records = [recordOf(0, 's1', { ...s1, flags: ['removed'] }), recordOf(1, 's2'), recordOf(2, 's3')];
    await made().archive.store(finalRollOf('x1', { records }));
  };

  describe('correct', () => {
    beforeEach(storeRoll);

    test('changes records, version, counts and audit, and nothing of anybody else', async () => {
      const before = await made().archive.records('x1');
      const result = await correct([
        { student_id: 's2', status: 'late', remarks: 'bus' },
        { student_id: 's1', status: 'excused' },
      ]);
      const s1 = { ...before[0], status: 'excused', marked_at: AT, marked_by: 't2', version: 2 };
      const s2 = { ...before[1], status: 'late', remarks: 'bus', marked_at: AT, marked_by: 't2', version: 2 };
      expect(result).toStrictEqual({
        version: 2,
        records: [s2, s1],
        counts: { present: 0, absent: 1, late: 1, excused: 1 },
      });
      expect(await made().archive.records('x1')).toStrictEqual([s1, s2, before[2]]);
      expect(await made().archive.session('x1')).toMatchObject({ version: 2, counts: result?.counts, seq: 2 });
      expect((await made().registry.session('x1'))?.version).toBe(2);
      const common = { seq: 3, at: AT, by: 't2', reason: 'a reason', source: 'correction' };
      expect((await audit()).slice(2)).toStrictEqual([
        { ...common, student_id: 's2', from: 'absent', to: 'late', remarks: 'bus' },
        { ...common, student_id: 's1', from: 'present', to: 'excused' },
      ]);
    });

    test('remarks: left out keeps them, null clears them, a text replaces them', async () => {
      const remarks = async (more: { remarks?: string | null }) => {
        await correct([{ student_id: 's1', status: 'present', ...more }]);
        return (await made().archive.recordOf('x1', 's1'))?.remarks;
      };
      expect(await remarks({})).toBe('old');
      expect(await remarks({ remarks: 'new' })).toBe('new');
      expect(await remarks({ remarks: null })).toBeNull();
      const told = (await audit()).slice(2);
      expect(told.map((entry) => [entry.seq, entry.from, entry.to, entry.remarks])).toEqual([
        [3, 'present', 'present', 'new'],
        [4, 'present', 'present', null],
      ]);
    });

    test('an update that changes nothing is left out', async () => {
      const result = await correct([
        { student_id: 's1', status: 'present', remarks: 'old' },
        { student_id: 's2', status: 'present' },
      ]);
      expect(result?.version).toBe(2);
      expect(result?.records.map((record) => [record.student_id, record.version])).toEqual([
        ['s1', 1],
        ['s2', 2],
      ]);
      expect((await audit()).slice(2).map((entry) => entry.student_id)).toEqual(['s2']);
      expect((await made().archive.recordOf('x1', 's1'))?.marked_by).toBe('self');
    });

    test('when nothing changes the version stays', async () => {
      const result = await correct([{ student_id: 's2', status: 'absent' }]);
      expect(result).toMatchObject({ version: 1, counts: { present: 1, absent: 2 } });
      expect(result?.records).toEqual([await made().archive.recordOf('x1', 's2')]);
      expect(await correct([])).toMatchObject({ version: 1, records: [] });
      expect(await audit()).toHaveLength(2);
      expect((await made().registry.session('x1'))?.version).toBe(1);
    });

    test('each one is a version and a seq of its own', async () => {
      for (const [n, status] of (['present', 'late', 'excused', 'absent'] as const).entries()) {
        expect((await correct([{ student_id: 's2', status }]))?.version).toBe(n + 2);
      }
      expect((await audit()).map((entry) => entry.seq)).toEqual([1, 2, 3, 4, 5, 6]);
      expect((await made().archive.recordOf('x1', 's2'))?.version).toBe(5);
    });

    test('STUDENT_NOT_ON_ROLL names who is unknown, and nothing of the correction remains', async () => {
      const before = await made().archive.records('x1');
      const strangers = Array.from({ length: 30 }, (_, n) => ({ student_id: `z${n}`, status: 'present' as const }));
      const refusal = await refused(
        correct([{ student_id: 's2', status: 'present' }, ...strangers, { student_id: 'n1', status: 'late' }], {
          admit: [admitted('n1')],
        }),
        'STUDENT_NOT_ON_ROLL',
      );
      expect(refusal.details.student_ids).toEqual(strangers.slice(0, 20).map((update) => update.student_id));
      expect(await made().archive.records('x1')).toEqual(before);
      expect(await audit()).toHaveLength(2);
      expect((await made().archive.session('x1'))?.version).toBe(1);
    });

    test('JOIN-4 somebody admitted gets the next line, and is a change even as absent', async () => {
      const result = await correct(
        [
          { student_id: 'n1', status: 'absent' },
          { student_id: 'n2', status: 'late', remarks: 'came by' },
        ],
        { admit: [admitted('n2'), admitted('n1'), admitted('unnamed')] },
      );
      const common = {
        student_name: 'New',
        roll: '9',
        joined_at: null,
        marked_at: AT,
        marked_by: 't2',
        version: 2,
      };
      const n1 = { ...common, line: 3, student_id: 'n1', user_id: 'u-n1', status: 'absent', remarks: null };
      const n2 = { ...common, line: 4, student_id: 'n2', user_id: 'u-n2', status: 'late', remarks: 'came by' };
      expect(result).toEqual({ version: 2, records: [n1, n2], counts: { present: 1, absent: 3, late: 1, excused: 0 } });
      expect((await made().archive.records('x1')).slice(3)).toEqual([n1, n2]);
      expect(await made().archive.recordOf('x1', 'unnamed')).toBeNull();
      expect((await audit()).slice(2)).toMatchObject([
        { student_id: 'n1', from: null, to: 'absent', seq: 3 },
        { student_id: 'n2', from: null, to: 'late', seq: 3, remarks: 'came by' },
      ]);
    });

    test('admitting somebody who has a record leaves who they are', async () => {
      await correct([{ student_id: 's2', status: 'late' }], { admit: [admitted('s2')] });
      expect(await made().archive.recordOf('x1', 's2')).toMatchObject({
        line: 1,
        student_name: 'Name of s2',
        status: 'late',
      });
      expect((await audit()).at(-1)?.from).toBe('absent');
    });

    test('of several updates of one student the last counts', async () => {
      const statuses: AttendanceStatus[] = ['present', 'excused', 'late'];
      const result = await correct(statuses.map((status) => ({ student_id: 's2', status })));
      expect(result?.records).toMatchObject([{ student_id: 's2', status: 'late' }]);
      expect((await audit()).slice(2)).toMatchObject([{ from: 'absent', to: 'late' }]);
    });

    test('several at once are all there, one after the other, or refused with CONFLICT', async () => {
      const students = ['s1', 's2', 's3'];
      const results = await Promise.all(
        students.map((student_id) =>
          correct([{ student_id, status: 'late' }]).catch((error: Refusal) => {
            if (error.code !== 'CONFLICT') throw error;
            return null;
          }),
        ),
      );
      const versions = results.flatMap((result) => (result === null ? [] : [result.version]));
      expect(versions.length).toBeGreaterThan(0);
      expect(versions.toSorted()).toEqual(versions.map((_, n) => n + 2));
      expect((await made().archive.session('x1'))?.counts.late).toBe(versions.length);
      expect((await made().archive.session('x1'))?.version).toBe(versions.length + 1);
    });
  });

  describe('cancel', () => {
    beforeEach(storeRoll);

    test('takes a completed session out and says so in the audit', async () => {
      await correct([{ student_id: 's2', status: 'late' }]);
      expect(await made().archive.cancel('x1', 't2', 'wrong class', AT)).toBe(true);
      expect(await made().archive.session('x1')).toMatchObject({ outcome: 'cancelled', version: 2 });
      expect(await made().registry.session('x1')).toMatchObject({ status: 'cancelled', cancel_reason: 'wrong class' });
      expect((await audit()).slice(3)).toStrictEqual([
        {
          seq: 4,
          at: AT,
          by: 't2',
          student_id: null,
          from: 'completed',
          to: 'cancelled',
          reason: 'wrong class',
          source: 'cancel',
        },
      ]);
      expect(await made().archive.records('x1')).toHaveLength(3);
    });

    test('happens once', async () => {
      const both = await Promise.all(['a', 'b'].map((reason) => made().archive.cancel('x1', 't2', reason, AT)));
      expect(both.toSorted()).toEqual([false, true]);
      expect(await made().archive.cancel('x1', 't2', 'again', AT)).toBe(false);
      expect(await audit()).toHaveLength(3);
    });

    test('CONFLICT for a correction after it', async () => {
      await made().archive.cancel('x1', 't2', 'wrong class', AT);
      await refused(correct([{ student_id: 's2', status: 'late' }]), 'CONFLICT');
      expect((await made().archive.recordOf('x1', 's2'))?.status).toBe('absent');
    });
  });
}
