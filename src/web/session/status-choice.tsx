import type { AttendanceStatus } from '../../client/index.ts';
import { StatusPill } from '../parts/status-pill.tsx';
import { STATUSES } from './roll-row.tsx';

/** Named `status` in the form around it. */
export const StatusChoice = ({ label, initial }: { label: string; initial: AttendanceStatus }) => (
  <fieldset className="status-choice">
    <legend>{label}</legend>
    <div className="row">
      {STATUSES.map((it) => (
        <label key={it} className="choice">
          <input type="radio" name="status" value={it} defaultChecked={it === initial} />
          <StatusPill status={it} />
        </label>
      ))}
    </div>
  </fieldset>
);
