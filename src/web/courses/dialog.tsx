/** A form over the page: the browser keeps the focus in it, closes it with Escape and gives the focus back. */
import { type ReactNode, useEffect, useId, useRef } from 'react';
import { texts } from '../texts.ts';
import './dialog.css';

type DialogProps = { title: string; onClose: () => void; children: ReactNode };

export const Dialog = ({ title, onClose, children }: DialogProps) => {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const opener = document.activeElement;
    const dialog = ref.current;
    dialog?.showModal();
    return () => {
      // This gives the focus back too, where the one who opened it is still there.
      dialog?.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  // The event comes later than its cause: effects that run twice in development have opened it again by then.
  const closed = () => {
    if (ref.current?.open === false) onClose();
  };
  return (
    <dialog ref={ref} className="dialog" aria-labelledby={id} onClose={closed}>
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" className="button" onClick={onClose}>
          {texts.common.close}
        </button>
      </div>
      {children}
    </dialog>
  );
};
