/** How a request is sent until it is answered: over a wire that only the test moves, on a clock that only waits move. */
import { expect, test } from 'vitest';
import { RollcastError } from '../../src/client/error.ts';
import { type RequestOptions, request, type Wire } from '../../src/client/requests.ts';
import { ERRORS, type ErrorCode } from '../../src/contract/errors.ts';
import { type Acknowledgement, type ClientEventName, clientEvents } from '../../src/contract/events.ts';

const refusal = (code: ErrorCode, details: object = {}): Acknowledgement => {
  const { message, retryable } = ERRORS[code];
  return { ok: false, code, message, retryable, ...details };
};
/** Nothing comes back before the try is given up. */
const SILENCE = 'silence';
/** The connection goes away before the answer. */
const BREAK = 'break';

type Reply = Acknowledgement | typeof SILENCE | typeof BREAK;

class FakeWire implements Wire {
  readonly sent: { event: ClientEventName; payload: Record<string, unknown>; within_ms: number }[] = [];
  readonly pauses: number[] = [];
  clock = 0;
  /** Milliseconds until there is a connection. */
  away_ms = 0;
  private readonly replies: Reply[];

  /** The last one is every further reply, too. */
  constructor(...replies: Reply[]) {
    this.replies = replies;
  }

  async connected(within_ms: number): Promise<void> {
    this.clock += Math.min(this.away_ms, within_ms);
    const isLate = this.away_ms > within_ms;
    this.away_ms = 0;
    if (isLate) throw new RollcastError({ code: 'TIMEOUT', message: 'No connection', retryable: true });
  }

  async emit(event: ClientEventName, payload: object, within_ms: number): Promise<Acknowledgement> {
    this.sent.push({ event, payload: payload as Record<string, unknown>, within_ms });
    const reply = (this.replies.length > 1 ? this.replies.shift() : this.replies[0]) ?? SILENCE;
    if (reply === SILENCE) this.clock += within_ms;
    if (typeof reply === 'string') throw new Error(reply);
    return reply;
  }

  async pause(ms: number): Promise<void> {
    this.pauses.push(ms);
    this.clock += ms;
  }

  random(): number {
    return 0;
  }

  now(): number {
    return this.clock;
  }

  get request_ids(): unknown[] {
    return this.sent.map(({ payload }) => payload.request_id);
  }
}

const mark = { session_id: 's', student_id: 'a', status: 'late' };
const send = (wire: Wire, options?: RequestOptions, event: ClientEventName = 'markStudentAttendance') =>
  request(wire, event, mark, options);
const refused = async (answer: Promise<unknown>): Promise<RollcastError> => {
  const error = await answer.catch((it: unknown) => it);
  expect(error).toBeInstanceOf(RollcastError);
  return error as RollcastError;
};

test('an answer comes without its ok', async () => {
  const wire = new FakeWire({ ok: true, seq: 7 });
  expect(await send(wire)).toEqual({ seq: 7 });
  expect(wire.sent).toHaveLength(1);
});

test('however often it is sent, it has one request id and one payload', async () => {
  const wire = new FakeWire(SILENCE, BREAK, refusal('STORE_UNAVAILABLE'), { ok: true });
  await send(wire);
  expect(wire.sent).toHaveLength(4);
  expect(new Set(wire.request_ids).size).toBe(1);
  expect(wire.request_ids[0]).toMatch(/^[0-9a-f]{24}$/);
  for (const { payload } of wire.sent) expect(payload).toMatchObject(mark);
});

test('whoever asks is told before each repetition', async () => {
  const wire = new FakeWire(SILENCE, BREAK, { ok: true });
  const sent: number[] = [];
  await send(wire, { onRepeat: () => sent.push(wire.sent.length) });
  expect(sent).toEqual([1, 2]);
});

test('two requests have two request ids; one that is given is kept, and null is none', async () => {
  const wire = new FakeWire({ ok: true });
  await send(wire);
  await send(wire);
  await send(wire, { request_id: 'mine' });
  await send(wire, { request_id: null });
  expect(new Set(wire.request_ids.slice(0, 3)).size).toBe(3);
  expect(wire.request_ids.slice(2)).toEqual(['mine', undefined]);
});

test('every event that changes something has a request id, and no other', async () => {
  for (const [event, { mutating }] of Object.entries(clientEvents)) {
    const wire = new FakeWire({ ok: true });
    await send(wire, {}, event as ClientEventName);
    expect(wire.request_ids[0] !== undefined, event).toBe(mutating);
  }
});

test('no answer for a minute is a TIMEOUT: the outcome is unknown, and it may be tried again', async () => {
  const wire = new FakeWire(SILENCE);
  expect(await refused(send(wire))).toMatchObject({ code: 'TIMEOUT', retryable: true });
  expect(wire.clock).toBeLessThanOrEqual(60_000);
  expect(wire.clock).toBeGreaterThan(50_000);
  expect(wire.sent.length).toBeGreaterThan(4);
});

test('giveUpAfter is kept to, tries and waits and connecting included', async () => {
  const wire = new FakeWire(SILENCE);
  expect(await refused(send(wire, { giveUpAfter: 3_000 }))).toMatchObject({ code: 'TIMEOUT' });
  expect(wire.sent.map(({ within_ms }) => within_ms)).toEqual([3_000]);
  const away = new FakeWire({ ok: true });
  away.away_ms = 4_000;
  expect(await refused(send(away, { giveUpAfter: 3_000 }))).toMatchObject({ code: 'TIMEOUT' });
  expect(away).toMatchObject({ clock: 3_000, sent: [] });
});

test('it waits for a connection, and then is sent', async () => {
  const wire = new FakeWire({ ok: true });
  wire.away_ms = 30_000;
  await send(wire);
  expect(wire).toMatchObject({ clock: 30_000 });
});

test('waits between tries double, to five seconds, each cut by up to a half', async () => {
  const wire = new FakeWire(refusal('STORE_UNAVAILABLE'));
  await refused(send(wire));
  expect(wire.pauses.slice(0, 7)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  const hasty = new FakeWire(refusal('STORE_UNAVAILABLE'), { ok: true });
  hasty.random = () => 0.999;
  await send(hasty);
  expect(hasty.pauses[0]).toBeCloseTo(125, 0);
});

test('STORE_UNAVAILABLE is what it ends with, when it never ends', async () => {
  const wire = new FakeWire(refusal('STORE_UNAVAILABLE'));
  expect(await refused(send(wire))).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
});

test.each([
  'CHECKIN_NOT_OPEN',
  'CHECKIN_CLOSED',
  'CHECKIN_CODE_INVALID',
  'SESSION_NOT_ACTIVE',
  'STUDENT_NOT_ENROLLED',
  'FORBIDDEN',
  'ROLL_FULL',
  'CONFLICT',
  'INTERNAL',
] as const)('%s is told at once', async (code) => {
  const wire = new FakeWire(refusal(code), { ok: true });
  expect(await refused(send(wire))).toMatchObject({ code, message: ERRORS[code].message });
  expect(wire).toMatchObject({ pauses: [], clock: 0 });
});

test('a CONFLICT that passes is repeated', async () => {
  const wire = new FakeWire(refusal('CONFLICT', { retryable: true }), { ok: true });
  await send(wire);
  expect(wire.sent).toHaveLength(2);
});

test('CHECKIN_NOT_OPEN says when it opens', async () => {
  const opens_at = '2026-09-07T08:00:00.000Z';
  const wire = new FakeWire(refusal('CHECKIN_NOT_OPEN', { opens_at }));
  expect(await refused(send(wire))).toMatchObject({ retryable: true, opens_at, retry_after_ms: undefined });
});

test('RATE_LIMITED: a short wait is waited, exactly', async () => {
  const wire = new FakeWire(refusal('RATE_LIMITED', { retry_after_ms: 1_700 }), { ok: true });
  await send(wire);
  expect(wire.pauses).toEqual([1_700]);
});

test('RATE_LIMITED: a long one is told, with its length', async () => {
  const wire = new FakeWire(refusal('RATE_LIMITED', { retry_after_ms: 42_000 }));
  expect(await refused(send(wire))).toMatchObject({ code: 'RATE_LIMITED', retry_after_ms: 42_000 });
  expect(wire.pauses).toEqual([]);
});

test('a wait beyond the deadline is not begun', async () => {
  const wire = new FakeWire(refusal('RATE_LIMITED', { retry_after_ms: 4_000 }));
  expect(await refused(send(wire, { giveUpAfter: 3_000 }))).toMatchObject({ code: 'RATE_LIMITED' });
  expect(wire.pauses).toEqual([]);
});

test('what is refused by the connection ends it', async () => {
  const wire = new FakeWire({ ok: true });
  const error = new RollcastError({ code: 'TOKEN_EXPIRED', message: 'x', retryable: false });
  wire.connected = async () => Promise.reject(error);
  expect(await refused(send(wire))).toBe(error);
  const pausing = new FakeWire(refusal('STORE_UNAVAILABLE'), { ok: true });
  pausing.pause = async () => Promise.reject(error);
  expect(await refused(send(pausing))).toBe(error);
});
