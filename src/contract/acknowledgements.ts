/**
 * What a callback receives. Most acknowledgements repeat the payload of a reply event; those of the events without one,
 * and refusals, have their schemas here.
 */
import { type TSchema, Type } from 'typebox';
import { type ClientEventName, clientEvents } from './client-events.ts';
import { Epoch, InSession, Numbers, OwnSeq } from './event-parts.ts';
import { CourseId, FullRecord, Instant, OnlineStudent, ReducedRecord, Session, Statistics } from './nouns.ts';
import { serverEvents } from './server-events.ts';

type EventWithoutReply = {
  [E in ClientEventName]: (typeof clientEvents)[E]['reply'] extends null ? E : never;
}[ClientEventName];

const { attendanceError, studentMarked, studentMarkedPresent } = serverEvents;

const Missed = Type.Object({
  event: Type.String({ description: 'Name of an event from the server' }),
  data: Type.Record(Type.String(), Type.Unknown(), { description: 'The payload of that event' }),
});
const Snapshot = Type.Object({
  session: Session,
  attendanceRecords: Type.Array(Type.Union([FullRecord, ReducedRecord]), {
    description: 'Staff: every full record. A student: their own, reduced',
  }),
  statistics: Statistics,
  online_students: Type.Optional(Type.Array(OnlineStudent, { description: 'For staff alone' })),
});
const SyncNumbers = { ...Numbers, own_seq: Type.Optional(OwnSeq), epoch: Epoch };

const bare = {
  leaveAttendanceSession: Type.Object(InSession),
  unsubscribeFromCourse: Type.Object({ course_id: CourseId }),
  // Late and excused; the others are answered as markStudentPresent and markStudentAbsent are.
  markStudentAttendance: Type.Union([studentMarked.payload, studentMarkedPresent.payload]),
  syncAttendance: Type.Union([
    Type.Object({ events: Type.Array(Missed), ...SyncNumbers }),
    Type.Object({ snapshot: Snapshot, ...SyncNumbers }),
  ]),
  refreshToken: Type.Object({ expires_at: Instant }),
} satisfies Record<EventWithoutReply, TSchema>;

/** What the acknowledgement of an accepted event holds beside `ok`. */
export const acknowledgementOf = (event: ClientEventName): TSchema => {
  const { reply } = clientEvents[event];
  return reply === null ? bare[event as EventWithoutReply] : serverEvents[reply].payload;
};

export const Accepted = Type.Object({ ok: Type.Literal(true) });

const {
  event: _event,
  session_id: _session,
  course_id: _course,
  request_id: _request,
  ...refusal
} = attendanceError.payload.properties;
/** As the error event, which says besides what it is about. */
export const Refused = Type.Object({ ok: Type.Literal(false), ...refusal });
