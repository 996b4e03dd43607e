/**
 * The sockets of this node by session, course and user; where events leave. A session has two rooms, everybody and its
 * staff, in both namespaces: they are one audience. Room names are internal.
 *
 * For the embedded store this is the whole audience. Where rolls are shared by several nodes, SessionFeeds decides what
 * goes through these rooms. Who is in those of the courses is for LocalCourseRooms and SharedCourseRooms to say.
 */
import { NAMESPACES, type ServerEventName, type ServerPayload } from '../contract/events.ts';
import { type CourseStaff, isStaff } from '../domain/policy.ts';
import type { Connection, Presence } from '../domain/presence.ts';
import type { Delivery, News } from '../fanout.ts';
import type { Audience } from '../live/live-store.ts';
import { courseRoomOf, roomOf, staffRoomOf } from '../live/redis-keys.ts';
import type { LiveNamespace, LiveServer, LiveSocket } from './live-socket.ts';

/** Told of what goes on in the sessions of this node. */
export type SessionWatch = {
  /** Somebody here hears it from now on. */
  heard(session_id: string): void;
  /** Events of it were delivered here. */
  changed(session_id: string): void;
  /** Its statistics were delivered here, whoever sent them. */
  sent(session_id: string, to: 'room' | 'staff'): void;
};

/** A connection is gone, and was in these sessions. */
export type GoneListener = (connection: string, session_ids: Iterable<string>) => void;

export class Rooms implements Audience {
  /** In the order of NAMESPACES. */
  readonly namespaces: readonly LiveNamespace[];
  readonly watch: SessionWatch;
  private readonly byId = new Map<string, LiveSocket>();
  private readonly byUser = new Map<string, Set<LiveSocket>>();
  private readonly goneListeners: GoneListener[] = [];
  /** Counts how often the members of a course may have changed. */
  courseChanges = 0;

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
    for (const listener of this.goneListeners) listener(socket.id, socket.data.sessions.keys());
  }

  onGone(listener: GoneListener): void {
    this.goneListeners.push(listener);
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

  /** Place in NAMESPACES, from 0; undefined: it is gone. */
  namespaceOf(connection: string): number | undefined {
    const socket = this.byId.get(connection);
    return socket === undefined ? undefined : NAMESPACES.indexOf(socket.nsp.name as (typeof NAMESPACES)[number]);
  }

  /** Whether whoever is on this connection is staff of a course. */
  isStaffOf(connection: string, course: CourseStaff): boolean {
    const socket = this.byId.get(connection);
    return socket !== undefined && isStaff(socket.data.actor, course);
  }

  /** Whether a socket of this namespace is in a room here. */
  isInUse(namespace: number, room: string): boolean {
    return this.namespaces[namespace]?.adapter.rooms.has(room) === true;
  }

  // --- a session's rooms ----------------------------------------------------------------------------------------

  admit(session_id: string, { id, student_id }: Connection): void {
    this.join(session_id, id, student_id === null ? 'staff' : 'student');
    this.watch.heard(session_id);
  }

  /** The socket is in the rooms of what it is in this session, and in no other of it. */
  join(session_id: string, connection: string, as: 'staff' | 'student'): void {
    const socket = this.byId.get(connection);
    if (socket === undefined) return;
    const before = socket.data.sessions.get(session_id);
    socket.data.sessions.set(session_id, as);
    void socket.join(as === 'staff' ? [roomOf(session_id), staffRoomOf(session_id)] : roomOf(session_id));
    if (before === 'staff' && as === 'student') void socket.leave(staffRoomOf(session_id));
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

  /** To the sockets of a room that are here, and to nobody else. */
  tellHere(namespace: number, room: string, { event, payload }: Omit<Delivery, 'receivers'>): void {
    if (this.isInUse(namespace, room)) this.namespaces[namespace]?.local.to(room).emit(event, payload as never);
  }

  tellOne(connection: string, { event, payload }: Omit<Delivery, 'receivers'>): void {
    this.byId.get(connection)?.emit(event, payload as never);
  }

  private deliverOne(session_id: string, delivery: Delivery, presence: Presence): void {
    const { receivers } = delivery;
    if (receivers.to === 'student') {
      for (const id of presence.connectionsOfStudent(receivers.student_id)) this.tellOne(id, delivery);
      return;
    }
    const room = receivers.to === 'room' ? roomOf(session_id) : staffRoomOf(session_id);
    for (let namespace = 0; namespace < NAMESPACES.length; namespace += 1) this.tellHere(namespace, room, delivery);
  }

  // --- courses --------------------------------------------------------------------------------------------------

  tell<E extends ServerEventName>(course_id: string, event: E, payload: ServerPayload<E>): void {
    for (const namespace of this.namespaces) namespace.to(courseRoomOf(course_id)).emit(event, ...([payload] as never));
  }

  /** Every course whose room somebody here is in. */
  courses(): Set<string> {
    const courses = new Set<string>();
    for (const { data } of this.byId.values()) for (const course_id of data.courses) courses.add(course_id);
    return courses;
  }

  /** Who here is in the room of a course. */
  inCourse(course_id: string): LiveSocket[] {
    const ids = this.namespaces.flatMap(({ adapter }) => [...(adapter.rooms.get(courseRoomOf(course_id)) ?? [])]);
    return ids.flatMap((id) => this.byId.get(id) ?? []);
  }

  joinCourse(socket: LiveSocket, course_id: string): void {
    socket.data.courses.add(course_id);
    void socket.join(courseRoomOf(course_id));
  }

  leaveCourse(socket: LiveSocket, course_id: string): void {
    socket.data.courses.delete(course_id);
    void socket.leave(courseRoomOf(course_id));
  }
}
