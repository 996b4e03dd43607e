/**
 * One session's roll as a client knows it, and what each event makes of it. Events carry values and numbers; this says
 * of each whether it follows on what is known, is old, or shows that something was missed. No sockets, no clock.
 */
import type { ServerEventName, ServerPayload } from '../contract/events.ts';
import type { AttendanceStatus, FullRecord, ReducedRecord, Session, Statistics } from '../contract/nouns.ts';

/** A student's line: staff know all of it, students of others only status and marked_at. */
export type RollRecord = ReducedRecord &
  Partial<Omit<FullRecord, keyof ReducedRecord>> & { profile_picture?: string | null };

export type Roll = {
  /** out: not in it; entering; in; over: ended; removed: not in the course any more. */
  readonly phase: 'out' | 'entering' | 'in' | 'over' | 'removed';
  readonly session: Session | null;
  readonly records: ReadonlyMap<string, RollRecord>;
  /** Student ids; for staff. */
  readonly online: ReadonlySet<string>;
  readonly statistics: Statistics | null;
  readonly online_count: number | null;
  readonly seq: number;
  readonly room_seq: number;
  readonly epoch: string | null;
  readonly ended: { by: string; at: string } | null;
  /** Of the archive; null: it does not have it yet. */
  readonly persisted_version: number | null;
  /** False: something was missed, and is being fetched. */
  readonly in_sync: boolean;
};

export type Me = {
  /** Null: staff, or not checked in. */
  readonly status: AttendanceStatus | null;
  readonly joined_at: string | null;
  readonly marked_at: string | null;
  readonly own_seq: number;
  /** The student id that the service knows this user by, once it was told. */
  readonly student_id: string | null;
};

export const NO_ROLL: Roll = {
  phase: 'out',
  session: null,
  records: new Map(),
  online: new Set(),
  statistics: null,
  online_count: null,
  seq: 0,
  room_seq: 0,
  epoch: null,
  ended: null,
  persisted_version: null,
  in_sync: true,
};

export const NOBODY: Me = { status: null, joined_at: null, marked_at: null, own_seq: 0, student_id: null };

export type Known = {
  readonly roll: Roll;
  readonly me: Me;
  /** Of room_seq: all changes up to it came as a whole. The last one may have several events, and a connection may break between them. */
  readonly whole: number;
};
/** missed: something before it is missing, or is not known to be there. */
export type Taken = { known: Known; missed: boolean };

const COUNTED: Record<AttendanceStatus, keyof Statistics> = {
  present: 'presentCount',
  absent: 'absentCount',
  late: 'lateCount',
  excused: 'excusedCount',
};

/** As the service counts: (present + late) of all who were not excused, in percent with two decimals. */
export const statisticsOf = (records: Iterable<{ status: AttendanceStatus }>): Statistics => {
  const it = { totalStudents: 0, presentCount: 0, absentCount: 0, lateCount: 0, excusedCount: 0, attendanceRate: 0 };
  for (const { status } of records) {
    it.totalStudents += 1;
    it[COUNTED[status]] += 1;
  }
  const expected = it.totalStudents - it.excusedCount;
  const came = it.presentCount + it.lateCount;
  if (expected > 0) it.attendanceRate = Math.round((came / expected) * 10_000) / 100;
  return it;
};

const withRecords = (roll: Roll, changed: RollRecord[], isStaff: boolean): Roll => {
  const records = new Map(roll.records);
  for (const it of changed) records.set(it.student_id, { ...records.get(it.student_id), ...it });
  return isStaff ? { ...roll, records, statistics: statisticsOf(records.values()) } : { ...roll, records };
};

const withOnline = (roll: Roll, student_id: string, isOnline: boolean, count: number): Roll => {
  const online = new Set(roll.online);
  if (isOnline) online.add(student_id);
  else online.delete(student_id);
  return { ...roll, online, online_count: count };
};

/** A full record replaces what is known, flags that are gone included. */
const replaced = (roll: Roll, record: FullRecord): RollRecord => {
  const picture = roll.records.get(record.student_id)?.profile_picture;
  return { flags: undefined, ...record, ...(picture === undefined ? {} : { profile_picture: picture }) } as RollRecord;
};

const arrived = (roll: Roll, it: ServerPayload<'studentJoinedAttendance'>): RollRecord => {
  const { student_id, student_name, roll: number, profile_picture, joined_at, status } = it;
  const before = roll.records.get(student_id);
  const mine = { student_id, student_name, roll: number, profile_picture, joined_at, status };
  // A mark that staff made earlier stands: then the arrival only says when they came.
  if (before !== undefined && before.marked_by != null) return { ...before, ...mine };
  return { remarks: null, ...before, ...mine, marked_at: joined_at, marked_by: 'self' };
};

/** Where an event's numbers stand to what is known. */
type Place = 'next' | 'old' | 'gap';

const placeOf = (number: number, known: number): Place =>
  number < known ? 'old' : number > known + 1 ? 'gap' : 'next';

/** How a session is followed. */
export type Follower = { isStaff: boolean; student_visibility?: 'self' | undefined };

type Numbered = { seq: number; room_seq?: number };

/** Of a change of the roll: staff count seq, students room_seq. */
const place = (roll: Roll, it: Numbered, { isStaff }: Follower): Place =>
  isStaff ? placeOf(it.seq, roll.seq) : it.room_seq === undefined ? 'next' : placeOf(it.room_seq, roll.room_seq);

const moved = ({ roll, me, whole }: Known, { seq, room_seq = 0 }: Numbered): Known => ({
  roll: { ...roll, seq: Math.max(roll.seq, seq), room_seq: Math.max(roll.room_seq, room_seq) },
  me,
  // That the next one comes shows that there was no more of the one before.
  whole: room_seq > roll.room_seq ? roll.room_seq : whole,
});

/** The connection broke: what may have come in part is counted as if it had not come. */
export const afterBreak = (known: Known): Known => ({ ...known, roll: { ...known.roll, room_seq: known.whole } });

type Taker<E extends ServerEventName> = (known: Known, payload: ServerPayload<E>, follower: Follower) => Taken;
type Takers = { [E in ServerEventName]?: Taker<E> };

const same = (known: Known): Taken => ({ known, missed: false });
const gap = (known: Known): Taken => ({ known, missed: true });

/** A change: what is old is left out, what does not follow is told, what follows is made and counted. */
const change = <P extends Numbered>(make: (roll: Roll, payload: P, isStaff: boolean) => Roll) => {
  return (known: Known, payload: P, follower: Follower): Taken => {
    const where = place(known.roll, payload, follower);
    if (where === 'old') return same(known);
    if (where === 'gap') return gap(known);
    return same(moved({ ...known, roll: make(known.roll, payload, follower.isStaff) }, payload));
  };
};

const TAKERS: Takers = {
  studentJoinedAttendance: (known, payload, follower) => {
    const { roll } = known;
    const here = (it: Roll) => withOnline(it, payload.student_id, true, payload.online_count);
    // A return is no change: it repeats the roll's number.
    if (payload.returned) return { known: { ...known, roll: here(roll) }, missed: payload.seq > roll.seq };
    return change<typeof payload>((it) => withRecords(here(it), [arrived(it, payload)], true))(
      known,
      payload,
      follower,
    );
  },
  studentLeftAttendance: (known, { student_id, remaining_online_count }) =>
    same({ ...known, roll: withOnline(known.roll, student_id, false, remaining_online_count) }),
  attendanceUpdated: change((roll, { attendanceRecord, statistics }, isStaff) => ({
    ...withRecords(roll, [attendanceRecord], isStaff),
    statistics,
  })),
  studentMarked: change((roll, { attendanceRecord }) => withRecords(roll, [replaced(roll, attendanceRecord)], true)),
  attendanceBulkUpdated: change((roll, { updatedRecords, statistics }, isStaff) => ({
    ...withRecords(roll, updatedRecords, isStaff),
    statistics,
  })),
  attendanceMarked: (known, { student_id, status, marked_at, own_seq }) => {
    const { me, roll } = known;
    if (own_seq <= me.own_seq) return same(known);
    const mine = { ...me, student_id, status, marked_at, own_seq };
    return {
      known: { ...known, me: mine, roll: withRecords(roll, [{ student_id, status, marked_at }], false) },
      missed: own_seq > me.own_seq + 1,
    };
  },
  attendanceStatistics: (known, { statistics, online_count, seq, room_seq, epoch }, follower) => {
    const { roll } = known;
    if (epoch !== roll.epoch) return gap(known);
    const { isStaff } = follower;
    if (isStaff ? seq < roll.seq : room_seq < roll.room_seq) return same(known);
    const isBehind = isStaff ? seq > roll.seq : room_seq > roll.room_seq;
    const whole = isBehind ? known.whole : roll.room_seq;
    return { known: { ...known, whole, roll: { ...roll, statistics, online_count } }, missed: isBehind };
  },
  attendanceSessionEnded: change((roll, { finalData, ended_by, ended_at }) => ({
    ...roll,
    phase: 'over',
    session: finalData.session,
    statistics: finalData.statistics,
    ended: { by: ended_by, at: ended_at },
  })),
  attendanceSessionEndedConfirm: change((roll, { finalData, ended_by, ended_at }) => ({
    ...withRecords(
      roll,
      finalData.attendanceRecords.map((it) => replaced(roll, it)),
      true,
    ),
    phase: 'over',
    session: finalData.session,
    statistics: finalData.statistics,
    ended: { by: ended_by, at: ended_at },
  })),
  attendancePersisted: (known, { version }) => same({ ...known, roll: { ...known.roll, persisted_version: version } }),
};

/** What an event makes of what is known. Events of other kinds change nothing. */
export const take = (known: Known, event: string, payload: unknown, follower: Follower): Taken => {
  const taker = (TAKERS as Record<string, Taker<ServerEventName> | undefined>)[event];
  return taker === undefined ? same(known) : taker(known, payload as never, follower);
};

/** Whether anything here looks at an event. */
export const isTaken = (event: string): boolean => Object.hasOwn(TAKERS, event);
