/**
 * The doorway: everything that changes a live session goes through here, from sockets and from REST alike. It
 * authorises against the course, sends the command to the live store, and shapes the answer. It throws a Refusal and
 * returns nothing half-done.
 */
import { refuse } from '../contract/errors.ts';
import type { ServerPayload } from '../contract/events.ts';
import type { Enrollment } from '../contract/nouns.ts';
import type { Command, Update } from '../domain/commands.ts';
import { type Device, NO_DEVICE } from '../domain/device.ts';
import { type Actor, isStaff } from '../domain/policy.ts';
import { type Admission, fullRecord, type RollRecord } from '../domain/record.ts';
import { type Accepted, fullRecords, sessionOf } from '../domain/roll.ts';
import { statisticsOf } from '../domain/statistics.ts';
import type { ComesBackAs, RollPeek } from '../live/live-store.ts';
import { ticketForCode } from './checkin-codes.ts';
import { cancelSession, type EndEvent, endSession, endSessionByClock, submitSession } from './ending.ts';
import { attendSession, type JoinInput, joinSession } from './joining.ts';
import { followRoster, followStaff } from './membership.ts';
import { type Answered, admitNamed, repeated, reportMarks, requestKey, saidBy, send } from './sending.ts';
import { find, findAsStaff, type Services } from './services.ts';
import { ensureStarted } from './starting.ts';

/** The socket that asks; REST has none. */
export type Asker = { id: string } | undefined;

type MarkEvent =
  | 'markStudentPresent'
  | 'markStudentAbsent'
  | 'markStudentAttendance'
  | 'bulkUpdateAttendance'
  | 'marks';

export class Attendance {
  private readonly services: Services;

  constructor(services: Services) {
    this.services = services;
  }

  /** START-1..3. Attaches the asking socket as staff. */
  async start(actor: Actor, session_id: string, asker: Asker): Promise<ServerPayload<'attendanceSessionStarted'>> {
    await ensureStarted(this.services, actor, session_id);
    if (asker !== undefined) await attendSession(this.services, actor, session_id, asker);
    const view = await this.services.live.read(session_id);
    if (view === null) throw refuse('SESSION_ALREADY_ENDED');
    const { roll } = view;
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
    input: JoinInput,
    asker: { id: string },
    device: Device = NO_DEVICE,
  ): Promise<Answered<'attendanceSessionJoined'>> {
    return joinSession(this.services, actor, input, asker, device);
  }

  /** For who must sign in first: a ticket in place of a code that would be stale by then. */
  async ticket(session_id: string, code: string, device: Device, address: string) {
    return ticketForCode(this.services, session_id, code, device, address);
  }

  /** This socket leaves; the record stays. Who was not in it is answered the same. */
  async leave(actor: Actor, session_id: string, asker: { id: string }, request_id?: string): Promise<void> {
    const found = await find(this.services, session_id);
    if (found.roll === null) throw refuse('SESSION_NOT_ACTIVE');
    const view = await this.services.live.read(session_id);
    const isStudentHere = actor.role === 'student' && view?.roll.users.has(actor.user_id);
    if (!isStudentHere && !isStaff(actor, found.roll.header)) throw refuse('STUDENT_NOT_ENROLLED');
    const request = requestKey(actor, 'leaveAttendanceSession', request_id, []);
    const command: Command = { kind: 'leave', user_id: actor.user_id, request };
    await this.services.live.submit(session_id, command, asker);
  }

  /** MARK-1, MARK-2: one student. */
  async mark(
    actor: Actor,
    event: MarkEvent,
    session_id: string,
    update: Update,
    request_id?: string,
  ): Promise<Answered<'studentMarked'>> {
    const done = await this.sendMarks(actor, { kind: 'mark', event, session_id, updates: [update], request_id });
    const record = done.records[0] as RollRecord;
    const { student_id } = record;
    const payload = { session_id, student_id, attendanceRecord: fullRecord(record), seq: done.seq };
    return { payload, repeated: done.repeated === true };
  }

  /** Many at once, all or nothing. Answers the records that it changed. */
  async markMany(
    actor: Actor,
    event: MarkEvent,
    input: { session_id: string; updates: Update[]; only_unmarked?: boolean; request_id?: string },
  ): Promise<Answered<'attendanceBulkUpdateComplete'>> {
    const done = await this.sendMarks(actor, { kind: 'bulk', event, ...input });
    const { session_id } = input;
    const payload = { session_id, updatedRecords: done.records.map(fullRecord), totalUpdated: done.records.length };
    return { payload, repeated: done.repeated === true };
  }

  /** END-1, END-2. On a session that is over: what was stored. */
  async end(actor: Actor, session_id: string, request_id?: string, event: EndEvent = 'endAttendanceSession') {
    return endSession(this.services, actor, event, session_id, request_id);
  }

  /** Applies the updates and ends, in one step. On a session that is over: what was stored. */
  async submit(actor: Actor, session_id: string, updates: Update[], request_id?: string) {
    return submitSession(this.services, actor, session_id, updates, request_id);
  }

  /** Takes a session out: scheduled, active (an end whose outcome is cancelled) or completed (with a reason). */
  async cancel(actor: Actor, session_id: string, reason: string | null): Promise<void> {
    return cancelSession(this.services, actor, session_id, reason);
  }

  /** The limit of a session has come (END-4). */
  async endByClock(session_id: string): Promise<void> {
    return endSessionByClock(this.services, session_id);
  }

  /** JOIN-7: puts a socket that has just connected back into every roll that its user follows. Answers their ids. */
  async reattach(actor: Actor, asker: { id: string }): Promise<string[]> {
    const { live } = this.services;
    // The same user with another role has not joined: a student's place is for a student's token.
    const comesBackAs: ComesBackAs = (header) =>
      isStaff(actor, header) ? 'staff' : actor.role === 'student' ? 'student' : null;
    const back: string[] = [];
    for (const session_id of await live.followedBy(actor.user_id)) {
      const attached = await live.reattach(session_id, { id: asker.id, user_id: actor.user_id }, comesBackAs);
      if (attached !== null) back.push(session_id);
    }
    return back;
  }

  /** A socket is gone: its sessions are told when it was the last one of its student. */
  async disconnect(session_ids: Iterable<string>, asker: { id: string }): Promise<void> {
    for (const session_id of session_ids) await this.services.live.detach(session_id, asker.id);
  }

  /** A roster changed: live rolls and rooms follow before this returns. */
  async followRoster(course_id: string, written: Enrollment[]): Promise<void> {
    return followRoster(this.services, course_id, written);
  }

  /** The same for the staff of a course. */
  async followStaff(course_id: string): Promise<void> {
    return followStaff(this.services, course_id);
  }

  // --- parts ----------------------------------------------------------------------------------------------------

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
  ): Promise<Accepted> {
    const { kind, event, session_id, updates, only_unmarked = false } = it;
    const verb = kind === 'mark' ? 'mark' : 'update';
    const request = requestKey(actor, event, it.request_id, [saidBy(updates), only_unmarked]);
    const authorise = async () => {
      // An ended roll still knows its requests: a repeat is answered as before, anything else refused by the roll.
      return (await findAsStaff(this.services, actor, session_id, verb, 'known')).roll;
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
    const done = await send(this.services, session_id, authorise, make, admitNamed(this.services));
    if (done === null) return repeated(this.services, session_id, request);
    reportMarks(this.services, done);
    return done;
  }
}
