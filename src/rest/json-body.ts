/** JSON bodies: parsed with bounds, so that no body can do more than be wrong. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refuse } from '../contract/errors.ts';
import { wellFormed } from '../contract/well-formed.ts';
import { JSON_MAX_DEPTH } from '../limits.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route also takes a text/csv body. */
    takesCsv?: boolean;
  }
}

/**
 * Replaces Fastify's body parsers: JSON only, everything else is an unsupported media type, and so is what is
 * compressed. An empty body is no body, whatever its Content-Type says: many clients send the header with every POST.
 */
export const addJsonBody = (app: FastifyInstance): void => {
  // "error": a body with __proto__ or constructor.prototype is refused.
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  // Before it is read: what is compressed would be taken for text that is wrong.
  app.addHook('preParsing', async (request, reply) => {
    if (!hasBody(request) || isPlain(request.headers['content-encoding'])) return;
    reply.header('accept-encoding', 'identity');
    throw refuse('UNSUPPORTED_MEDIA_TYPE', 'The body must be sent as it is, without a Content-Encoding');
  });
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = body as string;
    if (text.trim() === '') return done(null, undefined);
    if (isDeeperThan(text, JSON_MAX_DEPTH)) return done(refuse('INVALID_PAYLOAD', 'The body is nested too deeply'));
    return parse(request, text, (error, value) => {
      if (error) done(refuse('INVALID_PAYLOAD', 'The body is not valid JSON'));
      // Half a character can only come written as an escape: most bodies have none, and are not walked through.
      else done(null, SURROGATE_ESCAPE.test(text) ? wellFormed(value) : value);
    });
  });
};

const hasBody = ({ headers }: FastifyRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const isPlain = (encoding = ''): boolean =>
  encoding.split(',').every((it) => ['', 'identity'].includes(it.trim().toLowerCase()));

/** Rosters come as CSV too; bytes that are not UTF-8 would become wrong names without a sound. */
export const addCsvBody = (scope: FastifyInstance): void => {
  scope.addContentTypeParser('text/csv', { parseAs: 'buffer' }, (request, body, done) => {
    if (request.routeOptions.config.takesCsv !== true) return done(refuse('UNSUPPORTED_MEDIA_TYPE'));
    try {
      // The mark at the beginning stays: the reader of the CSV knows it.
      return done(null, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body as Buffer));
    } catch {
      return done(refuse('INVALID_PAYLOAD', 'The CSV is not UTF-8'));
    }
  });
};

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Counts brackets outside of strings; for text that is not JSON the answer does not matter. */
export const isDeeperThan = (json: string, max: number): boolean => {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < json.length; i += 1) {
    const char = json.charCodeAt(i);
    if (inString) {
      if (char === BACKSLASH) i += 1;
      else if (char === QUOTE) inString = false;
    } else if (char === QUOTE) {
      inString = true;
    } else if (char === 0x7b || char === 0x5b) {
      depth += 1;
      if (depth > max) return true;
    } else if (char === 0x7d || char === 0x5d) {
      depth -= 1;
    }
  }
  return false;
};
