/**
 * The sockets of this node by session, course and user; where events of the live store leave. A session has two rooms,
 * everybody and its staff, in both namespaces: they are one audience. Room names are internal.
 */
import type { CourseRooms } from '../attendance/services.ts';
import { NAMESPACES, type ServerEventName, type ServerPayload } from '../contract/events.ts';
import type { Connection, Presence } from '../domain/presence.ts';
import type { Delivery, News } from '../fanout.ts';
import type { Audience } from '../live/live-store.ts';
import type { LiveNamespace, LiveServer, LiveSocket } from './live-socket.ts';

const roomOf = (session_id: string): string => `attendance_${session_id}`;
const staffRoomOf = (session_id: string): string => `staff_${session_id}`;
const courseRoomOf = (course_id: string): string => `course_${course_id}`;

/** Told of what goes on in the sessions of this node. */
export type SessionWatch = {
  /** Somebody here hears it from now on. */
  heard(session_id: string): void;
  /** Events of it were delivered here. */
  changed(session_id: string): void;
};

export class Rooms implements Audience, CourseRooms {
  private readonly namespaces: LiveNamespace[];
  private readonly byId = new Map<string, LiveSocket>();
  private readonly byUser = new Map<string, Set<LiveSocket>>();
  private readonly watch: SessionWatch;

  constructor(io: LiveServer, watch: SessionWatch) {
    this.namespaces = NAMESPACES.map((name) => io.of(name));
    this.watch = watch;
  }

  /** A socket is connected and authenticated. */
  enter(socket: LiveSocket): void {
    this.byId.set(socket.id, socket);
    const { user_id } = socket.data.actor;
    const sockets = this.byUser.get(user_id);
    if (sockets === undefined) this.byUser.set(user_id, new Set([socket]));
    else sockets.add(socket);
  }

  /** A socket is gone. */
  leave(socket: LiveSocket): void {
    this.byId.delete(socket.id);
    const { user_id } = socket.data.actor;
    const sockets = this.byUser.get(user_id);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.byUser.delete(user_id);
  }

  all(): Iterable<LiveSocket> {
    return this.byId.values();
  }

  get size(): number {
    return this.byId.size;
  }

  /** Sockets of this node in a session. */
  membersOf(session_id: string): number {
    const room = roomOf(session_id);
    let members = 0;
    for (const { adapter } of this.namespaces) members += adapter.rooms.get(room)?.size ?? 0;
    return members;
  }

  admit(session_id: string, { id, student_id }: Connection): void {
    const socket = this.byId.get(id);
    if (socket === undefined) return;
    socket.data.sessions.set(session_id, student_id === null ? 'staff' : 'student');
    this.watch.heard(session_id);
    void socket.join(student_id === null ? [roomOf(session_id), staffRoomOf(session_id)] : roomOf(session_id));
  }

  expel(session_id: string, connections: string[]): void {
    for (const id of connections) {
      const socket = this.byId.get(id);
      if (socket === undefined) continue;
      socket.data.sessions.delete(session_id);
      void socket.leave(roomOf(session_id));
      void socket.leave(staffRoomOf(session_id));
    }
  }

  deliver({ session_id, deliveries }: News, presence: Presence): void {
    for (const delivery of deliveries) this.deliverOne(session_id, delivery, presence);
    // Statistics are what follows from news, and no news themselves.
    if (deliveries.some(({ event }) => event !== 'attendanceStatistics')) this.watch.changed(session_id);
  }

  tell<E extends ServerEventName>(course_id: string, event: E, payload: ServerPayload<E>): void {
    this.emitTo(courseRoomOf(course_id), event, payload);
  }

  expelFromCourse(course_id: string, user_ids: string[]): void {
    for (const user_id of user_ids) {
      for (const socket of this.byUser.get(user_id) ?? []) this.leaveCourse(socket, course_id);
    }
  }

  joinCourse(socket: LiveSocket, course_id: string): void {
    socket.data.courses.add(course_id);
    void socket.join(courseRoomOf(course_id));
  }

  leaveCourse(socket: LiveSocket, course_id: string): void {
    socket.data.courses.delete(course_id);
    void socket.leave(courseRoomOf(course_id));
  }

  private deliverOne(session_id: string, { event, payload, receivers }: Delivery, presence: Presence): void {
    if (receivers.to === 'room') this.emitTo(roomOf(session_id), event, payload);
    else if (receivers.to === 'staff') this.emitTo(staffRoomOf(session_id), event, payload);
    else {
      for (const id of presence.connectionsOfStudent(receivers.student_id)) emitOne(this.byId.get(id), event, payload);
    }
  }

  private emitTo(room: string, event: ServerEventName, payload: object): void {
    for (const namespace of this.namespaces) {
      if (namespace.adapter.rooms.has(room)) namespace.to(room).emit(event, payload as never);
    }
  }
}

const emitOne = (socket: LiveSocket | undefined, event: ServerEventName, payload: object): void => {
  socket?.emit(event, payload as never);
};
