import type { AttendanceStatus } from '../../client/index.ts';
import { texts } from '../texts.ts';
import './status-badge.css';

/** A status as sign, word and colour: none of them alone. */
export const StatusBadge = ({ status }: { status: AttendanceStatus }) => (
  <span className={`status-badge ${status}`}>
    <span aria-hidden="true">{texts.statusSign[status]}</span> {texts.status[status]}
  </span>
);
