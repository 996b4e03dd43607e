/** A list that is fetched page by page. */
import { useCallback, useEffect, useRef, useState } from 'react';

type Page<T> = { items: T[]; next_cursor: string | null };
export type PageWanted = { cursor: string | undefined; limit: number; signal: AbortSignal };
export type Paged<T> = {
  /** Null: nothing has come yet. */
  items: readonly T[] | null;
  error: unknown;
  isLoading: boolean;
  /** Undefined: that was all. */
  more: (() => void) | undefined;
  /** Fetches anew as many as there are; what is shown stays until then. */
  reload: () => void;
};

/** The service's largest page. */
export const PAGE_MAX = 200;

export const usePaged = <T>(
  fetchPage: (wanted: PageWanted) => Promise<Page<T>>,
  keys: readonly unknown[],
  pageSize = 50,
): Paged<T> => {
  const [page, setPage] = useState<{ items: readonly T[] | null; cursor: string | null }>({
    items: null,
    cursor: null,
  });
  const [error, setError] = useState<unknown>(null);
  const [isLoading, setIsLoading] = useState(true);
  const [tries, setTries] = useState(0);
  const aborting = useRef<AbortController | null>(null);
  /** How many are asked for by now: a reload that comes between a wish for more and its answer brings them too. */
  const wanted = useRef(pageSize);

  const load = (cursor: string | undefined, limit: number) => {
    aborting.current?.abort();
    const mine = new AbortController();
    aborting.current = mine;
    setIsLoading(true);
    const settle = (what: () => void) => {
      if (mine.signal.aborted) return;
      setIsLoading(false);
      what();
    };
    fetchPage({ cursor, limit, signal: mine.signal }).then(
      ({ items, next_cursor }) =>
        settle(() => {
          setError(null);
          setPage((before) => ({
            items: cursor === undefined ? items : [...(before.items ?? []), ...items],
            cursor: next_cursor,
          }));
        }),
      (why: unknown) => settle(() => setError(why)),
    );
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller says when it is another list.
  useEffect(() => {
    load(undefined, Math.min(PAGE_MAX, wanted.current));
    return () => aborting.current?.abort();
  }, [...keys, tries]);

  const reload = useCallback(() => setTries((it) => it + 1), []);
  const { items, cursor } = page;
  const more = (from: string) => () => {
    wanted.current += pageSize;
    load(from, pageSize);
  };
  return { items, error, isLoading, reload, more: cursor === null ? undefined : more(cursor) };
};
