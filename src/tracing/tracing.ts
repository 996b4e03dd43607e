/**
 * Where the time of an event goes, for whoever traces the service: from the event or request, over the run of the script
 * or the commit that makes it, to the archive of the session that it ends. Names are those of events, routes and scripts;
 * attributes are codes, counts and session ids, never anything about people.
 *
 * Off by default, and then nothing is recorded or kept for it.
 */

import { ERRORS, type ErrorCode, Refusal } from '../contract/errors.ts';

export type Attributes = Record<string, string | number>;

/** A stretch of work. */
export type Span = {
  /** Does the work so that parts which it begins, now or later, lie below this span. */
  run<T>(work: () => T): T;
  /** What comes after the first end changes nothing. code: OK or an error's code; failed: it is us whom that error accuses. */
  end(code?: string, failed?: boolean): void;
};

/** Where some work was asked for, to go on from there in another turn of the event loop. */
export type Place = object;

export interface Tracing {
  /** A span of its own, or below one of another process or an earlier time, by its traceparent (W3C). */
  begin(name: string, attributes?: Attributes, below?: string | null): Span;
  /** A span below the one in whose run() this is called; outside of any that is recorded: NO_SPAN. */
  part(name: string, attributes?: Attributes): Span;
  /** Null outside of any span that is recorded. */
  here(): Place | null;
  /** Does work for all who asked for it: its parts lie below the first of their places and are linked to the others. */
  from<T>(places: readonly (Place | null)[], work: () => T): T;
  /** Names the span in whose run() this is called for begin(), anywhere and any time. Null outside of any that is recorded. */
  traceparent(): string | null;
  /** Sends what has ended; a collector that does not answer is waited for no longer than this. */
  close(within_ms: number): Promise<void>;
}

export const NO_SPAN: Span = { run: (work) => work(), end: () => {} };

export const NO_TRACING: Tracing = {
  begin: () => NO_SPAN,
  part: () => NO_SPAN,
  here: () => null,
  from: (_places, work) => work(),
  traceparent: () => null,
  close: async () => {},
};

/** Ends a span with the work that it is of; answers what that answers. */
export const during = <T>(span: Span, work: Promise<T>): Promise<T> => {
  if (span === NO_SPAN) return work;
  return work.then(
    (answer) => {
      span.end();
      return answer;
    },
    (error: unknown) => {
      span.end(...codeOf(error));
      throw error;
    },
  );
};

/** An error's code, and whether it accuses us. */
export const codeOf = (error: unknown): [code: ErrorCode, failed: boolean] => {
  const code = error instanceof Refusal ? error.code : 'INTERNAL';
  return [code, ERRORS[code].level === 'error'];
};
