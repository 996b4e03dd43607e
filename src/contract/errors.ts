/**
 * The closed table of errors. Handlers return a refusal with one of these codes; only the edges (socket dispatch, HTTP)
 * turn it into an acknowledgement or a problem document.
 */
export type ErrorLevel = 'debug' | 'info' | 'warn' | 'error';

type ErrorRow = {
  /** HTTP status of the problem document. */
  status: number;
  /** Whether the same request may succeed when repeated unchanged. */
  retryable: boolean;
  level: ErrorLevel;
  /** Shown when the place that refuses has nothing better to say. Clients already show some of these: they stay. */
  message: string;
};

export const ERRORS = {
  UNAUTHENTICATED: { status: 401, retryable: false, level: 'info', message: 'Authentication required' },
  TOKEN_MISSING: { status: 401, retryable: false, level: 'info', message: 'No token was sent' },
  TOKEN_INVALID: { status: 401, retryable: false, level: 'info', message: 'The token is not valid' },
  TOKEN_EXPIRED: { status: 401, retryable: false, level: 'info', message: 'The token has expired' },
  FORBIDDEN: { status: 403, retryable: false, level: 'info', message: 'Not allowed' },
  NOT_FOUND: { status: 404, retryable: false, level: 'debug', message: 'Not found' },
  UNKNOWN_EVENT: { status: 400, retryable: false, level: 'info', message: 'Unknown event' },
  INVALID_PAYLOAD: { status: 400, retryable: false, level: 'info', message: 'Invalid payload' },
  SESSION_NOT_FOUND: { status: 404, retryable: false, level: 'info', message: 'Attendance session not found' },
  COURSE_NOT_FOUND: { status: 404, retryable: false, level: 'info', message: 'Course not found' },
  SESSION_NOT_ACTIVE: { status: 409, retryable: false, level: 'info', message: 'Attendance session not active' },
  SESSION_ALREADY_ENDED: { status: 409, retryable: false, level: 'info', message: 'Attendance session already ended' },
  STUDENT_NOT_ENROLLED: {
    status: 403,
    retryable: false,
    level: 'info',
    message: 'Student is not enrolled in this course',
  },
  STUDENT_NOT_ON_ROLL: {
    status: 422,
    retryable: false,
    level: 'info',
    message: 'Not an approved student of this course',
  },
  ROLL_FULL: { status: 409, retryable: false, level: 'warn', message: 'This roll takes no more changes; end it' },
  PAYLOAD_TOO_LARGE: { status: 413, retryable: false, level: 'warn', message: 'Payload too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, retryable: false, level: 'info', message: 'Unsupported content type' },
  CHECKIN_NOT_OPEN: { status: 409, retryable: true, level: 'info', message: 'Check-in is not open yet' },
  CHECKIN_CLOSED: { status: 409, retryable: false, level: 'info', message: 'Check-in is closed' },
  CHECKIN_CODE_REQUIRED: { status: 422, retryable: false, level: 'info', message: 'A check-in code is required' },
  CHECKIN_CODE_INVALID: { status: 422, retryable: false, level: 'info', message: 'The check-in code is not valid' },
  RATE_LIMITED: { status: 429, retryable: true, level: 'warn', message: 'Too many requests' },
  STORE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    level: 'error',
    message: 'The store is unavailable; the outcome is unknown, repeat with the same request_id',
  },
  CONFLICT: { status: 409, retryable: false, level: 'info', message: 'Conflicts with the current state' },
  INTERNAL: { status: 500, retryable: false, level: 'error', message: 'Internal error' },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** Facts that some codes carry beside their message. */
export type RefusalDetails = {
  /** CHECKIN_NOT_OPEN: when it opens (ISO). */
  opens_at?: string;
  /** RATE_LIMITED: milliseconds until the next try can succeed. */
  retry_after_ms?: number;
  /** INVALID_PAYLOAD: which field. */
  field?: string;
  /** STUDENT_NOT_ON_ROLL: which ids (the first 20). */
  student_ids?: string[];
  /** Overrides the table, e.g. a CONFLICT that only lasts until the archive has the session. */
  retryable?: boolean;
  /** CSV: one entry per bad line. */
  lines?: { line: number; message: string }[];
};

/** A refusal from the closed table; everything that refuses throws or returns one. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly details: RefusalDetails;

  constructor(code: ErrorCode, message: string = ERRORS[code].message, details: RefusalDetails = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.details = details;
  }

  /** What lies behind it: for logs, never for who is refused. */
  causedBy(cause: unknown): this {
    this.cause = cause;
    return this;
  }

  get retryable(): boolean {
    return this.details.retryable ?? ERRORS[this.code].retryable;
  }
}

export const refuse = (code: ErrorCode, message?: string, details?: RefusalDetails): Refusal =>
  new Refusal(code, message, details);

/** The outcome is unknown: STORE_UNAVAILABLE, with what the store said as its cause. */
export const unavailable = (cause: unknown): Refusal => refuse('STORE_UNAVAILABLE').causedBy(cause);
