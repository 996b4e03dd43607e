import { useMemo, useState } from 'react';
import type { Session } from '../../client/index.ts';
import type { Course } from '../../contract/nouns.ts';
import { texts } from '../texts.ts';
import { TextField } from './form-parts.tsx';
import { ReportRow } from './report-row.tsx';
import { type Column, matching, type Order, type ReportRow as Row, sorted, totalsOf } from './report-rows.ts';
import { Trends } from './trends.ts';

type ReportTableProps = { course: Course; rows: readonly Row[]; sessions: readonly Session[] };

const COLUMNS: [Column | null, string][] = [
  ['student_name', texts.report.name],
  ['attendanceRate', texts.report.rate],
  [null, texts.report.trend],
  ['roll', texts.report.roll],
  ['presentCount', texts.status.present],
  ['lateCount', texts.status.late],
  ['absentCount', texts.status.absent],
  ['excusedCount', texts.status.excused],
  ['sessions', texts.report.sessions],
];
/** Lines put on the page at a time: thousands of them would make every key stroke slow. */
const SHOWN = 100;

export const ReportTable = ({ course, rows, sessions }: ReportTableProps) => {
  const trends = useMemo(() => new Trends(course.id), [course.id]);
  const [order, setOrder] = useState<Order>({ by: 'student_name', isDescending: false });
  const [search, setSearch] = useState('');
  const [shown, setShown] = useState(SHOWN);
  const found = useMemo(() => sorted(matching(rows, search), order), [rows, search, order]);
  return (
    <>
      <div className="course-filter">
        <TextField
          label={texts.report.search}
          type="search"
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
      </div>
      <p role="status" className="dim">
        {found.length === 0 ? texts.report.nobody : texts.report.shown(found.length, rows.length)}
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard. */}
      <section className="report-scroll" aria-label={texts.report.heading} tabIndex={0}>
        <table className="report">
          <caption className="visually-hidden">{texts.report.caption}</caption>
          <thead>
            <tr>
              {COLUMNS.map(([column, label]) => (
                <Heading key={label} column={column} label={label} order={order} onOrder={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody>
            {found.slice(0, shown).map((row) => (
              <ReportRow
                key={row.student_id}
                row={row}
                trends={trends}
                sessions={sessions}
                timezone={course.timezone}
                columns={COLUMNS.length}
              />
            ))}
          </tbody>
          <TotalsRow rows={rows} />
        </table>
      </section>
      {found.length > shown && (
        <button type="button" className="button course-more" onClick={() => setShown(shown + SHOWN)}>
          {texts.common.more}
        </button>
      )}
    </>
  );
};

type HeadingProps = { column: Column | null; label: string; order: Order; onOrder: (order: Order) => void };

const Heading = ({ column, label, order, onOrder }: HeadingProps) => {
  if (column === null) return <th scope="col">{label}</th>;
  const isSorted = order.by === column;
  const isDescending = isSorted && order.isDescending;
  const sort = isSorted ? (isDescending ? 'descending' : 'ascending') : undefined;
  const isNumber = column !== 'student_name' && column !== 'roll';
  return (
    <th scope="col" aria-sort={sort} className={isNumber ? 'number' : undefined}>
      <button
        type="button"
        className="report-sort"
        onClick={() => onOrder({ by: column, isDescending: isSorted && !isDescending })}
      >
        {label}
        <span aria-hidden="true">{isSorted ? (isDescending ? '▼' : '▲') : '↕'}</span>
      </button>
    </th>
  );
};

const TotalsRow = ({ rows }: { rows: readonly Row[] }) => {
  const totals = useMemo(() => totalsOf(rows), [rows]);
  return (
    <tfoot>
      <tr>
        <th scope="row">{texts.report.total}</th>
        <td className="number">
          <strong>{texts.common.percent(totals.attendanceRate)}</strong>
        </td>
        <td />
        <td />
        <td className="number">{totals.presentCount}</td>
        <td className="number">{totals.lateCount}</td>
        <td className="number">{totals.absentCount}</td>
        <td className="number">{totals.excusedCount}</td>
        <td />
      </tr>
    </tfoot>
  );
};
