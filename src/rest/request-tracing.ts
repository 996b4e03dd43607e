/** A span for each request, by its route's pattern. A caller's own trace is not joined: anybody could make us record theirs. */
import type { FastifyInstance } from 'fastify';
import { ERRORS } from '../contract/errors.ts';
import { NO_SPAN, NO_TRACING, type Span, type Tracing } from '../tracing/tracing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Unset: refused before any route was looked for. */
    span?: Span;
  }
}

/** Asked for all the time, and of no interest. */
const UNTRACED = new Set(['/livez', '/readyz', '/metrics']);

export const addRequestTracing = (app: FastifyInstance, tracing: Tracing = NO_TRACING): void => {
  if (tracing === NO_TRACING) return;
  app.decorateRequest('span');
  app.addHook('onRequest', async (request) => {
    const { method, routeOptions } = request;
    const route = routeOptions.url ?? 'unknown';
    request.span = UNTRACED.has(route) ? NO_SPAN : tracing.begin(`${method} ${route}`);
  });
  // Not before the body has been read, which is done where the connection's bytes come in.
  app.addHook('preHandler', (request, _reply, done) => (request.span ?? NO_SPAN).run(done));
  // Then there is no response.
  app.addHook('onRequestAbort', async ({ span }) => span?.end('ABORTED'));
  app.addHook('onResponse', async ({ span, refusal }, { statusCode }) => {
    const code = refusal?.code ?? 'OK';
    span?.end(code, code === 'OK' ? statusCode >= 500 : ERRORS[code].level === 'error');
  });
};
