/** A new course, or what can be changed of one. */
import type { FormEvent } from 'react';
import type { Course } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { useSending } from '../parts/use-sending.ts';
import { texts } from '../texts.ts';
import { TextArea, TextField, valuesOf } from './form-parts.tsx';
import { hereZone } from './zoned-time.ts';

type CourseFormProps = { course?: Course; onClose: () => void; onSaved: (course: Course) => void };

const zones = (): string[] => Intl.supportedValuesOf('timeZone');

export const CourseForm = ({ course, onClose, onSaved }: CourseFormProps) => {
  const sending = useSending();
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { title = '', timezone, staff = '' } = valuesOf(event.currentTarget, 'title', 'timezone', 'staff');
    sending.send(async () => {
      const body = { title, ...(timezone === undefined ? {} : { timezone }) };
      const saved =
        course === undefined
          ? await api('createCourse', { body })
          : await api('patchCourse', {
              params: { id: course.id },
              body: { ...body, staff: staff.split(/[\s,;]+/).filter((it) => it !== '') },
            });
      onSaved(saved);
    });
  };
  return (
    <Dialog title={course === undefined ? texts.home.newCourse : texts.course.editCourse} onClose={onClose}>
      <form className="stack" onSubmit={save}>
        <TextField label={texts.home.title} name="title" required maxLength={200} defaultValue={course?.title} />
        <TextField
          label={texts.home.timezone}
          hint={texts.home.timezoneHint}
          name="timezone"
          list="zones"
          maxLength={64}
          required
          defaultValue={course?.timezone ?? hereZone()}
        />
        <datalist id="zones">
          {zones().map((it) => (
            <option key={it} value={it} />
          ))}
        </datalist>
        {course !== undefined && (
          <TextArea
            label={texts.course.coStaff}
            hint={texts.course.staffHint}
            name="staff"
            isOptional
            rows={3}
            spellCheck={false}
            defaultValue={course.staff.join('\n')}
          />
        )}
        <FormEnd
          sending={sending}
          submit={course === undefined ? texts.home.create : texts.common.save}
          onClose={onClose}
        />
      </form>
    </Dialog>
  );
};
