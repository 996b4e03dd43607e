/**
 * What a broadcast and an idle node cost Redis, as Redis itself tells it: MONITOR says what is published, also by
 * scripts, SHARDNUMSUB how many hear a channel, and the answer to SPUBLISH how many got the message.
 */
import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { type Namespace, Server } from 'socket.io';
import { expect, onTestFinished, test } from 'vitest';
import { randomId, systemClock } from '../../src/clock.ts';
import { NAMESPACES } from '../../src/contract/events.ts';
import type { FedAudience } from '../../src/live/fed-audience.ts';
import { SCRIPTS } from '../../src/live/lua-scripts.ts';
import { courseRoomOf, RedisKeys, roomOf, staffRoomOf } from '../../src/live/redis-keys.ts';
import { RedisLiveStore } from '../../src/live/redis-live-store.ts';
import { planOf, sessionObjectOf } from '../suites/live-fixtures.ts';
import { type ConnectedRedis, connectedRedis, startedRedis } from '../support/connected-redis.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import type { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { until } from '../support/until.ts';

const PREFIX = 'test';
const keys = new RedisKeys(PREFIX);
/** A channel of the test's own, that every node hears. */
const MARKERS = `${PREFIX}:markers`;
const EVERY_LENGTH = Array.from({ length: 64 }, (_, n) => n + 1);
const MAX_IDLE_COMMANDS_PER_SECOND = 20;

/** How often something was published into a channel, or came from it. */
type Counts = Record<string, number>;
const count = (counts: Counts, channel: string): void => {
  counts[channel] = (counts[channel] ?? 0) + 1;
};

/** A node as far as Redis is concerned: its connections, and the adapter on both namespaces. */
class PlainNode {
  readonly redis: ConnectedRedis;
  readonly namespaces: Namespace[];
  /** What Redis delivered here, but for settle(). */
  received: Counts = {};
  /** What Redis answered to each message that the adapter sent. */
  readonly receivers: [channel: string, nodes: number][] = [];
  private settled = '';

  private constructor(redis: ConnectedRedis) {
    this.redis = redis;
    const { forAdapter, subscriber } = redis;
    subscriber.filter = (channel, message) => {
      if (channel === MARKERS) this.settled = message.toString();
      else count(this.received, channel);
      return channel !== MARKERS;
    };
    const sPublish = async (channel: string, message: string | Buffer): Promise<number> => {
      const nodes = await forAdapter.sPublish(channel, message);
      this.receivers.push([channel, nodes]);
      return nodes;
    };
    const io = new Server();
    const options = { channelPrefix: keys.channelPrefix, subscriptionMode: 'dynamic' } as const;
    io.adapter(createShardedAdapter({ ...forAdapter, sPublish }, forAdapter, options));
    this.namespaces = NAMESPACES.map((name) => io.of(name));
    onTestFinished(async () => {
      await Promise.all(this.namespaces.map(({ adapter }) => adapter.close()));
    });
  }

  static async start(url: string): Promise<PlainNode> {
    const redis = await connectedRedis({ REDIS_URL: url, REDIS_PREFIX: PREFIX }, Object.values(SCRIPTS));
    const node = new PlainNode(redis);
    await redis.subscriber.sSubscribe(MARKERS, () => {});
    const own = NAMESPACES.map((name) => `${keys.channelPrefix}#${name}#`);
    await Promise.all([MARKERS, ...own].map((it) => redis.subscriber.effective(it)));
    return node;
  }

  /** Holds these rooms in both namespaces; resolves when Redis knows. */
  async hold(...rooms: string[]): Promise<void> {
    for (const { adapter } of this.namespaces) adapter.addAll('a socket', new Set(rooms));
    const channels = rooms.flatMap((room) => NAMESPACES.map((_, n) => keys.channel(n, room)));
    await Promise.all(channels.map((it) => this.redis.subscriber.effective(it)));
  }

  hasSettled(marker: string): boolean {
    return this.settled === marker;
  }
}

/** What goes into shared channels, by anybody. */
const monitored = async ({ url }: RedisProcess) => {
  const client = new Redis(url);
  const monitor = await client.monitor();
  onTestFinished(() => {
    monitor.disconnect();
    client.disconnect();
  });
  const published: Counts = {};
  monitor.on('monitor', (_time: string, [name = '', channel = '']: string[]) => {
    if (name.toLowerCase() === 'spublish' && channel !== MARKERS) count(published, channel);
  });
  const last = { marker: '' };
  monitor.on('monitor', (_time: string, [, channel, marker = '']: string[]) => {
    if (channel === MARKERS) last.marker = marker;
  });
  return { published, hasSeen: (marker: string) => last.marker === marker };
};

/** Students are on /attendance and staff on /; nobody is told anything by the store itself. */
const audience: FedAudience = {
  namespaceOf: (connection) => (connection.startsWith('student') ? 1 : 0),
  hears: () => true,
  membersOf: () => [],
  sessions: () => [],
  admit: async () => true,
  heardUpTo: async (_session_id, numbers) => numbers,
  expel: () => {},
  tell: () => {},
};

describeWithRedis('the cost of the fan-out', 'process', () => {
  const startNodes = async (server: RedisProcess, nodes: number) => {
    const monitor = await monitored(server);
    const all = await Promise.all(Array.from({ length: nodes }, () => PlainNode.start(server.url)));
    let markers = 0;
    /** Resolves when everything that was published until now has arrived, and is counted. */
    const settle = async (): Promise<void> => {
      markers += 1;
      const marker = `marker ${markers}`;
      await all[0]?.redis.publish.sPublish(MARKERS, marker);
      await until('all have settled', () => monitor.hasSeen(marker) && all.every((it) => it.hasSettled(marker)));
    };
    /** A node in turn, and the one after it. */
    const holdersOf = (n: number) => [n, n + 1].map((it) => all[it % nodes] as PlainNode);
    return { all, holdersOf, settle, published: monitor.published };
  };

  /** What Redis delivered of each channel to all nodes together. */
  const delivered = (nodes: PlainNode[]): Counts => {
    const sum: Counts = {};
    for (const { received } of nodes) {
      for (const [channel, times] of Object.entries(received)) sum[channel] = (sum[channel] ?? 0) + times;
    }
    return sum;
  };

  const times = (published: Counts, factor: number): Counts =>
    Object.fromEntries(Object.entries(published).map(([channel, n]) => [channel, n * factor]));

  const subscribersOf = async (server: RedisProcess, channels: string[]): Promise<Set<unknown>> => {
    const answer = (await server.command('PUBSUB', 'SHARDNUMSUB', ...channels)) as unknown[];
    return new Set(answer.filter((_, i) => i % 2 === 1));
  };

  test.each([2, 8, 16])(
    '%i nodes: a change of a session reaches the two that hold it, whatever its id is',
    async (nodes) => {
      const server = await startedRedis();
      const { all, holdersOf, settle, published } = await startNodes(server, nodes);
      const sessions = EVERY_LENGTH.map((length) => 's'.repeat(length));
      await Promise.all(sessions.flatMap((id, n) => holdersOf(n).map((it) => it.hold(roomOf(id), staffRoomOf(id)))));
      const link = (all[0] as PlainNode).redis.state;
      const live = new RedisLiveStore({ link, keys, makeId: randomId, clock: systemClock, audience, onDue: () => {} });
      for (const id of sessions) {
        await live.open(planOf(id, { session: sessionObjectOf(id) }));
        await live.submit(id, { kind: 'attend', header_version: 1, user_id: 't1' }, { id: `staff of ${id}` });
        const join = { kind: 'join', header_version: 1, user_id: 'u1', profile_picture: null } as const;
        expect(await live.submit(id, join, { id: `student of ${id}` })).toMatchObject({ ok: true });
        const by = { header_version: 1, by: 't1', by_name: 'Ada' };
        const updates = [{ student_id: 's1', status: 'late' as const }];
        await live.submit(id, { kind: 'mark', ...by, updates, only_unmarked: false, admit: [] });
        await live.publishStatistics(id);
      }
      await settle();
      // Staff of both kinds of rooms on /, students on /attendance.
      const wanted = sessions.flatMap((id) => [
        keys.channel(0, roomOf(id)),
        keys.channel(0, staffRoomOf(id)),
        keys.channel(1, roomOf(id)),
      ]);
      expect(Object.keys(published).sort()).toEqual(wanted.sort());
      expect(await subscribersOf(server, wanted)).toEqual(new Set([2]));
      expect(delivered(all)).toEqual(times(published, 2));
      await live.close();
    },
  );

  test.each([2, 8, 16])(
    '%i nodes: news of a course reach the two that hold its room, whatever its id is',
    async (nodes) => {
      const server = await startedRedis();
      const { all, holdersOf, settle, published } = await startNodes(server, nodes);
      const courses = EVERY_LENGTH.map((length) => 'c'.repeat(length));
      await Promise.all(courses.flatMap((id, n) => holdersOf(n).map((it) => it.hold(courseRoomOf(id)))));
      for (const [n, id] of courses.entries()) {
        // From a node that holds it, or from another one.
        const sender = all[(n * 3) % nodes];
        for (const namespace of sender?.namespaces ?? [])
          namespace.to(courseRoomOf(id)).emit('courseSessionEnded', { id });
      }
      await until('all are answered', () => all.flatMap((it) => it.receivers).length === 2 * courses.length);
      await settle();
      const wanted = courses.flatMap((id) => [keys.channel(0, courseRoomOf(id)), keys.channel(1, courseRoomOf(id))]);
      const answers = all.flatMap((it) => it.receivers);
      expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(wanted.map((it) => [it, 2])));
      expect(published).toEqual(Object.fromEntries(wanted.map((it) => [it, 1])));
      expect(delivered(all)).toEqual(times(published, 2));
    },
  );

  test('one node, all nodes, nobody: as many messages as hold it', async () => {
    const server = await startedRedis();
    const { all, settle } = await startNodes(server, 8);
    const [sender] = all as [PlainNode];
    await all[5]?.hold(courseRoomOf('one'));
    await Promise.all(all.map((it) => it.hold(courseRoomOf('all'))));
    for (const id of ['one', 'all', 'nobody']) sender.namespaces[0]?.to(courseRoomOf(id)).emit('news');
    await until('all are answered', () => sender.receivers.length === 3);
    await settle();
    const channels = ['one', 'all', 'nobody'].map((id) => keys.channel(0, courseRoomOf(id)));
    expect(sender.receivers.sort()).toEqual(
      [
        [channels[0], 1],
        [channels[1], 8],
        [channels[2], 0],
      ].sort(),
    );
    expect(delivered(all)).toEqual({ [channels[0] ?? '']: 1, [channels[1] ?? '']: 8 });
  });

  test('the count itself finds a room whose name the adapter takes for a socket: it reaches every node', async () => {
    const server = await startedRedis();
    const { all, settle } = await startNodes(server, 8);
    const trap = 'r'.repeat(20);
    await all[5]?.hold(trap);
    all[0]?.namespaces[0]?.to(trap).emit('news');
    await until('it is answered', () => all[0]?.receivers.length === 1);
    await settle();
    expect(all[0]?.receivers).toEqual([[`${keys.channelPrefix}#/#`, 8]]);
    expect(delivered(all)).toEqual({ [`${keys.channelPrefix}#/#`]: 8 });
  });

  test(`an idle node with a roll sends at most ${MAX_IDLE_COMMANDS_PER_SECOND} commands a second`, {
    timeout: 90_000,
  }, async () => {
    const server = await startedRedis();
    const node = await SeveralNodes.start({ count: 1, env: () => ({ REDIS_URL: server.url, REDIS_PREFIX: PREFIX }) });
    onTestFinished(() => node.stop());
    onTestFinished(() => node.settle());
    const room = await node.classroom({ students: 5 });
    const teacher = await room.started();
    await Promise.all(room.students.map((_, i) => room.joined(i)));
    const statistics = () => teacher.payloads('attendanceStatistics').length;
    /** From one statistics of the session to the next: once it is quiet, between two heartbeats. */
    const interval = async (): Promise<{ seconds: number; commands: number }> => {
      const seen = statistics();
      const before = await server.info('stats');
      const began = performance.now();
      await until('the next is heard', () => statistics() > seen, 20_000);
      const after = await server.info('stats');
      // One of them is the first INFO.
      const commands = Number(after.total_commands_processed) - Number(before.total_commands_processed) - 1;
      return { seconds: (performance.now() - began) / 1_000, commands };
    };
    // The first ones tell of the joins.
    let { seconds, commands } = await interval();
    for (let told = 1; told < 5 && seconds < 10; told += 1) ({ seconds, commands } = await interval());
    expect(seconds).toBeGreaterThan(10);
    expect(commands / seconds, `${commands} in ${seconds} s`).toBeLessThanOrEqual(MAX_IDLE_COMMANDS_PER_SECOND);
  });
});
