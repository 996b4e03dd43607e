/** What a request was refused with. */
import type { AcknowledgedError } from '../contract/events.ts';

/**
 * Of this library and not of the service. TIMEOUT: no answer came in time, so the outcome is unknown. CLOSED: it was
 * given up here, by close(), leave() or forget(). TOKEN_UNAVAILABLE: who was asked for a token has failed.
 */
export type LocalErrorCode = 'TIMEOUT' | 'CLOSED' | 'TOKEN_UNAVAILABLE';

export class RollcastError extends Error {
  /** Of the service's table (docs/reference/errors.md), or a LocalErrorCode. */
  readonly code: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** CHECKIN_NOT_OPEN: when it opens (ISO). */
  readonly opens_at: string | undefined;
  /** RATE_LIMITED: milliseconds until the next try can succeed. */
  readonly retry_after_ms: number | undefined;

  constructor({ code, message, retryable, ...details }: AcknowledgedError) {
    super(message);
    this.name = 'RollcastError';
    this.code = code;
    this.retryable = retryable;
    this.opens_at = typeof details.opens_at === 'string' ? details.opens_at : undefined;
    this.retry_after_ms = typeof details.retry_after_ms === 'number' ? details.retry_after_ms : undefined;
  }
}

export const localError = (code: LocalErrorCode, message: string, cause?: unknown): RollcastError => {
  const error = new RollcastError({ code, message, retryable: code !== 'CLOSED' });
  if (cause !== undefined) error.cause = cause;
  return error;
};
