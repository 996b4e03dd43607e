import type { ChildProcess } from 'node:child_process';
import process from 'node:process';

/**
 * Calls over the channel that Node opens to a child process: the parent asks by method name, the child answers once.
 * Both sides live in this file, so that what one sends is what the other reads.
 */

interface Call {
  call: number;
  method: string;
  argument: unknown;
}

interface Answer {
  answer: number;
  value?: unknown;
  error?: string;
}

type Handler = (argument: never) => unknown;

let calls = 0;

/** So long after its channel a process' end is known at the latest. */
const EXIT_NEWS_MS = 1_000;

/**
 * Asks a child and resolves with its answer. Rejects when its handler throws, when the child ends, or after the
 * deadline: no call waits for ever.
 */
export function callProcess(
  child: ChildProcess,
  method: string,
  argument: unknown,
  deadlineMs: number,
): Promise<unknown> {
  calls += 1;
  const call: Call = { call: calls, method, argument };
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      outcome();
    };
    const fail = (why: string) => settle(() => reject(new Error(`${method}: ${why}`)));
    const onMessage = (message: unknown) => {
      const answer = message as Partial<Answer>;
      if (answer.answer !== call.call) return;
      if (answer.error === undefined) settle(() => resolve(answer.value));
      else fail(answer.error);
    };
    const onExit = (code: number | null, signal: string | null) => fail(`the process ended (${signal ?? code})`);
    const timer = setTimeout(() => fail(`no answer within ${deadlineMs} ms`), deadlineMs);
    child.on('message', onMessage);
    child.on('exit', onExit);
    if (child.exitCode !== null || child.signalCode !== null) {
      onExit(child.exitCode, child.signalCode);
      return;
    }
    child.send(call, (error) => {
      // A closed channel is mostly the first sign of a process that ended: how it ended is known a little later.
      if (error) setTimeout(() => fail(error.message), EXIT_NEWS_MS);
    });
  });
}

/** In the child: answers the parent's calls. Methods that are not listed are somebody else's and stay unanswered. */
export function answerCalls(handlers: Record<string, Handler>): void {
  process.on('message', async (message: unknown) => {
    const { call, method, argument } = message as Partial<Call>;
    const handler = method === undefined ? undefined : handlers[method];
    if (call === undefined || handler === undefined) return;
    let answer: Answer;
    try {
      answer = { answer: call, value: await handler(argument as never) };
    } catch (error) {
      answer = { answer: call, error: error instanceof Error ? error.message : String(error) };
    }
    process.send?.(answer);
  });
}

/** In the child: ends this process when the parent has gone, however that came about. */
export function endWithParent(end: () => void): void {
  process.on('disconnect', end);
}
