/** An audience that writes down what it is told, and who would have heard it. */
import type { ServerEventName, ServerPayload } from '../../src/contract/events.ts';
import type { Connection, Presence } from '../../src/domain/presence.ts';
import type { Delivery, News } from '../../src/fanout.ts';
import type { Audience } from '../../src/live/live-store.ts';

/** One event as it left: its place in the numbers, and the connections that heard it, sorted. */
export type HeardEvent = { session_id: string; delivery: Delivery; seq: number; room_seq: number; by: string[] };
export type HeardEntry =
  | ({ kind: 'event' } & HeardEvent)
  | { kind: 'admit'; session_id: string; connection: Connection }
  | { kind: 'expel'; session_id: string; connections: string[] };

export class Heard implements Audience {
  /** Everything, in order. */
  readonly entries: HeardEntry[] = [];
  private readonly members = new Map<string, Map<string, Connection>>();
  private taken = 0;

  deliver({ session_id, seq, room_seq, deliveries }: News, presence: Presence): void {
    for (const delivery of deliveries) {
      const by = this.receivers(session_id, delivery, presence).sort();
      this.entries.push({ kind: 'event', session_id, delivery, seq, room_seq, by });
    }
  }

  admit(session_id: string, connection: Connection): void {
    this.entries.push({ kind: 'admit', session_id, connection });
    const members = this.members.get(session_id) ?? new Map<string, Connection>();
    this.members.set(session_id, members.set(connection.id, connection));
  }

  expel(session_id: string, connections: string[]): void {
    if (connections.length === 0) return;
    this.entries.push({ kind: 'expel', session_id, connections });
    for (const id of connections) this.members.get(session_id)?.delete(id);
  }

  /** A connection broke: it hears nothing any more. Without an id: all of them did. */
  gone(id?: string): void {
    if (id === undefined) this.members.clear();
    else for (const members of this.members.values()) members.delete(id);
  }

  /** Who would hear the session now, sorted. */
  membersOf(session_id: string): string[] {
    return [...(this.members.get(session_id)?.keys() ?? [])].sort();
  }

  /** What was heard since this was last asked. */
  take(): HeardEntry[] {
    const entries = this.entries.slice(this.taken);
    this.taken = this.entries.length;
    return entries;
  }

  /** The events among them, by name. */
  takeNames(): ServerEventName[] {
    return this.take().flatMap((it) => (it.kind === 'event' ? [it.delivery.event] : []));
  }

  /** Every event so far. */
  events(): HeardEvent[] {
    return this.entries.flatMap(({ kind, ...it }) => (kind === 'event' ? [it as HeardEvent] : []));
  }

  /** Payloads of one event so far, in order. */
  payloads<E extends ServerEventName>(event: E): ServerPayload<E>[] {
    return this.events().flatMap(({ delivery }) =>
      delivery.event === event ? [delivery.payload as ServerPayload<E>] : [],
    );
  }

  /** What one connection heard so far, in order. */
  by(connection: string): Delivery[] {
    return this.events().flatMap(({ by, delivery }) => (by.includes(connection) ? [delivery] : []));
  }

  private receivers(session_id: string, { receivers }: Delivery, presence: Presence): string[] {
    if (receivers.to === 'student') return [...presence.connectionsOfStudent(receivers.student_id)];
    const members = [...(this.members.get(session_id)?.values() ?? [])];
    return members.filter((it) => receivers.to === 'room' || it.student_id === null).map(({ id }) => id);
  }
}
