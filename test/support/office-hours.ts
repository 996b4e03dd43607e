/** What goes on over REST beside the classes: reports and rolls are read, and further sessions are held. */
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import type { ArchiveContents } from './archive-contents.ts';
import type { Classroom } from './classroom.ts';
import type { InsistingRest } from './insisting-rest.ts';
import { freshId } from './people.ts';

const READ_EVERY_MS = 1_000;
const HOLD_EVERY_MS = 2_000;

export class OfficeHours {
  /** Sessions whose start, one mark and end were acknowledged. */
  readonly held: { session_id: string; student_id: string }[] = [];
  private readonly rooms: readonly Classroom[];
  private readonly rest: InsistingRest;

  constructor(rooms: readonly Classroom[], rest: InsistingRest) {
    this.rooms = rooms;
    this.rest = rest;
  }

  /** Until told to stop. */
  async keepOpen(goesOn: () => boolean): Promise<void> {
    await Promise.all([this.read(goesOn), this.hold(goesOn)]);
  }

  /** stored: of when the archive had all of them. */
  expectStored(stored: Awaited<ReturnType<ArchiveContents['everything']>>): void {
    for (const { session_id, student_id } of this.held) {
      const { status, records, audit } = stored.get(session_id) ?? expect.unreachable('it is archived');
      expect(status).toBe('completed');
      expect(records.filter((it) => it.status !== 'absent').map((it) => it.student_id)).toEqual([student_id]);
      expect(audit.map(({ seq, to }) => [seq, to])).toEqual([
        [1, 'late'],
        [2, 'completed'],
      ]);
    }
  }

  private async read(goesOn: () => boolean): Promise<void> {
    for (let n = 0; goesOn(); n += 1) {
      const { rest, course_id, session_id } = this.room(n);
      if (n % 2 === 0) await this.rest.send(rest, 'getReport', { params: { id: course_id } });
      else await this.rest.send(rest, 'getAttendance', { params: { id: session_id } });
      await pause(READ_EVERY_MS);
    }
  }

  private async hold(goesOn: () => boolean): Promise<void> {
    for (let n = 0; goesOn(); n += 1) {
      const { rest, course_id, students } = this.room(n);
      const session_id = freshId('further');
      const { student_id } = students[n % students.length] ?? expect.unreachable('it has students');
      const params = { id: session_id };
      const updates = [{ student_id, status: 'late' }];
      await this.rest.send(rest, 'createSession', {
        body: { id: session_id, course_id, title: 'Further', date: Date.now() },
      });
      await this.rest.send(rest, 'startSession', { params, body: { request_id: 'start' } });
      await this.rest.send(rest, 'markAttendance', { params, body: { updates, request_id: 'mark' } });
      await this.rest.send(rest, 'endSession', { params, body: { request_id: 'end' } });
      this.held.push({ session_id, student_id });
      await pause(HOLD_EVERY_MS);
    }
  }

  private room(n: number): Classroom {
    return this.rooms[n % this.rooms.length] ?? expect.unreachable('there are rooms');
  }
}
