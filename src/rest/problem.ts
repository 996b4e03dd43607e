/** Errors on the wire: every failure of a request is one refusal of the closed table, answered as RFC 9457 problem. */
import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { ERRORS, Refusal, type RefusalDetails, refuse } from '../contract/errors.ts';

export const PROBLEM_JSON = 'application/problem+json';

export type Problem = {
  type: 'about:blank';
  /** What the status means; `code` and `detail` say more. */
  title: string;
  status: number;
  detail: string;
  code: string;
  retryable: boolean;
} & Omit<RefusalDetails, 'retryable'>;

/** Nothing of an INTERNAL error is told but that it was one. */
export const problemOf = (refusal: Refusal): Problem => {
  const { code, retryable } = refusal;
  const { status, message } = ERRORS[code];
  const { retryable: _told, ...details } = refusal.details;
  return {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? code,
    status,
    detail: code === 'INTERNAL' ? message : refusal.message,
    code,
    retryable,
    ...(code === 'INTERNAL' ? {} : details),
  };
};

/** What Fastify refuses before a handler runs, by its error codes. */
const BY_FASTIFY_CODE: Record<string, () => Refusal> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => refuse('PAYLOAD_TOO_LARGE'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => refuse('UNSUPPORTED_MEDIA_TYPE'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => refuse('INVALID_PAYLOAD', 'The body is not as long as Content-Length says'),
  FST_ERR_BAD_URL: () => refuse('INVALID_PAYLOAD', 'The URL is not valid'),
  FST_ERR_MAX_PARAM_LENGTH: () => refuse('NOT_FOUND'),
};

/** The refusal that an error is; anything unknown is INTERNAL, with the error as its cause. */
export const refusalFrom = (error: unknown): Refusal => {
  if (error instanceof Refusal) return error;
  const { code, statusCode } = (error ?? {}) as { code?: string; statusCode?: number };
  const known = code === undefined ? undefined : BY_FASTIFY_CODE[code];
  if (known !== undefined) return known();
  const isTheirs = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
  return refuse(isTheirs ? 'INVALID_PAYLOAD' : 'INTERNAL').causedBy(error);
};

export const sendProblem = (reply: FastifyReply, refusal: Refusal): FastifyReply => {
  const problem = problemOf(refusal);
  if (problem.retry_after_ms !== undefined) reply.header('retry-after', Math.ceil(problem.retry_after_ms / 1000));
  return reply.code(problem.status).type(PROBLEM_JSON).send(JSON.stringify(problem));
};
