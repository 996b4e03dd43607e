import type { Session } from '../../client/index.ts';
import type { Course } from '../../contract/nouns.ts';
import { Link } from '../parts/link.tsx';
import { texts } from '../texts.ts';
import { PagedEnd } from './paged-end.tsx';
import type { Paged } from './use-paged.ts';
import { spanText } from './zoned-time.ts';

type CompletedSessionsProps = { course: Course; sessions: Paged<Session> };

/** What a report is made of, each with a way to its records. */
export const CompletedSessions = ({ course, sessions }: CompletedSessionsProps) => (
  <section className="card" aria-labelledby="completed">
    <h2 id="completed">{texts.report.sessionList}</h2>
    <ul className="course-list">
      {sessions.items?.map(({ id, title, date }) => (
        <li key={id} className="course-row">
          <Link to={{ page: 'session', session_id: id }} className="course-link">
            {title}
          </Link>
          <span className="dim course-aside">{spanText(Number(date), null, course.timezone)}</span>
        </li>
      ))}
    </ul>
    <PagedEnd paged={sessions} empty={texts.course.none} />
  </section>
);
