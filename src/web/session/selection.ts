/** Who is selected, whether they are shown or not. */
import { useMemo, useState } from 'react';
import type { RollRecord } from '../../client/index.ts';

export type Selection = {
  ids: ReadonlySet<string>;
  /** Selected last: where a range begins. */
  last: string | null;
  toggle: (id: string) => void;
  /** Adds all between two rows. */
  range: (rows: readonly RollRecord[], a: number, b: number) => void;
  set: (ids: Iterable<string>) => void;
};

export const useSelection = (): Selection => {
  const [{ ids, last }, change] = useState<{ ids: ReadonlySet<string>; last: string | null }>({
    ids: new Set(),
    last: null,
  });
  return useMemo(
    () => ({
      ids,
      last,
      toggle: (id) =>
        change((before) => {
          const next = new Set(before.ids);
          if (!next.delete(id)) next.add(id);
          return { ids: next, last: id };
        }),
      range: (rows, a, b) =>
        change((before) => {
          const next = new Set(before.ids);
          for (const it of rows.slice(Math.min(a, b), Math.max(a, b) + 1)) next.add(it.student_id);
          return { ids: next, last: rows[b]?.student_id ?? null };
        }),
      set: (wanted) => change({ ids: new Set(wanted), last: null }),
    }),
    [ids, last],
  );
};
