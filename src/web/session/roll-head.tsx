import { useEffect, useRef } from 'react';
import type { RollRecord } from '../../client/index.ts';
import { texts } from '../texts.ts';
import type { Sort, View } from './roll-rows.ts';
import type { Selection } from './selection.ts';

type RollHeadProps = {
  rows: RollRecord[];
  selection: Selection;
  view: View;
  onView: (changes: Partial<View>) => void;
  isReadOnly: boolean;
  markLabel: string;
};

const t = texts.session.roll;

/** Names of the columns; those that one can sort by are buttons. */
export const RollHead = ({ rows, selection, view, onView, isReadOnly, markLabel }: RollHeadProps) => {
  const box = useRef<HTMLInputElement>(null);
  const selected = rows.reduce((n, it) => (selection.ids.has(it.student_id) ? n + 1 : n), 0);
  const isAll = rows.length > 0 && selected === rows.length;
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = selected > 0 && !isAll;
  }, [selected, isAll]);
  const sorted = (sort: Sort, label: string, className: string) => (
    // biome-ignore lint/a11y/useSemanticElements: of a grid.
    // biome-ignore lint/a11y/useFocusableInteractive: the button in it is.
    <div
      role="columnheader"
      className={className}
      aria-sort={view.sort !== sort ? 'none' : view.isReversed ? 'descending' : 'ascending'}
    >
      <button
        type="button"
        className="sort"
        onClick={() => onView({ sort, isReversed: view.sort === sort && !view.isReversed })}
      >
        {label}
        <span aria-hidden="true" className="sort-sign">
          {view.sort !== sort ? '' : view.isReversed ? '▼' : '▲'}
        </span>
      </button>
    </div>
  );
  const plain = (label: string, className: string) => (
    // biome-ignore lint/a11y/useSemanticElements: of a grid.
    // biome-ignore lint/a11y/useFocusableInteractive: nothing can be done with it.
    <div role="columnheader" className={className}>
      {label}
    </div>
  );
  return (
    // biome-ignore lint/a11y/useSemanticElements: of a grid.
    // biome-ignore lint/a11y/useFocusableInteractive: what is in it is.
    <div role="row" aria-rowindex={1} className="roll-head">
      {/* biome-ignore lint/a11y/useSemanticElements: of a grid. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: the box in it is. */}
      <div role="columnheader" className="cell-select">
        <label className="select-all">
          <input
            ref={box}
            type="checkbox"
            checked={isAll}
            disabled={isReadOnly || rows.length === 0}
            onChange={() => selection.set(withRows(selection.ids, rows, !isAll))}
          />
          <span className="select-all-text">{t.selectAll}</span>
        </label>
      </div>
      {sorted('name', t.columns.name, 'cell-name')}
      {sorted('roll', t.columns.roll, 'cell-roll')}
      {sorted('status', t.columns.status, 'cell-status')}
      {sorted('arrival', t.columns.arrived, 'cell-time')}
      {plain(t.columns.by, 'cell-by')}
      {plain(markLabel, 'cell-mark')}
      {plain(t.columns.remarks, 'cell-remarks')}
    </div>
  );
};

const withRows = (ids: ReadonlySet<string>, rows: readonly RollRecord[], isIn: boolean): Set<string> => {
  const next = new Set(ids);
  for (const { student_id } of rows) {
    if (isIn) next.add(student_id);
    else next.delete(student_id);
  }
  return next;
};
