/** What each event is answered, as types: they come from the contract, and nothing of it runs here. */
import type { ClientEventName, clientEvents, ServerEventName, ServerPayload } from '../contract/events.ts';
import type { OnlineStudent, Session, Statistics } from '../contract/nouns.ts';
import type { RollRecord } from './roll.ts';

export type Snapshot = {
  session: Session;
  /** Of students their own alone. */
  attendanceRecords: RollRecord[];
  statistics: Statistics;
  /** For staff. */
  online_students?: OnlineStudent[];
};

/** What was missed, in order; or all of it. */
export type SyncAnswer = {
  events?: { event: ServerEventName; data: unknown }[];
  snapshot?: Snapshot;
  seq: number;
  room_seq: number;
  own_seq?: number;
  epoch: string;
};

/** Where no event of the service repeats the answer. */
type BareAnswers = {
  markStudentAttendance: ServerPayload<'studentMarkedPresent'> & { seq?: number };
  leaveAttendanceSession: { session_id: string };
  unsubscribeFromCourse: { course_id: string };
  refreshToken: { expires_at: string };
  syncAttendance: SyncAnswer;
};

type ReplyTo<E extends ClientEventName> = (typeof clientEvents)[E]['reply'];

/** The acknowledgement of an event, without `ok`. */
export type AnswerTo<E extends ClientEventName> = E extends keyof BareAnswers
  ? BareAnswers[E]
  : ReplyTo<E> extends ServerEventName
    ? ServerPayload<ReplyTo<E>>
    : Record<string, unknown>;

/** Those that change something. */
export type ChangingEvent = {
  [E in ClientEventName]: (typeof clientEvents)[E]['mutating'] extends true ? E : never;
}[ClientEventName];
