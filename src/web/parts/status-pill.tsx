import type { AttendanceStatus } from '../../client/index.ts';
import { texts } from '../texts.ts';
import './status-pill.css';

type StatusPillProps = { status: AttendanceStatus; isPending?: boolean; isUnmarked?: boolean };

/** A status by sign, word and colour. */
export const StatusPill = ({ status, isPending = false, isUnmarked = false }: StatusPillProps) => (
  <span className={`pill ${status}${isPending ? ' pending' : isUnmarked ? ' unmarked' : ''}`}>
    <span aria-hidden="true">{texts.statusSign[status]}</span> {texts.status[status]}
    {isUnmarked && !isPending && <span className="visually-hidden"> ({texts.session.roll.unmarked})</span>}
    {isPending && (
      <span className="pill-saving">
        <span aria-hidden="true">…</span>
        <span className="visually-hidden"> ({texts.session.roll.saving})</span>
      </span>
    )}
  </span>
);
