import { describe, expect, test } from 'vitest';
import type { AuditEntry } from '../../src/contract/nouns.ts';
import type { ArchiveUnderTest } from './archive-suite.ts';
import { FOREIGN_CURSORS, readAll, refused } from './expectations.ts';
import { beginSession, finalRollOf, recordOf, sessionOf } from './fixtures.ts';

const AT = '2026-09-07T08:05:00.000Z';

/** One of everything that a record and an audit entry can hold. */
const RICH_RECORDS = [
  recordOf(0, 's3', {
    user_id: 'auth0|3@x',
    student_name: 'Zoë "Z" O’Neil',
    roll: '007',
    status: 'late',
    joined_at: '2026-09-07T08:04:59.000Z',
    marked_at: AT,
    marked_by: 't1',
    remarks: 'Bus\nlate, "again"',
    flags: ['shared_device'],
  }),
  recordOf(1, 's1', { status: 'present', joined_at: AT, marked_at: AT, marked_by: 'self', flags: [] }),
  recordOf(2, 's2', { status: 'excused', remarks: '' }),
  recordOf(3, 's4'),
];
const RICH_AUDIT: AuditEntry[] = [
  { seq: 0, at: AT, by: 't1', student_id: null, from: null, to: 'active', source: 'rebuilt' },
  { seq: 1, at: AT, by: 's1', student_id: 's1', from: 'absent', to: 'present', source: 'checkin' },
  // One change, several lines, not in the order of the roll; and one of them twice.
  { seq: 2, at: AT, by: 't1', student_id: 's2', from: 'absent', to: 'excused', remarks: '', source: 'bulk' },
  { seq: 2, at: AT, by: 't1', student_id: 's3', from: 'absent', to: 'absent', remarks: null, source: 'bulk' },
  { seq: 2, at: AT, by: 't1', student_id: 's3', from: 'absent', to: 'late', remarks: 'Bus', source: 'bulk' },
  { seq: 10, at: AT, by: 'auto', student_id: null, from: 'active', to: 'completed', reason: 'x', source: 'end' },
];

export function describeStoring(made: () => ArchiveUnderTest): void {
  const audit = (id: string) => readAll((cursor) => made().archive.audit(id, { limit: 200, cursor }));
  const everything = async (id: string) => ({
    session: await made().archive.session(id),
    records: await made().archive.records(id),
    audit: await audit(id),
    registered: await made().registry.session(id),
  });

  describe('store', () => {
    test('END-3 what is read equals the roll at its end, field by field', async () => {
      await beginSession(made().registry, 'x1');
      const roll = finalRollOf('x1', { records: RICH_RECORDS, audit: RICH_AUDIT, seq: 10, room_seq: 4 });
      await made().archive.store(roll);
      expect(await made().archive.session('x1')).toEqual({
        session_id: 'x1',
        course_id: 'c1',
        outcome: 'completed',
        version: 1,
        counts: { present: 1, absent: 1, late: 1, excused: 1 },
        started_at: roll.started_at,
        ended_at: roll.ended_at,
        ended_by: 't1',
        ended_by_name: 'Ada',
        seq: 10,
        room_seq: 4,
      });
      expect(await made().archive.records('x1')).toStrictEqual(
        RICH_RECORDS.map((record) => ({ ...record, version: 1 })),
      );
      expect(await audit('x1')).toStrictEqual(RICH_AUDIT);
      expect(await made().archive.recordOf('x1', 's3')).toStrictEqual({ ...RICH_RECORDS[0], version: 1 });
      expect(await made().archive.recordOf('x1', 'auth0|3@x')).toBeNull();
    });

    test('makes the session completed, version 1, and leaves the plan as it was', async () => {
      await beginSession(made().registry, 'x1');
      const before = await made().registry.session('x1');
      await made().archive.store(finalRollOf('x1'));
      expect(await made().registry.session('x1')).toEqual({ ...before, status: 'completed', version: 1 });
    });

    test('until then there is nothing to read and nothing to change', async () => {
      for (const id of ['x1', 'nosuch']) {
        if (id === 'x1') await beginSession(made().registry, 'x1');
        expect(await made().archive.session(id)).toBeNull();
        expect(await made().archive.records(id)).toEqual([]);
        expect(await made().archive.recordOf(id, 's1')).toBeNull();
        expect(await audit(id)).toEqual([]);
        const correction = { session_id: id, updates: [], reason: 'r', by: 't1', at: AT, admit: [] };
        expect(await made().archive.correct(correction)).toBeNull();
        expect(await made().archive.cancel(id, 't1', 'r', AT)).toBe(false);
      }
      expect((await made().registry.session('x1'))?.status).toBe('active');
    });

    test('an empty roll is stored as well', async () => {
      await beginSession(made().registry, 'x1');
      await made().archive.store(finalRollOf('x1', { records: [], audit: [], seq: 0 }));
      expect((await made().archive.session('x1'))?.counts).toEqual({ present: 0, absent: 0, late: 0, excused: 0 });
      expect(await made().archive.records('x1')).toEqual([]);
    });

    test('END-2 repeated, it changes nothing, whatever it brings', async () => {
      await beginSession(made().registry, 'x1');
      await made().archive.store(finalRollOf('x1'));
      const before = await everything('x1');
      await made().archive.store(finalRollOf('x1'));
      const other = [recordOf(0, 's1', { remarks: 'other' }), recordOf(1, 's2'), recordOf(2, 's9')];
      await made().archive.store(finalRollOf('x1', { records: other, ended_by: 'auto', outcome: 'cancelled', seq: 9 }));
      expect(await everything('x1')).toEqual(before);
    });

    test('END-2 several archivers at once leave one result', async () => {
      await beginSession(made().registry, 'x1');
      await Promise.all([1, 2, 3].map(() => made().archive.store(finalRollOf('x1'))));
      expect((await made().archive.records('x1')).map((record) => record.student_id)).toEqual(['s1', 's2']);
      expect(await audit('x1')).toHaveLength(2);
      expect((await made().archive.session('x1'))?.version).toBe(1);
    });

    test('END-2 a late archiver does not overwrite a correction', async () => {
      await beginSession(made().registry, 'x1');
      await made().archive.store(finalRollOf('x1'));
      const updates = [{ student_id: 's2', status: 'excused' as const, remarks: 'ill' }];
      await made().archive.correct({ session_id: 'x1', updates, reason: 'note', by: 't2', at: AT, admit: [] });
      const before = await everything('x1');
      await made().archive.store(finalRollOf('x1'));
      expect(await everything('x1')).toEqual(before);
      expect(before.session?.version).toBe(2);
    });

    test('a cancelled roll is kept with its reason, but is no completed session', async () => {
      await beginSession(made().registry, 'x1');
      await made().archive.store(finalRollOf('x1', { outcome: 'cancelled', reason: 'fire alarm' }));
      expect(await made().archive.session('x1')).toMatchObject({ outcome: 'cancelled', version: 1 });
      expect(await made().registry.session('x1')).toMatchObject({ status: 'cancelled', cancel_reason: 'fire alarm' });
      expect(await made().archive.records('x1')).toHaveLength(2);
      expect(await audit('x1')).toHaveLength(2);
    });

    test('LOSS-1 a session that was given up as lost stays cancelled and empty', async () => {
      await beginSession(made().registry, 'x1');
      await made().registry.cancelLost({ id: 'x1', reopenings: 0 }, 't1', 'roll lost', 5);
      await made().archive.store(finalRollOf('x1'));
      expect(await made().archive.session('x1')).toBeNull();
      expect(await made().archive.records('x1')).toEqual([]);
      expect(await made().registry.session('x1')).toMatchObject({ status: 'cancelled', cancel_reason: 'roll lost' });
    });

    test('INTERNAL for a session that is unknown or was never begun, and nothing is kept', async () => {
      await refused(made().archive.store(finalRollOf('nosuch')), 'INTERNAL');
      await made().registry.createSession(sessionOf('x1'));
      await refused(made().archive.store(finalRollOf('x1')), 'INTERNAL');
      expect((await made().registry.session('x1'))?.status).toBe('scheduled');
      expect(await made().archive.records('x1')).toEqual([]);
    });

    test('sessions are kept apart', async () => {
      await beginSession(made().registry, 'x1');
      await beginSession(made().registry, 'x2');
      await made().archive.store(finalRollOf('x1'));
      await made().archive.store(finalRollOf('x2', { records: [recordOf(0, 's1', { remarks: 'x2' })], audit: [] }));
      expect((await made().archive.recordOf('x1', 's1'))?.remarks).toBeNull();
      expect((await made().archive.recordOf('x2', 's1'))?.remarks).toBe('x2');
      expect(await audit('x2')).toEqual([]);
    });
  });

  describe('reading page by page', () => {
    test('records come by line, after a line, so many', async () => {
      await beginSession(made().registry, 'x1');
      const records = Array.from({ length: 12 }, (_, line) => recordOf(line, `s${20 - line}`));
      await made().archive.store(finalRollOf('x1', { records }));
      const lines = async (page?: { after_line: number; limit: number }) =>
        (await made().archive.records('x1', page)).map((record) => record.line);
      expect(await lines()).toEqual(records.map((record) => record.line));
      expect(await lines({ after_line: -1, limit: 5 })).toEqual([0, 1, 2, 3, 4]);
      expect(await lines({ after_line: 4, limit: 5 })).toEqual([5, 6, 7, 8, 9]);
      expect(await lines({ after_line: 9, limit: 5 })).toEqual([10, 11]);
      expect(await lines({ after_line: 11, limit: 5 })).toEqual([]);
    });

    test('audit pages give every entry once and in order, also within one seq and while corrections are added', async () => {
      await beginSession(made().registry, 'x1');
      await made().archive.store(finalRollOf('x1', { records: RICH_RECORDS, audit: RICH_AUDIT, seq: 10 }));
      let corrected = false;
      const all = await readAll(
        (cursor) => made().archive.audit('x1', { limit: 2, cursor }),
        async () => {
          if (corrected) return;
          corrected = true;
          const updates = [{ student_id: 's4', status: 'present' as const }];
          await made().archive.correct({ session_id: 'x1', updates, reason: 'r', by: 't1', at: AT, admit: [] });
        },
      );
      expect(all.slice(0, -1)).toStrictEqual(RICH_AUDIT);
      expect(all.at(-1)).toMatchObject({ seq: 11, student_id: 's4', source: 'correction' });
    });

    test.each(FOREIGN_CURSORS)('INVALID_PAYLOAD for the foreign cursor "%s"', async (cursor) => {
      for (const attempt of [
        made().archive.audit('x1', { limit: 2, cursor }),
        made().archive.history([{ course_id: 'c1', student_id: 's1' }], { limit: 2, cursor }),
      ]) {
        expect((await refused(attempt, 'INVALID_PAYLOAD')).details.field).toBe('cursor');
      }
    });
  });
}
