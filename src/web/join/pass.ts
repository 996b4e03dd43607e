/**
 * What a scanned code is traded for: a ticket that holds until somebody has signed in. It is kept for this tab, so that
 * it survives the way to the login page and back.
 */
import { useCallback, useEffect, useState } from 'react';
import { ApiError, api } from '../api.ts';

export type Pass =
  | { state: 'none' }
  | { state: 'trading' | 'offline'; code: string }
  | { state: 'kept'; ticket: string; expires_at: string }
  /** Wrong or too old. */
  | { state: 'refused' }
  /** until: milliseconds since the epoch. */
  | { state: 'limited'; until: number }
  /** Nobody can check in there: not started, or over. */
  | { state: 'closed' }
  | { state: 'unknown' };

type Kept = { code: string } | { ticket: string; expires_at: string };

/** Without an answer it is tried again after this, or as soon as the browser says that it is online. */
const AGAIN_AFTER_MS = 3_000;
const LIMITED_MS = 60_000;

const keyOf = (session_id: string): string => `rollcast.pass.${session_id}`;

const keep = (session_id: string, kept: Kept | null): void => {
  if (kept === null) sessionStorage.removeItem(keyOf(session_id));
  else sessionStorage.setItem(keyOf(session_id), JSON.stringify(kept));
};

const keptFor = (session_id: string): Pass => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(session_id)) ?? 'null') as Kept | null;
    if (kept === null) return { state: 'none' };
    return 'ticket' in kept ? { state: 'kept', ...kept } : { state: 'trading', ...kept };
  } catch {
    return { state: 'none' };
  }
};

/** The address gives a code once; coming back to the page within this tab does not give it anew. */
let used = '';
const firstOf = (session_id: string, code: string): Pass => {
  if (code === '' || code === used) return keptFor(session_id);
  used = code;
  keep(session_id, { code });
  return { state: 'trading', code };
};

const afterRefusal = (error: ApiError, code: string): Pass => {
  switch (error.code) {
    case 'CHECKIN_CODE_INVALID':
    case 'INVALID_PAYLOAD':
      return { state: 'refused' };
    case 'RATE_LIMITED':
      return { state: 'limited', until: Date.now() + Number(error.details.retry_after_ms ?? LIMITED_MS) };
    case 'SESSION_NOT_ACTIVE':
      return { state: 'closed' };
    case 'SESSION_NOT_FOUND':
      return { state: 'unknown' };
    // This session asks for no code.
    case 'CONFLICT':
      return { state: 'none' };
    default:
      return { state: 'offline', code };
  }
};

/** A page that is drawn twice asks once: a wrong code counts. */
const underway = new Map<string, Promise<Pass>>();
const tradeFor = (session_id: string, code: string): Promise<Pass> => {
  const key = `${session_id} ${code}`;
  const trading = underway.get(key) ?? tradeNow(session_id, code).finally(() => underway.delete(key));
  underway.set(key, trading);
  return trading;
};

const tradeNow = async (session_id: string, code: string): Promise<Pass> => {
  try {
    const traded = await api('checkinTicket', { params: { id: session_id }, body: { code } });
    return { state: 'kept', ...traded };
  } catch (error) {
    return error instanceof ApiError ? afterRefusal(error, code) : { state: 'offline', code };
  }
};

export type UsedPass = { pass: Pass; trade: (code: string) => void; forget: () => void };

/** code: of the address; empty: it had none. */
export const usePass = (session_id: string, code: string): UsedPass => {
  const [pass, setPass] = useState(() => firstOf(session_id, code));

  useEffect(() => {
    if (pass.state !== 'trading') return;
    let isCurrent = true;
    void tradeFor(session_id, pass.code).then((next) => {
      if (next.state === 'kept') keep(session_id, { ticket: next.ticket, expires_at: next.expires_at });
      else if (next.state !== 'offline') keep(session_id, null);
      if (isCurrent) setPass(next);
    });
    return () => {
      isCurrent = false;
    };
  }, [session_id, pass]);

  useEffect(() => {
    if (pass.state !== 'offline') return;
    const again = () => setPass({ state: 'trading', code: pass.code });
    const timer = setTimeout(again, AGAIN_AFTER_MS);
    window.addEventListener('online', again);
    return () => {
      clearTimeout(timer);
      window.removeEventListener('online', again);
    };
  }, [pass]);

  const trade = useCallback((typed: string) => setPass({ state: 'trading', code: typed }), []);
  const forget = useCallback(() => {
    keep(session_id, null);
    setPass({ state: 'none' });
  }, [session_id]);
  return { pass, trade, forget };
};
