/** What is known of a class before anybody taps: itself, and the student's own record once it has been started. */
import { useCallback, useEffect, useState } from 'react';
import type { ReducedRecord, Session } from '../../client/index.ts';
import { ApiError, api } from '../api.ts';

export type ClassNow = { session: Session; own: ReducedRecord | null };
export type Look =
  | { state: 'looking'; isOffline: boolean }
  | { state: 'there'; now: ClassNow }
  | { state: 'failed'; error: ApiError };

/** Without an answer it is asked again after this, or as soon as the browser says that it is online. */
const AGAIN_AFTER_MS = 3_000;
const SERVER_ERRORS = 500;

const lookAt = async (id: string, signal: AbortSignal): Promise<ClassNow> => {
  try {
    const { session, attendanceRecords } = await api('getAttendance', { params: { id }, signal });
    const [own = null] = attendanceRecords;
    return { session, own };
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'SESSION_NOT_ACTIVE') throw error;
    return { session: await api('getSession', { params: { id }, signal }), own: null };
  }
};

const mayPass = (error: unknown): boolean =>
  error instanceof ApiError &&
  (error.code === 'NETWORK' || error.status >= SERVER_ERRORS || error.code === 'RATE_LIMITED');

/** Goes on until there is an answer; what is known stays until there is something newer. */
export const useLook = (session_id: string): [Look, () => void] => {
  const [look, setLook] = useState<Look>({ state: 'looking', isOffline: false });
  const [tries, setTries] = useState(0);
  const again = useCallback(() => setTries((it) => it + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: each try is a new one.
  useEffect(() => {
    const aborting = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    lookAt(session_id, aborting.signal).then(
      (now) => !aborting.signal.aborted && setLook({ state: 'there', now }),
      (error: unknown) => {
        if (aborting.signal.aborted) return;
        if (!mayPass(error)) {
          const told = error instanceof ApiError ? error : new ApiError(0, 'INTERNAL', String(error));
          setLook({ state: 'failed', error: told });
          return;
        }
        setLook((before) => (before.state === 'there' ? before : { state: 'looking', isOffline: true }));
        timer = setTimeout(again, AGAIN_AFTER_MS);
        window.addEventListener('online', again, { signal: aborting.signal, once: true });
      },
    );
    return () => {
      aborting.abort();
      clearTimeout(timer);
    };
  }, [session_id, tries, again]);

  return [look, again];
};

/** Its name is of use, but nothing waits for it. */
export const useCourseTitle = (course_id: string | undefined): string | null => {
  const [title, setTitle] = useState<string | null>(null);
  useEffect(() => {
    if (course_id === undefined) return;
    const aborting = new AbortController();
    api('getCourse', { params: { id: course_id }, signal: aborting.signal }).then(
      (course) => setTitle(course.title),
      () => {},
    );
    return () => aborting.abort();
  }, [course_id]);
  return title;
};
