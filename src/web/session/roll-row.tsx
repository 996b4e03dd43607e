import { memo } from 'react';
import type { AttendanceStatus, RollRecord } from '../../client/index.ts';
import { StatusPill } from '../parts/status-pill.tsx';
import { texts } from '../texts.ts';
import { isUnmarked, nameOfRecord } from './roll-rows.ts';
import { useNameOf } from './staff-names.ts';
import { useTimes } from './times.ts';

/** In the order of the buttons, and of the columns' controls. */
export const STATUSES: readonly AttendanceStatus[] = ['present', 'late', 'absent', 'excused'];

/** Controls of a row, from left to right, as the arrow keys go through them. */
export const STOPS = { select: 0, name: 1, marks: 2, remarks: 6, count: 7 } as const;

export type RowProps = {
  record: RollRecord;
  /** Counted from 1, the header being the first. */
  rowIndex: number;
  top: number;
  height: number;
  /** Null: who is online is not known. */
  isOnline: boolean | null;
  pending: AttendanceStatus | undefined;
  isSelected: boolean;
  isFresh: boolean;
  isReadOnly: boolean;
  /** The one control that Tab leads to; null: it is in another row. */
  stop: number | null;
};

const t = texts.session.roll;

/** What is done in it is heard by the grid around it, so that nothing here changes but what is shown. */
export const RollRow = memo((props: RowProps) => {
  const { record, rowIndex, top, height, isOnline, pending, isSelected, isFresh, isReadOnly, stop } = props;
  const { minute } = useTimes();
  const nameOf = useNameOf();
  const name = nameOfRecord(record);
  const tab = (of: number) => ({ 'data-stop': of, tabIndex: stop === of ? 0 : -1 });
  const status = pending ?? record.status;
  return (
    // biome-ignore lint/a11y/useSemanticElements: rows of a table cannot be placed by themselves.
    // biome-ignore lint/a11y/useFocusableInteractive: the focus goes to what is in the row.
    <div
      role="row"
      aria-rowindex={rowIndex}
      aria-selected={isSelected}
      data-id={record.student_id}
      className={`roll-row${isSelected ? ' selected' : ''}${isFresh ? ' fresh' : ''}`}
      style={{ transform: `translateY(${top}px)`, height }}
    >
      {/* biome-ignore lint/a11y/useSemanticElements: as the row. */}
      {/* biome-ignore lint/a11y/useFocusableInteractive: as the row. */}
      <div role="gridcell" className="cell-select">
        <input
          type="checkbox"
          checked={isSelected}
          readOnly
          disabled={isReadOnly}
          aria-label={t.select(name)}
          {...tab(STOPS.select)}
        />
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: as the row. */}
      <div role="rowheader" className="cell-name" data-stop={STOPS.name} tabIndex={stop === STOPS.name ? 0 : -1}>
        {isOnline !== null && (
          <span className={`online-dot ${isOnline ? 'on' : 'off'}`} title={isOnline ? t.online : t.offline} />
        )}
        <span className="name-text" title={name}>
          {name}
        </span>
        {isOnline !== null && <span className="visually-hidden">, {isOnline ? t.online : t.offline}</span>}
        {record.flags?.map((it) => (
          <span key={it} className="flag" title={texts.flags[`${it}_hint`]}>
            <span aria-hidden="true">⚑</span> {texts.flags[it]}
          </span>
        ))}
      </div>
      <Cell className="cell-roll dim">{record.roll ?? texts.session.nobody}</Cell>
      <Cell className="cell-status">
        <StatusPill status={status} isPending={pending !== undefined} isUnmarked={isUnmarked(record)} />
      </Cell>
      <Cell className="cell-time dim">
        {record.joined_at == null ? texts.session.nobody : minute(record.joined_at)}
      </Cell>
      <Cell className="cell-by dim">{nameOf(record.marked_by)}</Cell>
      <Cell className="cell-mark">
        {STATUSES.map((it, index) => (
          <button
            key={it}
            type="button"
            className={`mark ${it}`}
            data-mark={it}
            disabled={isReadOnly}
            aria-pressed={status === it && (pending !== undefined || !isUnmarked(record))}
            aria-label={t.markAs(name, texts.status[it])}
            title={texts.status[it]}
            {...tab(STOPS.marks + index)}
          >
            {texts.statusSign[it]}
          </button>
        ))}
      </Cell>
      <Cell className="cell-remarks">
        <button
          type="button"
          className={`remarks${record.remarks ? ' some' : ''}`}
          data-remarks=""
          disabled={isReadOnly}
          aria-label={record.remarks ? t.hasRemarks(name, record.remarks) : t.remarksOf(name)}
          title={record.remarks ?? texts.session.roll.columns.remarks}
          {...tab(STOPS.remarks)}
        >
          <span aria-hidden="true" className="remarks-sign">
            {record.remarks ? '✎' : '+'}
          </span>
          <span aria-hidden="true" className="remarks-text">
            {record.remarks}
          </span>
        </button>
      </Cell>
    </div>
  );
});
RollRow.displayName = 'RollRow';

const Cell = ({ className, children }: { className: string; children: React.ReactNode }) => (
  // biome-ignore lint/a11y/useSemanticElements: as the row.
  // biome-ignore lint/a11y/useFocusableInteractive: as the row.
  <div role="gridcell" className={className}>
    {children}
  </div>
);
