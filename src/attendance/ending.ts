/** Ending, submitting and cancelling: whoever asks first ends the roll, everybody after that is answered what it was. */
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { ServerPayload } from '../contract/events.ts';
import type { Command, Update } from '../domain/commands.ts';
import type { Actor } from '../domain/policy.ts';
import type { Admission } from '../domain/record.ts';
import { endedAnswer, submittedAnswer } from '../fanout.ts';
import type { RollPeek, RollView } from '../live/live-store.ts';
import { tellCourseEnded } from './course-news.ts';
import { endedFromArchive } from './results.ts';
import { admitNamed, repeated, reportMarks, requestKey, saidBy, send } from './sending.ts';
import { type Found, findAsStaff, type Services } from './services.ts';
import { endStrayRoll } from './stray-rolls.ts';

export type EndEvent = 'endAttendanceSession' | 'submitAttendance' | 'end';

/** told: this call ended it, so everybody in the session has been told; else it only answers what is. */
type Ended<E extends 'attendanceSessionEndedConfirm' | 'attendanceSubmitted'> = {
  told: boolean;
  /** It was sent before under the same request id. */
  repeated: boolean;
  payload: ServerPayload<E>;
};

export const endSession = async (
  services: Services,
  actor: Actor,
  event: EndEvent,
  session_id: string,
  request_id?: string,
): Promise<Ended<'attendanceSessionEndedConfirm'>> => {
  const asked = { event, session_id, updates: [], submitted: false, request_id };
  const { told, repeated, result } = await finish(services, actor, asked);
  return { told, repeated, payload: 'roll' in result ? endedAnswer(result.roll) : result };
};

export const submitSession = async (
  services: Services,
  actor: Actor,
  session_id: string,
  updates: Update[],
  request_id?: string,
): Promise<Ended<'attendanceSubmitted'>> => {
  const asked = { event: 'submitAttendance' as const, session_id, updates, submitted: true, request_id };
  const { result, ...how } = await finish(services, actor, asked);
  if ('roll' in result) return { ...how, payload: submittedAnswer(result.roll) };
  const archived = await services.archive.session(session_id);
  const { finalData, ended_by: submitted_by, ended_at: submitted_at } = result;
  const version = archived?.version ?? 1;
  return { ...how, payload: { session_id, statistics: finalData.statistics, submitted_by, submitted_at, version } };
};

export const cancelSession = async (
  services: Services,
  actor: Actor,
  session_id: string,
  reason: string | null,
): Promise<void> => {
  const { registry, archive, live, clock } = services;
  const found = await findAsStaff(services, actor, session_id, 'end');
  if (found.roll !== null) {
    if (found.roll.state !== 'active') {
      throw refuse('CONFLICT', 'The session is being archived; try again', { retryable: true });
    }
    await sendEnd(services, actor, { event: 'end', session_id, updates: [], submitted: false, cancel: { reason } });
    return;
  }
  switch (found.stored.status) {
    case 'cancelled':
      return;
    case 'completed':
      if (reason === null) {
        throw refuse('INVALID_PAYLOAD', 'reason: required to cancel a completed session', { field: 'reason' });
      }
      await archive.cancel(session_id, actor.user_id, reason, isoFrom(clock()));
      return;
    case 'scheduled':
      if (await registry.cancelScheduled(session_id, actor.user_id, reason, clock())) return;
      break;
    case 'active':
      // No roll: a start under way, or a roll that was lost. Only the lost one can be taken out.
      if (found.stored.opened_at !== null && (await live.peek(session_id)) === null) {
        if (await registry.cancelLost(found.stored, actor.user_id, reason ?? 'roll lost', clock())) {
          return endStrayRoll(services, session_id);
        }
      }
  }
  throw refuse('CONFLICT', 'The session has just changed; try again', { retryable: true });
};

export const endSessionByClock = async (services: Services, session_id: string): Promise<void> => {
  const auto: Actor = { user_id: 'auto', role: 'service', name: 'auto', picture: null, expires_at: Infinity };
  await sendEnd(services, auto, { event: 'end', session_id, updates: [], submitted: false, by: 'clock' });
};

/** ended: the roll as it was found right after, which changes no more; null: it has to be looked for. */
type Sent = { told: boolean; repeated: boolean; ended: RollView | null };
const NOTHING_NEW: Sent = { told: false, repeated: false, ended: null };

/** The ended roll, or what the archive has. */
const finish = async (
  services: Services,
  actor: Actor,
  it: { event: EndEvent; session_id: string; updates: Update[]; submitted: boolean; request_id?: string | undefined },
): Promise<Omit<Sent, 'ended'> & { result: RollView | ServerPayload<'attendanceSessionEndedConfirm'> }> => {
  const found = await findAsStaff(services, actor, it.session_id, 'end');
  const over = found.roll !== null ? found.roll.state !== 'active' : isOver(found);
  // What is over still knows its requests: the same id with another payload is refused.
  const asks = !over || it.request_id !== undefined;
  const { ended, ...sent } = asks ? await sendEnd(services, actor, it) : NOTHING_NEW;
  const view = ended ?? (await services.live.read(it.session_id));
  return { ...sent, result: view ?? (await endedFromArchive(services, it.session_id)) };
};

/** Ends, once: who comes second finds it ended. */
const sendEnd = async (
  services: Services,
  actor: Actor,
  it: {
    event: EndEvent;
    session_id: string;
    updates: Update[];
    submitted: boolean;
    cancel?: { reason: string | null };
    request_id?: string | undefined;
    by?: 'staff' | 'clock';
  },
): Promise<Sent> => {
  const { session_id, updates, submitted, by = 'staff' } = it;
  const request = requestKey(actor, it.event, it.request_id, saidBy(updates));
  let peek: RollPeek | null = null;
  const authorise = async () => {
    const found = await findAsStaff(services, actor, session_id, 'end');
    if (found.roll === null && !isOver(found)) throw refuse('SESSION_NOT_ACTIVE');
    peek = found.roll;
    return peek;
  };
  const make = ({ header }: RollPeek, admit: Admission[]): Command => ({
    kind: 'end',
    header_version: header.version,
    updates,
    submitted,
    outcome: it.cancel === undefined ? 'completed' : 'cancelled',
    reason: it.cancel?.reason ?? null,
    by: actor.user_id,
    by_name: actor.name,
    admit,
    request,
  });
  try {
    const done =
      (await send(services, session_id, authorise, make, admitNamed(services))) ??
      (await repeated(services, session_id, request));
    const told = done.changed && done.repeated !== true;
    if (told) services.reports.ended(by);
    reportMarks(services, done);
    // At once: the archive may be quick, and what it has is not to be had while its database is away.
    const ended = told ? await services.live.read(session_id) : null;
    if (told && peek !== null) await tellCourseEnded(services, session_id, peek, ended);
    return { told, repeated: done.repeated === true, ended };
  } catch (error) {
    if (!(await endedMeanwhile(services, session_id, error))) throw error;
    if (it.cancel !== undefined) throw refuse('CONFLICT', 'The session has just ended; try again', { retryable: true });
    return NOTHING_NEW;
  }
};

const endedMeanwhile = async (services: Services, session_id: string, error: unknown): Promise<boolean> => {
  if (!isRefusal(error, 'SESSION_NOT_ACTIVE')) return false;
  const peek = await services.live.peek(session_id);
  if (peek !== null) return peek.state !== 'active';
  const stored = await services.registry.session(session_id);
  return stored !== null && isOver({ roll: null, stored });
};

const isRefusal = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const isOver = (found: Found): boolean =>
  found.stored !== null && (found.stored.status === 'completed' || found.stored.status === 'cancelled');
