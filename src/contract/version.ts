/**
 * The version of the wire: of the event table with its payloads, receivers and acknowledgements, and of the error codes.
 * It grows when any of these changes after a release, whether or not older clients can go on as they are;
 * test/contract/version.test.ts fails until it does. What version 1 promised stays: an event or a key is added, never
 * renamed and never taken away.
 */
export const PROTOCOL_VERSION = 1;

/** What each version brought, one line each. */
export const PROTOCOL_HISTORY: Record<number, string> = {
  1: 'The events of Socket.IO clients in existence, with acknowledgements, request ids, sequence numbers and sync',
};
