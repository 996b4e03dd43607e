/**
 * From "the script has let this connection in" to "it hears all that follows" (JOIN-3). What went by in between is made
 * up for: the answer says what the roll is by then; and whom the end has overtaken is told of it.
 */
import type { Current } from '../domain/commands.ts';
import type { Connection } from '../domain/presence.ts';
import type { RollRecord } from '../domain/record.ts';
import type { FedAudience } from './fed-audience.ts';
import { type Applied, currentOf } from './redis-commands.ts';
import { missedOf } from './redis-missed.ts';
import { type RedisRolls, type RollReading, viewOf } from './redis-rolls.ts';

type Numbers = { seq: number; room_seq: number };

/** Readings of a roll that goes on changing; what goes by after them, the connection hears itself. */
const MAX_READS = 2;

/** Readings of one roll, asked for in one turn. */
type Asked = { students: Set<string>; reading: Promise<RollReading | null> };

export class RedisEntering {
  private readonly rolls: RedisRolls;
  private readonly audience: FedAudience;
  private readonly asked = new Map<string, Asked>();

  constructor(rolls: RedisRolls, audience: FedAudience) {
    this.rolls = rolls;
    this.audience = audience;
  }

  /**
   * What the roll says when this connection hears it. at: the run that put it online. Null: the roll is gone, archived as
   * a rule, and the connection is out; what it was told of the end is later than anything known here. STORE_UNAVAILABLE.
   */
  async enter(session_id: string, connection: Connection, at: Applied): Promise<Current | null> {
    const heardAll = await this.audience.admit(session_id, connection, at);
    if (heardAll) return currentOf(at, connection.student_id);
    const [now, heard] = await this.readAndHeard(session_id, connection);
    if (now === null) {
      this.audience.expel(session_id, [connection.id]);
      return null;
    }
    // The end was published before this connection could hear; else it has been told, and is out already.
    const isOver = now.head.state !== 'active' && connection.student_id !== null;
    if (isOver && this.audience.hears(session_id, connection.id)) {
      this.audience.expel(session_id, [connection.id]);
      await this.tellMissed(session_id, connection, at);
    }
    const { counts, online_count, epoch, state } = now.head;
    // What has gone by since it was read, the connection has heard itself.
    const { seq, room_seq } = heard;
    const record = now.records.find(({ student_id }) => student_id === connection.student_id);
    return { seq, room_seq, state, counts, online_count, epoch, ...(record === undefined ? {} : { record }) };
  }

  /** Tells a student's connection alone what the roll told since these numbers. */
  async tellMissed(
    session_id: string,
    { id, student_id }: Connection,
    since: { room_seq: number },
    record?: RollRecord,
  ): Promise<void> {
    if (student_id === null) return;
    const reading = await this.rolls.read(session_id, { records: 'all', online: true });
    if (reading === null) return;
    const cursor = { epoch: reading.head.epoch, since_room_seq: since.room_seq, since_own_seq: record?.own_seq };
    const viewer = { staff: false, student_id } as const;
    this.audience.tell([id], (await missedOf(this.rolls, viewOf(reading), viewer, cursor)) ?? []);
  }

  /**
   * The roll, and what of it has gone by here. Read once more when it was overtaken by what was told; and always after
   * this connection was let go, since only such a reading is not older than the last thing that it was told.
   */
  private async readAndHeard(
    session_id: string,
    { id, student_id }: Connection,
  ): Promise<[RollReading, Numbers] | [null, null]> {
    for (let reads = 1; ; reads += 1) {
      const isOut = !this.audience.hears(session_id, id);
      const now = await this.readNow(session_id, student_id);
      if (now === null) return [null, null];
      const heard = await this.audience.heardUpTo(session_id, now.head);
      const isCurrent = heard.seq <= now.head.seq || reads === MAX_READS;
      if (isOut || (isCurrent && this.audience.hears(session_id, id))) return [now, heard];
    }
  }

  /** One reading for all who ask in this turn. */
  private async readNow(session_id: string, student_id: string | null): Promise<RollReading | null> {
    let asked = this.asked.get(session_id);
    if (asked === undefined) {
      const students = new Set<string>();
      const reading = new Promise<void>((turn) => setImmediate(turn)).then(() => {
        this.asked.delete(session_id);
        return this.rolls.read(session_id, { records: [...students] });
      });
      asked = { students, reading };
      this.asked.set(session_id, asked);
    }
    if (student_id !== null) asked.students.add(student_id);
    return asked.reading;
  }
}
