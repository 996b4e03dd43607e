/** A client that insists, as the contract tells it to: what was not answered is sent again under the same request id. */
import type { Socket } from 'socket.io-client';
import type { Acknowledgement, ClientEventName } from '../../src/contract/events.ts';

const ANSWER_DEADLINE_MS = 15_000;
/** A service that is away for that many answers does not come back. */
const MAX_TRIES = 30;

export type AcceptedAnswer = { answer: Record<string, unknown>; tries: number };

/**
 * Sends until it is accepted; what the connection's end left unanswered goes out again once the client is back. Rejects
 * when it is refused for another reason than STORE_UNAVAILABLE.
 */
export const untilAccepted = async (
  socket: Socket,
  event: ClientEventName,
  payload: { session_id: string; request_id: string } & Record<string, unknown>,
): Promise<AcceptedAnswer> => {
  for (let tries = 1; ; tries += 1) {
    // Rejects when the connection ends before the answer is here.
    const sending: Promise<Acknowledgement> = socket.timeout(ANSWER_DEADLINE_MS).emitWithAck(event, payload);
    const answer = await sending.catch(() => null);
    if (answer?.ok === true) return { answer, tries };
    const isFinal = answer !== null && answer.code !== 'STORE_UNAVAILABLE';
    if (isFinal || tries === MAX_TRIES) throw new Error(`${event}, try ${tries}: ${JSON.stringify(answer)}`);
  }
};
