import type { ReactNode } from 'react';
import type { Session } from '../../client/index.ts';
import type { Course } from '../../contract/nouns.ts';
import { Link } from '../parts/link.tsx';
import { texts } from '../texts.ts';
import './session.css';
import { useTimes } from './times.ts';

type SessionHeaderProps = { session: Session; course: Course | null; children?: ReactNode };

/** What session this is; the children are what can be done with it. */
export const SessionHeader = ({ session, course, children }: SessionHeaderProps) => {
  const { day, minute } = useTimes();
  const { title, description, status, starts_at, ends_at, course_id } = session;
  return (
    <header className="session-header">
      <div>
        <p className="session-course">
          <Link to={{ page: 'course', course_id }}>{course?.title ?? texts.session.course}</Link>
        </p>
        <h1>{title}</h1>
        <p className="dim session-when">
          <span className={`badge ${status}`}>{texts.sessionStatus[status]}</span>{' '}
          <span>
            {day(starts_at)}
            {ends_at !== null && ` – ${minute(ends_at)}`}
          </span>
        </p>
        {description !== '' && <p className="session-description">{description}</p>}
      </div>
      <div className="row session-actions">{children}</div>
    </header>
  );
};
