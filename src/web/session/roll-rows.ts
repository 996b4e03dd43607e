/** Which students are shown, and in which order. */
import { useMemo, useRef } from 'react';
import type { AttendanceStatus, RollRecord } from '../../client/index.ts';

export const FILTERS = ['all', 'present', 'late', 'absent', 'excused', 'unmarked', 'online', 'flagged'] as const;
export type Filter = (typeof FILTERS)[number];
export const SORTS = ['roll', 'name', 'arrival', 'status'] as const;
export type Sort = (typeof SORTS)[number];
export type View = { query: string; filter: Filter; sort: Sort; isReversed: boolean };
export type Records = ReadonlyMap<string, RollRecord>;

export const isUnmarked = (it: RollRecord): boolean => it.marked_by == null;
export const isFlagged = (it: RollRecord): boolean => it.flags !== undefined && it.flags.length > 0;
export const nameOfRecord = (it: RollRecord): string => it.student_name ?? it.student_id;

const MARKS = /\p{Mn}/gu;
const plainForms = new Map<string, string>();
/** Without accents and capitals: who searches types neither. */
const plain = (text: string): string => {
  const before = plainForms.get(text);
  if (before !== undefined) return before;
  const it = text.normalize('NFD').replace(MARKS, '').toLowerCase();
  plainForms.set(text, it);
  return it;
};

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });
type Ranks = { of: Records; byName: Map<string, number>; byRoll: Map<string, number> };

const rankedBy = (records: Records, key: (it: RollRecord) => string | null): Map<string, number> => {
  const sorted = [...records.values()].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    if (x === null || y === null) return x === y ? 0 : x === null ? 1 : -1;
    return collator.compare(x, y);
  });
  return new Map(sorted.map((it, rank) => [it.student_id, rank]));
};

const haveSameNames = (a: Records, b: Records): boolean => {
  if (a.size !== b.size) return false;
  for (const [id, it] of a) {
    const other = b.get(id);
    if (other === it) continue;
    if (other === undefined || other.student_name !== it.student_name || other.roll !== it.roll) return false;
  }
  return true;
};

/** Comparing names by the rules of a language is dear, and names hardly ever change: ranks are kept. */
const useRanks = (records: Records): Ranks => {
  const kept = useRef<Ranks | null>(null);
  if (kept.current === null || !haveSameNames(kept.current.of, records)) {
    const byName = rankedBy(records, nameOfRecord);
    kept.current = { of: records, byName, byRoll: rankedBy(records, (it) => it.roll ?? null) };
  } else kept.current.of = records;
  return kept.current;
};

const STATUS_RANK: Record<AttendanceStatus, number> = { absent: 1, late: 2, present: 3, excused: 4 };
/** Unmarked first: they are what is still to be done. */
const statusRank = (it: RollRecord): number => (isUnmarked(it) ? 0 : STATUS_RANK[it.status]);

const comparison = (sort: Sort, { byName, byRoll }: Ranks) => {
  const name = (a: RollRecord, b: RollRecord) => (byName.get(a.student_id) ?? 0) - (byName.get(b.student_id) ?? 0);
  switch (sort) {
    case 'name':
      return name;
    case 'arrival':
      return (a: RollRecord, b: RollRecord) => {
        const [x, y] = [a.joined_at ?? '~', b.joined_at ?? '~'];
        return x < y ? -1 : x > y ? 1 : name(a, b);
      };
    case 'status':
      return (a: RollRecord, b: RollRecord) => statusRank(a) - statusRank(b) || name(a, b);
    default:
      return (a: RollRecord, b: RollRecord) => (byRoll.get(a.student_id) ?? 0) - (byRoll.get(b.student_id) ?? 0);
  }
};

const passes = (filter: Filter, online: ReadonlySet<string>) => (it: RollRecord) => {
  switch (filter) {
    case 'all':
      return true;
    case 'unmarked':
      return isUnmarked(it);
    case 'online':
      return online.has(it.student_id);
    case 'flagged':
      return isFlagged(it);
    default:
      return it.status === filter;
  }
};

const NOBODY: ReadonlySet<string> = new Set();

export const useRows = (records: Records, online: ReadonlySet<string> | null, view: View): RollRecord[] => {
  const ranks = useRanks(records);
  const { query, filter, sort, isReversed } = view;
  // Who comes and goes changes the rows only where that is what is shown.
  const shownOnline = filter === 'online' ? (online ?? NOBODY) : NOBODY;
  return useMemo(() => {
    const wanted = plain(query.trim());
    const isWanted = passes(filter, shownOnline);
    const rows = [...records.values()].filter(
      (it) =>
        isWanted(it) &&
        (wanted === '' || plain(nameOfRecord(it)).includes(wanted) || plain(it.roll ?? '').includes(wanted)),
    );
    rows.sort(comparison(sort, ranks));
    return isReversed ? rows.reverse() : rows;
  }, [records, shownOnline, query, filter, sort, isReversed, ranks]);
};

export const countsOf = (records: Records, online: ReadonlySet<string> | null): Record<Filter, number> => {
  const counts = { all: 0, present: 0, late: 0, absent: 0, excused: 0, unmarked: 0, online: 0, flagged: 0 };
  for (const it of records.values()) {
    counts.all += 1;
    counts[it.status] += 1;
    if (isUnmarked(it)) counts.unmarked += 1;
    if (isFlagged(it)) counts.flagged += 1;
    if (online?.has(it.student_id)) counts.online += 1;
  }
  return counts;
};
