/** The Redis live store with a listener in place of a node's sockets: it hears every channel of every roll. */
import type { Clock, MakeId } from '../../src/clock.ts';
import { NAMESPACES } from '../../src/contract/events.ts';
import type { Connection } from '../../src/domain/presence.ts';
import type { Remembered } from '../../src/domain/roll.ts';
import type { Delivery, Receivers } from '../../src/fanout.ts';
import { ROLL_MAX_CHANGES } from '../../src/limits.ts';
import type { FedAudience, LetInAt } from '../../src/live/fed-audience.ts';
import { SCRIPTS } from '../../src/live/lua-scripts.ts';
import { partitionTagOf, RedisKeys, roomOf, staffRoomOf } from '../../src/live/redis-keys.ts';
import { RedisLiveStore } from '../../src/live/redis-live-store.ts';
import { RedisRolls, rollOf } from '../../src/live/redis-rolls.ts';
import { headingOf } from '../../src/live/roll-packets.ts';
import { createMetrics } from '../../src/metrics.ts';
import { storeReports } from '../../src/metrics-reports.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connections.ts';
import { type RedisVariables, redisSettings } from '../../src/redis/settings.ts';
import type { LiveStoreUnderTest, WholeRoll } from '../suites/live-scene.ts';
import { Heard } from './heard.ts';
import { until } from './until.ts';

/** Connections of tests are spread over both namespaces by the last character of their ids. */
export const namespaceOf = (connection: string): number => (connection.at(-1) ?? '').charCodeAt(0) % NAMESPACES.length;

type Packet = {
  nsp: string;
  data: { packet: { data: [Delivery['event'], Delivery['payload']] }; opts: { rooms: string[] } };
};

/** What a node's rooms do, without sockets. */
class Listener implements FedAudience {
  readonly heard = new Heard();
  private readonly lastSeq = new Map<string, number>();
  /** The run in which each connection was let in. */
  private readonly letIn = new Map<string, number>();

  namespaceOf(connection: string): number {
    return namespaceOf(connection);
  }

  hears(session_id: string, connection: string): boolean {
    return this.heard.membersOf(session_id).includes(connection);
  }

  membersOf(session_id: string): Connection[] {
    return this.heard.connectionsIn(session_id);
  }

  sessions(): string[] {
    return [...this.lastSeq.keys()];
  }

  async admit(session_id: string, connection: Connection, at: LetInAt): Promise<boolean> {
    this.heard.admit(session_id, connection);
    this.letIn.set(`${session_id} ${connection.id}`, at.run);
    return (this.lastSeq.get(session_id) ?? 0) <= at.seq;
  }

  async heardUpTo(_session_id: string, numbers: { seq: number; room_seq: number }) {
    return numbers;
  }

  expel(session_id: string, connections: string[]): void {
    this.heard.expel(session_id, connections);
  }

  tell(connections: string[], deliveries: Delivery[]): void {
    for (const delivery of deliveries) this.heard.heardBy(connections, delivery);
  }

  /** A message came on a channel of this session. */
  hear(session_id: string, message: Buffer): void {
    const heading = headingOf(message);
    if (heading === null) throw new Error('a message of a roll does not begin with its numbers');
    const { seq, room_seq, out } = heading;
    this.lastSeq.set(session_id, Math.max(seq, this.lastSeq.get(session_id) ?? 0));
    if (out !== null) {
      const members = this.membersOf(session_id);
      const wasIn = ({ id }: Connection) => (this.letIn.get(`${session_id} ${id}`) ?? 0) < heading.run;
      const leaves = (it: Connection) =>
        wasIn(it) && (out === 'all' || (out === 'students' ? it.student_id !== null : out.includes(it.id)));
      const gone = members.filter(leaves).map(({ id }) => id);
      this.expel(session_id, gone.sort());
      return;
    }
    const { nsp, data } = JSON.parse(message.toString()) as Packet;
    const [event, payload] = data.packet.data;
    const { rooms } = data.opts;
    const receivers: Receivers = rooms.includes(roomOf(session_id))
      ? { to: 'room' }
      : rooms.includes(staffRoomOf(session_id))
        ? { to: 'staff' }
        : { to: 'student', student_id: (payload as { student_id: string }).student_id };
    const delivery = { event, payload, receivers } as Delivery;
    const namespace = NAMESPACES.indexOf(nsp as (typeof NAMESPACES)[number]);
    const inNamespace = ({ id }: { id: string }) => namespaceOf(id) === namespace;
    const by =
      receivers.to === 'student'
        ? rooms
        : this.membersOf(session_id)
            .filter((it) => inNamespace(it) && (receivers.to === 'room' || it.student_id === null))
            .map(({ id }) => id);
    this.heard.heardIn(namespace, { session_id, delivery, seq, room_seq, by: by.sort() });
  }
}

export type RedisUnderTest = LiveStoreUnderTest & { connections: RedisConnections; keys: RedisKeys };

type Options = { clock: Clock; makeId: MakeId };

let made = 0;

/** Makes stores on this Redis, each on keys of its own. */
export const makeRedisLive =
  (variables: () => Partial<RedisVariables> & { REDIS_URL: string }) =>
  async (options: Options): Promise<RedisUnderTest> => {
    made += 1;
    const given = variables();
    const prefix = `${given.REDIS_PREFIX ?? 'test'}-${process.pid}-${made}`;
    return openOn({ ...given, REDIS_PREFIX: prefix }, options);
  };

const openOn = async (
  variables: Partial<RedisVariables> & { REDIS_URL: string; REDIS_PREFIX: string },
  options: Options,
  sessions: string[] = [],
): Promise<RedisUnderTest> => {
  const settings = redisSettings({
    REDIS_MODE: undefined,
    REDIS_SENTINEL_MASTER: undefined,
    REDIS_TLS_CA_FILE: undefined,
    REDIS_WAIT_REPLICAS: 0,
    ...variables,
  });
  const { redis } = storeReports(createMetrics());
  const reports = { ...redis, lost: () => {}, restored: () => {}, error: (error: unknown) => Promise.reject(error) };
  const connections = await connectRedis({ settings, scripts: Object.values(SCRIPTS), reports });
  const { state: link, subscriber } = connections;
  const keys = new RedisKeys(settings.prefix);
  const listener = new Listener();
  const live = new RedisLiveStore({ link, keys, audience: listener, onDue: () => {}, ...options });
  const listened = new Set<string>();
  const markers = new Map<string, () => void>();
  const markerOf = (session_id: string) => keys.channel(0, `marker_of_${session_id}${partitionTagOf(session_id)}`);

  const listen = async (session_id: string): Promise<void> => {
    if (listened.has(session_id)) return;
    listened.add(session_id);
    const channels = NAMESPACES.flatMap((_, n) =>
      [roomOf, staffRoomOf].map((room) => keys.channel(n, room(session_id))),
    );
    for (const channel of channels) {
      void subscriber.sSubscribe(channel, (message) => listener.hear(session_id, message), true);
    }
    const marker = markerOf(session_id);
    void subscriber.sSubscribe(marker, (message) => markers.get(message.toString())?.(), true);
    await Promise.all([...channels, marker].map((it) => subscriber.effective(it)));
  };
  const open = live.open.bind(live);
  live.open = async (plan) => {
    await listen(plan.session.id).catch(() => {});
    return open(plan);
  };
  // A roll that is gone publishes nothing any more.
  const confirm = live.confirm.bind(live);
  live.confirm = async (claim, version) => {
    const confirmed = await confirm(claim, version);
    if (confirmed) over.add(claim.session_id);
    return confirmed;
  };
  await Promise.all(sessions.map(listen));
  await live.sweepPresence();

  let marked = 0;
  const over = new Set<string>();
  // Messages of one server come in the order in which they were published.
  const settle = async (): Promise<void> => {
    await Promise.all(
      [...listened].map(async (session_id) => {
        const isHeard = () => subscriber.effective(markerOf(session_id)).then(() => true);
        // After a restart this connection may come back later than the one that publishes.
        await isHeard().catch(() => until('the marker is heard', () => isHeard().catch(() => false)));
        marked += 1;
        const text = `marker ${marked}`;
        const arrived = new Promise<void>((resolve) => markers.set(text, resolve));
        link.command('spublish', markerOf(session_id), text).catch(() => markers.get(text)?.());
        return arrived.then(() => markers.delete(text));
      }),
    );
    for (const session_id of over) listened.delete(session_id);
    over.clear();
  };
  const rolls = new RedisRolls({ link, keys, makeId: options.makeId, clock: options.clock });
  return {
    live: afterEach(live, settle),
    heard: listener.heard,
    connections,
    keys,
    namespaceOf,
    whole: (session_id) => readWhole(rolls, session_id),
    settle,
    reopen: async () => {
      await connections.close();
      return openOn(variables, options, [...listened]);
    },
    close: async () => {
      await live.close().catch(() => {});
      await connections.close();
    },
  };
};

/** Publish nothing. */
const READS = new Set(
  'peek known states read history missed activeInCourse followedBy final answered backlog claimDue'.split(' '),
);

/** The same store, whose calls are over when what they published has been heard. */
const afterEach = (live: RedisLiveStore, settle: () => Promise<void>): RedisLiveStore =>
  new Proxy(live, {
    get: (target, name) => {
      const it = Reflect.get(target, name) as unknown;
      if (typeof it !== 'function') return it;
      if (READS.has(String(name))) return it.bind(target) as unknown;
      return async (...args: unknown[]) => {
        const result = await (it.apply(target, args) as Promise<unknown>);
        await settle();
        return result;
      };
    },
  });

/** Everything that the keys of a roll hold. */
const readWhole = async (rolls: RedisRolls, session_id: string): Promise<WholeRoll | null> => {
  const changes = { from_seq: 1, limit: ROLL_MAX_CHANGES + 1 };
  const reading = await rolls.read(session_id, { records: 'all', online: true, changes });
  if (reading === null) return null;
  const { link, keys } = rolls;
  const [roll = '', , , followers = '', , , , requests = '', , , wrong = '', , devices = ''] = keys.ofRoll(session_id);
  const stored = (await link.command('hgetall', requests)) as Record<string, string>;
  const remembered = new Map<string, Remembered>();
  for (const [key, text] of Object.entries(stored)) {
    const end = text.indexOf('\n');
    remembered.set(key, { hash: text.slice(0, end), outcome: JSON.parse(text.slice(end + 1)) });
  }
  return {
    roll: {
      ...rollOf(reading),
      followers: new Set((await link.command('hkeys', followers)) as string[]),
      requests: remembered,
      wrong_codes: new Map(
        Object.entries((await link.command('hgetall', wrong)) as Record<string, string>).map(([id, text]) => {
          const [since = 0, count = 0] = text.split(' ').map(Number);
          return [id, { since, count }];
        }),
      ),
      devices: new Map(Object.entries((await link.command('hgetall', devices)) as Record<string, string>)),
      remembered_no_ops: Number(await link.command('hget', roll, 'no_ops')),
      log: reading.changes,
    },
    presence: reading.presence,
  };
};
