/**
 * One line per request: what it was, how it ended, how long it took. Route patterns, not URLs; a session id is the only
 * thing of a path that is told. Never a header, a body, a name.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { MakeId } from '../clock.ts';
import { ERRORS, type ErrorLevel } from '../contract/errors.ts';
import { REQUEST_ID_MAX_CHARS } from '../limits.ts';

const REQUEST_ID = new RegExp(`^[A-Za-z0-9._-]{1,${REQUEST_ID_MAX_CHARS}}$`);
const SESSION_ROUTE = '/sessions/:id';
const SESSION_ID = /^[A-Za-z0-9_-]{1,64}$/;
/** Asked for all the time, and of no interest while they go well. */
const QUIET_ROUTES = new Set(['/livez', '/readyz', '/metrics']);

export type OnResponse = (method: string, route: string, status: number, ms: number) => void;

/** The caller's x-request-id when it is fit for a log, else a new one. */
export const requestId =
  (makeId: MakeId) =>
  (request: { headers: Record<string, string | string[] | undefined> }): string => {
    const given = request.headers['x-request-id'];
    return typeof given === 'string' && REQUEST_ID.test(given) ? given : makeId();
  };

export const addRequestLog = (app: FastifyInstance, onResponse: OnResponse): void => {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method } = request;
    const route = routeOf(request);
    const { statusCode: status, elapsedTime } = reply;
    const ms = Math.round(elapsedTime * 10) / 10;
    const refusal = request.refusal;
    const line = { method, route, status, ms, code: refusal?.code, session_id: sessionIdOf(request) };
    // The cause of what we answer for; of what a client did wrong it could hold what they sent.
    const error = status >= 500 ? { err: refusal?.cause ?? refusal ?? undefined } : {};
    request.log[levelOf(request, reply)]({ ...line, ...error }, 'request');
    onResponse(method, route, status, ms);
  });
};

const routeOf = (request: FastifyRequest): string => request.routeOptions.url ?? 'unknown';

const sessionIdOf = (request: FastifyRequest): string | undefined => {
  if (!routeOf(request).includes(SESSION_ROUTE)) return undefined;
  const { id } = request.params as { id?: unknown };
  return typeof id === 'string' && SESSION_ID.test(id) ? id : undefined;
};

const levelOf = (request: FastifyRequest, reply: FastifyReply): ErrorLevel => {
  if (request.refusal !== null) return ERRORS[request.refusal.code].level;
  if (reply.statusCode >= 500) return 'warn';
  return QUIET_ROUTES.has(routeOf(request)) ? 'debug' : 'info';
};
