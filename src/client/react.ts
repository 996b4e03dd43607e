/** rollcast/react: a session as React components use it. See docs/guides/react.md. */
import { useEffect, useMemo, useSyncExternalStore } from 'react';
import type { AttendanceSession, Connection, Me, Observable, Roll, Rollcast } from './index.ts';

/** Pages in the background have no frames, and Node has none at all. */
const WITHOUT_FRAMES_MS = 250;

const frames = globalThis as unknown as {
  requestAnimationFrame?: (callback: () => void) => number;
  cancelAnimationFrame?: (frame: number) => void;
};

/** Calls at the next frame, or soon where there is none. What is returned prevents it. */
const atNextFrame = (what: () => void): (() => void) => {
  const cancel = () => {
    clearTimeout(timer);
    if (frame !== undefined) frames.cancelAnimationFrame?.(frame);
  };
  const now = () => {
    cancel();
    what();
  };
  const timer = setTimeout(now, WITHOUT_FRAMES_MS);
  const frame = frames.requestAnimationFrame?.(now);
  return cancel;
};

/** A value that may change many times between two frames, as often as there are frames. For one subscriber. */
const framed = <T>(source: Observable<T>): Observable<T> => {
  let shown = source.get();
  let isWatched = false;
  return {
    get: () => {
      if (!isWatched) shown = source.get();
      return shown;
    },
    subscribe: (listener) => {
      let cancel: (() => void) | null = null;
      const show = () => {
        cancel = null;
        shown = source.get();
        listener();
      };
      const unsubscribe = source.subscribe(() => {
        cancel ??= atNextFrame(show);
      });
      // As it is by now: it may have changed since it was read for the first time.
      shown = source.get();
      isWatched = true;
      return () => {
        isWatched = false;
        unsubscribe();
        cancel?.();
      };
    },
  };
};

const useValue = <T>(value: Observable<T>): T => useSyncExternalStore(value.subscribe, value.get, value.get);

export const useConnection = (client: Rollcast): Connection => useValue(client.connection);

/** The roll, at most once a frame. */
export const useRoll = (session: AttendanceSession): Roll =>
  useValue(useMemo(() => framed(session.roll), [session.roll]));

export type UsedSession = {
  session: AttendanceSession;
  roll: Roll;
  me: Me;
  connection: Connection;
};

/**
 * A session, with its state. It connects, but neither joins nor starts by itself; and it goes on being followed when the
 * component is gone: client.forget(session_id) lets go of it.
 */
export const useAttendanceSession = (client: Rollcast, session_id: string): UsedSession => {
  const session = useMemo(() => client.session(session_id), [client, session_id]);
  useEffect(() => {
    client.connect();
  }, [client]);
  return { session, roll: useRoll(session), me: useValue(session.me), connection: useConnection(client) };
};
