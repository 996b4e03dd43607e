/** An audience that writes down what it is told, and who would have heard it. */
import type { ServerEventName, ServerPayload } from '../../src/contract/events.ts';
import type { Connection, Presence } from '../../src/domain/presence.ts';
import type { Delivery, News } from '../../src/fanout.ts';
import type { Audience } from '../../src/live/live-store.ts';

/** One event as it left: its place in the numbers, and the connections that heard it, sorted. */
export type HeardEvent = {
  session_id: string;
  delivery: Delivery;
  seq: number;
  room_seq: number;
  by: string[];
  /** Told to these alone, who were overtaken by it. */
  alone?: true;
  /** Where it was published, when that is not the same as who heard it. */
  namespaces?: number[];
};
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

  /** An event that came through one namespace; the other one brings the same, right after it. */
  heardIn(namespace: number, event: HeardEvent): void {
    const last = this.entries.at(-1);
    const isSame =
      last?.kind === 'event' &&
      last.namespaces?.includes(namespace) === false &&
      last.seq === event.seq &&
      JSON.stringify([last.session_id, last.delivery]) === JSON.stringify([event.session_id, event.delivery]);
    if (isSame) {
      last.namespaces?.push(namespace);
      last.by = [...last.by, ...event.by].sort();
    } else this.entries.push({ kind: 'event', ...event, namespaces: [namespace] });
  }

  /** An event for these connections alone. */
  heardBy(by: string[], delivery: Delivery): void {
    const { session_id } = delivery.payload as { session_id: string };
    this.entries.push({ kind: 'event', session_id, delivery, seq: 0, room_seq: 0, by, alone: true });
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

  connectionsIn(session_id: string): Connection[] {
    return [...(this.members.get(session_id)?.values() ?? [])];
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
    return this.entries.flatMap((it) => {
      if (it.kind !== 'event') return [];
      const { kind: _kind, namespaces: _namespaces, ...event } = it;
      return [event];
    });
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
