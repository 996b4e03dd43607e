/** The roll: a grid of which only what is to be seen is in the page. One control of it is where Tab leads to. */
import { type KeyboardEvent, type MouseEvent, useLayoutEffect, useRef, useState } from 'react';
import type { AttendanceStatus, RollRecord } from '../../client/index.ts';
import { texts } from '../texts.ts';
import { actOf, type Place } from './grid-keys.ts';
import { RollHead } from './roll-head.tsx';
import { RollRow, STOPS } from './roll-row.tsx';
import type { View } from './roll-rows.ts';
import { useRowHeight, useRowWindow } from './row-window.ts';
import type { Selection } from './selection.ts';
import './roll.css';

export type RollGridProps = {
  rows: RollRecord[];
  online: ReadonlySet<string> | null;
  pending: ReadonlyMap<string, AttendanceStatus>;
  fresh: ReadonlySet<string>;
  selection: Selection;
  isReadOnly: boolean;
  markLabel: string;
  view: View;
  onView: (changes: Partial<View>) => void;
  onMark: (ids: string[], status: AttendanceStatus) => void;
  onRemarks: (id: string) => void;
  onSearch: () => void;
  onHelp: () => void;
};

/** Above the rows that the focus goes to: what sticks to the top of the window. */
const COVERED_TOP_PX = 150;
const COVERED_BOTTOM_PX = 96;

const rowOf = (target: EventTarget): HTMLElement | null => (target as Element).closest<HTMLElement>('[data-id]');
const stopOf = (target: EventTarget): number => {
  const it = (target as Element).closest<HTMLElement>('[data-stop]');
  return it === null ? STOPS.name : Number(it.dataset.stop);
};

export const RollGrid = (props: RollGridProps) => {
  const { rows, online, pending, fresh, selection, isReadOnly, markLabel, view, onView } = props;
  const grid = useRef<HTMLDivElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const height = useRowHeight();
  const { from, to } = useRowWindow(rows.length, height, body);
  const [active, setActive] = useState<Place>({ id: '', index: 0, stop: STOPS.name });
  const wantsFocus = useRef(false);
  const hasFocus = useRef(false);

  // The focus follows the student, wherever the order takes them; it stays in its place when they are not shown any more.
  const found = rows[active.index]?.student_id === active.id ? active.index : rowIndexOf(rows, active.id);
  const index = found >= 0 ? found : Math.max(0, Math.min(active.index, rows.length - 1));
  const activeId = rows[index]?.student_id;

  useLayoutEffect(() => {
    const isLost = hasFocus.current && (document.activeElement === document.body || document.activeElement === null);
    if (!wantsFocus.current && !isLost) return;
    wantsFocus.current = false;
    const row = grid.current?.querySelector(`[data-id="${activeId}"]`);
    row?.querySelector<HTMLElement>(`[data-stop="${active.stop}"]`)?.focus({ preventScroll: true });
  });

  const go = (to: number, stop: number) => {
    const id = rows[to]?.student_id;
    if (id === undefined) return;
    wantsFocus.current = true;
    setActive({ id, index: to, stop });
    reveal(body.current, to * height, height);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const row = rowOf(event.target);
    const id = row?.dataset.id;
    if (id === undefined) return;
    const onButton = event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement;
    const it = actOf(event, { id, index, stop: active.stop }, rows.length, onButton);
    if (it === null) return;
    event.preventDefault();
    if (it.act === 'go') {
      if (it.isSelecting && !isReadOnly) selection.range(rows, index, it.index);
      // Nothing but the names can have the focus where nothing can be done.
      go(it.index, isReadOnly ? STOPS.name : it.stop);
    } else if (it.act === 'search') props.onSearch();
    else if (it.act === 'help') props.onHelp();
    else if (isReadOnly) return;
    else if (it.act === 'mark') props.onMark([id], it.status);
    else if (it.act === 'select') selection.toggle(id);
    else props.onRemarks(id);
  };

  const onClick = (event: MouseEvent) => {
    const id = rowOf(event.target)?.dataset.id;
    if (id === undefined || isReadOnly) return;
    const control = (event.target as Element).closest<HTMLElement>('[data-mark],[data-remarks],input');
    if (control?.dataset.mark !== undefined) props.onMark([id], control.dataset.mark as AttendanceStatus);
    else if (control?.dataset.remarks !== undefined) props.onRemarks(id);
    else if (control !== null) {
      const last = rowIndexOf(rows, selection.last ?? '');
      if (event.shiftKey && last >= 0) selection.range(rows, last, rowIndexOf(rows, id));
      else selection.toggle(id);
    }
  };

  const shown = rows.slice(from, to).map((record, offset) => ({ record, at: from + offset }));
  const away = rows[index];
  // The control that has the focus stays in the page, however far one scrolls.
  if (away !== undefined && (index < from || index >= to)) shown.push({ record: away, at: index });

  return (
    // biome-ignore lint/a11y/useSemanticElements: a table cannot place its rows by itself.
    <div
      ref={grid}
      role="grid"
      aria-rowcount={rows.length + 1}
      aria-colcount={8}
      aria-multiselectable="true"
      aria-labelledby="roll-title"
      className="roll-grid"
      tabIndex={-1}
      onKeyDown={onKeyDown}
      onClick={onClick}
      onFocus={(event) => {
        hasFocus.current = true;
        const id = rowOf(event.target)?.dataset.id;
        const stop = stopOf(event.target);
        if (id !== undefined && (id !== active.id || stop !== active.stop))
          setActive({ id, index: rowIndexOf(rows, id), stop });
      }}
      onBlur={(event) => {
        hasFocus.current = event.relatedTarget === null && !event.currentTarget.contains(event.target);
      }}
    >
      <RollHead rows={rows} selection={selection} view={view} onView={onView} {...{ isReadOnly, markLabel }} />
      {/* biome-ignore lint/a11y/useSemanticElements: as the grid. */}
      <div role="rowgroup" ref={body} className="roll-body" style={{ height: rows.length * height }}>
        {shown.map(({ record, at }) => (
          <RollRow
            key={record.student_id}
            record={record}
            rowIndex={at + 2}
            top={at * height}
            height={height}
            isOnline={online === null ? null : online.has(record.student_id)}
            pending={pending.get(record.student_id)}
            isSelected={selection.ids.has(record.student_id)}
            isFresh={fresh.has(record.student_id)}
            isReadOnly={isReadOnly}
            stop={at === index ? active.stop : null}
          />
        ))}
      </div>
      {rows.length === 0 && <p className="roll-nobody dim">{texts.session.roll.nobody}</p>}
    </div>
  );
};

const rowIndexOf = (rows: readonly RollRecord[], id: string): number => rows.findIndex((it) => it.student_id === id);

/** Scrolls the page as little as needed for the row to be seen, below what sticks to the top. */
const reveal = (body: HTMLElement | null, offset: number, height: number): void => {
  if (body === null) return;
  const top = body.getBoundingClientRect().top + offset;
  const above = top - Math.min(COVERED_TOP_PX, window.innerHeight / 4);
  const below = top + height - (window.innerHeight - COVERED_BOTTOM_PX);
  if (above < 0) window.scrollBy(0, above);
  else if (below > 0) window.scrollBy(0, below);
};
