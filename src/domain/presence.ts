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
  private readonly byUser = new Map<string, Set<string>>();

  /** Students with at least one connection. */
  get onlineCount(): number {
    return this.devices.size;
  }

  connectionsOfUser(user_id: string): Iterable<string> {
    return this.byUser.get(user_id) ?? [];
  }

  onlineStudents(): string[] {
    return [...this.devices.keys()];
  }

  /** Adds a connection; answers whether its student came online by it. Adding it again changes nothing. */
  attach(connection: Connection): { cameOnline: boolean } {
    if (this.connections.has(connection.id)) return { cameOnline: false };
    this.connections.set(connection.id, connection);
    add(this.byUser, connection.user_id, connection.id);
    const { student_id } = connection;
    return { cameOnline: student_id !== null && add(this.devices, student_id, connection.id) };
  }

  /** Removes a connection; answers it, and whether it was its student's last. Null: it was not here. */
  detach(id: string): { connection: Connection; wentOffline: boolean } | null {
    const connection = this.connections.get(id);
    if (connection === undefined) return null;
    this.connections.delete(id);
    remove(this.byUser, connection.user_id, id);
    const { student_id } = connection;
    return { connection, wentOffline: student_id !== null && remove(this.devices, student_id, id) };
  }

  connectionsOfStudent(student_id: string): Iterable<string> {
    return this.devices.get(student_id) ?? [];
  }
}

/** Answers whether it is the first of its key. */
const add = (ids: Map<string, Set<string>>, key: string, id: string): boolean => {
  const ofKey = ids.get(key);
  if (ofKey === undefined) ids.set(key, new Set([id]));
  else ofKey.add(id);
  return ofKey === undefined;
};

/** Answers whether it was the last of its key. */
const remove = (ids: Map<string, Set<string>>, key: string, id: string): boolean => {
  const ofKey = ids.get(key);
  if (ofKey === undefined || !ofKey.delete(id) || ofKey.size > 0) return false;
  ids.delete(key);
  return true;
};
