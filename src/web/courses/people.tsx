/** Who teaches a course, as far as the service knows: their user ids. */
import type { Course } from '../../contract/nouns.ts';
import { signedIn } from '../sign-in.ts';
import { texts } from '../texts.ts';

export const People = ({ course: { teacher_id, staff, timezone } }: { course: Course }) => {
  const you = signedIn.get()?.user_id;
  const shown = (id: string) => (id === you ? `${id} ${texts.course.you}` : id);
  return (
    <section className="card" aria-labelledby="people">
      <h2 id="people">{texts.course.people}</h2>
      <dl className="course-people">
        <dt>{texts.course.teacher}</dt>
        <dd>{shown(teacher_id)}</dd>
        <dt>{texts.course.coStaff}</dt>
        <dd>{staff.length === 0 ? texts.common.none : staff.map(shown).join(', ')}</dd>
        <dt>{texts.home.timezone}</dt>
        <dd>{timezone}</dd>
      </dl>
    </section>
  );
};
