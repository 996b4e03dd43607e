/** How a session leaves a status: once, by whoever inserts the transition. */
import type { SessionStatus } from '../contract/nouns.ts';
import type { Collections, SessionDocument } from './collections.ts';
import { inserted } from './insert-only.ts';

/**
 * Leaves `from`, after which the session's document says `set`; when somebody has decided it before, what they decided
 * is brought into the document instead, in case they died before they could. Answers whether this call decided.
 */
export const leave = async (
  { transitions, sessions }: Pick<Collections, 'transitions' | 'sessions'>,
  session_id: string,
  from: SessionStatus,
  set: Partial<SessionDocument>,
): Promise<boolean> => {
  const _id = `${session_id}:${from}`;
  const decided = await inserted(transitions, { _id, set });
  const winner = decided ? set : ((await transitions.findOne({ _id }))?.set ?? {});
  if (winner.status !== undefined) await sessions.updateOne({ _id: session_id, status: from }, { $set: winner });
  return decided;
};

/** Brings a start into the session's document that was decided by a node which died then. */
export const finishLeaving = async (
  { transitions, sessions }: Pick<Collections, 'transitions' | 'sessions'>,
  session_id: string,
  from: SessionStatus,
): Promise<boolean> => {
  const decided = await transitions.findOne({ _id: `${session_id}:${from}` });
  if (decided === null) return false;
  await sessions.updateOne({ _id: session_id, status: from }, { $set: decided.set });
  return true;
};
