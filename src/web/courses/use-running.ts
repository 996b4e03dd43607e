/** Which sessions of some courses are running: over REST with their titles, and again whenever the service tells of a change. */
import { useEffect, useState } from 'react';
import type { ActiveSession, Rollcast, Session } from '../../client/index.ts';
import { RollcastError } from '../../client/index.ts';
import { api } from '../api.ts';
import { useLive } from '../live.tsx';
import { type Fetched, useFetched } from '../parts/loaded.tsx';
import { PAGE_MAX } from './use-paged.ts';

type Heard = ReadonlyMap<string, readonly ActiveSession[]>;

const follow = (client: Rollcast, course_id: string, hear: (active: readonly ActiveSession[]) => void) => {
  const feed = client.course(course_id);
  let isOver = false;
  const unsubscribe = feed.activeSessions.subscribe(() => hear(feed.activeSessions.get()));
  const begin = (): void => {
    feed.follow().then(hear, (error: unknown) => {
      if (isOver) return;
      // Each try waits for a connection by itself.
      if (error instanceof RollcastError && error.retryable) begin();
      else hear([]);
    });
  };
  begin();
  return () => {
    isOver = true;
    unsubscribe();
    feed.unfollow().catch(() => {});
  };
};

/** Null until all of these courses have been heard of once. Null for courses: which they are is not known yet. */
export const useActiveSessions = (course_ids: readonly string[] | null): readonly ActiveSession[] | null => {
  const client = useLive();
  const [heard, setHeard] = useState<Heard>(new Map());
  const key = course_ids?.join(' ') ?? '';
  useEffect(() => {
    const ids = key === '' ? [] : key.split(' ');
    setHeard((before) => new Map([...before].filter(([id]) => ids.includes(id))));
    // Effects of children come first: the one that connects may not have run yet.
    client.connect();
    const ends = ids.map((id) => follow(client, id, (active) => setHeard((before) => new Map(before).set(id, active))));
    return () => {
      for (const end of ends) end();
    };
  }, [client, key]);
  if (course_ids === null) return null;
  return course_ids.every((id) => heard.has(id)) ? course_ids.flatMap((id) => heard.get(id) ?? []) : null;
};

/** Changes when a session of these starts or ends. */
export const keyOf = (active: readonly ActiveSession[] | null): string | null =>
  active === null
    ? null
    : active
        .map((it) => it.sessionId)
        .sort()
        .join(' ');

export type RunningSession = { session: Session; started_at: string | undefined };

/** Of all courses of who is signed in; live as far as course_ids goes. */
export const useRunning = (course_ids: readonly string[] | null): [Fetched<RunningSession[]>, () => void] => {
  const active = useActiveSessions(course_ids);
  const [fetched, reload] = useFetched(
    (signal) => api('listSessions', { query: { status: 'active', limit: PAGE_MAX }, signal }),
    [keyOf(active)],
  );
  if (fetched.state !== 'there') return [fetched, reload];
  const value = fetched.value.items.map((session) => ({
    session,
    started_at: active?.find((it) => it.sessionId === session.id)?.startedAt,
  }));
  return [{ state: 'there', value }, reload];
};
