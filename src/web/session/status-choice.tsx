import type { AttendanceStatus } from '../../client/index.ts';
import { texts } from '../texts.ts';
import { STATUSES } from './roll-row.tsx';

/** Named `status` in the form around it. */
export const StatusChoice = ({ label, initial }: { label: string; initial: AttendanceStatus }) => (
  <fieldset>
    <legend>{label}</legend>
    <div className="row">
      {STATUSES.map((it) => (
        <label key={it} className="choice">
          <input type="radio" name="status" value={it} defaultChecked={it === initial} />
          <span className={`pill ${it}`}>
            <span aria-hidden="true">{texts.statusSign[it]}</span> {texts.status[it]}
          </span>
        </label>
      ))}
    </div>
  </fieldset>
);
