/**
 * One session as this node's sockets hear it: who is here, the lines that they hear it on, and what has gone by.
 *
 * Every change reaches every member once and in order. When something is missing, everything that follows is held back,
 * on all lines since one socket may hear two, until the roll's log has been read; it is told what it missed, and then
 * what was held back. News that are no changes (who left, statistics) are not in the log: what is missed of them, is missed.
 */
import type { Connection } from '../domain/presence.ts';
import type { Change } from '../domain/roll.ts';
import { statisticsOf } from '../domain/statistics.ts';
import { statisticsPayload } from '../event-payloads.ts';
import type { Delivery } from '../fanout.ts';
import { FEED_HELD_MAX_MESSAGES, SYNC_MAX_CHANGES } from '../limits.ts';
import type { FeedSource, Standing } from '../live/fed-audience.ts';
import type { RollView } from '../live/live-store.ts';
import { headingOf, NEWS, type Out } from '../live/roll-packets.ts';
import { Conditions } from './feed-conditions.ts';
import type { FeedLine, Numbers } from './feed-line.ts';
import { isStatistics } from './feed-messages.ts';
import type { FeedOptions } from './feed-options.ts';
import { replay, standingOf } from './feed-replay.ts';
import { strangersAmong } from './feed-strangers.ts';

type Member = { connection: Connection; run: number };
type Held = { channel: string; message: Buffer };

/** Repairs in a row that each find more missing; then it is left to the next look. */
const MAX_REPAIRS = 3;

export class Feed {
  readonly session_id: string;
  readonly members = new Map<string, Member>();
  /** By channel. */
  readonly lines = new Map<string, FeedLine>();
  /** About what has gone by, and what is held back. */
  readonly conditions: Conditions;
  /** When statistics were last told to everybody here. */
  statistics_at = 0;
  /** Members may not be in the roll any more, or not yet again. */
  doubtsMembers = false;
  private currentEpoch: string;
  /** Of the roll's header, when it was last looked at who may be here. */
  private version: number;
  private readonly options: FeedOptions;
  /** In order of arrival; null: nothing is held back. */
  private held: Held[] | null = null;
  private repairing: Promise<void> | null = null;

  constructor(options: FeedOptions) {
    this.options = options;
    this.session_id = options.session_id;
    this.currentEpoch = options.epoch;
    this.version = options.version;
    this.conditions = new Conditions(options.pause);
  }

  get epoch(): string {
    return this.currentEpoch;
  }

  /** Something is missing, and what came after it waits. */
  get isHolding(): boolean {
    return this.held !== null;
  }

  /** Lines on which whatever is published from now on is heard, as far as known. */
  confirmedLines(): FeedLine[] {
    return [...this.lines.values()].filter(({ confirmed }) => confirmed);
  }

  /** Nothing has gone by yet on a line that is heard. */
  get isUnsure(): boolean {
    return this.some((line) => line.confirmed && line.isUnsure);
  }

  get isConfirmed(): boolean {
    return !this.some(({ confirmed }) => !confirmed);
  }

  /** A message came on one of its lines. False: it is not for the adapter, or not yet. */
  receive(line: FeedLine, message: Buffer): boolean {
    const heading = headingOf(message);
    if (heading === null) return true;
    if (this.held !== null) {
      this.hold(line, message);
      return false;
    }
    const { seq, room_seq, out } = heading;
    const part = out === null ? heading.part : NEWS;
    const before = part === NEWS ? seq : seq - 1;
    const place = this.staffLack(line, before) ? 'gap' : line.meet({ seq, room_seq, part }, message);
    if (place === 'gap') {
      this.hold(line, message);
      this.options.onGap();
      return false;
    }
    if (place === 'next') for (const it of this.lines.values()) it.follow(heading);
    this.conditions.look();
    if (place === 'old') return false;
    if (out !== null) {
      this.letGo(line, heading);
      return false;
    }
    if (part !== NEWS || !isStatistics(message)) this.options.rooms.watch.changed(this.session_id);
    // Numbers that go back would look like a fault.
    else if (place === 'old news') return false;
    else this.statisticsSent(line.to);
    return true;
  }

  /** Something up to these numbers has not gone by, as far as is known. */
  isBehind(numbers: Numbers): boolean {
    return this.some((line) => line.isBehind(numbers));
  }

  /** Roster or staff have changed since: whoever was taken out is gone already, if it was heard here. */
  isOutdated({ version }: Standing): boolean {
    return version !== this.version;
  }

  /** How far anything has gone by here, at least these numbers. */
  heard({ seq, room_seq }: Numbers): Numbers {
    for (const line of this.lines.values()) {
      if (line.isUnsure) continue;
      seq = Math.max(seq, line.seq ?? 0, line.toldUpTo);
      if (line.to === 'room') room_seq = Math.max(room_seq, line.number ?? 0);
    }
    return { seq, room_seq };
  }

  /** Nothing is missing, and nothing has gone by that is later. */
  isAt(numbers: Numbers): boolean {
    return this.held === null && !this.some((line) => line.isBehind(numbers) || line.isPast(numbers));
  }

  /**
   * Reads what is missing, tells it, then what was held back. Once at a time: who calls meanwhile waits for the same.
   * STORE_UNAVAILABLE: what comes after a gap is still held back; what was only late has gone by.
   */
  repair(source: FeedSource): Promise<void> {
    this.repairing ??= this.repairAll(source).finally(() => {
      this.release();
      this.repairing = null;
      this.conditions.look();
    });
    return this.repairing;
  }

  /**
   * The roll has another epoch: nobody knows what was lost. Members see that in the statistics, and sync. lines: those
   * that were heard when it stood so.
   */
  renew(standing: Standing, lines: FeedLine[]): void {
    this.currentEpoch = standing.epoch;
    this.options.reports.repaired('snapshot');
    for (const line of this.lines.values()) line.forget();
    this.skipTo(standing, lines);
    this.held = null;
    this.doubtsMembers = true;
    this.conditions.look();
  }

  /** Tells everybody here how the roll stands. */
  tellStatistics({ counts, online_count, epoch, ...numbers }: Standing): void {
    const payload = statisticsPayload(this.session_id, statisticsOf(counts), online_count, numbers, epoch);
    for (const line of this.lines.values()) {
      if (line.to !== 'room') continue;
      this.options.rooms.tellHere(line.namespace, line.room, { event: 'attendanceStatistics', payload });
      line.tell(numbers);
    }
    this.statisticsSent('room');
  }

  /** The session is over for them. */
  letStudentsGo(): void {
    this.expel([...this.members.values()].flatMap(({ connection }) => (isStudent(connection) ? [connection.id] : [])));
  }

  expel(connections: string[]): void {
    this.options.rooms.expel(this.session_id, connections);
    for (const id of connections) this.members.delete(id);
    this.dropUnused();
  }

  /** Lines of rooms that nobody here is in any more. */
  dropUnused(): void {
    for (const [channel, { namespace, room }] of this.lines) {
      if (this.options.rooms.isInUse(namespace, room)) continue;
      this.lines.delete(channel);
      this.options.onUnused(channel);
    }
    this.conditions.look();
  }

  // --- what goes by ---------------------------------------------------------------------------------------------

  private statisticsSent(to: 'room' | 'staff'): void {
    if (to === 'room') this.statistics_at = this.options.clock();
    this.options.rooms.watch.sent(this.session_id, to);
  }

  /** Who was let in by the same run of the roll's scripts or a later one has come in again since. */
  private letGo(line: FeedLine, { out, run }: Out): void {
    const goes = ({ connection, run: in_run }: Member): boolean =>
      in_run < run &&
      this.options.rooms.namespaceOf(connection.id) === line.namespace &&
      (out === 'all' || (out === 'students' ? isStudent(connection) : out.includes(connection.id)));
    this.expel([...this.members.values()].filter(goes).map(({ connection }) => connection.id));
  }

  private hold({ channel }: FeedLine, message: Buffer): void {
    this.held ??= [];
    // Changes that are dropped here will be missing when the rest is released, and then be read.
    if (this.held.length >= FEED_HELD_MAX_MESSAGES) {
      this.held = [];
      this.doubtsMembers = true;
    }
    this.held.push({ channel, message });
  }

  private release(): void {
    const held = this.held ?? [];
    this.held = null;
    for (const { channel, message } of held) {
      const line = this.lines.get(channel);
      if (line !== undefined && this.receive(line, message)) this.options.deliver(channel, message);
    }
  }

  /**
   * Staff hear every change, over the same connection and before all that comes after it. Where they have not they were
   * subscribed again a little later than the room, or hear nothing: whoever is in both would be told backwards. A line
   * of staff that does not know where it begins will not begin before what the room has told.
   */
  private staffLack({ to }: FeedLine, up_to_seq: number): boolean {
    return to === 'room' && this.some((it) => it.to === 'staff' && (it.seq ?? up_to_seq) < up_to_seq);
  }

  private some(fits: (line: FeedLine) => boolean): boolean {
    for (const line of this.lines.values()) if (fits(line)) return true;
    return false;
  }

  // --- what was missed ------------------------------------------------------------------------------------------

  private async repairAll(source: FeedSource): Promise<void> {
    for (let repairs = 0; repairs < MAX_REPAIRS; repairs += 1) {
      this.held ??= [];
      const { epoch } = this;
      const asked = new Set([...this.lines.values()].filter((it) => it.confirmed || it.seq !== null));
      const from = this.heardUpTo();
      const reading = await source.since(this.session_id, from);
      // Meanwhile it was told that it has another epoch, and begins anew.
      if (epoch !== this.epoch) return;
      // A line that is made and heard meanwhile has nothing to do with what was read before. One that cannot be heard, and
      // begins behind what was read, is told it with the others, and not after them.
      const lacks = (it: FeedLine) => !it.confirmed && it.seq !== null && it.seq >= from;
      const lines = [...this.lines.values()].filter((it) => asked.has(it) || lacks(it));
      if (reading === null) for (const line of lines) line.forget();
      else this.catchUp(lines, reading.view, reading.changes);
      this.release();
      if (!this.isHolding) return;
    }
  }

  private heardUpTo(): number {
    const known = [...this.lines.values()].flatMap(({ seq }) => (seq === null ? [] : [seq]));
    return known.length === 0 ? 0 : Math.min(...known);
  }

  private catchUp(lines: FeedLine[], view: RollView, changes: Change[]): void {
    // What came after they were taken out is not for them.
    const connections = Array.from(this.members.values(), ({ connection }) => connection);
    this.expel(strangersAmong(connections, view, this.options.rooms));
    this.version = view.roll.header.version;
    const standing = standingOf(view);
    if (standing.epoch !== this.epoch) {
      this.renew(standing, lines);
      return;
    }
    if (changes.length > SYNC_MAX_CHANGES) {
      this.options.reports.repaired('snapshot');
      this.skipTo(standing, lines);
    } else {
      const lacked = replay(lines, view, changes, (line, delivery) => this.tell(line, delivery));
      if (lacked) this.options.reports.repaired('replay');
      this.options.rooms.watch.changed(this.session_id);
    }
    if (standing.state !== 'active') this.letStudentsGo();
    // Whoever was taken out while this could not be heard; or others took this whole node for gone.
    for (const id of this.members.keys()) this.doubtsMembers ||= !view.presence.connections.has(id);
  }

  private tell({ namespace, room }: FeedLine, delivery: Delivery): void {
    const { rooms } = this.options;
    const { receivers } = delivery;
    if (receivers.to !== 'student') {
      rooms.tellHere(namespace, room, delivery);
      return;
    }
    for (const { connection } of this.members.values()) {
      const { id, student_id } = connection;
      if (student_id === receivers.student_id && rooms.namespaceOf(id) === namespace) rooms.tellOne(id, delivery);
    }
  }

  /** Members are told the numbers, see what they have missed, and sync. */
  private skipTo(standing: Standing, lines: FeedLine[]): void {
    for (const line of lines) line.moveTo(standing);
    this.tellStatistics(standing);
  }
}

const isStudent = ({ student_id }: Connection): boolean => student_id !== null;
