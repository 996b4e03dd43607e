/**
 * The event table: every Socket.IO event in one place. From it come the validation of what clients send, the types of
 * server and clients, the audience rules that the tests walk, and the documentation.
 */
import type { ClientEventName, ClientPayload } from './client-events.ts';
import type { ServerEventName, ServerPayload } from './server-events.ts';

/** The two namespaces; they are one audience. */
export const NAMESPACES = ['/', '/attendance'] as const;

export * from './client-events.ts';
export * from './server-events.ts';

/** What every acknowledgement callback receives. */
export type Acknowledgement = ({ ok: true } & Record<string, unknown>) | ({ ok: false } & AcknowledgedError);
export type AcknowledgedError = { code: string; message: string; retryable: boolean } & Record<string, unknown>;

/** Socket.IO's typed event maps, derived from the table. */
export type ClientToServerEvents = {
  [E in ClientEventName]: (payload: ClientPayload<E>, ack?: (answer: Acknowledgement) => void) => void;
};
export type ServerToClientEvents = { [E in ServerEventName]: (payload: ServerPayload<E>) => void };
