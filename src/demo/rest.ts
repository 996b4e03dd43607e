/** Requests to the REST API as another system sends them; whatever goes wrong is an Error of one line. */
import { API_PREFIX } from '../contract/routes.ts';

export type Rest = {
  /** Where the service is, without a slash at the end. */
  url: string;
  /** Of staff: a teacher, admin or service. */
  token: string;
};

/** csv: a roster as text. */
type Body = { json: object } | { csv: string };

/** Generous: a roster of ten thousand is one request. */
const REQUEST_DEADLINE_MS = 20_000;
const NOT_FOUND = 404;

/** The service has refused a request; its message is one line. */
export class RefusedError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/** The answer. Throws a RefusedError, or an Error when nobody answers, or somebody who is not Rollcast. */
export const ask = async <A>(rest: Rest, method: string, path: string, body?: Body): Promise<A> => {
  const answer = await askFor<A>(rest, method, path, body);
  if (answer === null) throw new RefusedError(`${rest.url} does not know ${path}`, 'NOT_FOUND');
  return answer;
};

/** As `ask`, and null for what does not exist, or is not for whoever the token names. */
export const askFor = async <A>(rest: Rest, method: string, path: string, body?: Body): Promise<A | null> => {
  const response = await sent(rest, method, path, body);
  const kind = response.headers.get('content-type') ?? '';
  if (!/^application\/(problem\+)?json\b/.test(kind)) throw notRollcast(rest, method, path, response.status);
  const answer = (await response.json().catch(() => null)) as Record<string, unknown> | null;
  if (answer === null) throw notRollcast(rest, method, path, response.status);
  if (response.ok) return answer as A;
  const { code, detail } = answer;
  if (typeof code !== 'string') throw notRollcast(rest, method, path, response.status);
  if (response.status === NOT_FOUND) return null;
  const what = code === 'UNAUTHENTICATED' ? 'the token' : `${method} ${path}`;
  throw new RefusedError(`${rest.url} refuses ${what}: ${detail} (${code})`, code);
};

const sent = async ({ url, token }: Rest, method: string, path: string, body?: Body): Promise<Response> => {
  try {
    return await fetch(`${url}${API_PREFIX}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...typeOf(body) },
      ...(body === undefined ? {} : { body: 'csv' in body ? body.csv : JSON.stringify(body.json) }),
      signal: AbortSignal.timeout(REQUEST_DEADLINE_MS),
    });
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: Error & { code?: string } };
    if (name === 'TimeoutError') throw new Error(`${url} has not answered within ${REQUEST_DEADLINE_MS / 1000} s`);
    // Of several addresses that were tried, the error that holds them all has a code and no message.
    throw new Error(`${url} is not reachable: ${cause?.message || cause?.code || message}`);
  }
};

const typeOf = (body: Body | undefined): Record<string, string> => {
  if (body === undefined) return {};
  return { 'content-type': 'csv' in body ? 'text/csv' : 'application/json' };
};

const notRollcast = ({ url }: Rest, method: string, path: string, status: number): Error =>
  new Error(`${url} does not answer as Rollcast does: ${status} for ${method} ${API_PREFIX}${path}`);
