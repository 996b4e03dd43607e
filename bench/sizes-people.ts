import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { eachAtMost, withDeadline } from './bounded.ts';
import { accepted, type LoadSocket, openSocket } from './load-socket.ts';
import * as roster from './roster.ts';
import type { Target } from './target.ts';

/** So many do the same thing at the same time. */
const AT_ONCE = 50;
/** Memory that Redis and the node give back, statistics that are due, and the append-only file, which is written behind. */
export const SETTLE_MS = 2_000;
const ANSWER_MS = 30_000;

/** Everybody of all classes, each with one WebSocket. */
export class People {
  private readonly target: Target;
  private readonly size: roster.Size;
  private readonly ids: string[];
  private readonly teachers: LoadSocket[] = [];
  private readonly students: LoadSocket[][];
  private persisted = 0;
  private lost: string | null = null;

  constructor(target: Target, size: roster.Size, ids: string[]) {
    this.target = target;
    this.size = size;
    this.ids = ids;
    this.students = ids.map(() => []);
  }

  async warmUp(): Promise<void> {
    const socket = await this.socketOf({ id: roster.teacherId(0), name: 'Warm-up', role: 'teacher' });
    await ask(socket, 'checkActiveSessions', { course_id: roster.courseId(0) });
    socket.close();
    await pause(SETTLE_MS);
  }

  async connect(): Promise<void> {
    const { classes, students } = this.size;
    await eachAtMost(AT_ONCE, classes, async (n) => {
      const teacher = await this.socketOf({ id: roster.teacherId(n), name: roster.teacherName(n), role: 'teacher' });
      teacher.onEvent = (frame, start) => {
        if (frame.toString('utf8', start, start + 32).startsWith('["attendancePersisted"')) this.persisted += 1;
      };
      this.teachers[n] = teacher;
    });
    await eachAtMost(AT_ONCE, classes * students, async (i) => {
      const [n, s] = [i % classes, Math.floor(i / classes)];
      const socket = await this.socketOf({
        id: roster.studentId(n, s),
        name: roster.studentName(n, s),
        role: 'student',
      });
      (this.students[n] as LoadSocket[])[s] = socket;
    });
  }

  start(): Promise<void> {
    return this.eachClass((session_id, teacher) => ask(teacher, 'startAttendanceSession', { session_id }));
  }

  async join(): Promise<void> {
    const { classes, students } = this.size;
    await eachAtMost(AT_ONCE, classes * students, async (i) => {
      const [n, s] = [i % classes, Math.floor(i / classes)];
      const payload = { session_id: this.ids[n], request_id: randomUUID() };
      await ask((this.students[n] as LoadSocket[])[s] as LoadSocket, 'joinAttendanceSession', payload);
    });
  }

  /** One by one in each class, every other student. */
  markHalf(): Promise<void> {
    return this.eachClass(async (session_id, teacher, n) => {
      for (let s = 0; s < this.size.students; s += 2) {
        const student_id = roster.studentId(n, s);
        const mark = { session_id, student_id, status: 'late', request_id: randomUUID() };
        await ask(teacher, 'markStudentAttendance', mark);
      }
    });
  }

  /** Resolves when all are archived. */
  async end(): Promise<void> {
    await this.eachClass((session_id, teacher) => ask(teacher, 'endAttendanceSession', { session_id }));
    const deadline = performance.now() + 4 * ANSWER_MS;
    while (this.persisted < this.size.classes) {
      if (performance.now() > deadline) throw new Error('not all sessions were archived in time');
      await pause(10);
    }
  }

  /** A connection that went away by itself would make everything after it look cheaper. */
  assertConnected(): void {
    if (this.lost !== null) throw new Error(`a connection was lost: ${this.lost}`);
  }

  close(): void {
    for (const socket of [...this.teachers, ...this.students.flat()]) socket.close();
  }

  private async socketOf(person: roster.Person): Promise<LoadSocket> {
    const token = await roster.tokenSigner(this.target.secret)(person);
    const socket = await openSocket({ url: this.target.urls[0] ?? '', namespace: '/', token });
    socket.onLost = (why) => {
      this.lost ??= why;
    };
    return socket;
  }

  private eachClass(work: (session_id: string, teacher: LoadSocket, n: number) => Promise<void>): Promise<void> {
    return eachAtMost(AT_ONCE, this.ids.length, (n) => work(this.ids[n] ?? '', this.teachers[n] as LoadSocket, n));
  }
}

/** Must be accepted. */
async function ask(socket: LoadSocket, event: string, payload: object): Promise<void> {
  const answer = new Promise<string>((resolve) => socket.emit(event, payload, resolve));
  const body = await withDeadline(answer, ANSWER_MS, event);
  if (!accepted(body)) throw new Error(`${event} was refused: ${body.slice(0, 300)}`);
}
