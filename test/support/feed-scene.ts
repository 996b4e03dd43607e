/** The feeds of a node, with a roll of the domain in place of Redis: what it publishes comes when a test lets it come. */

import { NAMESPACES } from '../../src/contract/events.ts';
import type { Command } from '../../src/domain/commands.ts';
import { type Connection, Presence } from '../../src/domain/presence.ts';
import { type Change, type Roll, sessionOf } from '../../src/domain/roll.ts';
import { type Delivery, newsOfChange, statisticsNews } from '../../src/fanout.ts';
import type { FeedSource, LetInAt, Standing } from '../../src/live/fed-audience.ts';
import { RedisKeys, roomOf, staffRoomOf } from '../../src/live/redis-keys.ts';
import { LAST_PART, NEWS, OWN, PART } from '../../src/live/roll-packets.ts';
import type { LocalRooms } from '../../src/sockets/feed-options.ts';
import type { GoneListener } from '../../src/sockets/rooms.ts';
import { SessionFeeds } from '../../src/sockets/session-feeds.ts';
import { make, rollOf } from '../suites/roll-commands.ts';

export const SESSION = 'session-1';
const keys = new RedisKeys('test');

export type Sent = { channel: string; message: Buffer };
type Packet = { data: { packet: { data: [string, object] }; opts: { rooms: string[] } } };

/** Sockets that are no more than a list of what they hear. */
class Sockets implements LocalRooms {
  readonly heard = new Map<string, string[]>();
  readonly watched: string[] = [];
  readonly watch = {
    heard: (id: string) => this.watched.push(`heard ${id}`),
    changed: (id: string) => this.watched.push(`changed ${id}`),
    sent: (id: string, to: string) => this.watched.push(`sent ${id} ${to}`),
  };
  private readonly rooms = new Map<string, Set<string>>();
  private readonly goneListeners: GoneListener[] = [];

  /** The first letter of its id says where it is: a at the first namespace, b at the second. */
  open(id: string): void {
    this.heard.set(id, []);
  }

  close(id: string): void {
    this.heard.delete(id);
    for (const members of this.rooms.values()) members.delete(id);
    for (const listener of this.goneListeners) listener(id, [SESSION]);
  }

  namespaceOf(id: string): number | undefined {
    return this.heard.has(id) ? (id.startsWith('a') ? 0 : 1) : undefined;
  }

  /** Staff of these scenes have the user id t1. */
  isStaffOf(_id: string, { staff }: { readonly staff: readonly string[] }): boolean {
    return staff.includes('t1');
  }

  isInUse(namespace: number, room: string): boolean {
    return this.membersOf(namespace, room).length > 0;
  }

  join(session_id: string, id: string, as: 'staff' | 'student'): void {
    this.roomOf(roomOf(session_id)).add(id);
    if (as === 'staff') this.roomOf(staffRoomOf(session_id)).add(id);
    else this.roomOf(staffRoomOf(session_id)).delete(id);
  }

  expel(session_id: string, ids: string[]): void {
    for (const id of ids) for (const room of [roomOf, staffRoomOf]) this.roomOf(room(session_id)).delete(id);
  }

  tellHere(namespace: number, room: string, delivery: Omit<Delivery, 'receivers'>): void {
    for (const id of this.membersOf(namespace, room)) this.tellOne(id, delivery);
  }

  tellOne(id: string, { event, payload }: Omit<Delivery, 'receivers'>): void {
    const { seq, own_seq } = payload as { seq?: number; own_seq?: number };
    this.heard.get(id)?.push(`${event} ${seq ?? `own ${own_seq}`}`);
  }

  onGone(listener: GoneListener): void {
    this.goneListeners.push(listener);
  }

  membersOf(namespace: number, room: string): string[] {
    return [...this.roomOf(room)].filter((id) => this.namespaceOf(id) === namespace);
  }

  private roomOf(name: string): Set<string> {
    let room = this.rooms.get(name);
    if (room === undefined) {
      room = new Set();
      this.rooms.set(name, room);
    }
    return room;
  }
}

/** Channels whose subscriptions a test can hold up, refuse and lose. */
class Subscriber {
  filter: ((channel: string, message: Buffer) => boolean) | null = null;
  effective: (channel: string) => Promise<void> = () => Promise.resolve();
  flushed: (channel: string) => Promise<boolean> = () => Promise.resolve(true);
  readonly resubscribed: string[][] = [];
  onResubscribe: () => void = () => {};
  lose: (channels: string[]) => void = () => {};
  restore: (channels: string[]) => void = () => {};
  private readonly sockets: Sockets;

  constructor(sockets: Sockets) {
    this.sockets = sockets;
  }

  onLost(listener: (channels: string[]) => void): void {
    this.lose = listener;
  }

  onRestored(listener: (channels: string[]) => void): void {
    this.restore = listener;
  }

  async resubscribe(channels: string[]): Promise<void> {
    this.resubscribed.push(channels);
    this.onResubscribe();
  }

  /** As the adapter does. */
  deliver(channel: string, message: Buffer): void {
    const namespace = channel.includes('#/attendance#') ? 1 : 0;
    const { packet, opts } = (JSON.parse(message.toString()) as Packet).data;
    const [event, payload] = packet.data;
    const delivery = { event, payload } as Omit<Delivery, 'receivers'>;
    for (const room of opts.rooms) {
      if (this.sockets.heard.has(room)) this.sockets.tellOne(room, delivery);
      else this.sockets.tellHere(namespace, room, delivery);
    }
  }

  hear({ channel, message }: Sent): void {
    if (this.filter?.(channel, message) !== false) this.deliver(channel, message);
  }
}

export class FeedScene implements FeedSource {
  readonly sockets = new Sockets();
  readonly subscriber = new Subscriber(this.sockets);
  readonly feeds: SessionFeeds;
  readonly errors: unknown[] = [];
  /** `replay`, `snapshot`, `2 deaf`, in order. */
  readonly found: string[] = [];
  roll: Roll;
  presence = new Presence();
  run = 0;
  /** What was asked of the source, in order. */
  readonly asked: string[] = [];
  readonly broughtBack: string[] = [];
  /** Set: the source is away. */
  away: Error | null = null;
  /** There is no such roll. */
  missing = false;
  /** Each answer of the source waits for it. */
  gate: Promise<void> = Promise.resolve();
  now = 1_000_000;
  /** What is waited for by duration passes when a test says so. */
  private passing: (() => void)[] = [];

  /** heartbeat_ms: never, unless given. */
  constructor(students = 3, heartbeat_ms = 3_600_000) {
    this.roll = rollOf(students);
    this.feeds = new SessionFeeds({
      rooms: this.sockets,
      subscriber: this.subscriber,
      keys,
      clock: () => this.now,
      onError: (error) => this.errors.push(error),
      reports: {
        repaired: (how) => this.found.push(how),
        deaf: (count) => this.found.push(`${count} deaf`),
      },
      pause: () => new Promise((resolve) => this.passing.push(resolve)),
      heartbeat_ms,
    });
    this.feeds.start(this);
  }

  /** Everything that is waited for by duration is over. */
  timePasses(): void {
    for (const resolve of this.passing.splice(0)) resolve();
  }

  /** Lets a connection in, as a script that put it online would: n is the student's number, null for staff. */
  admit(id: string, n: number | null, at: Partial<LetInAt> = {}): Promise<boolean> {
    if (!this.sockets.heard.has(id)) this.sockets.open(id);
    const connection: Connection = {
      id,
      user_id: n === null ? 't1' : `u${n}`,
      student_id: n === null ? null : `s${n}`,
    };
    this.presence.detach(id);
    this.presence.attach(connection);
    this.run += 1;
    const { seq, room_seq, header } = this.roll;
    const { epoch, version } = header;
    return this.feeds.admit(SESSION, connection, { seq, room_seq, run: this.run, epoch, version, ...at });
  }

  /** Makes a change; answers what is published of it. */
  change(command: Command): Sent[] {
    const { room_seq } = this.roll;
    const { change } = make(this.roll, command);
    if (change === null) return [];
    const numbered = this.roll.room_seq > room_seq || change.kind === 'join' ? 'everybody' : 'staff';
    return this.messagesOf(newsOfChange(this.roll, change, this.presence), numbered);
  }

  /** The same, and it is heard. */
  hears(command: Command): void {
    this.hearAll(this.change(command));
  }

  hearAll(sent: Sent[]): void {
    for (const it of sent) this.subscriber.hear(it);
  }

  statistics(to: 'room' | 'staff' = 'room'): Sent[] {
    return this.messagesOf([statisticsNews(this.roll, this.presence, to)], 'nobody');
  }

  out(out: string[] | 'students' | 'all', run = this.run + 1): Sent[] {
    const { seq, room_seq } = this.roll;
    const message = Buffer.from(JSON.stringify({ roll: [seq, room_seq, 3], out, run }));
    return NAMESPACES.map((_, n) => ({ channel: keys.channel(n, roomOf(SESSION)), message }));
  }

  heardBy(id: string): string[] {
    return this.sockets.heard.get(id) ?? [];
  }

  /** Of whoever is here. */
  channels(): string[] {
    return NAMESPACES.flatMap((_, n) =>
      [roomOf(SESSION), staffRoomOf(SESSION)].flatMap((room) =>
        this.sockets.isInUse(n, room) ? [keys.channel(n, room)] : [],
      ),
    );
  }

  /**
   * What the scripts publish: for each namespace that has receivers, the parts in order. numbered: for whom this is a
   * change; what students are told of one that the room is not told, is their own.
   */
  private messagesOf(deliveries: Delivery[], numbered: 'everybody' | 'staff' | 'nobody'): Sent[] {
    const sent: (Sent & { part: number; packet: object })[] = [];
    for (const { event, payload, receivers } of deliveries) {
      for (const [n, nsp] of NAMESPACES.entries()) {
        const room = receivers.to === 'staff' ? staffRoomOf(SESSION) : roomOf(SESSION);
        const rooms =
          receivers.to === 'student'
            ? [...this.presence.connectionsOfStudent(receivers.student_id)].filter(
                (it) => this.sockets.namespaceOf(it) === n,
              )
            : [room];
        if (rooms.length === 0 || !this.sockets.isInUse(n, room)) continue;
        const packet = {
          uid: 'roll',
          nsp,
          type: 3,
          data: { packet: { type: 2, data: [event, payload], nsp }, opts: { rooms, except: [], flags: {} } },
        };
        const isOwn = numbered === 'staff' && receivers.to === 'student';
        const part = numbered === 'nobody' ? NEWS : isOwn ? OWN : PART;
        sent.push({ channel: keys.channel(n, room), part, packet, message: Buffer.alloc(0) });
      }
    }
    const last = new Map(sent.flatMap((it) => (it.part === PART ? [[it.channel, it] as const] : [])));
    for (const it of last.values()) it.part = LAST_PART;
    const { seq, room_seq } = this.roll;
    return sent.map(({ channel, part, packet }) => ({
      channel,
      message: Buffer.from(JSON.stringify({ roll: [seq, room_seq, part], ...packet })),
    }));
  }

  // --- the source -----------------------------------------------------------------------------------------------

  async standings(session_ids: string[]): Promise<Map<string, Standing | null>> {
    await this.answers('standings');
    return new Map(session_ids.map((id) => [id, this.missing ? null : this.standing()]));
  }

  async since(_session_id: string, seq: number) {
    await this.answers(`since ${seq}`);
    if (this.missing) return null;
    const roll: Roll = { ...this.roll, header: { ...this.roll.header, session: sessionOf(this.roll) } };
    return {
      view: { roll, presence: this.presence },
      changes: this.roll.log.filter((it) => it.seq > seq).slice(0, 501),
    };
  }

  async comeBack(session_id: string): Promise<void> {
    await this.answers('comeBack');
    this.broughtBack.push(session_id);
  }

  newEpoch(epoch: string, log: Change[] = this.roll.log): void {
    const last = log.at(-1);
    this.roll = {
      ...this.roll,
      log,
      seq: last?.seq ?? 0,
      room_seq: last?.room_seq ?? 0,
      header: { ...this.roll.header, epoch },
    };
  }

  private standing(): Standing {
    const { seq, room_seq, counts, state, header } = this.roll;
    const { epoch, version } = header;
    return { seq, room_seq, counts, state, epoch, version, online_count: this.presence.onlineCount };
  }

  private async answers(what: string): Promise<void> {
    this.asked.push(what);
    await this.gate;
    if (this.away !== null) throw this.away;
  }
}
