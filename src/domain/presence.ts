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
  /** Connections per student: a student with two devices is online until both are gone (JOIN-5). */
  private readonly devices = new Map<string, number>();
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
    const before = this.devices.get(student_id) ?? 0;
    this.devices.set(student_id, before + 1);
    return { cameOnline: before === 0 };
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
    const left = (this.devices.get(student_id) ?? 1) - 1;
    if (left > 0) this.devices.set(student_id, left);
    else this.devices.delete(student_id);
    return { connection, wentOffline: left === 0 };
  }

  connectionsOfStudent(student_id: string): string[] {
    const ids: string[] = [];
    if (!this.devices.has(student_id)) return ids;
    for (const it of this.connections.values()) if (it.student_id === student_id) ids.push(it.id);
    return ids;
  }
}
