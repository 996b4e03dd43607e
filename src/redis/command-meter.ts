/** How long Redis takes to answer, by what it is asked, and how often it does not. */
import { Refusal } from '../contract/errors.ts';
import type { Purpose } from './connection-options.ts';

/** SCRIPT: what was sent is at fault. */
export type FailureCode = 'STORE_UNAVAILABLE' | 'SCRIPT';

/** Of one kind of script or command; asked for once, used for each. */
export type CommandMeter = {
  answered(ms: number): void;
  failed(code: FailureCode): void;
};

export type RedisMeasures = {
  /** operation: a script or a command, by its name. */
  meterOf(operation: string): CommandMeter;
  /** A connection that was up is lost. */
  lost(purpose: Purpose): void;
  /** Whether every server can be reached; told at each change, and first when it can. */
  reachable(purpose: Purpose, is: boolean): void;
};

/** The same answer, measured: from `started` (of performance.now) on. */
export const measured = <T>(answer: Promise<T>, meter: CommandMeter, started: number): Promise<T> =>
  answer.then(
    (value) => {
      meter.answered(performance.now() - started);
      return value;
    },
    (error: unknown) => {
      meter.failed(failureOf(error));
      throw error;
    },
  );

export const failureOf = (error: unknown): FailureCode =>
  error instanceof Refusal && error.code === 'STORE_UNAVAILABLE' ? 'STORE_UNAVAILABLE' : 'SCRIPT';
