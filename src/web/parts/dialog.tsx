/** A dialog of the browser's own: it keeps the focus inside, closes with Escape and gives the focus back. */
import { type ReactNode, useId, useLayoutEffect, useRef } from 'react';
import './dialog.css';

type DialogProps = { title: string; onClose: () => void; className?: string; children: ReactNode };

export const Dialog = ({ title, onClose, className = '', children }: DialogProps) => {
  const ref = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Closed before it leaves the page: only then does the browser give the focus back.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  // The event comes later than its cause: effects that run twice in development have opened it again by then.
  const closed = () => {
    if (ref.current?.open === false) onClose();
  };
  return (
    <dialog ref={ref} className={`dialog ${className}`} aria-labelledby={id} onClose={closed}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
};
