/** While a class has not been started: hears when it is, also over a connection that comes and goes. */
import { useEffect } from 'react';
import type { Rollcast } from '../../client/index.ts';

const AGAIN_AFTER_MS = 5_000;

export const useStart = (
  client: Rollcast,
  { id, course_id }: { id: string; course_id: string },
  isWaiting: boolean,
  onStart: () => void,
): void => {
  useEffect(() => {
    if (!isWaiting) return;
    const feed = client.course(course_id);
    const look = () => {
      if (feed.activeSessions.get().some(({ sessionId }) => sessionId === id)) onStart();
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = () => {
      feed.follow().catch(() => {
        timer = setTimeout(follow, AGAIN_AFTER_MS);
      });
    };
    const unsubscribe = feed.activeSessions.subscribe(look);
    follow();
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [client, id, course_id, isWaiting, onStart]);
};
