/** One student of a course: added, changed or dropped. */
import type { FormEvent } from 'react';
import type { Course, Enrollment, EnrollmentStatus } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { useSending } from '../parts/use-sending.ts';
import { texts } from '../texts.ts';
import { Choice, TextField, valuesOf } from './form-parts.tsx';

type StudentFormProps = {
  course: Course;
  enrollment?: Enrollment;
  onClose: () => void;
  onDone: (told: string) => void;
};

export const ENROLLMENTS = Object.entries(texts.course.enrollment) as [EnrollmentStatus, string][];

export const StudentForm = ({ course, enrollment, onClose, onDone }: StudentFormProps) => {
  const sending = useSending();
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const { student_id = '', name = '', roll, user_id } = valuesOf(form, 'student_id', 'name', 'roll', 'user_id');
    const status = (valuesOf(form, 'status').status ?? 'approved') as EnrollmentStatus;
    const one = { student_id, name, roll: roll ?? null, user_id: user_id ?? student_id, status };
    sending.send(async () => {
      await api('putEnrollments', { params: { id: course.id }, body: { enrollments: [one] } });
      onDone(texts.course.saved(name));
    });
  };
  const isNew = enrollment === undefined;
  return (
    <Dialog title={isNew ? texts.course.addStudent : texts.course.changeStudent(enrollment.name)} onClose={onClose}>
      <form className="stack" onSubmit={save} autoComplete="off">
        <div className="course-fields">
          <TextField label={texts.course.name} name="name" required maxLength={200} defaultValue={enrollment?.name} />
          <TextField
            label={texts.course.student_id}
            hint={isNew ? texts.course.studentIdHint : undefined}
            name="student_id"
            required
            pattern="[A-Za-z0-9_\-]{1,64}"
            readOnly={!isNew}
            defaultValue={enrollment?.student_id}
          />
          <TextField
            label={texts.course.roll}
            name="roll"
            isOptional
            maxLength={64}
            defaultValue={enrollment?.roll ?? ''}
          />
          <TextField
            label={texts.course.user_id}
            hint={texts.course.userIdHint}
            name="user_id"
            isOptional
            maxLength={128}
            defaultValue={
              enrollment === undefined || enrollment.user_id === enrollment.student_id ? '' : enrollment.user_id
            }
          />
          <Choice
            label={texts.course.enrollmentStatus}
            name="status"
            defaultValue={enrollment?.status ?? 'approved'}
            choices={ENROLLMENTS}
          />
        </div>
        <FormEnd sending={sending} submit={texts.common.save} onClose={onClose} />
      </form>
    </Dialog>
  );
};

export const DropForm = ({ course, enrollment, onClose, onDone }: StudentFormProps & { enrollment: Enrollment }) => {
  const sending = useSending();
  const { student_id, name } = enrollment;
  const drop = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const enrollments = [{ student_id, name, status: 'dropped' as const }];
    sending.send(async () => {
      await api('putEnrollments', { params: { id: course.id }, body: { enrollments } });
      onDone(texts.course.dropped(name));
    });
  };
  return (
    <Dialog title={texts.course.dropNamed(name)} onClose={onClose}>
      <form className="stack" onSubmit={drop}>
        <p>{texts.course.dropHint}</p>
        <FormEnd sending={sending} submit={texts.course.drop} onClose={onClose} isDanger />
      </form>
    </Dialog>
  );
};
