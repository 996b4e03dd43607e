/** A student's own attendance over all their courses. */
import { useCallback, useEffect, useState } from 'react';
import { api } from '../api.ts';
import { Loaded, useFetched } from '../parts/loaded.tsx';
import { textOf } from '../parts/problem.tsx';
import { StatusPill } from '../parts/status-pill.tsx';
import type { SignedIn } from '../sign-in.ts';
import { texts } from '../texts.ts';
import './history-page.css';

type History = Awaited<ReturnType<typeof api<'getHistory'>>>;
type Item = History['items'][number];

const PAGE_SIZE = 20;
const MAX_COURSES = 200;

const HistoryPage = ({ person }: { person: SignedIn }) => {
  useEffect(() => {
    document.title = `${texts.history.title} – ${texts.app.name}`;
  }, []);
  return (
    <div className="history">
      <h1>{texts.history.title}</h1>
      {person.role === 'student' ? <Own id={person.user_id} /> : <p>{texts.history.notAStudent}</p>}
    </div>
  );
};
export default HistoryPage;

const Own = ({ id }: { id: string }) => {
  const [first, reload] = useFetched(
    (signal) => api('getHistory', { params: { id }, query: { limit: PAGE_SIZE }, signal }),
    [id],
  );
  // Their names are of use, but nothing waits for them.
  const [courses] = useFetched((signal) => api('listCourses', { query: { limit: MAX_COURSES }, signal }), [id]);
  const titles = new Map(courses.state === 'there' ? courses.value.items.map((it) => [it.id, it.title]) : []);
  return (
    <Loaded it={first} reload={reload}>
      {(history) =>
        history.sessions === 0 ? (
          <p>{texts.history.nothing}</p>
        ) : (
          <>
            <Summary history={history} />
            <Classes id={id} history={history} titles={titles} />
          </>
        )
      }
    </Loaded>
  );
};

const Summary = ({ history }: { history: History }) => (
  <section className="card" aria-labelledby="rate">
    <h2 id="rate">{texts.history.rate}</h2>
    <p className="history-rate">{texts.common.percent(history.attendanceRate)}</p>
    <ul className="history-counts" aria-label={texts.history.counts}>
      {(['present', 'late', 'absent', 'excused'] as const).map((status) => (
        <li key={status}>
          <StatusPill status={status} /> {history[`${status}Count`]}
        </li>
      ))}
    </ul>
    <p className="dim">
      {texts.history.sessions(history.sessions)}. {texts.history.rateHint}
    </p>
  </section>
);

type ClassesProps = { id: string; history: History; titles: ReadonlyMap<string, string> };

const Classes = ({ id, history, titles }: ClassesProps) => {
  const { items, more, isLoading, error } = useMore(id, history);
  return (
    <section aria-labelledby="classes">
      <h2 id="classes">{texts.history.list}</h2>
      <ul className="history-list">
        {items.map((it) => (
          <li key={it.session_id}>
            <div>
              <p>{it.title}</p>
              <p className="dim">{titles.get(it.course_id) ?? '\u00a0'}</p>
              <p className="dim">{dayOf(it)}</p>
            </div>
            <StatusPill status={it.attendanceRecord.status} />
          </li>
        ))}
      </ul>
      {error !== null && (
        <p className="notice" role="alert">
          {textOf(error)}
        </p>
      )}
      {more !== null && (
        <button type="button" className="button" onClick={more} disabled={isLoading}>
          {isLoading ? texts.common.loading : texts.common.more}
        </button>
      )}
    </section>
  );
};

const dayOf = ({ starts_at }: Item): string =>
  new Date(starts_at).toLocaleDateString(undefined, {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
  });

/** Further pages, one after the other. */
const useMore = (id: string, { items: firstItems, next_cursor }: History) => {
  const [items, setItems] = useState(firstItems);
  const [cursor, setCursor] = useState(next_cursor);
  const [isLoading, setIsLoading] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const load = useCallback(async () => {
    if (cursor === null) return;
    setIsLoading(true);
    setError(null);
    try {
      const page = await api('getHistory', { params: { id }, query: { limit: PAGE_SIZE, cursor } });
      setItems((before) => [...before, ...page.items]);
      setCursor(page.next_cursor);
    } catch (problem) {
      setError(problem);
    } finally {
      setIsLoading(false);
    }
  }, [id, cursor]);
  return { items, more: cursor === null ? null : () => void load(), isLoading, error };
};
