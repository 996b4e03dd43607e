/** A student's line of the report; opened, every session of theirs. */
import { useId, useState } from 'react';
import type { Session } from '../../client/index.ts';
import { Link } from '../parts/link.tsx';
import { texts } from '../texts.ts';
import type { ReportRow as Row } from './report-rows.ts';
import { StatusMark, TrendStrip, wordOf } from './trend-strip.tsx';
import { type Mark, marksOf, type Trend, type TrendItem, type Trends, useTrend } from './trends.ts';
import { dayText } from './zoned-time.ts';

type ReportRowProps = {
  row: Row;
  trends: Trends;
  /** The newest completed ones, newest first. */
  sessions: readonly Session[];
  timezone: string;
  columns: number;
};

export const ReportRow = ({ row, trends, sessions, timezone, columns }: ReportRowProps) => {
  const [isOpen, setIsOpen] = useState(false);
  const { ref, trend } = useTrend(trends, row.student_id);
  const id = useId();
  const { student_name: name } = row;
  return (
    <>
      <tr ref={ref}>
        <th scope="row">
          <button
            type="button"
            className="report-open"
            aria-expanded={isOpen}
            aria-controls={isOpen ? id : undefined}
            onClick={() => setIsOpen(!isOpen)}
          >
            <span aria-hidden="true" className="report-arrow" />
            {name}
          </button>
        </th>
        <td className="number">
          <strong>{texts.common.percent(row.attendanceRate)}</strong>
        </td>
        <td>
          <TrendCell name={name} trend={trend} sessions={sessions} />
        </td>
        <td>{row.roll}</td>
        <td className="number">{row.presentCount}</td>
        <td className="number">{row.lateCount}</td>
        <td className="number">{row.absentCount}</td>
        <td className="number">{row.excusedCount}</td>
        <td className="number">{row.sessions}</td>
      </tr>
      {isOpen && (
        <tr id={id}>
          <td colSpan={columns} className="report-details">
            <Details name={name} trend={trend} timezone={timezone} />
          </td>
        </tr>
      )}
    </>
  );
};

type TrendCellProps = { name: string; trend: Trend | undefined; sessions: readonly Session[] };

const TrendCell = ({ name, trend, sessions }: TrendCellProps) => {
  if (trend === undefined) return <span className="dim">…</span>;
  if (trend === null) return <span className="dim">{texts.report.noTrend}</span>;
  return <TrendStrip name={name} marks={marksOf(trend, sessions)} />;
};

const markOf = ({ session_id, title, date, status }: TrendItem): Mark => ({
  session: { id: session_id, title },
  date,
  status,
});

type DetailsProps = { name: string; trend: Trend | undefined; timezone: string };

const Details = ({ name, trend, timezone }: DetailsProps) => {
  if (trend === undefined) return <p className="dim">{texts.common.loading}</p>;
  if (trend === null) return <p className="dim">{texts.report.noTrend}</p>;
  return (
    <ul className="report-sessions" aria-label={texts.report.details(name)}>
      {trend.map(markOf).map((mark) => (
        <li key={mark.session.id}>
          <StatusMark mark={mark} /> <span>{wordOf(mark)}</span>
          <span className="dim">{dayText(mark.date, timezone)}</span>
          <Link to={{ page: 'session', session_id: mark.session.id }}>{mark.session.title}</Link>
        </li>
      ))}
    </ul>
  );
};
