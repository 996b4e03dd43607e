/** Joining: a student checks in or comes back, staff observe, and a join whose answer was lost is answered once more. */
import { refuse } from '../contract/errors.ts';
import type { ServerPayload } from '../contract/events.ts';
import type { Session } from '../contract/nouns.ts';
import type { Command } from '../domain/commands.ts';
import type { Device } from '../domain/device.ts';
import { type Actor, isStaff, staffOnly } from '../domain/policy.ts';
import type { Admission, RollRecord } from '../domain/record.ts';
import { sessionOf } from '../domain/roll.ts';
import { type Counts, statisticsOf } from '../domain/statistics.ts';
import type { RollPeek } from '../live/live-store.ts';
import { devicesFor, proofOf } from './checkin-codes.ts';
import { archiveEpoch } from './results.ts';
import { type Answered, admitUser, type Done, repeated, requestKey, send } from './sending.ts';
import { find, type Services } from './services.ts';
import { sessionObject } from './session-object.ts';

type Asker = { id: string };
export type JoinInput = { session_id: string; code?: string; ticket?: string; request_id?: string };

export const joinSession = async (
  services: Services,
  actor: Actor,
  input: JoinInput,
  asker: Asker,
  device: Device,
): Promise<Answered<'attendanceSessionJoined'>> => {
  const { session_id } = input;
  const { roll: peek } = await find(services, session_id, 'known');
  if (peek?.state !== 'active') return joinedBefore(services, actor, input);
  const staff = isStaff(actor, peek.header);
  const done = staff
    ? await attendSession(services, actor, session_id, asker)
    : await checkIn(services, actor, input, peek, asker, device);
  if (done === null) return joinedBefore(services, actor, input);
  const { current } = done;
  if (current === null) {
    const payload = await joinedAsArchived(services, session_id, done.records[0]);
    return { payload, repeated: done.repeated === true };
  }
  const record = current.record ?? done.records[0];
  // The roll may be ahead of what was known of it: a repeated join is answered after the end too.
  const session = { ...peek.header.session, status: current.state };
  const payload = joinedPayload(session, current.epoch, record, current);
  if (peek.header.student_visibility === 'self') payload.student_visibility = 'self';
  return { payload, repeated: done.repeated === true };
};

/** Puts a socket of staff into the session, not counted. SESSION_NOT_ACTIVE, FORBIDDEN. */
export const attendSession = async (
  services: Services,
  actor: Actor,
  session_id: string,
  asker: Asker,
): Promise<Done> => {
  const authorise = async () => {
    const peek = await activeRoll(services, session_id);
    if (!isStaff(actor, peek.header)) throw refuse('FORBIDDEN', staffOnly('view'));
    return peek;
  };
  const make = ({ header }: RollPeek): Command => ({
    kind: 'attend',
    header_version: header.version,
    user_id: actor.user_id,
  });
  const done = await send(services, session_id, authorise, make, nobody, asker);
  if (done === null) throw refuse('SESSION_NOT_ACTIVE');
  return done;
};

/**
 * A join that is sent again because its answer was lost, after the session has ended: answered as it was, and lets
 * nobody in. SESSION_NOT_ACTIVE for every other.
 */
const joinedBefore = async (
  services: Services,
  actor: Actor,
  { session_id, code, ticket, request_id }: JoinInput,
): Promise<Answered<'attendanceSessionJoined'>> => {
  const request = requestKey(actor, 'joinAttendanceSession', request_id, [code, ticket]);
  const outcome = await repeated(services, session_id, request);
  await assertStillIn(services, actor, session_id);
  const view = await services.live.read(session_id);
  const payload =
    view === null
      ? await joinedAsArchived(services, session_id, outcome.records[0])
      : joinedPayload(sessionOf(view.roll), view.roll.header.epoch, outcome.records[0], view.roll);
  services.reports.checkedIn('again');
  return { payload, repeated: true };
};

/** Who is not in the course any more is told nothing of it, whatever they were told before (AUTH-1). SESSION_NOT_ACTIVE. */
const assertStillIn = async ({ registry }: Services, actor: Actor, session_id: string): Promise<void> => {
  const stored = await registry.session(session_id);
  const course = stored === null ? null : await registry.course(stored.course_id);
  if (course !== null && isStaff(actor, course)) return;
  const enrollment = course === null ? null : await registry.enrollmentOfUser(course.id, actor.user_id);
  if (actor.role !== 'student' || enrollment?.status !== 'approved') throw refuse('SESSION_NOT_ACTIVE');
};

/** What an accepted join is answered when the archive has taken the roll. SESSION_NOT_ACTIVE: that has nothing either. */
const joinedAsArchived = async (
  { registry, archive }: Services,
  session_id: string,
  record: RollRecord | undefined,
): Promise<ServerPayload<'attendanceSessionJoined'>> => {
  const [stored, archived] = [await registry.session(session_id), await archive.session(session_id)];
  if (stored === null || archived === null) throw refuse('SESSION_NOT_ACTIVE');
  return joinedPayload(sessionObject(stored), archiveEpoch(archived.version), record, archived);
};

/** Null: the roll is gone. */
const checkIn = async (
  services: Services,
  actor: Actor,
  { session_id, code, ticket, request_id }: JoinInput,
  peek: RollPeek,
  asker: Asker,
  device: Device,
): Promise<Done | null> => {
  if (actor.role !== 'student') throw refuse('STUDENT_NOT_ENROLLED');
  const request = requestKey(actor, 'joinAttendanceSession', request_id, [code, ticket]);
  let current: RollPeek | null = peek;
  const authorise = async () => {
    const it = current ?? (await activeRoll(services, session_id));
    current = null;
    return it;
  };
  const make = ({ header }: RollPeek, admit: Admission[]): Command => ({
    kind: 'join',
    header_version: header.version,
    user_id: actor.user_id,
    profile_picture: actor.picture,
    admit: admit[0],
    proof: proofOf(services, header, { code, ticket }, device),
    devices: devicesFor(services, header, device),
    request,
  });
  const done = await send(services, session_id, authorise, make, admitUser(services, actor.user_id), asker);
  if (done !== null) services.reports.checkedIn(isFirst(done) ? 'new' : 'again');
  return done;
};

const isFirst = ({ first_join, repeated }: Done): boolean => first_join === true && repeated !== true;

const activeRoll = async (services: Services, session_id: string): Promise<RollPeek> => {
  const { roll } = await find(services, session_id, 'known');
  if (roll === null || roll.state !== 'active') throw refuse('SESSION_NOT_ACTIVE');
  return roll;
};

const nobody = async (): Promise<Admission[]> => [];

const joinedPayload = (
  session: Session,
  epoch: string,
  record: RollRecord | undefined,
  { counts, seq, room_seq }: { counts: Counts; seq: number; room_seq: number },
): ServerPayload<'attendanceSessionJoined'> => ({
  session_id: session.id,
  message: 'Successfully joined attendance session',
  status: record?.status ?? null,
  joined_at: record?.joined_at ?? null,
  session,
  statistics: statisticsOf(counts),
  seq,
  room_seq,
  own_seq: record?.own_seq ?? 0,
  epoch,
});
