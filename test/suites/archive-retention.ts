import { describe, expect, test } from 'vitest';
import { fillWithPerson } from './archive-personal-data.ts';
import type { ArchiveUnderTest } from './archive-suite.ts';
import { readAll, refused } from './expectations.ts';
import { beginSession, finalRollOf } from './fixtures.ts';

const AT = 1_800_000_000_000;

export function describeRetention(made: () => ArchiveUnderTest): void {
  const audit = (id: string) => readAll((cursor) => made().archive.audit(id, { limit: 200, cursor }));

  describe('retention', () => {
    test('what has expired are the sessions that ended before, oldest first, until they are anonymised', async () => {
      const { registry, archive } = made();
      for (const [id, day] of [
        ['new', 9],
        ['old', 2],
        ['older', 1],
      ] as const) {
        await beginSession(registry, id);
        await archive.store(finalRollOf(id, { ended_at: `2026-09-0${day}T10:00:00.000Z` }));
      }
      await beginSession(registry, 'running');
      const expired = (limit: number) => archive.expired('2026-09-05T00:00:00.000Z', limit);
      expect(await expired(10)).toEqual(['older', 'old']);
      expect(await expired(1)).toEqual(['older']);
      await archive.anonymise('older', AT);
      expect(await expired(10)).toEqual(['old']);
    });

    test('nothing of an anonymised session says who was in it, and what counts stays', async () => {
      await fillWithPerson(made());
      const { archive } = made();
      const before = {
        session: await archive.session('x1'),
        records: await archive.records('x1'),
        audit: await audit('x1'),
      };
      await archive.anonymise('x1', AT);
      const after = {
        session: await archive.session('x1'),
        records: await archive.records('x1'),
        audit: await audit('x1'),
      };
      expect(JSON.stringify(after)).not.toMatch(/secret|s2|theirs|their own/i);
      expect(after.session).toEqual(before.session);
      const counted = ({ status, joined_at, marked_at, version }: (typeof after.records)[number]) => [
        status,
        joined_at,
        marked_at,
        version,
      ];
      expect(after.records.map(counted)).toEqual(before.records.map(counted));
      expect(after.audit.map(({ seq, from, to }) => [seq, from, to])).toEqual(
        before.audit.map(({ seq, from, to }) => [seq, from, to]),
      );
      // A line is the same nobody everywhere, and another one than the other lines.
      const ids = after.records.map((record) => record.student_id);
      expect(new Set(ids).size).toBe(2);
      for (const { student_id } of after.audit) if (student_id !== null) expect(ids).toContain(student_id);
      for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    });

    test('it is in no report, cannot be corrected, and stays as it is when it is anonymised again', async () => {
      await fillWithPerson(made());
      const { archive } = made();
      await archive.anonymise('x1', AT);
      expect(await archive.report('c1', { after_student_id: '', limit: 9 })).toEqual([]);
      const admit = [{ student_id: 's2', user_id: 's2', student_name: 'n', roll: null }];
      const updates = [{ student_id: 's2', status: 'late' as const }];
      const correction = { session_id: 'x1', updates, reason: 'r', by: 't1', at: '2026-09-09T08:00:00.000Z', admit };
      await refused(archive.correct(correction), 'CONFLICT');
      const before = [await archive.records('x1'), await audit('x1')];
      await archive.anonymise('x1', AT + 1);
      expect([await archive.records('x1'), await audit('x1')]).toEqual(before);
    });
  });
}
