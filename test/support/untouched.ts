/** A node with two running classes that a test throws things at, and that must be as they were after each test. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Classroom } from './classroom.ts';
import { OneNode } from './deployment.ts';
import type { Person } from './people.ts';
import { RawConnection } from './raw-connection.ts';

export class Untouched {
  readonly node = new OneNode();
  room!: Classroom;
  other!: Classroom;
  private before: unknown;

  /** Sets up everything around the tests of the file. */
  constructor() {
    beforeAll(() => this.begin());
    afterEach(async () => {
      this.node.settle();
      expect(this.node.node.isRunning).toBe(true);
      expect(await this.everything()).toEqual(this.before);
    });
    afterAll(async () => {
      await this.node.stop();
      const internal = this.node.node.output.split('\n').find((it) => it.includes('"code":"INTERNAL"'));
      expect(internal).toBeUndefined();
    });
  }

  raw(person: Person): Promise<RawConnection> {
    return RawConnection.connect(this.node.node.url, this.node.token(person));
  }

  /** JSON text with "S", "T", "C" and "O" replaced by the ids of the session, a student, its course, and another course. */
  placed(text: string): string {
    const ids = {
      S: this.room.session_id,
      T: this.room.student(2).student_id,
      C: this.room.course_id,
      O: this.other.course_id,
    };
    return text.replace(/"([STCO])"/g, (_all, name: keyof typeof ids) => JSON.stringify(ids[name]));
  }

  private async begin(): Promise<void> {
    const { node } = this;
    await node.start();
    [this.room, this.other] = await Promise.all([node.classroom({ students: 4 }), node.classroom({ students: 2 })]);
    await Promise.all([this.room.started(), this.other.started()]);
    const { session_id } = this.room;
    const teacher = await node.connect(this.room.teacher);
    await teacher.does('markStudentPresent', { session_id, student_id: this.room.student(1).student_id });
    await this.room.joined(0);
    node.settle();
    this.before = await this.everything();
  }

  /** All that bad input could have changed. */
  private async everything(): Promise<unknown> {
    const of = async (it: Classroom) => [
      await it.attendance(),
      await it.audit(),
      await it.rest.call('listSessions', { query: { course_id: it.course_id } }),
      await it.rest.call('listEnrollments', { params: { id: it.course_id } }),
      await it.rest.call('getCourse', { params: { id: it.course_id } }),
    ];
    return [await of(this.room), await of(this.other)];
  }
}

/** Brackets inside brackets. */
export const deep = (depth: number, open = '[', close = ']'): string => open.repeat(depth) + close.repeat(depth);
