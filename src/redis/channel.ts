/** What is known of one channel: where it was asked for, whether that was confirmed, and who waits for it. */
import { unavailable } from '../contract/errors.ts';
import type { PatientClock } from '../patient-clock.ts';
import type { RedisConnection } from './connection.ts';

export type MessageHandler = (message: Buffer, channel: string) => void;

type Waiting = { promise: Promise<void>; settle: (error?: Error) => void };

export class Channel {
  readonly name: string;
  handler: MessageHandler;
  private askedOn: RedisConnection | null = null;
  /** Counts what was asked, so that an answer to an earlier question changes nothing. */
  private attempt = 0;
  private pending = false;
  private confirmed = false;
  /** It was heard once, and is not now. */
  private lost = false;
  private waiting: Waiting | null = null;

  constructor(name: string, handler: MessageHandler) {
    this.name = name;
    this.handler = handler;
  }

  /** Where it was asked for last. */
  get connection(): RedisConnection | null {
    return this.askedOn;
  }

  get isConfirmed(): boolean {
    return this.confirmed;
  }

  /** Asked for, and not answered yet. */
  get isAsked(): boolean {
    return this.pending;
  }

  ask(connection: RedisConnection): number {
    this.askedOn = connection;
    this.pending = true;
    this.attempt += 1;
    return this.attempt;
  }

  /** Answers whether it had been lost before. */
  confirm(attempt: number): boolean {
    if (attempt !== this.attempt) return false;
    const wasLost = this.lost;
    this.pending = false;
    this.confirmed = true;
    this.lost = false;
    this.waiting?.settle();
    return wasLost;
  }

  /** Whoever waits is told `why`; null: it may still come in time. False: something else has happened since it was asked. */
  failed(attempt: number, why: Error | null): boolean {
    if (attempt !== this.attempt) return false;
    this.pending = false;
    if (why !== null) this.waiting?.settle(why);
    return true;
  }

  /** Its connection is gone. Answers whether it was heard until now. */
  lose(): boolean {
    const wasHeard = this.confirmed;
    this.lost ||= wasHeard;
    this.doubt();
    this.waiting?.settle(unavailable(new Error('the connection was lost')));
    return wasHeard;
  }

  /** What is believed of it counts no more; nor does the answer to what was asked. */
  doubt(): void {
    this.confirmed = false;
    this.pending = false;
    this.attempt += 1;
  }

  /** It is not wanted any more. */
  give(why: Error): void {
    this.doubt();
    this.waiting?.settle(why);
  }

  /** Resolves when it is confirmed; shared by all who wait. */
  confirmation(clock: PatientClock, within_ms: number): Promise<void> {
    this.waiting ??= this.wait(clock, within_ms);
    return this.waiting.promise;
  }

  private wait(clock: PatientClock, within_ms: number): Waiting {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // Those who wait for the channel may have gone.
    promise.catch(() => {});
    const settle = (error?: Error): void => {
      callOff();
      this.waiting = null;
      if (error === undefined) resolve();
      else reject(error);
    };
    const late = () => settle(unavailable(new Error(`not subscribed within ${within_ms} ms`)));
    const callOff = clock.after(within_ms, late);
    return { promise, settle };
  }
}
