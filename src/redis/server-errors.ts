/** What an error from Redis, or from the way to it, means for a caller. */
import { Refusal, unavailable } from '../contract/errors.ts';

/** First words of the error replies of a server that cannot serve now; any other one is a mistake of ours. */
const CANNOT_SERVE = new Set([
  'ASK',
  'BUSY',
  'CLUSTERDOWN',
  'LOADING',
  'MASTERDOWN',
  'MISCONF',
  'MOVED',
  'NOAUTH',
  'NOREPLICAS',
  'OOM',
  'READONLY',
  'TRYAGAIN',
  'UNBLOCKED',
]);

/** The first word of an error reply (`MOVED`, `NOSCRIPT`, `ERR`, …); null: this came from the connection, no reply. */
export const replyCode = (error: unknown): string | null =>
  error instanceof Error && error.name === 'ReplyError' ? (error.message.split(' ', 1)[0] ?? '') : null;

/** Where a Cluster says that the slot is: for good (MOVED), or for this one command (ASK). */
export type Redirection = { slot: number; address: string; asking: boolean };

export const redirectionIn = (error: unknown): Redirection | null => {
  const found = /^(MOVED|ASK) (\d{1,5}) (\S+:\d+)$/.exec(replyCode(error) === null ? '' : (error as Error).message);
  if (found === null) return null;
  const [, kind, slot, address = ''] = found;
  return { slot: Number(slot), address, asking: kind === 'ASK' };
};

/** STORE_UNAVAILABLE for whatever means that Redis does not serve now; other error replies as they are. */
export const asThrown = (error: unknown): Error => {
  if (error instanceof Refusal) return error;
  withoutArguments(error);
  const code = replyCode(error);
  return code === null || CANNOT_SERVE.has(code) ? unavailable(error) : (error as Error);
};

/** The client hangs the whole command on its errors, names of students included: nothing that may be logged. */
const withoutArguments = (error: unknown): void => {
  if (error instanceof Error && 'command' in error) delete error.command;
};
