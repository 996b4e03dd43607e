/** What each change of a roll tells whom, and in which order. Every outgoing event of a roll is chosen here. */
import type { ServerEventName, ServerPayload } from './contract/events.ts';
import type { FullRecord } from './contract/nouns.ts';
import type { Presence } from './domain/presence.ts';
import { type Line, type RollRecord, reducedRecord } from './domain/record.ts';
import { type Change, fullRecords, type RollNow, sessionOf } from './domain/roll.ts';
import { statisticsOf } from './domain/statistics.ts';
import {
  bulkPayload,
  type Done,
  endedPayload,
  joinedPayload,
  leftPayload,
  leftShortPayload,
  markedPayload,
  ownMarkPayload,
  persistedPayload,
  returnedPayload,
  statisticsPayload,
  submittedPayload,
  updatedPayload,
} from './event-payloads.ts';

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

const finalData = (roll: RollNow, attendanceRecords: FullRecord[]) => ({
  session: sessionOf(roll),
  statistics: statisticsOf(roll.counts),
  attendanceRecords,
});

const endOf = ({ end }: RollNow): Done => ({ by_name: end?.by_name ?? '', at: end?.at ?? '' });

/** The full answer to an end, from a roll that has ended. */
export const endedAnswer = (roll: RollNow): ServerPayload<'attendanceSessionEndedConfirm'> =>
  endedPayload(roll.header.session.id, finalData(roll, fullRecords(roll)), endOf(roll), roll);

/** The answer to a submit, from a roll that has ended. */
export const submittedAnswer = (roll: RollNow): ServerPayload<'attendanceSubmitted'> =>
  submittedPayload(roll.header.session.id, statisticsOf(roll.counts), endOf(roll));

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
      // No change of the roll's own: it repeats the roll's number.
      return (change.flagged ?? []).map((it) => studentMarked(roll.header.session.id, it, roll));
  }
};

/** The record as this change left it, which may be older than the roll's. */
const recordAt = (roll: RollNow, line: Line): RollRecord => {
  const record = roll.records.get(line.student_id);
  if (record === undefined) throw new Error('a change names a student who is not on the roll');
  if (record.own_seq === line.own_seq && record.flags === line.flags) return record;
  const { flags: _now, ...rest } = record;
  const { status, joined_at, marked_at, marked_by, remarks, own_seq, flags } = line;
  const then = { ...rest, status, joined_at, marked_at, marked_by, remarks, own_seq };
  return flags === undefined ? then : { ...then, flags };
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
  // Who shares a device: the one who came, and everybody who had.
  const flagged = [...(line.flags === undefined ? [] : [record]), ...(change.flagged ?? [])];
  for (const it of flagged) deliveries.push(studentMarked(session_id, it, change));
  return deliveries;
};

const studentMarked = (session_id: string, record: RollRecord, { seq }: { seq: number }): Delivery => ({
  event: 'studentMarked',
  payload: markedPayload(session_id, record, seq),
  receivers: STAFF,
});

/** Who hears what is told of a record: everybody, or staff and its own student. */
const concerned = ({ header }: RollNow, student_id: string): Receivers[] =>
  header.student_visibility === 'self' ? [STAFF, { to: 'student', student_id }] : [ROOM];

const updated = (session_id: string, change: Change, line: Line, receivers: Receivers): Delivery => ({
  event: 'attendanceUpdated',
  payload: updatedPayload(session_id, line, change, statisticsOf(change.counts), change),
  receivers,
});

const newsOfMark = (roll: RollNow, change: Change, line: Line): Delivery[] => [
  ...concerned(roll, line.student_id).map((it) => updated(roll.header.session.id, change, line, it)),
  ...newsOfLine(roll, change, line),
];

/** What staff and the student concerned hear of each changed record, alone or in a bulk. */
const newsOfLine = (roll: RollNow, change: Change, line: Line): Delivery[] => [
  studentMarked(roll.header.session.id, recordAt(roll, line), change),
  ownMark(roll, change, line),
];

const ownMark = ({ header }: RollNow, change: Change, line: Line): Delivery => {
  const { student_id, status, marked_at, own_seq } = line;
  return {
    event: 'attendanceMarked',
    payload: ownMarkPayload(header.session.id, student_id, status, marked_at ?? change.at, own_seq),
    receivers: { to: 'student', student_id },
  };
};

const newsOfBulk = (roll: RollNow, change: Change): Delivery[] => [
  ...change.lines.flatMap((line) => newsOfLine(roll, change, line)),
  bulkUpdated(roll, change),
];

const bulkUpdated = ({ header }: RollNow, change: Change): Delivery => ({
  event: 'attendanceBulkUpdated',
  payload: bulkPayload(header.session.id, change.lines.map(reducedRecord), change, statisticsOf(change.counts), change),
  receivers: header.student_visibility === 'self' ? STAFF : ROOM,
});

const sessionEnded = (roll: RollNow, change: Change): Delivery => ({
  event: 'attendanceSessionEnded',
  payload: endedPayload(roll.header.session.id, finalData(roll, []), change, change),
  receivers: ROOM,
});

/** The same for one student alone: nothing of it needs anybody's record. */
export const newsOfChangeFor = (student_id: string, roll: RollNow, change: Change): Delivery[] => {
  const isOwn = (it: { student_id: string }): boolean => it.student_id === student_id;
  const own = change.lines.filter(isOwn).map((line) => ownMark(roll, change, line));
  const hearsAll = roll.header.student_visibility !== 'self';
  const bulk = hearsAll && change.lines.length > 0 ? [bulkUpdated(roll, change)] : [];
  switch (change.kind) {
    case 'mark': {
      const lines = hearsAll ? change.lines : change.lines.filter(isOwn);
      return [...lines.map((line) => updated(roll.header.session.id, change, line, ROOM)), ...own];
    }
    case 'bulk':
      return [...own, ...bulk];
    case 'end':
      return [...own, ...bulk, sessionEnded(roll, change)];
    case 'join':
    case 'quiet':
      return [];
  }
};

const newsOfEnd = (roll: RollNow, change: Change): Delivery[] => {
  const deliveries = change.lines.length > 0 ? newsOfBulk(roll, change) : [];
  deliveries.push(sessionEnded(roll, change), {
    event: 'attendanceSessionEndedConfirm',
    payload: endedAnswer(roll),
    receivers: STAFF,
  });
  if (change.submitted)
    deliveries.push({ event: 'attendanceSubmitted', payload: submittedAnswer(roll), receivers: STAFF });
  return deliveries;
};

/** A student who was gone is back: told, but no change. `seq` is the roll's at that moment. */
export const newsOfReturn = (roll: RollNow, record: RollRecord, presence: Presence, seq: number): Delivery[] => {
  if (record.joined_at === null) return [];
  const { onlineCount } = presence;
  const payload = returnedPayload(roll.header.session.id, record, record.joined_at, onlineCount, seq);
  return [{ event: 'studentJoinedAttendance', payload, receivers: STAFF }];
};

/** The last connection of a student is gone. */
export const newsOfLeaving = (roll: RollNow, record: RollRecord, presence: Presence, at: string): Delivery[] => {
  const session_id = roll.header.session.id;
  return [
    {
      event: 'studentLeftAttendance',
      payload: leftPayload(session_id, record, at, presence.onlineCount),
      receivers: STAFF,
    },
    { event: 'studentLeft', payload: leftShortPayload(session_id, record.student_id), receivers: STAFF },
  ];
};

export const statisticsNews = (roll: RollNow, presence: Presence, to: 'room' | 'staff'): Delivery => {
  const { header, counts } = roll;
  const { onlineCount } = presence;
  return {
    event: 'attendanceStatistics',
    payload: statisticsPayload(header.session.id, statisticsOf(counts), onlineCount, roll, header.epoch),
    receivers: to === 'room' ? ROOM : STAFF,
  };
};

export const persistedNews = (session_id: string, version: number, persisted_at: string): Delivery => ({
  event: 'attendancePersisted',
  payload: persistedPayload(session_id, version, persisted_at),
  receivers: STAFF,
});
