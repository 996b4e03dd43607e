/**
 * Who uses this page. The token is kept for this tab alone, and comes from the login page (`#token=…`), from the demo, or
 * from somebody who pastes it. The service decides what it is worth; here it is only read for who it names.
 */
import { type Observable, Value } from '../client/observable.ts';

export type SignedIn = {
  token: string;
  user_id: string;
  role: string;
  name: string;
  /** Milliseconds since the epoch. */
  expires_at: number;
};

const KEY = 'rollcast.token';
const who = new Value<SignedIn | null>(null);
export const signedIn: Observable<SignedIn | null> = who;

/** Null: it cannot be used. */
export const readToken = (token: string, now = Date.now()): SignedIn | null => {
  try {
    const [, body = ''] = token.trim().split('.');
    const bytes = Uint8Array.from(atob(body.replaceAll('-', '+').replaceAll('_', '/')), (it) => it.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
    const id = [claims.sub, claims.uid, claims.userId, claims.id].find(
      (it) => typeof it === 'string' || typeof it === 'number',
    );
    const expires_at = Number(claims.exp) * 1000;
    if (id === undefined || typeof claims.role !== 'string' || !(expires_at > now)) return null;
    const name = typeof claims.name === 'string' ? claims.name : String(id);
    return { token: token.trim(), user_id: String(id), role: claims.role, name, expires_at };
  } catch {
    return null;
  }
};

/** False: the token cannot be used. */
export const signInWith = (token: string): boolean => {
  const person = readToken(token);
  if (person === null) return false;
  sessionStorage.setItem(KEY, person.token);
  who.set(person);
  return true;
};

export const signOut = (): void => {
  sessionStorage.removeItem(KEY);
  who.set(null);
};

/** Takes what the address brings out of it, so that it is in no history and no screenshot. Answers the rest of the fragment. */
export const takeFragment = (): string => {
  const { hash, pathname, search } = window.location;
  if (hash === '') return '';
  const token = new URLSearchParams(hash.slice(1)).get('token');
  history.replaceState(null, '', pathname + search);
  if (token === null) return hash.slice(1);
  signInWith(token);
  return '';
};

/** Who was signed in in this tab. */
export const restore = (): void => {
  const token = sessionStorage.getItem(KEY);
  if (token !== null && who.get() === null && !signInWith(token)) sessionStorage.removeItem(KEY);
};

/** To the login page, which comes back to this address with `#token=…`. */
export const goToLogin = (login_url: string): void => {
  const url = new URL(login_url);
  url.searchParams.set('return_to', window.location.origin + window.location.pathname + window.location.search);
  window.location.assign(url);
};
