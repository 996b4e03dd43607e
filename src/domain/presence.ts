/**
 * Who is connected to one roll now. Online and present are two things: nothing here ever changes a record.
 * Pure state; connections die with their node, so none of this is durable.
 */
export type Connection = {
  /** The socket's id, unique over all nodes. */
  id: string;
  user_id: string;
  /** Null: staff, who observe and are not counted. */
  student_id: string | null;
};

export class Presence {
  readonly connections = new Map<string, Connection>();
  /** Connections of each student: a student with two devices is online until both are gone (JOIN-5). */
  private readonly devices = new Map<string, Set<string>>();
  private readonly perUser = new Map<string, number>();

  /** Students with at least one connection. */
  get onlineCount(): number {
    return this.devices.size;
  }

  isOnline(student_id: string): boolean {
    return this.devices.has(student_id);
  }

  connectionsOfUser(user_id: string): number {
    return this.perUser.get(user_id) ?? 0;
  }

  onlineStudents(): string[] {
    return [...this.devices.keys()];
  }

  /** Adds a connection; answers whether its student came online by it. Adding it again changes nothing. */
  attach(connection: Connection): { cameOnline: boolean } {
    if (this.connections.has(connection.id)) return { cameOnline: false };
    this.connections.set(connection.id, connection);
    this.perUser.set(connection.user_id, this.connectionsOfUser(connection.user_id) + 1);
    const { student_id } = connection;
    if (student_id === null) return { cameOnline: false };
    const devices = this.devices.get(student_id);
    if (devices === undefined) this.devices.set(student_id, new Set([connection.id]));
    else devices.add(connection.id);
    return { cameOnline: devices === undefined };
  }

  /** Removes a connection; answers it, and whether it was its student's last. Null: it was not here. */
  detach(id: string): { connection: Connection; wentOffline: boolean } | null {
    const connection = this.connections.get(id);
    if (connection === undefined) return null;
    this.connections.delete(id);
    const ofUser = this.connectionsOfUser(connection.user_id) - 1;
    if (ofUser > 0) this.perUser.set(connection.user_id, ofUser);
    else this.perUser.delete(connection.user_id);
    const { student_id } = connection;
    if (student_id === null) return { connection, wentOffline: false };
    const devices = this.devices.get(student_id);
    devices?.delete(id);
    const wentOffline = devices === undefined || devices.size === 0;
    if (wentOffline) this.devices.delete(student_id);
    return { connection, wentOffline };
  }

  connectionsOfStudent(student_id: string): Iterable<string> {
    return this.devices.get(student_id) ?? [];
  }
}
