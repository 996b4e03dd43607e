/** Connections of a roll coming and going: who is told of it, and who has to leave. */
import { type Clock, isoFrom } from '../clock.ts';
import type { Connection } from '../domain/presence.ts';
import type { RollRecord } from '../domain/record.ts';
import { type Delivery, newsOfLeaving, newsOfReturn } from '../fanout.ts';
import type { LiveRoll, Standing } from './live-roll.ts';
import type { Audience } from './live-store.ts';

export class Attending {
  private readonly audience: Audience;
  private readonly clock: Clock;

  constructor(audience: Audience, clock: Clock) {
    this.audience = audience;
    this.clock = clock;
  }

  /** Delivers in order. Events of a change carry its numbers, others the roll's. */
  tell({ roll, presence }: LiveRoll, deliveries: Delivery[], numbers: Pick<Standing, 'seq' | 'room_seq'> = roll): void {
    if (deliveries.length === 0) return;
    const { seq, room_seq } = numbers;
    this.audience.deliver({ session_id: roll.header.session.id, seq, room_seq, deliveries }, presence);
  }

  /** returning: the record, when staff are to hear of a return if its student was gone. */
  putOnline(live: LiveRoll, connection: Connection, returning: RollRecord | null, at: Standing = live.roll): void {
    const before = live.presence.connections.get(connection.id);
    // Its user is somebody else on this roll by now, or has become staff: the connection is not the former one's too.
    if (before !== undefined && before.student_id !== connection.student_id) this.leave(live, connection.id, at);
    const { cameOnline } = live.presence.attach(connection);
    if (connection.student_id !== null) live.awaited.delete(connection.student_id);
    this.audience.admit(live.roll.header.session.id, connection);
    if (!cameOnline || returning === null) return;
    this.tell(live, newsOfReturn(live.roll, returning, live.presence, at.seq), at);
  }

  /** A connection is gone; staff hear of it when it was its student's last, unless the session is over. */
  takeOffline(live: LiveRoll, id: string, at: Standing = live.roll): void {
    const gone = live.presence.detach(id);
    if (gone === null || !gone.wentOffline || gone.connection.student_id === null) return;
    const record = live.roll.records.get(gone.connection.student_id);
    if (record === undefined || at.state !== 'active') return;
    this.tell(live, newsOfLeaving(live.roll, record, live.presence, isoFrom(this.clock())), at);
  }

  /** Staff hear of everybody who is still awaited and follows the roll; nobody is awaited any more. */
  giveUpAwaited(live: LiveRoll): void {
    const { roll, awaited } = live;
    live.awaited = new Set();
    if (roll.state !== 'active') return;
    for (const student_id of awaited) {
      const record = roll.records.get(student_id);
      if (record === undefined || !roll.followers.has(record.user_id)) continue;
      this.tell(live, newsOfLeaving(roll, record, live.presence, isoFrom(this.clock())));
    }
  }

  /** A connection that is still there does not hear this roll any more. */
  leave(live: LiveRoll, id: string, at: Standing = live.roll): void {
    this.audience.expel(live.roll.header.session.id, [id]);
    this.takeOffline(live, id, at);
  }

  /** After a change of roster or staff: who may not be here any more is out (AUTH-1), told by the order of their ids. */
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
    for (const id of out.sort()) this.takeOffline(live, id);
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
