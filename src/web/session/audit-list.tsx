/** The audit list in words; fetched when somebody wants to see it. */
import { useCallback, useState } from 'react';
import type { AuditEntry } from '../../contract/nouns.ts';
import { api } from '../api.ts';
import { Problem } from '../parts/problem.tsx';
import { texts } from '../texts.ts';
import { nameOfRecord, type Records } from './roll-rows.ts';
import { type NameOf, useNameOf } from './staff-names.ts';
import { useTimes } from './times.ts';

const t = texts.session.audit;
const PAGE = 50;

const statusText = (it: string | null): string =>
  it !== null && it in texts.status
    ? texts.status[it as keyof typeof texts.status].toLowerCase()
    : (it ?? texts.common.none);

const inWords = (it: AuditEntry, nameOf: NameOf, records: Records): string => {
  const record = it.student_id === null ? undefined : records.get(it.student_id);
  const student = record === undefined ? (it.student_id ?? '') : nameOfRecord(record);
  const by = nameOf(it.by);
  switch (it.source) {
    case 'checkin':
      return t.checkin(student, statusText(it.to));
    case 'mark':
    case 'bulk':
      return t.mark(by, student, statusText(it.to), statusText(it.from));
    case 'correction':
      return t.correction(by, student, statusText(it.to), statusText(it.from));
    case 'rebuilt':
      return t.rebuilt(by);
    case 'cancel':
      return t.cancel(by);
    default:
      if (it.student_id !== null) return t.mark(by, student, statusText(it.to), statusText(it.from));
      return it.to === 'cancelled' ? t.cancel(by) : it.to === 'completed' ? t.end(by) : t.other(by, it.to);
  }
};

export const AuditList = ({ session_id, records }: { session_id: string; records: Records }) => {
  const [items, setItems] = useState<AuditEntry[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const { time } = useTimes();
  const nameOf = useNameOf();
  const fetch = useCallback(
    async (from: string | null) => {
      setError(null);
      try {
        const query = { limit: PAGE, ...(from === null ? {} : { cursor: from }) };
        const page = await api('getAudit', { params: { id: session_id }, query });
        setItems((before) => (from === null ? page.items : [...(before ?? []), ...page.items]));
        setCursor(page.next_cursor);
      } catch (why) {
        setError(why);
      }
    },
    [session_id],
  );
  return (
    <details className="card audit" onToggle={(event) => event.currentTarget.open && void fetch(null)}>
      <summary>
        <h2>{t.title}</h2> <span className="dim">{t.show}</span>
      </summary>
      {error !== null && <Problem error={error} retry={() => void fetch(cursor)} />}
      {items?.length === 0 && <p className="dim">{texts.common.nothing}</p>}
      <ol className="audit-items">
        {items?.map((it, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the list only grows at its end, and one change has many lines.
          <li key={`${it.seq} ${index}`}>
            <span className="dim audit-time">{time(it.at)}</span>
            <span>
              {inWords(it, nameOf, records)}
              {it.remarks != null && it.remarks !== '' && <em> {t.remarks(it.remarks)}</em>}
              {it.reason !== undefined && <em> {t.reason(it.reason)}</em>}
            </span>
          </li>
        ))}
      </ol>
      <div className="row">
        {cursor !== null && (
          <button type="button" className="button" onClick={() => void fetch(cursor)}>
            {texts.common.more}
          </button>
        )}
        {items !== null && (
          <button type="button" className="button" onClick={() => void fetch(null)}>
            {t.reload}
          </button>
        )}
      </div>
    </details>
  );
};
