/** Connections of a roll coming and going: who is told of it, and who has to leave. */
import { type Clock, isoFrom } from '../clock.ts';
import type { Connection } from '../domain/presence.ts';
import { type Delivery, newsOfLeaving, newsOfReturn } from '../fanout.ts';
import type { LiveRoll } from './live-roll.ts';
import type { Audience } from './live-store.ts';

export class Attending {
  private readonly audience: Audience;
  private readonly clock: Clock;

  constructor(audience: Audience, clock: Clock) {
    this.audience = audience;
    this.clock = clock;
  }

  /** Delivers in order. Events of a change carry its numbers, others the roll's. */
  tell({ roll, presence }: LiveRoll, deliveries: Delivery[], numbers: { seq: number; room_seq: number } = roll): void {
    if (deliveries.length === 0) return;
    const { seq, room_seq } = numbers;
    this.audience.deliver({ session_id: roll.header.session.id, seq, room_seq, deliveries }, presence);
  }

  /** tellReturn: it is not the student's first join, so staff hear of a return if they were gone. */
  putOnline(live: LiveRoll, connection: Connection, tellReturn: boolean): void {
    const { cameOnline } = live.presence.attach(connection);
    this.audience.admit(live.roll.header.session.id, connection);
    if (!cameOnline || !tellReturn || connection.student_id === null) return;
    const record = live.roll.records.get(connection.student_id);
    if (record !== undefined) this.tell(live, newsOfReturn(live.roll, record, live.presence));
  }

  /** A connection is gone; staff hear of it when it was its student's last. */
  takeOffline(live: LiveRoll, id: string): void {
    const gone = live.presence.detach(id);
    if (gone === null || !gone.wentOffline || gone.connection.student_id === null) return;
    const record = live.roll.records.get(gone.connection.student_id);
    if (record === undefined || live.roll.state !== 'active') return;
    this.tell(live, newsOfLeaving(live.roll, record, live.presence, isoFrom(this.clock())));
  }

  /** A connection that is still there does not hear this roll any more. */
  leave(live: LiveRoll, id: string): void {
    this.audience.expel(live.roll.header.session.id, [id]);
    this.takeOffline(live, id);
  }

  /** After a change of roster or staff: who may not be here any more is out (AUTH-1). */
  expelUnentitled(live: LiveRoll): void {
    const { roll, presence } = live;
    const out: string[] = [];
    for (const { id, user_id, student_id } of presence.connections.values()) {
      const entitled =
        student_id === null
          ? roll.followers.has(user_id)
          : roll.records.get(student_id)?.approved === true && roll.users.get(user_id) === student_id;
      if (!entitled) out.push(id);
    }
    if (out.length > 0) this.audience.expel(roll.header.session.id, out);
    for (const id of out) this.takeOffline(live, id);
  }

  /** The session is over for students; staff stay until the archive has it (END-5). */
  letStudentsGo(live: LiveRoll): void {
    this.letGo(live, (connection) => connection.student_id !== null);
  }

  letAllGo(live: LiveRoll): void {
    this.letGo(live, () => true);
  }

  private letGo(live: LiveRoll, goes: (connection: Connection) => boolean): void {
    const out = [...live.presence.connections.values()].filter(goes).map(({ id }) => id);
    for (const id of out) live.presence.detach(id);
    if (out.length > 0) this.audience.expel(live.roll.header.session.id, out);
  }
}
