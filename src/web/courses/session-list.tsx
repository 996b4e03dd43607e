/** The sessions of a course, newest first; starts and ends show by themselves. */
import { useState } from 'react';
import type { Session } from '../../client/index.ts';
import type { Course } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { Link } from '../parts/link.tsx';
import { texts } from '../texts.ts';
import { CancelForm } from './cancel-form.tsx';
import { inWords } from './checkin-rules.ts';
import { Choice } from './form-parts.tsx';
import { PagedEnd } from './paged-end.tsx';
import { SessionForm } from './session-form.tsx';
import { usePaged } from './use-paged.ts';
import { useCourseChanges } from './use-running.ts';
import { hereZone, isElsewhere, spanText } from './zoned-time.ts';

type Doing = { what: 'schedule' } | { what: 'edit' | 'cancel'; session: Session } | null;
const FILTERS = [['', texts.course.all], ...Object.entries(texts.sessionStatus)] as [string, string][];
const PAGE_SIZE = 20;

export const SessionList = ({ course }: { course: Course }) => {
  const [status, setStatus] = useState('');
  const [doing, setDoing] = useState<Doing>(null);
  const [told, setTold] = useState('');
  const changes = useCourseChanges([course.id]);
  const sessions = usePaged(
    ({ signal, ...page }) =>
      api('listSessions', { query: { ...page, course_id: course.id, status: status || undefined }, signal }),
    [course.id, status, changes],
    PAGE_SIZE,
  );
  const done = (what: string) => {
    setDoing(null);
    setTold(what);
    sessions.reload();
  };
  return (
    <section className="card" aria-labelledby="sessions">
      <div className="course-head">
        <h2 id="sessions">{texts.course.sessions}</h2>
        <button type="button" className="button" onClick={() => setDoing({ what: 'schedule' })}>
          {texts.course.schedule}
        </button>
      </div>
      <div className="course-filter">
        <Choice
          label={texts.course.filter}
          value={status}
          onChange={({ target }) => setStatus(target.value)}
          choices={FILTERS}
        />
      </div>
      <p role="status" className="course-told">
        {told}
      </p>
      <ul className="course-list">
        {sessions.items?.map((session) => (
          <SessionRow key={session.id} session={session} course={course} onDo={setDoing} />
        ))}
      </ul>
      <PagedEnd paged={sessions} empty={texts.course.none} />
      {doing !== null && doing.what !== 'cancel' && (
        <SessionForm
          course={course}
          {...(doing.what === 'edit' ? { session: doing.session } : {})}
          onClose={() => setDoing(null)}
          onSaved={({ title }) => done(texts.course.saved(title))}
        />
      )}
      {doing?.what === 'cancel' && (
        <CancelForm
          session={doing.session}
          onClose={() => setDoing(null)}
          onCancelled={() => done(texts.course.cancelled(doing.session.title))}
        />
      )}
    </section>
  );
};

type SessionRowProps = { session: Session; course: Course; onDo: (doing: Doing) => void };

const SessionRow = ({ session, course: { timezone }, onDo }: SessionRowProps) => {
  const { id, title, status, checkin } = session;
  const from = Date.parse(session.starts_at);
  const to = session.ends_at === null ? null : Date.parse(session.ends_at);
  return (
    <li className="course-row">
      <div className="course-session">
        <Link to={{ page: 'session', session_id: id }} className="course-link">
          {title}
        </Link>{' '}
        <span className={`course-badge ${status}`}>{texts.sessionStatus[status]}</span>
        <div className="dim">
          <time dateTime={session.starts_at}>{spanText(from, to, timezone)}</time>
          {isElsewhere(from, timezone) && <div>{texts.course.forYou(spanText(from, to, hereZone()))}</div>}
          {status === 'scheduled' && <div>{inWords(checkin)}</div>}
        </div>
      </div>
      {status === 'scheduled' && (
        <div className="row">
          <button type="button" className="button" onClick={() => onDo({ what: 'edit', session })}>
            {texts.course.edit}
            <span className="visually-hidden"> {title}</span>
          </button>
          <button type="button" className="button" onClick={() => onDo({ what: 'cancel', session })}>
            {texts.course.cancelSession}
            <span className="visually-hidden"> {title}</span>
          </button>
        </div>
      )}
    </li>
  );
};
