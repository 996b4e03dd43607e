/** Which pages may talk to this service, for HTTP and for WebSocket upgrades alike. */
import type { IncomingMessage } from 'node:http';

export type OriginRules = {
  /** CORS_ORIGINS; undefined: only the same origin, and localhost if that is allowed. */
  exact: string[] | undefined;
  /** Embedded: pages served from any port of this machine. */
  localhost: boolean;
};

const LOCALHOST = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Origins other than the service's own. */
export const allowsOrigin =
  ({ exact, localhost }: OriginRules) =>
  (origin: string): boolean => {
    if (exact !== undefined) return exact.includes(origin);
    return localhost && URL.canParse(origin) && LOCALHOST.has(new URL(origin).hostname);
  };

/** A name or address with or without a port. What else a Host header can hold has no place on a page. */
const HOST = /^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?$/i;

/** The origin of a host as a request names it; null: it names none. */
export const originOfHost = (host: string, secure: boolean): string | null => {
  const url = `${secure ? 'https' : 'http'}://${host}`;
  return HOST.test(host) && URL.canParse(url) ? new URL(url).origin : null;
};

/** Where whoever connects has reached us. A page of ours says so itself, also behind a proxy that ends TLS. */
export const originReached = ({ host = '', origin }: IncomingMessage['headers'], secure: boolean): string | null => {
  const isOurPage = origin !== undefined && URL.canParse(origin) && new URL(origin).host === host;
  return isOurPage ? new URL(origin).origin : originOfHost(host, secure);
};

/** The page came from the host that it now talks to. */
export const isSameOrigin = (origin: string, { headers }: IncomingMessage): boolean =>
  URL.canParse(origin) && new URL(origin).host === headers.host;
