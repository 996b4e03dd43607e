/** Reading sessions: the live roll, who is online, what was missed, and the same shapes from the archive afterwards. */
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { ClientPayload, ServerPayload } from '../contract/events.ts';
import type { OnlineStudent, ReducedRecord, Session, SessionStatus, Statistics } from '../contract/nouns.ts';
import type { VersionedRecord } from '../contract/rest-shapes.ts';
import { type Actor, isStaff } from '../domain/policy.ts';
import { reducedRecord } from '../domain/record.ts';
import { fullRecords, type RollNow, sessionOf } from '../domain/roll.ts';
import { statisticsOf } from '../domain/statistics.ts';
import type { RollView, Viewer } from '../live/live-store.ts';
import type { StoredSession } from '../registry/registry.ts';
import { currentCode } from './checkin-codes.ts';
import { archiveEpoch, fullRecordOf, ofOneVersion, versionedRecordOf, versionOf } from './results.ts';
import { courseOf, find, findAsStaff, type Services } from './services.ts';
import { sessionObject } from './session-object.ts';

export type AttendanceView = {
  session: Session;
  attendanceRecords: VersionedRecord[] | ReducedRecord[];
  statistics: Statistics;
  source: 'live' | 'archive';
  version: number;
};

type SyncAnswer = Record<string, unknown> & { seq: number; room_seq: number; epoch: string };

export class AttendanceViews {
  private readonly services: Services;

  constructor(services: Services) {
    this.services = services;
  }

  /** getAttendanceSessionData: the whole roll, live or stored. */
  async data(actor: Actor, session_id: string): Promise<ServerPayload<'attendanceSessionData'>> {
    const found = await findAsStaff(this.services, actor, session_id, 'view');
    const view = await this.services.live.read(session_id);
    if (view !== null) return dataOf(view);
    if (found.stored !== null && !isStored(found.stored.status)) throw refuse('SESSION_NOT_ACTIVE');
    return this.archivedData(session_id);
  }

  /** getOnlineStudents. */
  async online(actor: Actor, session_id: string): Promise<ServerPayload<'onlineStudentsData'>> {
    await findAsStaff(this.services, actor, session_id, 'view');
    const view = await this.services.live.read(session_id);
    if (view === null || view.roll.state !== 'active') throw refuse('SESSION_NOT_ACTIVE');
    const online_students = onlineStudents(view);
    return {
      session_id,
      total_joined: view.roll.joined,
      online_count: view.presence.onlineCount,
      online_students,
      retrieved_at: isoFrom(this.services.clock()),
    };
  }

  /** getCheckInCode, but for the link: staff alone. */
  async checkInCode(actor: Actor, session_id: string): Promise<Omit<ServerPayload<'checkInCode'>, 'url'>> {
    return currentCode(this.services, actor, session_id);
  }

  /** syncAttendance (SYNC-1): events that were missed, or a snapshot. */
  async sync(actor: Actor, input: ClientPayload<'syncAttendance'>): Promise<SyncAnswer> {
    const { session_id } = input;
    const found = await find(this.services, session_id);
    const missed = await this.services.live.missed(session_id, actor.user_id, (roll) => viewerOf(actor, roll), input);
    if (missed === null) return this.archivedSync(actor, session_id, found.stored);
    const { view, viewer, deliveries } = missed;
    const { roll } = view;
    const numbers = { seq: roll.seq, room_seq: roll.room_seq, epoch: roll.header.epoch };
    const own = viewer.staff ? {} : { own_seq: roll.records.get(viewer.student_id)?.own_seq ?? 0 };
    if (deliveries !== null) {
      return { events: deliveries.map(({ event, payload }) => ({ event, data: payload })), ...numbers, ...own };
    }
    return { snapshot: snapshotOf(view, viewer), ...numbers, ...own };
  }

  /** The active sessions of a course, for those who are in it. */
  async activeSessions(actor: Actor, course_id: string): Promise<ServerPayload<'activeSessionsData'>> {
    await this.assertInCourse(actor, course_id);
    return { course_id, activeSessions: await this.services.live.activeInCourse(course_id) };
  }

  /** COURSE_NOT_FOUND, STUDENT_NOT_ENROLLED. */
  async assertInCourse(actor: Actor, course_id: string): Promise<void> {
    const course = await courseOf(this.services, course_id);
    if (isStaff(actor, course)) return;
    const enrollment = await this.services.registry.enrollmentOfUser(course_id, actor.user_id);
    if (actor.role !== 'student' || enrollment?.status !== 'approved') throw refuse('STUDENT_NOT_ENROLLED');
  }

  /**
   * GET …/attendance: the same shape while live and after. `own`: a student, who gets their own record alone, found
   * live by the user that they are and afterwards by the student that this user is in the course.
   * The caller has authorised it. SESSION_NOT_ACTIVE when there has never been a roll.
   */
  async attendance(
    stored: StoredSession,
    own: { user_id: string; student_id: string } | null,
  ): Promise<AttendanceView> {
    const view = await this.services.live.read(stored.id, own?.user_id);
    if (view !== null) return liveAttendance(view.roll, own);
    const found = await ofOneVersion(this.services, stored.id, () => this.archivedRecords(stored.id, own));
    if (found === null) throw refuse('SESSION_NOT_ACTIVE', 'Attendance was not taken in this session');
    const { archived, result: attendanceRecords } = found;
    const latest = (await this.services.registry.session(stored.id)) ?? stored;
    return {
      session: sessionObject(latest),
      attendanceRecords,
      statistics: statisticsOf(archived.counts),
      source: 'archive',
      version: archived.version,
    };
  }

  /** What a session's status is for every caller: its roll is ahead of the registry until the archive has it. */
  async statusOf(stored: StoredSession): Promise<SessionStatus> {
    const [status] = await this.statusesOf([stored]);
    return status ?? stored.status;
  }

  /** The same for several, in their order. */
  async statusesOf(stored: StoredSession[]): Promise<SessionStatus[]> {
    const active = stored.filter(({ status }) => status === 'active');
    const rolls = await this.services.live.states(active.map(({ id }) => id));
    const statuses = new Map<string, SessionStatus>(rolls);
    for (const { id, opened_at } of active) {
      if (statuses.has(id) || opened_at === null) continue;
      // Its roll is lost, or was archived since the registry was read.
      const latest = await this.services.registry.session(id);
      if (latest !== null) statuses.set(id, latest.status);
    }
    return stored.map(({ id, status }) => statuses.get(id) ?? status);
  }

  private async archivedRecords(
    session_id: string,
    own: { student_id: string } | null,
  ): Promise<VersionedRecord[] | ReducedRecord[]> {
    const { archive } = this.services;
    if (own === null) return (await archive.records(session_id)).map(versionedRecordOf);
    const record = await archive.recordOf(session_id, own.student_id);
    return record === null ? [] : [reducedRecord(record)];
  }

  private async archivedData(session_id: string): Promise<ServerPayload<'attendanceSessionData'>> {
    const { registry, archive } = this.services;
    const stored = await registry.session(session_id);
    const found = await ofOneVersion(this.services, session_id, () => archive.records(session_id));
    if (stored === null || found === null) throw refuse('SESSION_NOT_ACTIVE');
    const { archived, result: records } = found;
    return {
      session_id,
      session: sessionObject(stored),
      attendanceRecords: records.map(fullRecordOf),
      statistics: statisticsOf(archived.counts),
      online_students: [],
      seq: archived.seq,
      room_seq: archived.room_seq,
      epoch: archiveEpoch(archived.version),
    };
  }

  private async archivedSync(actor: Actor, session_id: string, stored: StoredSession | null): Promise<SyncAnswer> {
    if (stored === null) throw refuse('SESSION_NOT_ACTIVE');
    const staff = isStaff(actor, await courseOf(this.services, stored.course_id));
    const own = staff ? null : await this.ownArchived(actor, session_id, stored);
    const { session, attendanceRecords, statistics, seq, room_seq, epoch } = await this.archivedData(session_id);
    const records = own === null ? attendanceRecords : [own];
    const snapshot = { session, attendanceRecords: records, statistics, ...(staff ? { online_students: [] } : {}) };
    return { snapshot, seq, room_seq, epoch };
  }

  private async ownArchived(actor: Actor, session_id: string, stored: StoredSession): Promise<ReducedRecord> {
    const enrollment = await this.services.registry.enrollmentOfUser(stored.course_id, actor.user_id);
    if (actor.role !== 'student' || enrollment?.status !== 'approved') throw refuse('STUDENT_NOT_ENROLLED');
    const record = await this.services.archive.recordOf(session_id, enrollment.student_id);
    if (record?.joined_at == null) throw refuse('SESSION_NOT_ACTIVE');
    return reducedRecord(record);
  }
}

const liveAttendance = (roll: RollNow, own: { user_id: string } | null): AttendanceView => {
  const version = versionOf(roll);
  const shared = { session: sessionOf(roll), statistics: statisticsOf(roll.counts), source: 'live' as const, version };
  if (own === null) {
    return { ...shared, attendanceRecords: fullRecords(roll).map((record) => ({ ...record, version })) };
  }
  const record = roll.records.get(roll.users.get(own.user_id) ?? '');
  return { ...shared, attendanceRecords: record === undefined ? [] : [reducedRecord(record)] };
};

const isStored = (status: SessionStatus): boolean => status === 'completed' || status === 'cancelled';

const dataOf = (view: RollView): ServerPayload<'attendanceSessionData'> => {
  const { roll } = view;
  return {
    session_id: roll.header.session.id,
    session: sessionOf(roll),
    attendanceRecords: fullRecords(roll),
    statistics: statisticsOf(roll.counts),
    online_students: onlineStudents(view),
    seq: roll.seq,
    room_seq: roll.room_seq,
    epoch: roll.header.epoch,
  };
};

const onlineStudents = ({ roll, presence }: RollView): OnlineStudent[] =>
  presence.onlineStudents().flatMap((student_id) => {
    const record = roll.records.get(student_id);
    if (record?.joined_at == null) return [];
    const { student_name, roll: number, profile_picture, joined_at } = record;
    return [{ student_id, student_name, roll: number, profile_picture, joined_at }];
  });

/** STUDENT_NOT_ENROLLED for strangers; FORBIDDEN for a student who never was in the session. */
const viewerOf = (actor: Actor, roll: RollNow): Viewer => {
  if (isStaff(actor, roll.header)) return { staff: true };
  const record = roll.records.get(roll.users.get(actor.user_id) ?? '');
  if (actor.role !== 'student' || record === undefined || !record.approved) throw refuse('STUDENT_NOT_ENROLLED');
  if (record.joined_at === null) throw refuse('FORBIDDEN', 'Join the session first');
  return { staff: false, student_id: record.student_id };
};

const snapshotOf = (view: RollView, viewer: Viewer): Record<string, unknown> => {
  const { roll } = view;
  const shared = { session: sessionOf(roll), statistics: statisticsOf(roll.counts) };
  if (viewer.staff) return { ...shared, attendanceRecords: fullRecords(roll), online_students: onlineStudents(view) };
  const own = roll.records.get(viewer.student_id);
  return { ...shared, attendanceRecords: own === undefined ? [] : [reducedRecord(own)] };
};
