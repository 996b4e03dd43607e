/** A node's sockets on a real Redis: the adapter, the feeds and the store, without what stands before the store. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Server } from 'socket.io';
import { io as connect, type Socket } from 'socket.io-client';
import { expect, onTestFinished } from 'vitest';
import { randomId, systemClock } from '../../src/clock.ts';
import { NAMESPACES } from '../../src/contract/events.ts';
import type { Command } from '../../src/domain/commands.ts';
import { SCRIPTS } from '../../src/live/lua-scripts.ts';
import { RedisKeys, roomOf, staffRoomOf } from '../../src/live/redis-keys.ts';
import { RedisLiveStore } from '../../src/live/redis-live-store.ts';
import type { FeedReports } from '../../src/sockets/feed-options.ts';
import type { LiveServer } from '../../src/sockets/live-socket.ts';
import type { WhoIsIn } from '../../src/sockets/local-course-rooms.ts';
import { Rooms } from '../../src/sockets/rooms.ts';
import { SessionFeeds } from '../../src/sockets/session-feeds.ts';
import { SharedCourseRooms } from '../../src/sockets/shared-course-rooms.ts';
import { join } from '../suites/roll-commands.ts';
import { connectedRedis } from './connected-redis.ts';

export type FedClient = {
  readonly id: string;
  readonly user_id: string;
  readonly socket: Socket;
  /** Every event so far but statistics, in order. */
  readonly heard: { event: string; payload: Record<string, unknown> }[];
  /** The seqs of one event, or of all that have one. */
  seqs(event?: string): number[];
};

export type FedNodeOptions = {
  url: string;
  prefix?: string;
  heartbeat_ms?: number;
  deaf_after_ms?: number;
};

/** Everything it opens is closed when the test is over. */
export const startFedNode = async ({ url, prefix = 'rollcast', ...pace }: FedNodeOptions) => {
  const connections = await connectedRedis({ REDIS_URL: url, REDIS_PREFIX: prefix }, Object.values(SCRIPTS));
  const { state, publish, subscriber, forAdapter } = connections;
  const keys = new RedisKeys(prefix);
  const http = createServer();
  const adapter = createShardedAdapter(forAdapter, forAdapter, {
    channelPrefix: keys.channelPrefix,
    subscriptionMode: 'dynamic',
  });
  const io: LiveServer = new Server(http, { adapter });
  const watched: string[] = [];
  const rooms = new Rooms(io, {
    heard: () => {},
    changed: () => {},
    sent: (session_id, to) => watched.push(`${session_id} ${to}`),
  });
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const found: string[] = [];
  const reports: FeedReports = {
    repaired: (how) => found.push(how),
    deaf: (count) => found.push(`${count} deaf`),
  };
  const pause = (ms: number) => connections.clock.pause(ms);
  const feeds = new SessionFeeds({ rooms, subscriber, keys, clock: systemClock, pause, onError, reports, ...pace });
  const live = new RedisLiveStore({ link: state, keys, makeId: randomId, audience: feeds, onDue: () => {} });
  /** User ids that are in no course any more; everybody else is in all of them. */
  const outOfCourses = new Set<string>();
  const whoIsIn: WhoIsIn = async () => (actor) => !outOfCourses.has(actor.user_id);
  const courseRooms = new SharedCourseRooms({ rooms, whoIsIn, subscriber, publish, keys, onError });
  for (const name of NAMESPACES) {
    io.of(name).use((socket, next) => {
      const { user_id } = socket.handshake.auth as { user_id: string };
      Object.assign(socket.data, { actor: { user_id }, sessions: new Map(), courses: new Set() });
      next();
    });
    io.of(name).on('connection', (socket) => {
      rooms.enter(socket);
      socket.on('disconnect', () => rooms.leave(socket));
    });
  }
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  feeds.start(live);
  onTestFinished(async () => {
    feeds.stop();
    courseRooms.stop();
    await io.close();
  });

  /** A client in one of the namespaces, by its place. */
  const client = async (user_id: string, namespace: number): Promise<FedClient> => {
    const socket = connect(`http://127.0.0.1:${port}${NAMESPACES[namespace]}`, {
      auth: { user_id },
      transports: ['websocket'],
      forceNew: true,
    });
    onTestFinished(() => void socket.disconnect());
    const heard: FedClient['heard'] = [];
    socket.onAny((event: string, payload) => {
      if (event !== 'attendanceStatistics') heard.push({ event, payload });
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    const seqs = (event?: string) =>
      heard.flatMap((it) =>
        (event === undefined || it.event === event) && typeof it.payload.seq === 'number' ? [it.payload.seq] : [],
      );
    return { id: socket.id ?? '', user_id, socket, heard, seqs };
  };

  const submit = async (session_id: string, command: Command, from?: FedClient) => {
    const answer = await live.submit(session_id, command, from);
    expect(answer).toMatchObject({ ok: true });
    return answer as Extract<NonNullable<typeof answer>, { ok: true }>;
  };

  return {
    live,
    rooms,
    feeds,
    courseRooms,
    outOfCourses,
    connections,
    errors,
    /** `replay`, `snapshot`, `2 deaf`, in order. */
    found,
    watched,
    client,
    submit,
    /** Of a session: everybody's and the staff's in each namespace. */
    channels: (session_id: string): string[] =>
      NAMESPACES.flatMap((_, n) => [roomOf, staffRoomOf].map((room) => keys.channel(n, room(session_id)))),
    /** A client that attends as staff. */
    staff: async (session_id: string, namespace: number, user_id = 't1'): Promise<FedClient> => {
      const made = await client(user_id, namespace);
      await submit(session_id, { kind: 'attend', header_version: 1, user_id }, made);
      return made;
    },
    /** A client that joins as student n. */
    student: async (session_id: string, namespace: number, n: number): Promise<FedClient> => {
      const made = await client(`u${n}`, namespace);
      await submit(session_id, join(n), made);
      return made;
    },
  };
};

export type FedNode = Awaited<ReturnType<typeof startFedNode>>;
