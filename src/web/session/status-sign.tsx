import type { AttendanceStatus } from '../../client/index.ts';
import { texts } from '../texts.ts';

/** A status by sign, word and colour. */
export const StatusPill = ({ status, isPending = false }: { status: AttendanceStatus; isPending?: boolean }) => (
  <span className={`pill ${status}${isPending ? ' pending' : ''}`}>
    <span aria-hidden="true">{texts.statusSign[status]}</span> {texts.status[status]}
    {isPending && (
      <span className="pill-saving">
        <span aria-hidden="true">…</span>
        <span className="visually-hidden"> ({texts.session.roll.saving})</span>
      </span>
    )}
  </span>
);
