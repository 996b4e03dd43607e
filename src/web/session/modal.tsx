/** A dialog of the browser's own: it keeps the focus inside, and gives it back. */
import { type FormEvent, type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { Problem } from '../parts/problem.tsx';
import { texts } from '../texts.ts';
import './modal.css';

type ModalProps = { title: string; onClose: () => void; className?: string; children: ReactNode };

export const Modal = ({ title, onClose, className = '', children }: ModalProps) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Closed before it leaves the page: only then does the browser give the focus back.
  useLayoutEffect(() => {
    const it = dialog.current;
    if (it !== null && !it.open) it.showModal();
    return () => it?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`modal ${className}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClose={() => dialog.current?.open === false && onClose()}
    >
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
};

type ActionDialogProps = {
  title: string;
  confirm: string;
  keep?: string;
  isDangerous?: boolean;
  isDisabled?: boolean;
  /** The dialog closes when it resolves, and says what it rejects with. */
  run: (form: FormData) => Promise<unknown>;
  onClose: () => void;
  children: ReactNode;
};

/** Asks before something is done, does it, and stays when it fails. */
export const ActionDialog = (props: ActionDialogProps) => {
  const { title, confirm, keep = texts.common.cancel, isDangerous, isDisabled, run, onClose, children } = props;
  const [isRunning, setIsRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isThere = useRef(true);
  useEffect(() => {
    isThere.current = true;
    return () => {
      isThere.current = false;
    };
  }, []);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setIsRunning(true);
    setError(null);
    try {
      await run(new FormData(event.currentTarget));
      onClose();
    } catch (why) {
      if (isThere.current) setError(why);
    } finally {
      if (isThere.current) setIsRunning(false);
    }
  };
  return (
    <Modal title={title} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        {children}
        {error !== null && <Problem error={error} />}
        <div className="row modal-actions">
          <button type="button" className="button" onClick={onClose}>
            {keep}
          </button>
          <button
            type="submit"
            className={`button ${isDangerous ? 'danger' : 'primary'}`}
            disabled={isRunning || isDisabled === true}
          >
            {confirm}
          </button>
        </div>
      </form>
    </Modal>
  );
};
