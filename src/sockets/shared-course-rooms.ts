/** The course rooms of all nodes together. Their news are few, and go through the adapter's ordinary broadcasts. */
import type { CourseRooms } from '../attendance/services.ts';
import type { ServerEventName, ServerPayload } from '../contract/events.ts';
import type { Rooms } from './rooms.ts';

export class SharedCourseRooms implements CourseRooms {
  private readonly rooms: Rooms;

  /** rooms: of a server whose adapter connects the nodes. */
  constructor(rooms: Rooms) {
    this.rooms = rooms;
    for (const namespace of rooms.namespaces) {
      namespace.on('expelFromCourse', (course_id, user_ids) => rooms.expelFromCourse(course_id, user_ids));
    }
  }

  tell<E extends ServerEventName>(course_id: string, event: E, payload: ServerPayload<E>): void {
    this.rooms.tell(course_id, event, payload);
  }

  /**
   * Every node takes these users out of both namespaces, whichever of them it was told in: in a Cluster the two ways
   * lead over different servers.
   */
  expelFromCourse(course_id: string, user_ids: string[]): void {
    for (const namespace of this.rooms.namespaces) namespace.serverSideEmit('expelFromCourse', course_id, user_ids);
    this.rooms.expelFromCourse(course_id, user_ids);
  }
}
