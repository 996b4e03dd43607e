/** Something that is fetched: what is shown meanwhile, and when it fails. */
import { type ReactNode, useCallback, useEffect, useState } from 'react';
import { Loading } from './loading.tsx';
import { Problem } from './problem.tsx';

export type Fetched<T> = { state: 'loading' } | { state: 'failed'; error: unknown } | { state: 'there'; value: T };

/** Fetches when `keys` change, and again with reload(); what was there stays until the new is. */
export const useFetched = <T,>(
  fetch: (signal: AbortSignal) => Promise<T>,
  keys: readonly unknown[],
): [Fetched<T>, () => void] => {
  const [fetched, setFetched] = useState<Fetched<T>>({ state: 'loading' });
  const [tries, setTries] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the caller says when it is another thing to fetch.
  useEffect(() => {
    const aborting = new AbortController();
    fetch(aborting.signal).then(
      (value) => !aborting.signal.aborted && setFetched({ state: 'there', value }),
      (error: unknown) => !aborting.signal.aborted && setFetched({ state: 'failed', error }),
    );
    return () => aborting.abort();
  }, [...keys, tries]);
  return [fetched, useCallback(() => setTries((it) => it + 1), [])];
};

export const Loaded = <T,>({
  it,
  reload,
  children,
}: {
  it: Fetched<T>;
  reload?: () => void;
  children: (value: T) => ReactNode;
}) => {
  if (it.state === 'loading') return <Loading />;
  if (it.state === 'failed')
    return reload === undefined ? <Problem error={it.error} /> : <Problem error={it.error} retry={reload} />;
  return children(it.value);
};
