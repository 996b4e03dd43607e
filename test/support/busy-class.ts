/**
 * A class that goes on while its service is changed under it: students check in and listen, the teacher marks all the
 * time, and nobody gives up before an answer. Everything that was acknowledged is written down, to be compared with the
 * roll's log and with the archive.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { AttendanceStatus } from '../../src/contract/nouns.ts';
import type { Change } from '../../src/domain/roll.ts';
import type { ArchiveContents } from './archive-contents.ts';
import type { Classroom } from './classroom.ts';
import { Listener } from './listener.ts';
import { type Person, REMARK_MARK } from './people.ts';
import type { RedisProcess } from './redis-server.ts';
import { changesOf } from './roll-log.ts';
import type { TestClient } from './socket-client.ts';
import { untilAccepted } from './until-accepted.ts';

/** Students without a client, whom their teacher marks all the time. */
const MARKED = 8;
const CONNECT_AT_ONCE = 40;

/** A change of one record. */
type Made = { kind: Change['kind']; student_id: string; status: AttendanceStatus; remarks: string | null };

export type BusyClassOptions = {
  /** A classroom of so many students, whose session is scheduled. */
  makeRoom: (students: number) => Promise<Classroom>;
  /** A client of one of its people, which is not waited for. i: number of the student in the class. */
  connect: (person: Person, i?: number) => TestClient;
  /** Students with a client. */
  listeners: number;
  /** Of these, the last ones: they have not checked in when the class is open. */
  late: number;
  /** They are connected by then nevertheless. */
  late_are_connected?: boolean;
  /** Students without a client, who are free to be marked once each. */
  probes: number;
};

export class BusyClass {
  readonly room: Classroom;
  readonly teacher: TestClient;
  /** Numbers of those who check in later, by `arrive`. */
  readonly late: number[];
  /** In the order in which it was. */
  readonly acknowledged: Made[] = [];
  /** What came of tries that were not accepted: codes, or 'no answer'. */
  readonly refusals: string[] = [];
  private readonly options: BusyClassOptions;
  private readonly students = new Map<number, Listener>();
  private marks = 0;

  private constructor(options: BusyClassOptions, room: Classroom, teacher: TestClient) {
    this.options = options;
    this.room = room;
    this.teacher = teacher;
    this.late = Array.from({ length: options.late }, (_, i) => options.listeners - options.late + i);
  }

  static async open(options: BusyClassOptions): Promise<BusyClass> {
    const { makeRoom, connect, listeners, late, probes } = options;
    const room = await makeRoom(listeners + MARKED + probes);
    const teacher = await connect(room.teacher).connected();
    // A database on a busy machine may take longer than a start may.
    const { session_id } = room;
    await untilAccepted(teacher.socket, 'startAttendanceSession', { session_id, request_id: 'start' });
    const it = new BusyClass(options, room, teacher);
    for (let first = 0; first < listeners - late; first += CONNECT_AT_ONCE) {
      const count = Math.min(CONNECT_AT_ONCE, listeners - late - first);
      await Promise.all(Array.from({ length: count }, (_, i) => it.arrive(first + i)));
    }
    if (options.late_are_connected) await Promise.all(it.late.map((i) => it.student(i).client.connected()));
    return it;
  }

  /** Everybody who has come so far. */
  get listeners(): Listener[] {
    return [...this.students.values()];
  }

  /** What a student's record must be by now, of each who checked in or was marked. */
  get last(): Map<string, Pick<Made, 'status' | 'remarks'>> {
    return new Map(this.acknowledged.map(({ student_id, status, remarks }) => [student_id, { status, remarks }]));
  }

  /** The student connects and checks in, however long that takes. */
  async arrive(i: number): Promise<void> {
    const listener = this.student(i);
    const { student_id } = listener.student;
    this.refusals.push(...(await listener.checkIn(this.room.session_id)));
    this.acknowledged.push({ kind: 'join', student_id, status: 'present', remarks: null });
  }

  /** One student after the other, until told to stop. */
  async keepMarking(goesOn: () => boolean, every_ms: number): Promise<void> {
    while (goesOn()) {
      await this.mark();
      await pause(every_ms);
    }
  }

  /** Answers the log as it is then, which must be what was acknowledged and nothing else: nobody does anything any more. */
  async end(redis: RedisProcess, prefix: string): Promise<Change[]> {
    const { session_id } = this.room;
    const changes = await changesOf(redis, prefix, session_id);
    expect(changes.map(({ seq }) => seq)).toEqual(changes.map((_, n) => n + 1));
    expect(sorted(madeBy(changes))).toEqual(sorted(this.acknowledged));
    await untilAccepted(this.teacher.socket, 'endAttendanceSession', { session_id, request_id: 'end' });
    return changes;
  }

  /** stored: of when the archive had it. changes: the log before the end. */
  expectStored(stored: Awaited<ReturnType<ArchiveContents['everything']>>, changes: readonly Change[]): void {
    const { session_id, students } = this.room;
    const { status, version, records, audit } = stored.get(session_id) ?? expect.unreachable('it is archived');
    expect({ status, version }).toEqual({ status: 'completed', version: 1 });
    const made = changes.flatMap(({ seq, lines }) =>
      lines.map(({ student_id, from, status: to }) => ({ seq, student_id, from, to })),
    );
    const end = { seq: changes.length + 1, student_id: null, from: 'active', to: 'completed' };
    expect(audit.map(({ seq, student_id, from, to }) => ({ seq, student_id, from, to }))).toEqual([...made, end]);
    const last = new Map<string, string>(students.map(({ student_id }) => [student_id, 'absent']));
    for (const { student_id, to } of made) last.set(student_id, to);
    expect(Object.fromEntries(records.map((it) => [it.student_id, it.status]))).toEqual(Object.fromEntries(last));
  }

  /** Who is free to be marked once, and then only. */
  probe(n: number): string {
    return this.room.student(this.options.listeners + MARKED + n).student_id;
  }

  /** A probe was marked, and that was acknowledged. */
  wasMarked(student_id: string, status: AttendanceStatus): void {
    this.acknowledged.push({ kind: 'bulk', student_id, status, remarks: null });
  }

  private async mark(): Promise<void> {
    const { session_id } = this.room;
    this.marks += 1;
    const n = this.marks;
    const { student_id } = this.room.student(this.options.listeners + (n % MARKED));
    const remarks = `${REMARK_MARK} ${n}`;
    const status: AttendanceStatus = n % 2 === 0 ? 'late' : 'excused';
    const request = { session_id, student_id, status, remarks, request_id: `mark ${n}` };
    const { refusals } = await untilAccepted(this.teacher.socket, 'markStudentAttendance', request);
    this.refusals.push(...refusals);
    this.acknowledged.push({ kind: 'mark', student_id, status, remarks });
  }

  private student(i: number): Listener {
    const known = this.students.get(i);
    if (known !== undefined) return known;
    const student = this.room.student(i);
    const listener = new Listener(student, this.options.connect(student, i));
    this.students.set(i, listener);
    return listener;
  }
}

/** Changes of the log in the same words, one for each record. */
const madeBy = (changes: readonly Change[]): Made[] =>
  changes.flatMap(({ kind, lines }) =>
    lines.map(({ student_id, status, remarks }) => ({ kind, student_id, status, remarks })),
  );

const sorted = (of: readonly Made[]): string[] =>
  of.map(({ kind, student_id, status, remarks }) => `${kind} ${student_id} ${status} ${remarks}`).sort();
