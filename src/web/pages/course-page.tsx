import { useState } from 'react';
import type { Course } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import '../courses/courses.css';
import { CourseForm } from '../courses/course-form.tsx';
import { People } from '../courses/people.tsx';
import { Roster } from '../courses/roster.tsx';
import { SessionList } from '../courses/session-list.tsx';
import { NoCourse, PageLoading, StaffOnly } from '../courses/staff-only.tsx';
import { StartNowForm } from '../courses/start-now-form.tsx';
import { useTitle } from '../courses/use-title.ts';
import { Link } from '../parts/link.tsx';
import { useFetched } from '../parts/loaded.tsx';
import { texts } from '../texts.ts';

const CoursePage = ({ course_id }: { course_id: string }) => (
  <StaffOnly>
    <CourseFor key={course_id} course_id={course_id} />
  </StaffOnly>
);
export default CoursePage;

const CourseFor = ({ course_id }: { course_id: string }) => {
  const [course, reload] = useFetched((signal) => api('getCourse', { params: { id: course_id }, signal }), [course_id]);
  if (course.state === 'loading') return <PageLoading />;
  if (course.state === 'failed') return <NoCourse error={course.error} retry={reload} />;
  return <CourseShown course={course.value} reload={reload} />;
};

const CourseShown = ({ course, reload }: { course: Course; reload: () => void }) => {
  useTitle(course.title);
  const [doing, setDoing] = useState<'start' | 'edit' | null>(null);
  return (
    <>
      <p>
        <Link to={{ page: 'home' }}>{texts.home.courses}</Link>
      </p>
      <div className="course-head">
        <h1>{course.title}</h1>
        <div className="row">
          <button type="button" className="button primary" onClick={() => setDoing('start')}>
            {texts.course.startNow}
          </button>
          <Link to={{ page: 'report', course_id: course.id }} className="button">
            {texts.course.report}
          </Link>
          <button type="button" className="button" onClick={() => setDoing('edit')}>
            {texts.course.editCourse}
          </button>
        </div>
      </div>
      <div className="course-columns">
        <SessionList course={course} />
        <div>
          <Roster course={course} />
          <People course={course} />
        </div>
      </div>
      {doing === 'start' && <StartNowForm course={course} onClose={() => setDoing(null)} />}
      {doing === 'edit' && (
        <CourseForm
          course={course}
          onClose={() => setDoing(null)}
          onSaved={() => {
            setDoing(null);
            reload();
          }}
        />
      )}
    </>
  );
};
