/** The lines of a report: all of them, for who sorts and searches wants to see the whole course. */
import { useEffect, useState } from 'react';
import { api } from '../api.ts';
import { PAGE_MAX } from './use-paged.ts';

export type ReportRow = Awaited<ReturnType<typeof api<'getReport'>>>['items'][number];
export type Column =
  | 'student_name'
  | 'roll'
  | 'attendanceRate'
  | 'presentCount'
  | 'lateCount'
  | 'absentCount'
  | 'excusedCount'
  | 'sessions';
export type Order = { by: Column; isDescending: boolean };

export type ReportRows = { rows: readonly ReportRow[]; isComplete: boolean; error: unknown };

/** Page after page, shown as they come. */
export const useReportRows = (course_id: string, tries: number): ReportRows => {
  const [state, setState] = useState<ReportRows>({ rows: [], isComplete: false, error: null });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another try begins anew.
  useEffect(() => {
    const aborting = new AbortController();
    const { signal } = aborting;
    const read = async () => {
      const rows: ReportRow[] = [];
      let cursor: string | undefined;
      do {
        const query = { limit: PAGE_MAX, cursor };
        const page = await api('getReport', { params: { id: course_id }, query, signal });
        rows.push(...page.items);
        cursor = page.next_cursor ?? undefined;
        if (!signal.aborted) setState({ rows: [...rows], isComplete: cursor === undefined, error: null });
      } while (cursor !== undefined && !signal.aborted);
    };
    read().catch((error: unknown) => !signal.aborted && setState((it) => ({ ...it, isComplete: true, error })));
    return () => aborting.abort();
  }, [course_id, tries]);
  return state;
};

const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

export const sorted = (rows: readonly ReportRow[], { by, isDescending }: Order): ReportRow[] => {
  const compare = (a: ReportRow, b: ReportRow): number => {
    const [x, y] = [a[by], b[by]];
    const order =
      typeof x === 'number' && typeof y === 'number' ? x - y : COLLATOR.compare(String(x ?? ''), String(y ?? ''));
    // Equals stay in the order of their names, whichever way it is sorted.
    return (isDescending ? -order : order) || COLLATOR.compare(a.student_name, b.student_name);
  };
  return [...rows].sort(compare);
};

export const matching = (rows: readonly ReportRow[], search: string): readonly ReportRow[] => {
  const wanted = search.trim().toLocaleLowerCase();
  if (wanted === '') return rows;
  return rows.filter((it) =>
    [it.student_name, it.student_id, it.roll ?? ''].some((text) => text.toLocaleLowerCase().includes(wanted)),
  );
};

export type Totals = Pick<ReportRow, 'presentCount' | 'lateCount' | 'absentCount' | 'excusedCount' | 'attendanceRate'>;

/** By the formula of the service: (present + late) / (all − excused). */
export const totalsOf = (rows: readonly ReportRow[]): Totals => {
  const sum = (of: (row: ReportRow) => number) => rows.reduce((total, row) => total + of(row), 0);
  const [presentCount, lateCount] = [sum((it) => it.presentCount), sum((it) => it.lateCount)];
  const [absentCount, excusedCount] = [sum((it) => it.absentCount), sum((it) => it.excusedCount)];
  const counted = presentCount + lateCount + absentCount;
  const attendanceRate = counted === 0 ? 0 : ((presentCount + lateCount) / counted) * 100;
  return { presentCount, lateCount, absentCount, excusedCount, attendanceRate };
};
