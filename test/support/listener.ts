/**
 * A student in a crowd: checks in once and from then on only listens. What its connection went through, and which marks
 * it heard, is written down.
 */
import type { Student } from './people.ts';
import type { TestClient } from './socket-client.ts';
import { untilAccepted } from './until-accepted.ts';

/** One time that the connection was lost: when, when it was back, and when it heard of a mark again. */
export type Loss = { at: number; back_at: number | null; heard_at: number | null };

export class Listener {
  readonly student: Student;
  readonly client: TestClient;
  readonly losses: Loss[] = [];
  /** Students of whose marks by `markAttendance` and its like it heard. */
  readonly heard = new Set<string>();
  /** Messages of any kind that its app sent. */
  sent = 0;
  isIn = false;

  /** The client need not be connected yet. */
  constructor(student: Student, client: TestClient) {
    this.student = student;
    this.client = client;
    const { socket } = client;
    socket.on('disconnect', () => this.losses.push({ at: performance.now(), back_at: null, heard_at: null }));
    socket.on('connect', () => {
      const loss = this.losses.at(-1);
      if (loss !== undefined) loss.back_at ??= performance.now();
    });
    socket.on('attendanceUpdated', () => this.hears());
    socket.on('attendanceBulkUpdated', ({ updatedRecords }: { updatedRecords: { student_id: string }[] }) => {
      this.hears();
      for (const { student_id } of updatedRecords) this.heard.add(student_id);
    });
    socket.onAnyOutgoing(() => {
      this.sent += 1;
    });
  }

  /** Insists, as the client library does, until it is acknowledged. Answers what came of the tries before. */
  async checkIn(session_id: string): Promise<string[]> {
    const request = { session_id, request_id: `join ${this.student.student_id}` };
    const { refusals } = await untilAccepted(this.client.socket, 'joinAttendanceSession', request);
    this.isIn = true;
    return refusals;
  }

  private hears(): void {
    const loss = this.losses.at(-1);
    if (loss !== undefined) loss.heard_at ??= performance.now();
  }
}
