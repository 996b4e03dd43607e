/** The sessions that are running, first on everybody's page: what people came for. */
import type { Course } from '../../contract/nouns.ts';
import { Link } from '../parts/link.tsx';
import { Loaded } from '../parts/loaded.tsx';
import type { Route } from '../router.ts';
import { texts } from '../texts.ts';
import type { useRunning } from './use-running.ts';
import { clockText, hereZone } from './zoned-time.ts';

type RunningNowProps = {
  running: ReturnType<typeof useRunning>;
  courses: readonly Course[];
  action: string;
  to: (session_id: string) => Route;
};

export const RunningNow = ({ running: [fetched, reload], courses, action, to }: RunningNowProps) => (
  <section className="card stack" aria-labelledby="running">
    <h2 id="running">{texts.home.running}</h2>
    <Loaded it={fetched} reload={reload}>
      {(running) => (
        <>
          <p className="visually-hidden" role="status">
            {texts.home.runningNow(running.map(({ session }) => session.title))}
          </p>
          {running.length === 0 && <p className="dim">{texts.home.nothingRunning}</p>}
          <ul className="course-list">
            {running.map(({ session, started_at }) => (
              <li key={session.id} className="running-session">
                <div>
                  <strong className="running-title">{session.title}</strong>
                  <div className="dim">
                    {[
                      courses.find((it) => it.id === session.course_id)?.title,
                      started_at && texts.home.since(clockText(Date.parse(started_at), hereZone())),
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </div>
                </div>
                <Link to={to(session.id)} className="button primary running-action">
                  {action}
                  <span className="visually-hidden"> {session.title}</span>
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </Loaded>
  </section>
);
