/**
 * From an event that arrived to its answer. The only place that acknowledges: it validates against the event table,
 * limits the rate, lets the doorway decide, and answers by acknowledgement, by reply event, or with an error.
 */
import type { Clock } from '../clock.ts';
import { normaliseAliases } from '../contract/aliases.ts';
import { ERRORS, type ErrorCode, Refusal, refuse } from '../contract/errors.ts';
import { type Acknowledgement, type ClientEventName, clientEvents } from '../contract/events.ts';
import { payloadValidator } from '../contract/validator.ts';
import { wellFormed } from '../contract/well-formed.ts';
import { EVENT_COST_BYTES, EVENT_NAME_MAX_CHARS, LEAVE_EVENT_COST, WHOLE_ROLL_EVENT_COST } from '../limits.ts';
import { codeOf, NO_TRACING, type Tracing } from '../tracing/tracing.ts';
import { type Answer, type HandlerOptions, type Handlers, makeHandlers } from './handlers.ts';
import type { LiveSocket } from './live-socket.ts';
import { together } from './together.ts';

/** What the edges of the service want to know about every event: for logs and metrics. */
export type EventReport = {
  event: ClientEventName | 'unknown';
  code: ErrorCode | 'OK';
  /** From its arrival to its acknowledgement. */
  ms: number;
  /** What may be logged of the ids it came with; asked only when a line is written. */
  ids: () => { session_id?: string; request_id?: string };
  user_role: string;
  error?: unknown;
};

export type DispatchOptions = HandlerOptions & {
  clock: Clock;
  report: (report: EventReport) => void;
  tracing?: Tracing | undefined;
};

type Ack = (answer: Acknowledgement) => void;
type Ids = { session_id?: string; course_id?: string; request_id?: string };

const validators = new Map(
  (Object.keys(clientEvents) as ClientEventName[]).map(
    (event) => [event, payloadValidator(clientEvents[event].payload)] as const,
  ),
);

const EVENT_COSTS: { [E in ClientEventName]?: number } = {
  getAttendanceSessionData: WHOLE_ROLL_EVENT_COST,
  getOnlineStudents: WHOLE_ROLL_EVENT_COST,
  syncAttendance: WHOLE_ROLL_EVENT_COST,
  leaveAttendanceSession: LEAVE_EVENT_COST,
};

export class Dispatch {
  private readonly options: DispatchOptions;
  private readonly handlers: Handlers;
  private readonly tracing: Tracing;

  constructor(options: DispatchOptions) {
    this.options = options;
    this.handlers = makeHandlers(options);
    this.tracing = options.tracing ?? NO_TRACING;
  }

  /** Takes one event of a socket, that came in so many bytes. Never throws, always answers exactly once. */
  receive(socket: LiveSocket, bytes: number, args: unknown[]): void {
    const started = performance.now();
    const name = args[0];
    const last = args.at(-1);
    const ack = typeof last === 'function' ? (last as Ack) : undefined;
    const payload = args[1] === ack ? undefined : args[1];
    const event = typeof name === 'string' && name.length <= EVENT_NAME_MAX_CHARS ? eventNamed(name) : null;
    if (event === null) {
      this.unknown(socket, ack, started);
      return;
    }
    const fail = (error: unknown) => this.fail(socket, event, payload, ack, error, started);
    try {
      this.admitEvent(socket, event, bytes);
      validate(event, payload);
    } catch (error) {
      fail(error);
      return;
    }
    const handler = this.handlers[event] as (socket: LiveSocket, payload: unknown) => Promise<Answer>;
    const span = this.tracing.begin(event);
    span
      .run(() => handler(socket, payload))
      .then(
        (answer) => {
          this.answer(socket, event, payload, ack, answer, started);
          span.end();
        },
        (error: unknown) => {
          fail(error);
          span.end(...codeOf(error));
        },
      );
  }

  private admitEvent(socket: LiveSocket, event: ClientEventName, bytes: number): void {
    const allowed = socket.data.allowance.take(costOf(event, bytes), this.options.clock());
    if (!allowed.ok) {
      if (allowed.close) socket.conn.close();
      throw refuse('RATE_LIMITED', undefined, { retry_after_ms: allowed.retry_after_ms });
    }
    const { maxBytes } = clientEvents[event];
    if (bytes > maxBytes) throw refuse('PAYLOAD_TOO_LARGE', `Payload too large: at most ${maxBytes} bytes`);
  }

  private answer(
    socket: LiveSocket,
    event: ClientEventName,
    payload: unknown,
    ack: Ack | undefined,
    { ack: fields, reply, repeated = false }: Answer,
    started: number,
  ): void {
    together(socket, () => {
      if (reply !== undefined && !(repeated && ack !== undefined)) socket.emit(reply, fields as never);
      ack?.({ ok: true, ...fields });
    });
    const ids = () => loggableIds(payload);
    const user_role = socket.data.actor.role;
    this.options.report({ event, code: 'OK', ms: performance.now() - started, ids, user_role });
  }

  private fail(
    socket: LiveSocket,
    event: ClientEventName,
    payload: unknown,
    ack: Ack | undefined,
    error: unknown,
    started: number,
  ): void {
    const refusal = error instanceof Refusal ? error : refuse('INTERNAL');
    const { code, message, retryable } = refusal;
    const { retryable: _overridden, lines: _csv, ...details } = refusal.details;
    const ids = idsOf(payload);
    together(socket, () => {
      socket.emit(clientEvents[event].errorEvent, { message, code, event, ...ids, retryable, ...details });
      ack?.({ ok: false, code, message, retryable, ...details });
    });
    this.options.report({
      event,
      code,
      ms: performance.now() - started,
      ids: () => loggableIds(payload),
      user_role: socket.data.actor.role,
      error: ERRORS[code].level === 'error' ? (refusal.cause ?? error) : undefined,
    });
  }

  /** Only a callback is answered; without one nobody waits, and a flood of them costs the sender all the same. */
  private unknown(socket: LiveSocket, ack: Ack | undefined, started: number): void {
    const allowed = socket.data.allowance.take(1, this.options.clock());
    if (!allowed.ok && allowed.close) socket.conn.close();
    const code = allowed.ok ? 'UNKNOWN_EVENT' : 'RATE_LIMITED';
    const wait = allowed.ok ? {} : { retry_after_ms: allowed.retry_after_ms };
    ack?.({ ok: false, code, message: ERRORS[code].message, retryable: ERRORS[code].retryable, ...wait });
    const user_role = socket.data.actor.role;
    this.options.report({ event: 'unknown', code, ms: performance.now() - started, ids: () => ({}), user_role });
  }
}

/** In events of the socket's allowance: what makes a node work longer, or keep more, costs more. */
const costOf = (event: ClientEventName, bytes: number): number =>
  (EVENT_COSTS[event] ?? 1) + Math.floor(bytes / EVENT_COST_BYTES);

const eventNamed = (name: string): ClientEventName | null =>
  validators.has(name as ClientEventName) ? (name as ClientEventName) : null;

/** INVALID_PAYLOAD that names the field. Aliases are filled in and texts made well-formed first. */
const validate = (event: ClientEventName, payload: unknown): void => {
  normaliseAliases(payload);
  wellFormed(payload);
  const validator = validators.get(event);
  if (validator === undefined || validator.check(payload)) return;
  const first = validator.errors(payload)[0];
  const { requiredProperties = [] } = (first?.params ?? {}) as { requiredProperties?: string[] };
  const missing = first?.keyword === 'required' ? requiredProperties[0] : undefined;
  const path = `${first?.instancePath ?? ''}${missing === undefined ? '' : `/${missing}`}`;
  const field = path.split('/').filter(Boolean).join('.') || 'payload';
  throw refuse(
    'INVALID_PAYLOAD',
    `Invalid payload: ${field} ${missing === undefined ? (first?.message ?? 'is not valid') : 'is required'}`,
    {
      field,
    },
  );
};

/** Ids and nothing else: what a client puts in their place could be a name or an address. */
const LOGGABLE_ID = /^[A-Za-z0-9._-]{1,64}$/;
const loggableIds = (payload: unknown): Pick<Ids, 'session_id' | 'request_id'> => {
  const { course_id: _course, ...ids } = idsOf(payload);
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => LOGGABLE_ID.test(id)));
};

/** The ids to repeat in an error, as far as they are usable. */
const idsOf = (payload: unknown): Ids => {
  if (typeof payload !== 'object' || payload === null) return {};
  const ids: Ids = {};
  const { session_id, course_id, request_id } = payload as Record<string, unknown>;
  if (typeof session_id === 'string' && session_id.length <= 64) ids.session_id = session_id;
  if (typeof course_id === 'string' && course_id.length <= 64) ids.course_id = course_id;
  if (typeof request_id === 'string' && request_id.length <= 64) ids.request_id = request_id;
  return ids;
};
