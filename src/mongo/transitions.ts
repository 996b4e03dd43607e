/** How a session leaves its schedule: once, by whoever inserts the transition. */
import type { Collections, SessionDocument } from './collections.ts';
import { inserted } from './insert-only.ts';

type In = Pick<Collections, 'transitions' | 'sessions'>;

/**
 * The session is scheduled no more, and its document says `set`; when somebody has decided it before, what they decided is
 * brought into the document instead, in case they died before they could. Answers whether this call decided.
 */
export const leaveSchedule = async (into: In, session_id: string, set: Partial<SessionDocument>): Promise<boolean> => {
  const decided = await inserted(into.transitions, { _id: session_id, set });
  await finishStart(into, session_id);
  return decided;
};

/** Brings what was decided into the session's document. False: nothing is decided yet. */
export const finishStart = async ({ transitions, sessions }: In, session_id: string): Promise<boolean> => {
  const decided = await transitions.findOne({ _id: session_id });
  if (decided === null) return false;
  await sessions.updateOne({ _id: session_id, status: 'scheduled' }, { $set: decided.set });
  return true;
};
