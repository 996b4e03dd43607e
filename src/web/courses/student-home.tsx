import { api } from '../api.ts';
import { Link } from '../parts/link.tsx';
import { texts } from '../texts.ts';
import { PagedEnd } from './paged-end.tsx';
import { RunningNow } from './running-now.tsx';
import { usePaged } from './use-paged.ts';
import { useRunning } from './use-running.ts';
import { useTitle } from './use-title.ts';

export const StudentHome = () => {
  useTitle(texts.home.classes);
  const courses = usePaged(({ signal, ...query }) => api('listCourses', { query, signal }), []);
  const items = courses.items ?? [];
  const running = useRunning(courses.items?.map(({ id }) => id) ?? null);
  return (
    <div className="student-home">
      <h1>{texts.home.classes}</h1>
      <RunningNow
        running={running}
        courses={items}
        action={texts.home.checkIn}
        to={(session_id) => ({ page: 'join', session_id })}
      />
      <p>
        <Link to={{ page: 'history' }} className="button">
          {texts.home.history}
        </Link>
      </p>
      <section className="card" aria-label={texts.home.classes}>
        <ul className="course-list">
          {items.map(({ id, title }) => (
            <li key={id} className="course-row">
              {title}
            </li>
          ))}
        </ul>
        <PagedEnd paged={courses} empty={texts.home.noClasses} />
      </section>
    </div>
  );
};
