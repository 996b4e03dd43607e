/** A client that insists, as the contract tells it to: what was not answered is sent again as it was, request id and all. */
import type { Socket } from 'socket.io-client';
import type { Acknowledgement, ClientEventName } from '../../src/contract/events.ts';

const ANSWER_DEADLINE_MS = 15_000;
/** A service that is away for that many answers does not come back. */
const MAX_TRIES = 30;

export type AcceptedAnswer = {
  answer: Record<string, unknown>;
  tries: number;
  /** What came of the tries before: a code, or 'no answer'. */
  refusals: string[];
};

/**
 * Sends until it is accepted; what the connection's end left unanswered goes out again once the client is back. Rejects
 * when it is refused for another reason than STORE_UNAVAILABLE. take: gets the accepted answer at once, before anything
 * that came after it.
 */
export const untilAccepted = async (
  socket: Socket,
  event: ClientEventName,
  payload: Record<string, unknown>,
  take: (answer: Record<string, unknown>) => void = () => {},
): Promise<AcceptedAnswer> => {
  const refusals: string[] = [];
  for (let tries = 1; ; tries += 1) {
    const answer = await new Promise<Acknowledgement | null>((resolve) => {
      // The error: it was not answered in time, or the connection ended before that.
      socket.timeout(ANSWER_DEADLINE_MS).emit(event, payload, (error: Error | null, it: Acknowledgement) => {
        if (error === null && it.ok) take(it);
        resolve(error === null ? it : null);
      });
    });
    if (answer?.ok === true) return { answer, tries, refusals };
    refusals.push(answer?.code ?? 'no answer');
    const isFinal = answer !== null && answer.code !== 'STORE_UNAVAILABLE';
    if (isFinal || tries === MAX_TRIES) throw new Error(`${event}, try ${tries}: ${JSON.stringify(answer)}`);
  }
};
