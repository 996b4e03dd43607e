/**
 * Sending a command to a roll: with the header it was authorised against, once more when that was outdated, and with
 * one read of the registry when it names students who are not on the roll yet (JOIN-4).
 */
import { createHash } from 'node:crypto';
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { ServerEventName, ServerPayload } from '../contract/events.ts';
import type { AttendanceStatus, Enrollment } from '../contract/nouns.ts';
import type { Command, Refused, RequestKey, Update } from '../domain/commands.ts';
import type { Actor } from '../domain/policy.ts';
import type { Admission, RosterEntry } from '../domain/record.ts';
import type { Accepted } from '../domain/roll.ts';
import { REFUSAL_MAX_IDS } from '../limits.ts';
import type { Answer, RollPeek } from '../live/live-store.ts';
import type { Services } from './services.ts';

/** An accepted answer. */
export type Done = Extract<Answer, { ok: true }>;

/** What a command is answered. repeated: it was sent before under the same request id, and nothing happened now. */
export type Answered<E extends ServerEventName> = { payload: ServerPayload<E>; repeated: boolean };

/** Tries of one command: a header may change between its read and its use, but not for ever. */
const MAX_TRIES = 4;
const OTHER_PAYLOAD = 'This request_id was used with another payload';

/** What updates say, without keys that mean nothing here: the same request may come with others or in another order. */
export const saidBy = (updates: Update[]): Update[] =>
  updates.map(({ student_id, status, remarks }) => ({ student_id, status, remarks }));

/** Scoped to user, event and session (the roll that keeps it); the payload must be the same when it is repeated. */
export const requestKey = (
  actor: Actor,
  event: string,
  request_id: string | undefined,
  payload: unknown,
): RequestKey | undefined => {
  if (request_id === undefined) return undefined;
  const hash = createHash('sha256').update(JSON.stringify(payload)).digest('base64url').slice(0, 22);
  return { key: `${event}\n${actor.user_id}\n${request_id}`, hash };
};

/**
 * Authorises and sends until the header was current. `make` gets the roll as authorised and the admissions found so far.
 * Null: there is no roll. Throws a Refusal for everything that was refused.
 */
export const send = async (
  services: Services,
  session_id: string,
  authorise: () => Promise<RollPeek | null>,
  make: (peek: RollPeek, admit: Admission[]) => Command,
  admitFrom: (course_id: string, student_ids: string[]) => Promise<Admission[]>,
  connection?: { id: string },
): Promise<Done | null> => {
  let admit: Admission[] = [];
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const peek = await authorise();
    if (peek === null) return null;
    const answer = await services.live.submit(session_id, make(peek, admit), connection);
    if (answer === null) return null;
    if (answer.ok) return answer;
    if (answer.code === 'ADMISSION_NEEDED') admit = await admitFrom(peek.header.course_id, answer.student_ids);
    else if (answer.code === 'STALE_HEADER') admit = [];
    else throw refusalOf(answer);
  }
  throw refuse('CONFLICT', 'The course is changing; try again', { retryable: true });
};

/**
 * There is no roll. SESSION_NOT_ACTIVE, unless the archive has taken the roll since it accepted this very request. The
 * caller has authorised it.
 */
export const repeated = async (
  { live }: Services,
  session_id: string,
  request: RequestKey | undefined,
): Promise<Accepted> => {
  const outcome = request === undefined ? null : await live.answered(session_id, request);
  if (outcome === null) throw refuse('SESSION_NOT_ACTIVE');
  if (!outcome.ok) throw refuse('CONFLICT', OTHER_PAYLOAD);
  return outcome;
};

/** The records that staff have marked by what was accepted, by status. */
export const reportMarks = ({ reports }: Services, { changed, repeated, records }: Accepted): void => {
  if (!changed || repeated === true) return;
  const counts = new Map<AttendanceStatus, number>();
  for (const { status } of records) counts.set(status, (counts.get(status) ?? 0) + 1);
  for (const [status, count] of counts) reports.marked(status, count);
};

/** For marks: every named student must be approved, else none is marked. */
export const admitNamed =
  ({ registry }: Services) =>
  async (course_id: string, student_ids: string[]): Promise<Admission[]> => {
    const found = new Map((await registry.enrollmentsOf(course_id, student_ids)).map((it) => [it.student_id, it]));
    const strangers = student_ids.filter((id) => found.get(id)?.status !== 'approved');
    if (strangers.length > 0) throw notOnRoll(strangers);
    return [...found.values()].map(admissionOf);
  };

/** For a join: the one student of this course that the user is. */
export const admitUser =
  ({ registry }: Services, user_id: string) =>
  async (course_id: string): Promise<Admission[]> => {
    const enrollment = await registry.enrollmentOfUser(course_id, user_id);
    if (enrollment?.status !== 'approved') throw refuse('STUDENT_NOT_ENROLLED');
    return [admissionOf(enrollment)];
  };

export const admissionOf = ({ student_id, user_id, name, roll }: Enrollment): Admission => ({
  student_id,
  user_id,
  student_name: name,
  roll,
});

export const rosterEntryOf = (enrollment: Enrollment): RosterEntry => ({
  ...admissionOf(enrollment),
  approved: enrollment.status === 'approved',
});

const notOnRoll = (student_ids: string[]) =>
  refuse('STUDENT_NOT_ON_ROLL', undefined, { student_ids: student_ids.slice(0, REFUSAL_MAX_IDS) });

const refusalOf = (answer: Exclude<Refused, { code: 'STALE_HEADER' | 'ADMISSION_NEEDED' }>) => {
  switch (answer.code) {
    case 'CHECKIN_NOT_OPEN': {
      const opens_at = isoFrom(answer.opens_at);
      return refuse('CHECKIN_NOT_OPEN', `Check-in opens at ${opens_at}`, { opens_at });
    }
    case 'RATE_LIMITED':
      return refuse('RATE_LIMITED', 'Too many wrong codes', { retry_after_ms: answer.retry_after_ms });
    case 'STUDENT_NOT_ON_ROLL':
      return notOnRoll(answer.student_ids);
    case 'CONFLICT':
      return refuse('CONFLICT', OTHER_PAYLOAD);
    default:
      return refuse(answer.code);
  }
};
