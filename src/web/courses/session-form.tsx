/** Planning a session, and changing the plan. */
import { type FormEvent, useState } from 'react';
import type { Session } from '../../client/index.ts';
import type { Course } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { useSending } from '../parts/use-sending.ts';
import { texts } from '../texts.ts';
import { draftOf, policyOf, presetDraft } from './checkin-rules.ts';
import { TextArea, TextField, valuesOf } from './form-parts.tsx';
import { RulesFields } from './rules-fields.tsx';
import { hereZone, instantOf, isElsewhere, laterText, localTextOf, spanText, textSpanMs } from './zoned-time.ts';

const HOUR_MS = 60 * 60_000;
const USUAL_LENGTH_MS = 1.5 * HOUR_MS;

/** The service's own bound; it also keeps years at four digits while they are typed. */
const LATEST = '9999-12-31T23:59';

type SessionFormProps = { course: Course; session?: Session; onClose: () => void; onSaved: (session: Session) => void };

type Plan = { starts: string; ends: string; length_ms: number };

const planOf = ({ timezone }: Course, session: Session | undefined): Plan => {
  if (session === undefined) {
    const starts = localTextOf(Math.ceil((Date.now() + 1) / HOUR_MS) * HOUR_MS, timezone);
    return { starts, ends: laterText(starts, USUAL_LENGTH_MS), length_ms: USUAL_LENGTH_MS };
  }
  const local = (iso: string) => localTextOf(Date.parse(iso), timezone);
  const starts = local(session.starts_at);
  return endMoved(
    { starts, ends: '', length_ms: USUAL_LENGTH_MS },
    session.ends_at === null ? '' : local(session.ends_at),
  );
};

/** The end comes along when the start moves; while that is typed it has many values, and none, on its way. */
const startMoved = (plan: Plan, starts: string): Plan => {
  const ends = plan.ends === '' || starts === '' ? plan.ends : laterText(starts, plan.length_ms);
  return { ...plan, starts, ends };
};

const endMoved = (plan: Plan, ends: string): Plan => {
  const length_ms = textSpanMs(plan.starts, ends);
  return { ...plan, ends, length_ms: length_ms > 0 ? length_ms : plan.length_ms };
};

export const SessionForm = ({ course, session, onClose, onSaved }: SessionFormProps) => {
  const sending = useSending();
  const [plan, setPlan] = useState(() => planOf(course, session));
  const [rules, setRules] = useState(() => (session === undefined ? presetDraft('usual') : draftOf(session.checkin)));
  const isBackwards = plan.ends !== '' && !(textSpanMs(plan.starts, plan.ends) > 0);

  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (isBackwards) return;
    const { title = '', description = '' } = valuesOf(event.currentTarget, 'title', 'description');
    // Without an offset: the service reads it in the course's time zone.
    const ends_at = plan.ends === '' ? null : plan.ends;
    const body = { title, description, date: plan.starts, ends_at, checkin: policyOf(rules) };
    sending.send(async () => {
      onSaved(
        session === undefined
          ? await api('createSession', { body: { course_id: course.id, ...body } })
          : await api('patchSession', { params: { id: session.id }, body }),
      );
    });
  };

  return (
    <Dialog
      title={session === undefined ? texts.course.schedule : texts.course.editNamed(session.title)}
      onClose={onClose}
    >
      <form className="stack" onSubmit={save}>
        <TextField label={texts.course.title} name="title" required maxLength={200} defaultValue={session?.title} />
        <TextArea
          label={texts.course.description}
          isOptional
          name="description"
          rows={2}
          maxLength={5_000}
          defaultValue={session?.description}
        />
        <div className="course-fields">
          <TextField
            label={texts.course.starts}
            type="datetime-local"
            max={LATEST}
            required
            value={plan.starts}
            onChange={({ target }) => setPlan(startMoved(plan, target.value))}
          />
          <TextField
            label={texts.course.ends}
            isOptional
            hint={texts.course.endsHint}
            type="datetime-local"
            max={LATEST}
            aria-invalid={isBackwards}
            value={plan.ends}
            onChange={({ target }) => setPlan(endMoved(plan, target.value))}
          />
        </div>
        <ZoneHint course={course} plan={plan} />
        {isBackwards && (
          <p className="notice" role="alert">
            {texts.course.endBeforeStart}
          </p>
        )}
        <RulesFields draft={rules} onChange={setRules} />
        <FormEnd sending={sending} submit={texts.common.save} onClose={onClose} />
      </form>
    </Dialog>
  );
};

const ZoneHint = ({ course: { timezone }, plan }: { course: Course; plan: Plan }) => {
  const at = instantOf(plan.starts, timezone);
  const ends = instantOf(plan.ends, timezone);
  return (
    <p className="dim course-hint">
      {texts.course.zoneHint(timezone)}
      {!Number.isNaN(at) &&
        isElsewhere(at, timezone) &&
        ` ${texts.course.forYou(spanText(at, Number.isNaN(ends) ? null : ends, hereZone()))}`}
    </p>
  );
};
