/** The course rooms of this node: whoever is in one is in its course. */
import type { CourseRooms } from '../attendance/services.ts';
import type { ServerEventName, ServerPayload } from '../contract/events.ts';
import type { Actor } from '../domain/policy.ts';
import type { Rooms } from './rooms.ts';

/** Says of anybody whether they are in a course, as it is now. */
export type WhoIsIn = (course_id: string) => Promise<(actor: Actor) => boolean>;

export class LocalCourseRooms implements CourseRooms {
  private readonly rooms: Rooms;
  private readonly whoIsIn: WhoIsIn;

  constructor(rooms: Rooms, whoIsIn: WhoIsIn) {
    this.rooms = rooms;
    this.whoIsIn = whoIsIn;
  }

  tell<E extends ServerEventName>(course_id: string, event: E, payload: ServerPayload<E>): void {
    this.rooms.tell(course_id, event, payload);
  }

  async membersChanged(course_id: string): Promise<void> {
    this.rooms.courseChanges += 1;
    // Whoever comes while this asks was checked after the change, and may be in by a later one.
    const before = this.rooms.inCourse(course_id);
    if (before.length === 0) return;
    const isIn = await this.whoIsIn(course_id);
    for (const socket of before) {
      if (!isIn(socket.data.actor)) this.rooms.leaveCourse(socket, course_id);
    }
  }
}
