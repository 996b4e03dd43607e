import { useState } from 'react';
import { api } from '../api.ts';
import { Link } from '../parts/link.tsx';
import { go } from '../router.ts';
import { texts } from '../texts.ts';
import { CourseForm } from './course-form.tsx';
import { PagedEnd } from './paged-end.tsx';
import { RunningNow } from './running-now.tsx';
import { usePaged } from './use-paged.ts';
import { useRunning } from './use-running.ts';
import { useTitle } from './use-title.ts';

export const StaffHome = () => {
  useTitle(texts.home.courses);
  const [isCreating, setIsCreating] = useState(false);
  const courses = usePaged(({ signal, ...query }) => api('listCourses', { query, signal }), []);
  const items = courses.items ?? [];
  const running = useRunning(courses.items?.map(({ id }) => id) ?? null);
  const [fetched] = running;
  const isRunning = (course_id: string): boolean =>
    fetched.state === 'there' && fetched.value.some(({ session }) => session.course_id === course_id);
  return (
    <>
      <div className="course-head">
        <h1>{texts.home.courses}</h1>
        <button type="button" className="button" onClick={() => setIsCreating(true)}>
          {texts.home.newCourse}
        </button>
      </div>
      <RunningNow
        running={running}
        courses={items}
        action={texts.home.open}
        to={(session_id) => ({ page: 'session', session_id })}
      />
      <section className="card" aria-label={texts.home.courses}>
        <ul className="course-list">
          {items.map(({ id, title, timezone }) => (
            <li key={id} className="course-row">
              <Link to={{ page: 'course', course_id: id }} className="course-link">
                {title}
              </Link>
              {isRunning(id) && <span className="course-badge active">{texts.sessionStatus.active}</span>}
              <span className="dim course-aside">{timezone}</span>
            </li>
          ))}
        </ul>
        <PagedEnd paged={courses} empty={texts.home.noCourses} />
      </section>
      {isCreating && (
        <CourseForm onClose={() => setIsCreating(false)} onSaved={({ id }) => go({ page: 'course', course_id: id })} />
      )}
    </>
  );
};
