/** The code of this moment, asked for again whenever it expires. */
import { useEffect, useState } from 'react';
import type { AttendanceSession } from '../../client/index.ts';
import { hrefOf } from '../router.ts';

export type ShownCode = { code: string; url: string; left_s: number };

const AGAIN_MIN_MS = 500;
/** A clock of this device that is wrong: the code is asked for in this step instead of at its end. */
const AGAIN_BLIND_MS = 2_000;
const LONGEST_MS = 60_000;

/** Null: there is none that can be relied on just now. */
export const useCheckInCode = (session: AttendanceSession): { shown: ShownCode | null; error: unknown } => {
  const [answer, setAnswer] = useState<{ code: string; url: string; expires: number } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    let isOver = false;
    let timer: ReturnType<typeof setTimeout>;
    const fetch = async () => {
      let again = AGAIN_BLIND_MS;
      try {
        const { code, expires_at, url } = await session.checkInCode();
        if (isOver) return;
        const left = Date.parse(expires_at) - Date.now();
        const isPlausible = left > 0 && left < LONGEST_MS;
        if (isPlausible) again = Math.max(AGAIN_MIN_MS, left);
        const expires = isPlausible ? Date.now() + left : Date.now() + AGAIN_BLIND_MS;
        const link = url ?? `${hrefOf({ page: 'join', session_id: session.session_id })}#${code}`;
        setAnswer({ code, url: link, expires });
        setError(null);
      } catch (why) {
        if (isOver) return;
        setError(why);
      }
      timer = setTimeout(fetch, again);
    };
    void fetch();
    const ticking = setInterval(() => setNow(Date.now()), 250);
    return () => {
      isOver = true;
      clearTimeout(timer);
      clearInterval(ticking);
    };
  }, [session]);
  if (answer === null) return { shown: null, error };
  // While it cannot be asked for, an old code is shown no longer than it is good: it holds for one more slot.
  const left_s = Math.ceil((answer.expires - now) / 1000);
  return { shown: left_s < -2 ? null : { ...answer, left_s: Math.max(0, left_s) }, error };
};
