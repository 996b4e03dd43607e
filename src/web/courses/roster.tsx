/** Who is in a course as a student. */
import { useState } from 'react';
import type { Course, Enrollment } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { texts } from '../texts.ts';
import { Choice } from './form-parts.tsx';
import { PagedEnd } from './paged-end.tsx';
import { RosterUpload } from './roster-upload.tsx';
import { DropForm, ENROLLMENTS, StudentForm } from './student-form.tsx';
import { usePaged } from './use-paged.ts';

type Doing = { what: 'add' } | { what: 'change' | 'drop'; enrollment: Enrollment } | null;
const FILTERS = [['', texts.course.all], ...ENROLLMENTS] as [string, string][];

export const Roster = ({ course }: { course: Course }) => {
  const [status, setStatus] = useState('approved');
  const [doing, setDoing] = useState<Doing>(null);
  const [told, setTold] = useState('');
  const enrollments = usePaged(
    ({ signal, ...page }) =>
      api('listEnrollments', { params: { id: course.id }, query: { ...page, status: status || undefined }, signal }),
    [course.id, status],
  );
  const close = () => setDoing(null);
  const done = (what: string) => {
    close();
    setTold(what);
    enrollments.reload();
  };
  return (
    <section className="card" aria-labelledby="roster">
      <div className="course-head">
        <h2 id="roster">{texts.course.roster}</h2>
        <button type="button" className="button" onClick={() => setDoing({ what: 'add' })}>
          {texts.course.addStudent}
        </button>
      </div>
      <RosterUpload course={course} onDone={enrollments.reload} />
      <div className="course-filter">
        <Choice
          label={texts.course.rosterFilter}
          value={status}
          onChange={({ target }) => setStatus(target.value)}
          choices={FILTERS}
        />
      </div>
      <p role="status" className="course-told">
        {told}
      </p>
      <ul className="course-list">
        {enrollments.items?.map((it) => (
          <StudentRow key={it.student_id} enrollment={it} onDo={setDoing} />
        ))}
      </ul>
      <PagedEnd paged={enrollments} empty={texts.course.noStudents} />
      {doing?.what === 'add' && <StudentForm course={course} onClose={close} onDone={done} />}
      {doing?.what === 'change' && (
        <StudentForm course={course} enrollment={doing.enrollment} onClose={close} onDone={done} />
      )}
      {doing?.what === 'drop' && (
        <DropForm course={course} enrollment={doing.enrollment} onClose={close} onDone={done} />
      )}
    </section>
  );
};

type StudentRowProps = { enrollment: Enrollment; onDo: (doing: Doing) => void };

const StudentRow = ({ enrollment, onDo }: StudentRowProps) => {
  const { name, roll, student_id, user_id, status } = enrollment;
  return (
    <li className="course-row">
      <div className="course-session">
        <strong>{name}</strong>{' '}
        {status !== 'approved' && <span className={`course-badge ${status}`}>{texts.course.enrollment[status]}</span>}
        <div className="dim">
          {[roll, student_id, user_id === student_id ? null : user_id].filter(Boolean).join(' · ')}
        </div>
      </div>
      <div className="row">
        <button type="button" className="button" onClick={() => onDo({ what: 'change', enrollment })}>
          {texts.course.change}
          <span className="visually-hidden"> {name}</span>
        </button>
        {status !== 'dropped' && (
          <button type="button" className="button" onClick={() => onDo({ what: 'drop', enrollment })}>
            {texts.course.drop}
            <span className="visually-hidden"> {name}</span>
          </button>
        )}
      </div>
    </li>
  );
};
