/**
 * What each change tells whom. Every outgoing event of a roll is shaped here and nowhere else.
 *
 * The payload builders only place values, they never compute with them: so the same builder makes a payload in process
 * and, called with markers for values, a template that a store can fill where the change is made.
 */
import type { ServerEventName, ServerPayload } from './contract/events.ts';
import type { AttendanceStatus, FullRecord, ReducedRecord, Statistics } from './contract/nouns.ts';
import type { Presence } from './domain/presence.ts';
import {
  type Change,
  fullRecord,
  fullRecords,
  type Line,
  type RollNow,
  type RollRecord,
  reducedRecord,
  sessionOf,
} from './domain/roll.ts';
import { statisticsOf } from './domain/statistics.ts';

/** Who in a session receives a delivery: all its staff sockets, everybody, or the sockets of one student. */
export type Receivers = { to: 'staff' } | { to: 'room' } | { to: 'student'; student_id: string };

export type Delivery = {
  [E in ServerEventName]: { event: E; payload: ServerPayload<E>; receivers: Receivers };
}[ServerEventName];

/** Some events of a roll, to be delivered in this order. */
export type News = {
  session_id: string;
  /** The roll's numbers once these are delivered; presence news repeat the current ones. */
  seq: number;
  room_seq: number;
  deliveries: Delivery[];
};

const STAFF: Receivers = { to: 'staff' };
const ROOM: Receivers = { to: 'room' };

type Numbers = { seq: number; room_seq: number };

export const joinedPayload = (
  session_id: string,
  record: RollRecord,
  joined_at: string,
  online_count: number,
  seq: number,
): ServerPayload<'studentJoinedAttendance'> => ({
  session_id,
  student_id: record.student_id,
  student_name: record.student_name,
  roll: record.roll,
  profile_picture: record.profile_picture,
  joined_at,
  status: record.status,
  online_count,
  seq,
});

const updatedPayload = (
  session_id: string,
  student_id: string,
  status: AttendanceStatus,
  attendanceRecord: ReducedRecord,
  updated_by: string,
  updated_at: string,
  statistics: Statistics,
  { seq, room_seq }: Numbers,
): ServerPayload<'attendanceUpdated'> => ({
  session_id,
  student_id,
  studentId: student_id,
  status,
  attendanceRecord,
  updated_by,
  updated_at,
  statistics,
  seq,
  room_seq,
});

const ownMarkPayload = (
  session_id: string,
  student_id: string,
  status: AttendanceStatus,
  marked_at: string,
  own_seq: number,
): ServerPayload<'attendanceMarked'> => ({
  session_id,
  sessionId: session_id,
  student_id,
  studentId: student_id,
  status,
  marked_at,
  own_seq,
});

export const finalData = (roll: RollNow, attendanceRecords: FullRecord[]) => ({
  session: sessionOf(roll),
  statistics: statisticsOf(roll.counts),
  attendanceRecords,
});

/** The full answer to an end, from a roll that has ended. */
export const endedConfirmPayload = (roll: RollNow): ServerPayload<'attendanceSessionEndedConfirm'> => ({
  session_id: roll.header.session.id,
  finalData: finalData(roll, fullRecords(roll)),
  ended_by: roll.end?.by_name ?? '',
  ended_at: roll.end?.at ?? '',
  seq: roll.seq,
  room_seq: roll.room_seq,
});

/** The answer to a submit, from a roll that has ended. Its version is what the archive will call it. */
export const submittedPayload = (roll: RollNow): ServerPayload<'attendanceSubmitted'> => ({
  session_id: roll.header.session.id,
  statistics: statisticsOf(roll.counts),
  submitted_by: roll.end?.by_name ?? '',
  submitted_at: roll.end?.at ?? '',
  version: 1,
});

/** The events of one numbered change, in order. `roll` is the roll after it, or a later state of the same roll. */
export const newsOfChange = (roll: RollNow, change: Change, presence: Presence): Delivery[] => {
  switch (change.kind) {
    case 'join':
      return newsOfJoin(roll, change, presence);
    case 'mark':
      return change.lines.flatMap((line) => newsOfMark(roll, change, line));
    case 'bulk':
      return newsOfBulk(roll, change);
    case 'end':
      return newsOfEnd(roll, change);
    case 'quiet':
      return [];
  }
};

/** The record as this change left it, which may be older than the roll's. */
const recordAt = (roll: RollNow, line: Line): RollRecord => {
  const record = roll.records.get(line.student_id);
  if (record === undefined) throw new Error('a change names a student who is not on the roll');
  if (record.own_seq === line.own_seq) return record;
  const { status, joined_at, marked_at, marked_by, remarks, own_seq } = line;
  return { ...record, status, joined_at, marked_at, marked_by, remarks, own_seq };
};

const newsOfJoin = (roll: RollNow, change: Change, presence: Presence): Delivery[] => {
  const line = change.lines[0];
  if (line === undefined) return [];
  const session_id = roll.header.session.id;
  const record = recordAt(roll, line);
  const deliveries: Delivery[] = [
    {
      event: 'studentJoinedAttendance',
      payload: joinedPayload(session_id, record, line.joined_at ?? change.at, presence.onlineCount, change.seq),
      receivers: STAFF,
    },
  ];
  if (line.status !== 'present') deliveries.push(updated(session_id, change, line, STAFF));
  return deliveries;
};

const updated = (session_id: string, change: Change, line: Line, receivers: Receivers): Delivery => ({
  event: 'attendanceUpdated',
  payload: updatedPayload(
    session_id,
    line.student_id,
    line.status,
    reducedRecord(line),
    change.by_name,
    change.at,
    statisticsOf(change.counts),
    change,
  ),
  receivers,
});

const newsOfMark = (roll: RollNow, change: Change, line: Line): Delivery[] => {
  const session_id = roll.header.session.id;
  return [updated(session_id, change, line, ROOM), ...newsOfLine(roll, change, line)];
};

/** What staff and the student concerned hear of each changed record, alone or in a bulk. */
const newsOfLine = (roll: RollNow, change: Change, line: Line): Delivery[] => {
  const session_id = roll.header.session.id;
  const { student_id } = line;
  const attendanceRecord = fullRecord(recordAt(roll, line));
  return [
    {
      event: 'studentMarked',
      payload: { session_id, student_id, attendanceRecord, seq: change.seq },
      receivers: STAFF,
    },
    {
      event: 'attendanceMarked',
      payload: ownMarkPayload(session_id, student_id, line.status, line.marked_at ?? change.at, line.own_seq),
      receivers: { to: 'student', student_id },
    },
  ];
};

const newsOfBulk = (roll: RollNow, change: Change): Delivery[] => [
  ...change.lines.flatMap((line) => newsOfLine(roll, change, line)),
  {
    event: 'attendanceBulkUpdated',
    payload: {
      session_id: roll.header.session.id,
      updatedRecords: change.lines.map(reducedRecord),
      updated_by: change.by_name,
      updated_at: change.at,
      statistics: statisticsOf(change.counts),
      seq: change.seq,
      room_seq: change.room_seq,
    },
    receivers: ROOM,
  },
];

const newsOfEnd = (roll: RollNow, change: Change): Delivery[] => {
  const session_id = roll.header.session.id;
  const deliveries = change.lines.length > 0 ? newsOfBulk(roll, change) : [];
  deliveries.push(
    {
      event: 'attendanceSessionEnded',
      payload: {
        session_id,
        finalData: finalData(roll, []),
        ended_by: change.by_name,
        ended_at: change.at,
        seq: change.seq,
        room_seq: change.room_seq,
      },
      receivers: ROOM,
    },
    { event: 'attendanceSessionEndedConfirm', payload: endedConfirmPayload(roll), receivers: STAFF },
  );
  if (change.submitted)
    deliveries.push({ event: 'attendanceSubmitted', payload: submittedPayload(roll), receivers: STAFF });
  return deliveries;
};

/** A student who was gone is back: told, but no change. `seq` is the roll's at that moment. */
export const newsOfReturn = (roll: RollNow, record: RollRecord, presence: Presence, seq: number): Delivery[] => {
  if (record.joined_at === null) return [];
  const payload = joinedPayload(roll.header.session.id, record, record.joined_at, presence.onlineCount, seq);
  return [{ event: 'studentJoinedAttendance', payload: { ...payload, returned: true }, receivers: STAFF }];
};

/** The last connection of a student is gone. */
export const newsOfLeaving = (roll: RollNow, record: RollRecord, presence: Presence, at: string): Delivery[] => {
  const session_id = roll.header.session.id;
  const { student_id, student_name, roll: number } = record;
  return [
    {
      event: 'studentLeftAttendance',
      payload: {
        session_id,
        student_id,
        student_name,
        roll: number,
        disconnected_at: at,
        remaining_online_count: presence.onlineCount,
      },
      receivers: STAFF,
    },
    { event: 'studentLeft', payload: { session_id, studentId: student_id }, receivers: STAFF },
  ];
};

export const statisticsNews = (roll: RollNow, presence: Presence, to: 'room' | 'staff'): Delivery => ({
  event: 'attendanceStatistics',
  payload: {
    session_id: roll.header.session.id,
    statistics: statisticsOf(roll.counts),
    online_count: presence.onlineCount,
    seq: roll.seq,
    room_seq: roll.room_seq,
    epoch: roll.header.epoch,
  },
  receivers: to === 'room' ? ROOM : STAFF,
});

export const persistedNews = (session_id: string, version: number, persisted_at: string): Delivery => ({
  event: 'attendancePersisted',
  payload: { session_id, version, persisted_at },
  receivers: STAFF,
});
