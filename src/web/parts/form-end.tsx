import { texts } from '../texts.ts';
import { Problem } from './problem.tsx';
import type { Sending } from './use-sending.ts';

type FormEndProps = { sending: Sending; submit: string; onClose: () => void; close?: string; isDanger?: boolean };

/** What went wrong, and the way out in both directions. */
export const FormEnd = ({ sending, submit, onClose, close = texts.common.cancel, isDanger = false }: FormEndProps) => (
  <>
    {sending.error !== null && <Problem error={sending.error} />}
    <div className="row">
      <button type="submit" className={`button ${isDanger ? 'danger' : 'primary'}`} aria-disabled={sending.isSending}>
        {submit}
      </button>
      <button type="button" className="button" onClick={onClose}>
        {close}
      </button>
    </div>
  </>
);
