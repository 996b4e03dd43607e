/** rollcast/react: a session as React components use it. */
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from 'react';
import type { AttendanceSession, Connection, Me, Observable, Roll, Rollcast } from './index.ts';

const { requestAnimationFrame: nextFrame } = globalThis as unknown as {
  requestAnimationFrame: (callback: () => void) => number;
};

/** A value that may change many times between two frames, as often as there are frames. */
const useFramed = <T>(value: Observable<T>): T => {
  const shown = useRef(value.get());
  const source = useRef(value);
  if (source.current !== value) {
    source.current = value;
    shown.current = value.get();
  }
  const subscribe = useCallback(
    (changed: () => void) => {
      let frame = 0;
      const show = () => {
        frame = 0;
        if (Object.is(shown.current, value.get())) return;
        shown.current = value.get();
        changed();
      };
      const unsubscribe = value.subscribe(() => {
        // Pages in the background have no frames, and nobody who looks.
        if (frame === 0) frame = nextFrame(show);
      });
      show();
      return unsubscribe;
    },
    [value],
  );
  return useSyncExternalStore(
    subscribe,
    () => shown.current,
    () => shown.current,
  );
};

const useValue = <T>(value: Observable<T>): T =>
  useSyncExternalStore(value.subscribe.bind(value), value.get, value.get);

export const useConnection = (client: Rollcast): Connection => useValue(client.connection);

/** The roll, at most once a frame. */
export const useRoll = (session: AttendanceSession): Roll => useFramed(session.roll);

export type UsedSession = {
  session: AttendanceSession;
  roll: Roll;
  me: Me;
  connection: Connection;
};

/** A session for as long as the component is there. It joins or starts nothing by itself. */
export const useAttendanceSession = (client: Rollcast, session_id: string): UsedSession => {
  const session = useMemo(() => client.session(session_id), [client, session_id]);
  useEffect(() => {
    client.connect();
  }, [client]);
  return { session, roll: useRoll(session), me: useValue(session.me), connection: useConnection(client) };
};
