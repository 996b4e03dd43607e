/** Which sessions of some courses are running: over REST with their titles, and again whenever the service tells of a change. */
import { useEffect, useState } from 'react';
import type { Rollcast, Session } from '../../client/index.ts';
import { RollcastError } from '../../client/index.ts';
import { api } from '../api.ts';
import { useLive } from '../live.tsx';
import { type Fetched, useFetched } from '../parts/loaded.tsx';
import { PAGE_MAX } from './use-paged.ts';

/** Courses that are followed from one moment on all answer at about the same time: one look is enough for them. */
const TOGETHER_MS = 100;

const follow = (client: Rollcast, course_id: string, hear: () => void) => {
  const feed = client.course(course_id);
  let isOver = false;
  const unsubscribe = feed.activeSessions.subscribe(hear);
  const begin = (): void => {
    feed.follow().then(hear, (error: unknown) => {
      // Each try waits for a connection by itself.
      if (!isOver && error instanceof RollcastError && error.retryable) begin();
    });
  };
  begin();
  return () => {
    isOver = true;
    unsubscribe();
    feed.unfollow().catch(() => {});
  };
};

/**
 * Counts what is heard of these courses: sessions that start and end, and connections that are back. That something
 * happened is all that is taken from it; what is true then, REST says. Null: which courses is not known yet.
 */
export const useCourseChanges = (course_ids: readonly string[] | null): number => {
  const client = useLive();
  const [changes, setChanges] = useState(0);
  const key = course_ids?.join(' ') ?? '';
  useEffect(() => {
    if (key === '') return;
    // Effects of children come first: the one that connects may not have run yet.
    client.connect();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hear = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setChanges((it) => it + 1);
      }, TOGETHER_MS);
    };
    const ends = key.split(' ').map((id) => follow(client, id, hear));
    return () => {
      clearTimeout(timer);
      for (const end of ends) end();
    };
  }, [client, key]);
  return changes;
};

export type RunningSession = { session: Session; started_at: string | undefined };

/** Of all courses of who is signed in; live as far as course_ids goes. */
export const useRunning = (course_ids: readonly string[] | null): [Fetched<RunningSession[]>, () => void] => {
  const client = useLive();
  const changes = useCourseChanges(course_ids);
  const [fetched, reload] = useFetched(
    (signal) => api('listSessions', { query: { status: 'active', limit: PAGE_MAX }, signal }),
    [changes],
  );
  if (fetched.state !== 'there') return [fetched, reload];
  const startOf = ({ id, course_id }: Session) =>
    client
      .course(course_id)
      .activeSessions.get()
      .find((it) => it.sessionId === id)?.startedAt;
  const value = fetched.value.items.map((session) => ({ session, started_at: startOf(session) }));
  return [{ state: 'there', value }, reload];
};
