/**
 * The doorway: everything that changes a live session goes through here, from sockets and from REST alike. It
 * authorises against the course, sends the command to the live store, and shapes the answer. It throws a Refusal and
 * returns nothing half-done.
 */
import { refuse } from '../contract/errors.ts';
import type { ServerPayload } from '../contract/events.ts';
import type { Enrollment } from '../contract/nouns.ts';
import { type Actor, isStaff, staffOnly } from '../domain/policy.ts';
import { type Admission, type Command, fullRecord, fullRecords, type RollRecord, sessionOf, type Update } from '../domain/roll.ts';
import { statisticsOf } from '../domain/statistics.ts';
import { endedConfirmPayload, submittedPayload } from '../fanout.ts';
import type { RollPeek, RollView } from '../live/live-store.ts';
import { admitNamed, admitUser, type Done, requestKey, rosterEntryOf, send } from './commands.ts';
import { endedFromArchive } from './results.ts';
import { courseOf, type Found, find, findAsStaff, type Services } from './services.ts';
import { ensureStarted } from './starting.ts';

/** The socket that asks; REST has none. */
export type Asker = { id: string } | undefined;

type MarkEvent = 'markStudentPresent' | 'markStudentAbsent' | 'markStudentAttendance' | 'bulkUpdateAttendance' | 'marks';
type EndEvent = 'endAttendanceSession' | 'submitAttendance' | 'end';

export class Attendance {
  private readonly services: Services;

  constructor(services: Services) {
    this.services = services;
  }

  /** START-1..3. Attaches the asking socket as staff. */
  async start(actor: Actor, session_id: string, asker: Asker): Promise<ServerPayload<'attendanceSessionStarted'>> {
    const { view, opened } = await ensureStarted(this.services, actor, session_id);
    if (opened) await this.tellCourseStarted(view);
    if (asker !== undefined) await this.attend(actor, session_id, asker);
    const { roll } = (await this.services.live.read(session_id)) ?? view;
    return {
      session_id,
      session: sessionOf(roll),
      totalStudents: roll.records.size,
      attendanceRecords: fullRecords(roll),
      statistics: statisticsOf(roll.counts),
      seq: roll.seq,
      room_seq: roll.room_seq,
      epoch: roll.header.epoch,
    };
  }

  /** JOIN-1..5: a student checks in or comes back; staff observe. The socket hears the session from the answer on. */
  async join(
    actor: Actor,
    input: { session_id: string; code?: string; ticket?: string; request_id?: string },
    asker: { id: string },
  ): Promise<ServerPayload<'attendanceSessionJoined'>> {
    const { session_id } = input;
    const peek = await this.activeRoll(session_id);
    const staff = isStaff(actor, peek.header);
    const done = staff ? await this.attend(actor, session_id, asker) : await this.checkIn(actor, input, peek, asker);
    const record = done.records[0];
    const { session, epoch } = { session: peek.header.session, epoch: peek.header.epoch };
    return {
      session_id,
      message: 'Successfully joined attendance session',
      status: record?.status ?? null,
      joined_at: record?.joined_at ?? null,
      session,
      statistics: statisticsOf(done.current.counts),
      seq: done.current.seq,
      room_seq: done.current.room_seq,
      own_seq: record?.own_seq ?? 0,
      epoch,
    };
  }

  /** This socket leaves; the record stays. Who was not in it is answered the same. */
  async leave(actor: Actor, session_id: string, asker: { id: string }): Promise<void> {
    const found = await find(this.services, session_id);
    if (found.roll === null) throw refuse('SESSION_NOT_ACTIVE');
    const view = await this.services.live.read(session_id);
    const known = view?.roll.users.has(actor.user_id) || isStaff(actor, found.roll.header);
    if (!known) throw refuse('STUDENT_NOT_ENROLLED');
    await this.services.live.submit(session_id, { kind: 'leave', user_id: actor.user_id }, asker);
  }

  /** MARK-1, MARK-2: one student. */
  async mark(
    actor: Actor,
    event: MarkEvent,
    session_id: string,
    update: Update,
    request_id?: string,
  ): Promise<ServerPayload<'studentMarked'>> {
    const done = await this.sendMarks(actor, { kind: 'mark', event, session_id, updates: [update], request_id });
    const record = done.records[0] as RollRecord;
    return { session_id, student_id: record.student_id, attendanceRecord: fullRecord(record), seq: done.seq };
  }

  /** Many at once, all or nothing. Answers the records that it changed. */
  async markMany(
    actor: Actor,
    event: MarkEvent,
    input: { session_id: string; updates: Update[]; only_unmarked?: boolean; request_id?: string },
  ): Promise<ServerPayload<'attendanceBulkUpdateComplete'>> {
    const done = await this.sendMarks(actor, { kind: 'bulk', event, ...input });
    const { session_id } = input;
    return { session_id, updatedRecords: done.records.map(fullRecord), totalUpdated: done.records.length };
  }

  /** END-1, END-2. On a session that is over: what was stored. */
  async end(
    actor: Actor,
    session_id: string,
    request_id?: string,
    event: EndEvent = 'endAttendanceSession',
  ): Promise<ServerPayload<'attendanceSessionEndedConfirm'>> {
    const ended = await this.finish(actor, { event, session_id, updates: [], submitted: false, request_id });
    return 'roll' in ended ? endedConfirmPayload(ended.roll) : ended;
  }

  /** Applies the updates and ends, in one step. On a session that is over: what was stored. */
  async submit(
    actor: Actor,
    session_id: string,
    updates: Update[],
    request_id?: string,
  ): Promise<ServerPayload<'attendanceSubmitted'>> {
    const event = 'submitAttendance';
    const ended = await this.finish(actor, { event, session_id, updates, submitted: true, request_id });
    if ('roll' in ended) return submittedPayload(ended.roll);
    const archived = await this.services.archive.session(session_id);
    return {
      session_id,
      statistics: ended.finalData.statistics,
      submitted_by: ended.ended_by,
      submitted_at: ended.ended_at,
      version: archived?.version ?? 1,
    };
  }

  /** Takes a session out: scheduled, active (an end whose outcome is cancelled) or completed (with a reason). */
  async cancel(actor: Actor, session_id: string, reason: string | null): Promise<void> {
    const { registry, archive, live, clock } = this.services;
    const found = await findAsStaff(this.services, actor, session_id, 'end');
    if (found.roll !== null) {
      if (found.roll.state !== 'active') {
        throw refuse('CONFLICT', 'The session is being archived; try again', { retryable: true });
      }
      await this.sendEnd(actor, { event: 'end', session_id, updates: [], submitted: false, cancel: { reason } });
      return;
    }
    switch (found.stored.status) {
      case 'cancelled':
        return;
      case 'completed':
        if (reason === null) throw refuse('INVALID_PAYLOAD', 'reason: required to cancel a completed session', { field: 'reason' });
        await archive.cancel(session_id, actor.user_id, reason, new Date(clock()).toISOString());
        return;
      case 'scheduled':
        if (await registry.cancelScheduled(session_id, reason, clock())) return;
        break;
      case 'active':
        // No roll: a start under way, or a roll that was lost. Only the lost one can be taken out.
        if (found.stored.opened_at !== null && (await live.peek(session_id)) === null) {
          if (await registry.cancelLost(session_id, reason ?? 'roll lost', clock())) return;
        }
    }
    throw refuse('CONFLICT', 'The session has just changed; try again', { retryable: true });
  }

  /** The limit of a session has come (END-4). */
  async endByClock(session_id: string): Promise<void> {
    const auto: Actor = { user_id: 'auto', role: 'service', name: 'auto', picture: null, expires_at: Infinity };
    await this.sendEnd(auto, { event: 'end', session_id, updates: [], submitted: false });
  }

  /** JOIN-7: puts a socket that has just connected back into every roll that its user follows. Answers their ids. */
  async reattach(actor: Actor, asker: { id: string }): Promise<string[]> {
    const { live } = this.services;
    const back: string[] = [];
    for (const session_id of await live.followedBy(actor.user_id)) {
      const peek = await live.peek(session_id);
      if (peek === null) continue;
      const attached = await live.reattach(session_id, { id: asker.id, user_id: actor.user_id }, isStaff(actor, peek.header));
      if (attached !== null) back.push(session_id);
    }
    return back;
  }

  /** A socket is gone: its sessions are told when it was the last one of its student. */
  async disconnect(session_ids: Iterable<string>, asker: { id: string }): Promise<void> {
    for (const session_id of session_ids) await this.services.live.detach(session_id, asker.id);
  }

  /** A roster changed: live rolls follow, and who was dropped is out of the live rooms before this answers (AUTH-1). */
  async followRoster(
    course_id: string,
    changed: { enrollment: Enrollment; previous_user_id: string | null }[],
  ): Promise<void> {
    if (changed.length === 0) return;
    await this.services.live.followRoster(
      course_id,
      changed.map(({ enrollment }) => rosterEntryOf(enrollment)),
    );
    const entitled = new Set(changed.filter(({ enrollment }) => enrollment.status === 'approved').map((it) => it.enrollment.user_id));
    const out = changed.flatMap(({ enrollment, previous_user_id }) => [enrollment.user_id, previous_user_id ?? enrollment.user_id]);
    const course = await courseOf(this.services, course_id);
    const staff = new Set([course.teacher_id, ...course.staff]);
    this.services.courseRooms.expel(
      course_id,
      out.filter((id) => !entitled.has(id) && !staff.has(id)),
    );
  }

  /** The staff of a course changed: the same for them. */
  async followStaff(course_id: string, before: string[]): Promise<void> {
    const course = await courseOf(this.services, course_id);
    const staff = [...new Set([course.teacher_id, ...course.staff])];
    await this.services.live.followStaff(course_id, staff);
    const out: string[] = [];
    for (const id of before) {
      if (staff.includes(id)) continue;
      const enrolled = await this.services.registry.enrollmentOfUser(course_id, id);
      if (enrolled?.status !== 'approved') out.push(id);
    }
    this.services.courseRooms.expel(course_id, out);
  }

  // --- parts ----------------------------------------------------------------------------------------------------

  private async activeRoll(session_id: string): Promise<RollPeek> {
    const { roll } = await find(this.services, session_id);
    if (roll === null || roll.state !== 'active') throw refuse('SESSION_NOT_ACTIVE');
    return roll;
  }

  private async attend(actor: Actor, session_id: string, asker: { id: string }): Promise<Done> {
    const authorise = async () => {
      const peek = await this.activeRoll(session_id);
      if (!isStaff(actor, peek.header)) throw refuse('FORBIDDEN', staffOnly('view'));
      return peek;
    };
    const make = ({ header }: RollPeek): Command => ({
      kind: 'attend',
      header_version: header.version,
      user_id: actor.user_id,
    });
    return sent(await send(this.services, session_id, authorise, make, nobody, asker));
  }

  private async checkIn(
    actor: Actor,
    { session_id, code, ticket, request_id }: { session_id: string; code?: string; ticket?: string; request_id?: string },
    peek: RollPeek,
    asker: { id: string },
  ): Promise<Done> {
    if (actor.role !== 'student') throw refuse('STUDENT_NOT_ENROLLED');
    const request = requestKey(actor, 'joinAttendanceSession', request_id, [code, ticket]);
    let current: RollPeek | null = peek;
    const authorise = async () => {
      const it = current ?? (await this.activeRoll(session_id));
      current = null;
      return it;
    };
    const make = ({ header }: RollPeek, admit: Admission[]): Command => ({
      kind: 'join',
      header_version: header.version,
      user_id: actor.user_id,
      profile_picture: actor.picture,
      admit: admit[0],
      request,
    });
    return sent(await send(this.services, session_id, authorise, make, admitUser(this.services, actor.user_id), asker));
  }

  private async sendMarks(
    actor: Actor,
    it: {
      kind: 'mark' | 'bulk';
      event: MarkEvent;
      session_id: string;
      updates: Update[];
      only_unmarked?: boolean;
      request_id?: string | undefined;
    },
  ): Promise<Done> {
    const { kind, event, session_id, updates, only_unmarked = false } = it;
    const verb = kind === 'mark' ? 'mark' : 'update';
    const request = requestKey(actor, event, it.request_id, [updates, only_unmarked]);
    const authorise = async () => {
      const { roll } = await findAsStaff(this.services, actor, session_id, verb);
      // An ended roll still knows its requests: a repeat is answered as before, anything else refused by the roll.
      if (roll === null) throw refuse('SESSION_NOT_ACTIVE');
      return roll;
    };
    const make = ({ header }: RollPeek, admit: Admission[]): Command => ({
      kind,
      header_version: header.version,
      updates,
      only_unmarked,
      by: actor.user_id,
      by_name: actor.name,
      admit,
      request,
    });
    return sent(await send(this.services, session_id, authorise, make, admitNamed(this.services)));
  }

  /** The ended roll, or what the archive has. */
  private async finish(
    actor: Actor,
    it: { event: EndEvent; session_id: string; updates: Update[]; submitted: boolean; request_id?: string | undefined },
  ): Promise<RollView | ServerPayload<'attendanceSessionEndedConfirm'>> {
    const found = await findAsStaff(this.services, actor, it.session_id, 'end');
    const over = found.roll !== null ? found.roll.state !== 'active' : isOver(found);
    if (!over || (found.roll !== null && it.request_id !== undefined)) await this.sendEnd(actor, it);
    const view = await this.services.live.read(it.session_id);
    return view ?? (await endedFromArchive(this.services, it.session_id));
  }

  /** Ends, once: who comes second finds it ended. */
  private async sendEnd(
    actor: Actor,
    it: {
      event: EndEvent;
      session_id: string;
      updates: Update[];
      submitted: boolean;
      cancel?: { reason: string | null };
      request_id?: string | undefined;
    },
  ): Promise<void> {
    const { session_id, updates, submitted } = it;
    const request = requestKey(actor, it.event, it.request_id, updates);
    const authorise = async () => {
      const found = await findAsStaff(this.services, actor, session_id, 'end');
      if (found.roll === null && !isOver(found)) throw refuse('SESSION_NOT_ACTIVE');
      return found.roll;
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
      const done = await send(this.services, session_id, authorise, make, admitNamed(this.services));
      if (done?.changed && done.repeated !== true) await this.tellCourseEnded(session_id);
    } catch (error) {
      if (!(await this.endedMeanwhile(session_id, error))) throw error;
      if (it.cancel !== undefined) throw refuse('CONFLICT', 'The session has just ended; try again', { retryable: true });
    }
  }

  private async endedMeanwhile(session_id: string, error: unknown): Promise<boolean> {
    if (!isRefusal(error, 'SESSION_NOT_ACTIVE')) return false;
    const peek = await this.services.live.peek(session_id);
    return peek !== null && peek.state !== 'active';
  }

  private async tellCourseStarted({ roll }: RollView): Promise<void> {
    const { header } = roll;
    this.services.courseRooms.tell(header.course_id, 'courseSessionStarted', {
      session_id: header.session.id,
      course_id: header.course_id,
      teacher_id: header.session.teacher_id,
      teacher_name: header.teacher_name,
      session_topic: header.session.topic,
      total_students: roll.records.size,
      started_at: header.started_at,
    });
    await this.tellActiveSessions(header.course_id);
  }

  private async tellCourseEnded(session_id: string): Promise<void> {
    const view = await this.services.live.read(session_id);
    if (view === null || view.roll.end === null) return;
    const { header, end, counts } = view.roll;
    this.services.courseRooms.tell(header.course_id, 'courseSessionEnded', {
      session_id,
      course_id: header.course_id,
      teacher_id: header.session.teacher_id,
      teacher_name: header.teacher_name,
      final_statistics: statisticsOf(counts),
      ended_by: end.by_name,
      ended_at: end.at,
    });
    await this.tellActiveSessions(header.course_id);
  }

  private async tellActiveSessions(course_id: string): Promise<void> {
    const activeSessions = await this.services.live.activeInCourse(course_id);
    this.services.courseRooms.tell(course_id, 'activeSessionsData', { course_id, activeSessions });
  }
}

const isRefusal = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

const isOver = (found: Found): boolean =>
  found.stored !== null && (found.stored.status === 'completed' || found.stored.status === 'cancelled');

const sent = (done: Done | null): Done => {
  if (done === null) throw refuse('SESSION_NOT_ACTIVE');
  return done;
};

const nobody = async (): Promise<Admission[]> => [];
