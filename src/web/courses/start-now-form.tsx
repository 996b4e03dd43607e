/** A session that nobody planned: made and started in one go. */
import { type FormEvent, useState } from 'react';
import type { Course } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { useSending } from '../parts/use-sending.ts';
import { go } from '../router.ts';
import { texts } from '../texts.ts';
import { inWords, policyOf, presetDraft } from './checkin-rules.ts';
import { TextField, valuesOf } from './form-parts.tsx';
import { PresetChoice } from './rules-fields.tsx';
import { dayText } from './zoned-time.ts';

export const StartNowForm = ({ course, onClose }: { course: Course; onClose: () => void }) => {
  const sending = useSending();
  const [rules, setRules] = useState(() => presetDraft('usual'));
  const start = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { title = '' } = valuesOf(event.currentTarget, 'title');
    const body = { course_id: course.id, title, date: Date.now(), checkin: policyOf(rules) };
    sending.send(async () => {
      const { id } = await api('createSession', { body });
      // Made but not started is no dead end: its page offers the start again, where trying here again would make another.
      await api('startSession', { params: { id }, body: {} }).catch(() => {});
      go({ page: 'session', session_id: id });
    });
  };
  return (
    <Dialog title={texts.course.startNow} onClose={onClose}>
      <form className="stack" onSubmit={start}>
        <TextField
          label={texts.course.title}
          name="title"
          required
          maxLength={200}
          defaultValue={texts.course.defaultTitle(dayText(Date.now(), course.timezone))}
        />
        <PresetChoice draft={rules} onChange={setRules} />
        <p className="dim">{inWords(policyOf(rules))}</p>
        <FormEnd sending={sending} submit={texts.course.start} onClose={onClose} />
      </form>
    </Dialog>
  );
};
