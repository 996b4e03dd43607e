/** A connection for a session, of which the test says what is answered, and when; on a clock that the test moves. */
import { RollcastError } from '../../src/client/error.ts';
import type { SessionHost } from '../../src/client/session.ts';
import { ERRORS, type ErrorCode } from '../../src/contract/errors.ts';
import type { ClientEventName } from '../../src/contract/events.ts';

type Sent = {
  event: ClientEventName;
  payload: Record<string, unknown>;
  /** It was sent once more, before it was answered. */
  repeat(): void;
  answer(fields: object): void;
  refuse(code: ErrorCode | 'TIMEOUT'): void;
};

export class FakeHost implements SessionHost {
  /** Not answered yet, in order. */
  readonly open: Sent[] = [];
  /** All that were ever sent. */
  readonly events: ClientEventName[] = [];
  connected = true;
  private clock = 0;
  private alarms: { at: number; ring: () => void }[] = [];

  readonly request: SessionHost['request'] = (event, payload, options) => {
    this.events.push(event);
    return new Promise((resolve, reject) => {
      const settle = (how: () => void) => {
        this.open.splice(this.open.indexOf(sent), 1);
        how();
      };
      const sent: Sent = {
        event,
        payload: payload as Record<string, unknown>,
        repeat: () => options?.onRepeat?.(),
        answer: (fields) => settle(() => resolve(fields as never)),
        refuse: (code) =>
          settle(() => {
            const row = code === 'TIMEOUT' ? { message: 'No answer', retryable: true } : ERRORS[code];
            reject(new RollcastError({ code, message: row.message, retryable: row.retryable }));
          }),
      };
      this.open.push(sent);
    });
  };

  later(ms: number, ring: () => void): () => void {
    const alarm = { at: this.clock + ms, ring };
    this.alarms.push(alarm);
    return () => {
      this.alarms = this.alarms.filter((it) => it !== alarm);
    };
  }

  random(): number {
    return 0;
  }

  now(): number {
    return this.clock;
  }

  isConnected(): boolean {
    return this.connected;
  }

  get waiting(): number {
    return this.alarms.length;
  }

  /** The one request that is open, of this event. */
  async next(event: ClientEventName): Promise<Sent> {
    await turns();
    const [sent, ...more] = this.open;
    if (sent?.event !== event || more.length > 0) {
      throw new Error(`expected ${event} alone, not: ${this.open.map((it) => it.event).join(', ')}`);
    }
    return sent;
  }

  async advance(ms: number): Promise<void> {
    const until = this.clock + ms;
    for (;;) {
      const [due] = this.alarms.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at);
      if (due === undefined) break;
      this.alarms = this.alarms.filter((it) => it !== due);
      this.clock = due.at;
      due.ring();
      await turns();
    }
    this.clock = until;
  }
}

/** Until everything that follows from what is settled has happened: promises alone, so a turn of the loop is enough. */
export const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
