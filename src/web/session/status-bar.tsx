import type { AttendanceStatus, Statistics } from '../../client/index.ts';
import { texts } from '../texts.ts';

const t = texts.session.bar;
const PARTS: [AttendanceStatus, keyof Statistics][] = [
  ['present', 'presentCount'],
  ['late', 'lateCount'],
  ['excused', 'excusedCount'],
  ['absent', 'absentCount'],
];

/** How many are what, as a bar and as numbers. */
export const StatusBar = ({ statistics, online }: { statistics: Statistics; online: number | null }) => {
  const { totalStudents, presentCount, lateCount, attendanceRate } = statistics;
  return (
    <section className="card status-card" aria-label={t.title}>
      <div className="status-lead">
        <span className="status-rate">
          <strong>{texts.common.percent(attendanceRate)}</strong> <span className="dim">{t.rate}</span>
        </span>
        <span>
          <strong>{t.here(presentCount + lateCount)}</strong> <span className="dim">{t.ofAll(totalStudents)}</span>
        </span>
        {online !== null && (
          <span className="status-online">
            <span aria-hidden="true" className="online-dot on" /> {t.online(online)}
          </span>
        )}
      </div>
      <div className="status-bar" aria-hidden="true">
        {PARTS.filter(([, key]) => statistics[key] > 0).map(([status, key]) => (
          <span key={status} className={`part ${status}`} style={{ flexGrow: statistics[key] }} />
        ))}
      </div>
      <ul className="status-parts">
        {PARTS.map(([status, key]) => (
          <li key={status}>
            <span aria-hidden="true" className={`key ${status}`}>
              {texts.statusSign[status]}
            </span>
            <strong>{statistics[key].toLocaleString()}</strong> {texts.status[status]}
          </li>
        ))}
      </ul>
    </section>
  );
};
