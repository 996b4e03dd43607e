/** Who is calling over HTTP: the bearer token, made an actor before anything of the request is read. */
import type { FastifyReply, FastifyRequest, onRequestAsyncHookHandler } from 'fastify';
import { Refusal, refuse } from '../contract/errors.ts';
import type { Actor } from '../domain/policy.ts';
import type { VerifyToken } from '../token.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on routes that need no token. */
    actor: Actor | null;
    /** What this request was refused with, for its log line. */
    refusal: Refusal | null;
  }
}

const BEARER = /^Bearer +([^\s]+) *$/i;

/** UNAUTHENTICATED, saying whether the token is missing, invalid or expired; STORE_UNAVAILABLE when nobody can tell. */
export const authenticate = (verifyToken: VerifyToken): onRequestAsyncHookHandler => {
  return async (request: FastifyRequest, reply: FastifyReply) => {
    const { authorization } = request.headers;
    try {
      const token = authorization === undefined ? undefined : (BEARER.exec(authorization)?.[1] ?? null);
      if (token === null) throw refuse('TOKEN_INVALID', 'Authorization must be: Bearer, a space, the token');
      request.actor = await verifyToken(token);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code === 'STORE_UNAVAILABLE') throw error;
      const sent = authorization === undefined ? '' : ', error="invalid_token"';
      reply.header('www-authenticate', `Bearer realm="rollcast"${sent}`);
      throw refuse('UNAUTHENTICATED', error.message).causedBy(error);
    }
  };
};
