/** Asks before something is done, does it, and stays when it fails. */
import type { FormEvent, ReactNode } from 'react';
import { Dialog } from '../parts/dialog.tsx';
import { FormEnd } from '../parts/form-end.tsx';
import { useSending } from '../parts/use-sending.ts';

type ActionDialogProps = {
  title: string;
  confirm: string;
  keep?: string;
  isDangerous?: boolean;
  /** The dialog closes when it resolves, and says what it rejects with. */
  run: (form: FormData) => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
};

export const ActionDialog = ({ title, confirm, keep, isDangerous, run, onClose, children }: ActionDialogProps) => {
  const sending = useSending();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    sending.send(async () => {
      await run(form);
      onClose();
    });
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        {children}
        <FormEnd sending={sending} submit={confirm} onClose={onClose} close={keep} isDanger={isDangerous} />
      </form>
    </Dialog>
  );
};
