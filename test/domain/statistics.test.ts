import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ATTENDANCE_STATUSES } from '../../src/contract/nouns.ts';
import { attendanceRate, countStatuses, noCounts, statisticsOf } from '../../src/domain/statistics.ts';

const number = fc.nat({ max: 10_000 });
const anyCounts = fc.record({ present: number, absent: number, late: number, excused: number });

describe('statistics', () => {
  test.each([
    [{ present: 0, absent: 0, late: 0, excused: 0 }, 0],
    [{ present: 0, absent: 0, late: 0, excused: 7 }, 0],
    [{ present: 0, absent: 5, late: 0, excused: 0 }, 0],
    [{ present: 1, absent: 2, late: 0, excused: 0 }, 33.33],
    [{ present: 1, absent: 1, late: 1, excused: 9 }, 66.67],
    [{ present: 0, absent: 0, late: 3, excused: 1 }, 100],
    [{ present: 1, absent: 7999, late: 0, excused: 0 }, 0.01],
    [{ present: 9999, absent: 1, late: 0, excused: 0 }, 99.99],
  ])('the rate of %o is %d', (counts, rate) => {
    expect(attendanceRate(counts)).toBe(rate);
  });

  test('the rate is a number from 0 to 100 with two decimals, within half a hundredth of the formula', () => {
    fc.assert(
      fc.property(anyCounts, (counts) => {
        const rate = attendanceRate(counts);
        const expected = counts.present + counts.absent + counts.late;
        const exact = expected === 0 ? 0 : ((counts.present + counts.late) / expected) * 100;
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(100);
        expect(rate).toBe(Number(rate.toFixed(2)));
        expect(Math.abs(rate - exact)).toBeLessThanOrEqual(0.005 + 1e-9);
      }),
    );
  });

  test('excused students change nothing about the rate, late ones count as there', () => {
    fc.assert(
      fc.property(anyCounts, number, (counts, more) => {
        expect(attendanceRate({ ...counts, excused: more })).toBe(attendanceRate(counts));
        const swapped = { ...counts, present: counts.late, late: counts.present };
        expect(attendanceRate(swapped)).toBe(attendanceRate(counts));
      }),
    );
  });

  test('one more who is there never lowers the rate', () => {
    fc.assert(
      fc.property(anyCounts, (counts) => {
        expect(attendanceRate({ ...counts, present: counts.present + 1 })).toBeGreaterThanOrEqual(
          attendanceRate(counts),
        );
      }),
    );
  });

  test('the counts add up to everybody, in any order of records', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...ATTENDANCE_STATUSES)), (statuses) => {
        const counts = countStatuses(statuses.map((status) => ({ status })));
        const statistics = statisticsOf(counts);
        expect(statistics.totalStudents).toBe(statuses.length);
        expect(counts).toEqual(countStatuses(statuses.toReversed().map((status) => ({ status }))));
        for (const status of ATTENDANCE_STATUSES) {
          expect(statistics[`${status}Count`]).toBe(statuses.filter((it) => it === status).length);
        }
        expect(statistics.attendanceRate).toBe(attendanceRate(counts));
      }),
    );
  });

  test('no counts are a new object each time', () => {
    noCounts().present = 5;
    expect(noCounts()).toEqual({ present: 0, absent: 0, late: 0, excused: 0 });
  });
});
