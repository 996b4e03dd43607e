/** Who came while one looks on: not who was there already when the roll was fetched. */
import { useEffect, useRef, useState } from 'react';
import type { RollRecord } from '../../client/index.ts';
import type { Records } from './roll-rows.ts';

export type Arrivals = {
  /** Newest first, a few. */
  latest: readonly RollRecord[];
  /** Came within the last seconds: student ids. */
  fresh: ReadonlySet<string>;
  /** How many since the beginning. */
  count: number;
};

const KEPT = 6;
const FRESH_FOR_MS = 3_000;
const NONE: Arrivals = { latest: [], fresh: new Set(), count: 0 };

const newcomers = (before: Records, now: Records): RollRecord[] => {
  const came: RollRecord[] = [];
  for (const [id, it] of now) {
    if (it.joined_at == null) continue;
    const was = before.get(id);
    if (was !== it && was?.joined_at == null) came.push(it);
  }
  return came.sort((a, b) => ((a.joined_at ?? '') < (b.joined_at ?? '') ? 1 : -1));
};

/** isFollowed: what is in records is live. */
export const useArrivals = (records: Records, isFollowed: boolean): Arrivals => {
  const [arrivals, setArrivals] = useState(NONE);
  const before = useRef<Records | null>(null);
  useEffect(() => {
    const was = before.current;
    before.current = isFollowed ? records : null;
    if (was === null || !isFollowed || was === records) return;
    const came = newcomers(was, records);
    if (came.length === 0) return;
    setArrivals(({ latest, fresh, count }) => ({
      latest: [...came, ...latest].slice(0, KEPT),
      fresh: new Set([...fresh, ...came.map(({ student_id }) => student_id)]),
      count: count + came.length,
    }));
    setTimeout(() => {
      setArrivals((it) => {
        const fresh = new Set(it.fresh);
        for (const { student_id } of came) fresh.delete(student_id);
        return { ...it, fresh };
      });
    }, FRESH_FOR_MS);
  }, [records, isFollowed]);
  return arrivals;
};
