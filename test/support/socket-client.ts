/**
 * A client as people have it: the plain socket.io-client. It writes down every event, and holds each one against the
 * contract: its schema, the order of seq, and what a student may be told.
 */
import { isDeepStrictEqual } from 'node:util';
import { io, type Socket } from 'socket.io-client';
import { expect } from 'vitest';
import type { ErrorCode } from '../../src/contract/errors.ts';
import {
  type AcknowledgedError,
  type Acknowledgement,
  type ClientEventName,
  type ClientPayload,
  clientEvents,
  type ServerEventName,
  type ServerPayload,
  serverEvents,
} from '../../src/contract/events.ts';
import { MAIL_MARK, type Person, REMARK_MARK, STUDENT_MARK } from './people.ts';
import { until } from './until.ts';
import { wrongWithAcknowledgement, wrongWithEvent } from './wire-check.ts';

export type HeardEvent = { event: string; payload: Record<string, unknown> };

type ReplyName<E extends ClientEventName> = (typeof clientEvents)[E]['reply'];
/** Acknowledgements that no reply event repeats. */
type BareAnswers = {
  markStudentAttendance: ServerPayload<'studentMarkedPresent'> & { seq?: number };
  syncAttendance: SyncAnswer;
  refreshToken: { expires_at: string };
};
export type SyncAnswer = {
  events?: { event: ServerEventName; data: Record<string, unknown> }[];
  snapshot?: Record<string, unknown>;
  seq: number;
  room_seq: number;
  own_seq?: number;
  epoch: string;
};
type AnswerTo<E extends ClientEventName> = E extends keyof BareAnswers
  ? BareAnswers[E]
  : ReplyName<E> extends ServerEventName
    ? ServerPayload<ReplyName<E>>
    : Record<string, unknown>;
/** What clients write: ids in either spelling, and whatever a test wants to be wrong. */
type Loose<E extends ClientEventName> = ClientPayload<E> | Record<string, unknown>;

export type ClientOptions = {
  url: string;
  person: Person;
  token: string;
  namespace: string;
  transports?: ('websocket' | 'polling')[];
  auth?: Record<string, unknown>;
  extraHeaders?: Record<string, string>;
};

const ANSWER_DEADLINE_MS = 15_000;

export class TestClient {
  readonly person: Person;
  readonly namespace: string;
  readonly socket: Socket;
  /** Every event so far, in order. */
  readonly heard: HeardEvent[] = [];
  /** What was wrong with any of them. */
  readonly violations: string[] = [];
  /** Why it was disconnected, each time. */
  readonly disconnects: string[] = [];
  private readonly lastSeq = new Map<string, number>();
  private readonly lastEpoch = new Map<string, unknown>();

  constructor({ url, person, token, namespace, transports, auth, extraHeaders }: ClientOptions) {
    this.person = person;
    this.namespace = namespace;
    this.socket = io(`${url}${namespace === '/' ? '' : namespace}`, {
      auth: { token, ...auth },
      forceNew: true,
      // Cookies, as browsers send them: a load balancer's.
      withCredentials: true,
      reconnectionDelay: 30,
      reconnectionDelayMax: 200,
      ...(transports === undefined ? {} : { transports }),
      ...(extraHeaders === undefined ? {} : { extraHeaders }),
    });
    this.socket.onAny((event: string, payload: Record<string, unknown>) => this.take(event, payload));
    this.socket.on('disconnect', (reason) => this.disconnects.push(reason));
  }

  /** Resolves when it is connected; rejects with the connect_error. */
  async connected(): Promise<this> {
    if (this.socket.connected) return this;
    await new Promise<void>((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('connect_error', reject);
    });
    return this;
  }

  /** Sends without a callback, as older clients do. */
  send<E extends ClientEventName>(event: E, payload: Loose<E>): void {
    this.socket.emit(event, payload);
  }

  /** Sends, and answers the acknowledgement; the reply or error event that must go with it is waited for and compared. */
  async ask(event: ClientEventName, payload: unknown): Promise<Acknowledgement> {
    const from = this.heard.length;
    const answer: Acknowledgement = await this.socket.timeout(ANSWER_DEADLINE_MS).emitWithAck(event, payload);
    this.checkAnswer(event, answer);
    if (answer.ok) await this.repliedWith(event, payload, answer, from);
    else await this.erredWith(event, answer, from);
    return answer;
  }

  /** The answer to an event that must be accepted. */
  async does<E extends ClientEventName>(event: E, payload: Loose<E>): Promise<AnswerTo<E>> {
    const answer = await this.ask(event, payload);
    if (!answer.ok) throw new Error(`${event} of ${this.person.sub} was refused: ${JSON.stringify(answer)}`);
    const { ok: _ok, ...fields } = answer;
    return fields as AnswerTo<E>;
  }

  /** The answer to a request that was accepted before under its request_id: by acknowledgement alone, no event goes with it. */
  async repeats<E extends ClientEventName>(event: E, payload: Loose<E>): Promise<AnswerTo<E>> {
    const from = this.heard.length;
    const { ok: _ok, ...fields } = await this.acknowledged(event, payload);
    // Whatever was sent with the answer has come when the next answer is here.
    await this.socket.timeout(ANSWER_DEADLINE_MS).emitWithAck('unheard of');
    const reply = replyOf(event, payload);
    expect(this.heard.slice(from).filter((it) => it.event === reply)).toEqual([]);
    return fields as AnswerTo<E>;
  }

  /** The acknowledgement of an event that must be accepted, be it a repeated request or not. */
  async acknowledged(event: ClientEventName, payload: unknown): Promise<Acknowledgement> {
    const answer: Acknowledgement = await this.socket.timeout(ANSWER_DEADLINE_MS).emitWithAck(event, payload);
    this.checkAnswer(event, answer);
    expect(answer, `${event} of ${this.person.sub}`).toMatchObject({ ok: true });
    return answer;
  }

  /** The error of an event that must be refused with this code. */
  async refused(event: ClientEventName, payload: unknown, code: ErrorCode): Promise<AcknowledgedError> {
    const answer = await this.ask(event, payload);
    expect(answer, `${event} of ${this.person.role} should be refused`).toMatchObject({ ok: false, code });
    return answer as { ok: false } & AcknowledgedError;
  }

  /** Payloads of one event so far, in order. */
  payloads<E extends ServerEventName>(event: E): ServerPayload<E>[] {
    return this.heard.flatMap((it) => (it.event === event ? [it.payload as ServerPayload<E>] : []));
  }

  /** The first such event, already heard or still to come. `after`: a place in `heard`. */
  hears<E extends ServerEventName>(
    event: E,
    matches: (payload: ServerPayload<E>) => boolean = () => true,
    after = 0,
  ): Promise<ServerPayload<E>> {
    const look = () => {
      const found = this.heard.slice(after).find((it) => it.event === event && matches(it.payload as ServerPayload<E>));
      return found?.payload as ServerPayload<E> | undefined;
    };
    return until(`${this.person.role} ${this.person.sub} hears ${event}`, look) as Promise<ServerPayload<E>>;
  }

  /** The connection breaks, as in a tunnel; resolves when the client library has brought it back by itself. */
  async dropAndReturn(): Promise<void> {
    this.drop();
    await until(`${this.person.sub} is disconnected`, () => !this.socket.connected);
    await this.returned();
  }

  drop(): void {
    this.socket.io.engine.close();
  }

  async returned(): Promise<void> {
    await until(`${this.person.sub} is connected again`, () => this.socket.connected, 20_000);
  }

  close(): void {
    this.socket.disconnect();
  }

  private take(event: string, payload: Record<string, unknown>): void {
    this.heard.push({ event, payload });
    const wrong = wrongWithEvent(event, payload);
    if (wrong !== null) this.violations.push(wrong);
    if (this.person.role === 'student') this.checkStudent(event, payload);
    const { session_id, seq, epoch } = payload;
    if (typeof seq !== 'number' || typeof session_id !== 'string') return;
    // Numbers of one epoch say nothing about those of another.
    if (epoch !== undefined && epoch !== this.lastEpoch.get(session_id)) {
      this.lastEpoch.set(session_id, epoch);
      this.lastSeq.delete(session_id);
    }
    const last = this.lastSeq.get(session_id) ?? 0;
    if (seq < last) this.violations.push(`${event} with seq ${seq} came after seq ${last}`);
    this.lastSeq.set(session_id, seq);
  }

  private checkAnswer(event: ClientEventName, answer: Acknowledgement): void {
    const wrong = wrongWithAcknowledgement(event, answer);
    if (wrong !== null) this.violations.push(wrong);
    if (this.person.role === 'student') this.checkText(`the answer to ${event}`, answer);
  }

  private checkStudent(event: string, payload: Record<string, unknown>): void {
    const row = serverEvents[event as ServerEventName];
    if (row !== undefined && !row.reachesStudents) this.violations.push(`a student received ${event}`);
    this.checkText(event, payload);
  }

  private checkText(where: string, value: object): void {
    const text = JSON.stringify(value);
    for (const mark of [STUDENT_MARK, REMARK_MARK, MAIL_MARK]) {
      if (text.includes(mark)) this.violations.push(`a student received ${mark} in ${where}: ${text}`);
    }
  }

  private async repliedWith(
    event: ClientEventName,
    payload: unknown,
    answer: Acknowledgement,
    from: number,
  ): Promise<void> {
    const reply = replyOf(event, payload);
    if (reply === null) return;
    const { ok: _ok, ...fields } = answer;
    await until(`${event} is answered by ${reply} with the acknowledgement's payload ${JSON.stringify(fields)}`, () =>
      this.heard.slice(from).some((it) => it.event === reply && isDeepStrictEqual(it.payload, fields)),
    );
  }

  private async erredWith(event: ClientEventName, answer: Acknowledgement, from: number): Promise<void> {
    const row = clientEvents[event] as (typeof clientEvents)[ClientEventName] | undefined;
    if (row === undefined) return;
    const { ok: _ok, ...fields } = answer;
    await until(`${event} is refused by ${row.errorEvent} with ${JSON.stringify(fields)}`, () =>
      this.heard.slice(from).some((it) => {
        if (it.event !== row.errorEvent) return false;
        const { event: about, session_id: _s, course_id: _c, request_id: _r, ...rest } = it.payload;
        return about === event && isDeepStrictEqual(rest, fields);
      }),
    );
  }
}

const replyOf = (event: ClientEventName, payload: unknown): string | null => {
  if (event !== 'markStudentAttendance') return clientEvents[event]?.reply ?? null;
  const { status } = payload as { status: string };
  if (status === 'present') return 'studentMarkedPresent';
  return status === 'absent' ? 'studentMarkedAbsent' : null;
};
