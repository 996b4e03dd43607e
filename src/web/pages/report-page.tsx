import { useState } from 'react';
import type { Course } from '../../contract/nouns.ts';
import { api, download } from '../api.ts';
import '../courses/courses.css';
import '../courses/report.css';
import { CompletedSessions } from '../courses/completed-sessions.tsx';
import { useReportRows } from '../courses/report-rows.ts';
import { ReportTable } from '../courses/report-table.tsx';
import { NoCourse, PageLoading, StaffOnly } from '../courses/staff-only.tsx';
import { usePaged } from '../courses/use-paged.ts';
import { useTitle } from '../courses/use-title.ts';
import { Link } from '../parts/link.tsx';
import { useFetched } from '../parts/loaded.tsx';
import { Loading } from '../parts/loading.tsx';
import { Problem } from '../parts/problem.tsx';
import { useSending } from '../parts/use-sending.ts';
import { texts } from '../texts.ts';

const ReportPage = ({ course_id }: { course_id: string }) => (
  <StaffOnly>
    <ReportFor key={course_id} course_id={course_id} />
  </StaffOnly>
);
export default ReportPage;

const ReportFor = ({ course_id }: { course_id: string }) => {
  const [course, reload] = useFetched((signal) => api('getCourse', { params: { id: course_id }, signal }), [course_id]);
  if (course.state === 'loading') return <PageLoading />;
  if (course.state === 'failed') return <NoCourse error={course.error} retry={reload} />;
  return <ReportShown course={course.value} />;
};

/** How many sessions a trend goes back; more do not fit beside the counts. */
const TREND_SESSIONS = 15;

const ReportShown = ({ course }: { course: Course }) => {
  useTitle(texts.report.title(course.title));
  const [tries, setTries] = useState(0);
  const { rows, isComplete, error } = useReportRows(course.id, tries);
  const downloading = useSending();
  const sessions = usePaged(
    ({ signal, ...page }) =>
      api('listSessions', { query: { ...page, course_id: course.id, status: 'completed' }, signal }),
    [course.id, tries],
    TREND_SESSIONS,
  );
  const recent = sessions.items?.slice(0, TREND_SESSIONS) ?? null;
  return (
    <>
      <p>
        <Link to={{ page: 'course', course_id: course.id }}>{course.title}</Link>
      </p>
      <div className="course-head">
        <h1>{texts.report.title(course.title)}</h1>
        <button
          type="button"
          className="button"
          aria-disabled={downloading.isSending}
          onClick={() => downloading.send(() => download('downloadReport', course.id))}
        >
          {texts.common.download}
        </button>
      </div>
      {downloading.error !== null && <Problem error={downloading.error} />}
      <section className="card stack" aria-label={texts.report.caption}>
        {error !== null && <Problem error={error} retry={() => setTries(tries + 1)} />}
        {!isComplete && <Loading />}
        {isComplete && error === null && rows.length === 0 && <p className="dim">{texts.report.empty}</p>}
        {rows.length > 0 && recent !== null && (
          <>
            <ReportTable course={course} rows={rows} sessions={recent} />
            <p className="dim course-hint">{texts.report.trendHint(recent.length)}</p>
          </>
        )}
      </section>
      <CompletedSessions course={course} sessions={sessions} />
    </>
  );
};
