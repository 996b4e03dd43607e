import type { FormEvent } from 'react';
import type { Session } from '../../client/index.ts';
import { api } from '../api.ts';
import { Dialog } from '../parts/dialog.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { useSending } from '../parts/use-sending.ts';
import { texts } from '../texts.ts';
import { TextField, valuesOf } from './form-parts.tsx';

type CancelFormProps = { session: Session; onClose: () => void; onCancelled: () => void };

export const CancelForm = ({ session, onClose, onCancelled }: CancelFormProps) => {
  const sending = useSending();
  const cancel = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { reason } = valuesOf(event.currentTarget, 'reason');
    sending.send(async () => {
      await api('cancelSession', { params: { id: session.id }, body: reason === undefined ? {} : { reason } });
      onCancelled();
    });
  };
  return (
    <Dialog title={texts.course.cancelNamed(session.title)} onClose={onClose}>
      <form className="stack" onSubmit={cancel}>
        <p>{texts.course.cancelHint}</p>
        <TextField label={texts.course.reason} name="reason" isOptional maxLength={500} />
        <FormEnd
          sending={sending}
          submit={texts.course.cancelSession}
          onClose={onClose}
          close={texts.course.keep}
          isDanger
        />
      </form>
    </Dialog>
  );
};
