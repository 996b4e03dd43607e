/** What is done with everybody who is selected; it stays in sight while the page scrolls. */
import type { AttendanceStatus } from '../../client/index.ts';
import { texts } from '../texts.ts';
import { STATUSES } from './roll-row.tsx';

type BulkBarProps = {
  selected: number;
  hidden: number;
  label: string;
  onMark: (status: AttendanceStatus) => void;
  onClear: () => void;
};

const t = texts.session.bulk;

export const BulkBar = ({ selected, hidden, label, onMark, onClear }: BulkBarProps) => {
  if (selected === 0) return null;
  return (
    <section className="bulk-bar" aria-label={t.selected(selected)}>
      <span role="status">
        <strong>{t.selected(selected)}</strong>
        {hidden > 0 && <span className="dim"> ({t.hidden(hidden)})</span>}
      </span>
      <span className="bulk-label dim">{label}</span>
      {STATUSES.map((it) => (
        <button key={it} type="button" className={`button mark-many ${it}`} onClick={() => onMark(it)}>
          <span aria-hidden="true">{texts.statusSign[it]}</span> {texts.status[it]}
        </button>
      ))}
      <button type="button" className="button" onClick={onClear}>
        {t.clear}
      </button>
    </section>
  );
};
