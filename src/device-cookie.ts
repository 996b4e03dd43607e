/**
 * The cookie by which this service knows a browser again for a day: check-in tickets are bound to it, and with
 * DEVICE_SIGNALS it tells that two students use one browser. It says nothing about anybody; pages cannot read it.
 */
import { parseCookie, stringifySetCookie } from 'cookie';
import type { MakeId } from './clock.ts';
import { DEVICE_COOKIE_MAX_AGE_S } from './limits.ts';

const NAME = 'rollcast_device';
/** As newDeviceCookie() makes them; whatever else comes under this name is not ours. */
const VALUE = /^[0-9a-z-]{8,64}$/i;

/** header: Cookie of a request. Null: the browser has none. */
export const deviceCookieIn = (header: string | undefined): string | null => {
  const value = header === undefined ? undefined : parseCookie(header)[NAME];
  return value !== undefined && VALUE.test(value) ? value : null;
};

/** Unguessable: whoever knows it can use its tickets. */
export const newDeviceCookie = (makeId: MakeId): string => makeId() + makeId();

/** For Set-Cookie. secure: people reach this service by HTTPS. */
export const setDeviceCookie = (value: string, secure: boolean): string =>
  stringifySetCookie({
    name: NAME,
    value,
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure,
    maxAge: DEVICE_COOKIE_MAX_AGE_S,
  });
