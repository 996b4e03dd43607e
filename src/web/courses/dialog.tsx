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
      dialog?.close();
      // Taken out of the page while it is open, it gives nothing back by itself.
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return (
    <dialog ref={ref} className="dialog" aria-labelledby={id} onClose={onClose}>
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
