/**
 * Requests over a socket that comes and goes: each is sent until it is answered, and what changes something always under
 * the same request id, so it happens once however often it is sent.
 */
import type { Acknowledgement, ClientEventName } from '../contract/events.ts';
import type { ChangingEvent } from './answers.ts';
import { localError, RollcastError } from './error.ts';

/** One try waits this long for its answer. */
const ANSWER_WITHIN_MS = 10_000;
/** Then, and when the service says that it may work later, it is sent again, until so long after the first try. */
const GIVE_UP_AFTER_MS = 60_000;
/** Waits between tries: doubled from the first to the last, each cut by up to a half. */
const PAUSE_MIN_MS = 250;
const PAUSE_MAX_MS = 5_000;

/** Repeated without asking: the outcome is unknown, or something was changing just then. */
const REPEATED_CODES = new Set(['STORE_UNAVAILABLE', 'CONFLICT', 'RATE_LIMITED']);
const REQUEST_ID_BYTES = 12;

const CHANGING: Record<ChangingEvent, true> = {
  startAttendanceSession: true,
  joinAttendanceSession: true,
  leaveAttendanceSession: true,
  markStudentPresent: true,
  markStudentAbsent: true,
  markStudentAttendance: true,
  bulkUpdateAttendance: true,
  endAttendanceSession: true,
  submitAttendance: true,
};

export type RequestOptions = {
  /**
   * Unset: a new one for whatever changes something. Give it to go on with a request of an earlier page. Null: none, for
   * what may be done again without harm; then the service has nothing to remember.
   */
  request_id?: string | null | undefined;
  /** Milliseconds. */
  giveUpAfter?: number | undefined;
  /** Called before it is sent once more. */
  onRepeat?: (() => void) | undefined;
};

/** What requests need of a connection. */
export type Wire = {
  /** Resolves when it is connected; rejects after `within_ms`, or when there is no way to connect. */
  connected(within_ms: number): Promise<void>;
  /** Rejects when there was no answer in time, or the connection went away before it. */
  emit(event: ClientEventName, payload: object, within_ms: number): Promise<Acknowledgement>;
  /** Rejects when it will not be tried again. */
  pause(ms: number): Promise<void>;
  /** Between 0 and 1. */
  random(): number;
  /** Milliseconds, of any clock that only goes on. */
  now(): number;
};

/** Also where pages are not served by HTTPS, and there is no randomUUID(). */
export const newRequestId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(REQUEST_ID_BYTES)), (it) => it.toString(16).padStart(2, '0')).join(
    '',
  );

/** The answer, without `ok`. RollcastError: refused, given up here, or TIMEOUT. */
export const request = async (
  wire: Wire,
  event: ClientEventName,
  payload: object,
  { giveUpAfter = GIVE_UP_AFTER_MS, request_id, onRepeat }: RequestOptions = {},
): Promise<Record<string, unknown>> => {
  const id = request_id === undefined && Object.hasOwn(CHANGING, event) ? newRequestId() : request_id;
  const whole = id == null ? payload : { ...payload, request_id: id };
  const deadline = wire.now() + giveUpAfter;
  const left = () => Math.max(0, deadline - wire.now());
  for (let tries = 0; ; tries += 1) {
    await wire.connected(left());
    const answer = await wire.emit(event, whole, Math.min(ANSWER_WITHIN_MS, left())).catch(() => null);
    if (answer?.ok) {
      const { ok: _ok, ...fields } = answer;
      return fields;
    }
    const error = answer === null ? localError('TIMEOUT', 'No answer') : new RollcastError(answer);
    const mayRepeat = answer === null || (error.retryable && REPEATED_CODES.has(error.code));
    const wait = error.retry_after_ms ?? Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** tries) * (1 - wire.random() / 2);
    if (!mayRepeat || wait > left()) throw error;
    // Somebody who waits for a minute wants to be told and not to wait.
    if (error.code === 'RATE_LIMITED' && wait > PAUSE_MAX_MS) throw error;
    await wire.pause(wait);
    onRepeat?.();
  }
};
