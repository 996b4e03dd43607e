/** Counts of a roll and the numbers derived from them. */
import type { AttendanceStatus, Statistics } from '../contract/nouns.ts';

export type Counts = Record<AttendanceStatus, number>;

export const noCounts = (): Counts => ({ present: 0, absent: 0, late: 0, excused: 0 });

export const countStatuses = (records: Iterable<{ status: AttendanceStatus }>): Counts => {
  const counts = noCounts();
  for (const record of records) counts[record.status] += 1;
  return counts;
};

/** (present + late) / (total − excused) × 100 with two decimals; 0 when nobody was expected. */
export const attendanceRate = (counts: Counts): number => {
  const expected = counts.present + counts.absent + counts.late;
  if (expected === 0) return 0;
  return Math.round(((counts.present + counts.late) / expected) * 10_000) / 100;
};

export const statisticsOf = (counts: Counts): Statistics =>
  statisticsFrom(counts, counts.present + counts.absent + counts.late + counts.excused, attendanceRate(counts));

/** Places values without computing with them, as the payloads of events do. */
export const statisticsFrom = (counts: Counts, totalStudents: number, rate: number): Statistics => ({
  totalStudents,
  presentCount: counts.present,
  absentCount: counts.absent,
  lateCount: counts.late,
  excusedCount: counts.excused,
  attendanceRate: rate,
});
