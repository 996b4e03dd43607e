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

/** The page came from the host that it now talks to. */
export const isSameOrigin = (origin: string, { headers }: IncomingMessage): boolean =>
  URL.canParse(origin) && new URL(origin).host === headers.host;
