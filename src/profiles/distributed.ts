/** One of many nodes: live rolls in Redis, and events from node to node through the Socket.IO adapter. */
import { createShardedAdapter } from '@socket.io/redis-adapter';
import type { Logger } from 'pino';
import type { Archive } from '../archive/archive.ts';
import { whoIsIn } from '../attendance/membership.ts';
import { START_GRACE_MS } from '../attendance/starting.ts';
import type { Clock, MakeId } from '../clock.ts';
import { SCRIPTS } from '../live/lua-scripts.ts';
import { RedisKeys } from '../live/redis-keys.ts';
import { RedisLiveStore } from '../live/redis-live-store.ts';
import type { StoreReports } from '../metrics-reports.ts';
import { connectRedis } from '../redis/connections.ts';
import type { RedisSettings } from '../redis/settings.ts';
import type { Registry } from '../registry/registry.ts';
import { SessionFeeds } from '../sockets/session-feeds.ts';
import { SharedCourseRooms } from '../sockets/shared-course-rooms.ts';
import type { Profile } from './profile.ts';

export type DistributedOptions = {
  redis: RedisSettings;
  /** What exists before class and what remains after it, shared by all nodes. */
  records: { registry: Registry; archive: Archive; warnings: string[]; close(): Promise<void> };
  clock: Clock;
  makeId: MakeId;
  logger: Logger;
  reports: Pick<StoreReports, 'redis' | 'feeds'>;
  /** Only in tests: instead of Redis' own clock. */
  storeClock?: Clock;
};

/** Resolves when Redis is connected. Throws an Error of one line when it cannot be used; the records are closed then. */
export const distributedProfile = async (options: DistributedOptions): Promise<Profile> => {
  try {
    return await connected(options);
  } catch (error) {
    await options.records.close();
    throw error;
  }
};

const connected = async (options: DistributedOptions): Promise<Profile> => {
  const { redis, records, clock, makeId, logger, reports, storeClock } = options;
  const connections = await connectRedis({
    settings: redis,
    scripts: Object.values(SCRIPTS),
    reports: {
      ...reports.redis,
      lost: (connection, why, purpose) => {
        reports.redis.lost(purpose);
        logger.warn({ connection, why }, 'Redis is away');
      },
      restored: (connection) => logger.info({ connection }, 'Redis is back'),
      error: (err) => logger.error({ err }, 'a message from Redis could not be handled'),
    },
  });
  const { state, publish, subscriber, forAdapter } = connections;
  const keys = new RedisKeys(redis.prefix);
  return {
    name: 'distributed',
    registry: records.registry,
    archive: records.archive,
    adapter: createShardedAdapter(forAdapter, forAdapter, {
      channelPrefix: keys.channelPrefix,
      // A broadcast costs the nodes that hold its room, and no others.
      subscriptionMode: 'dynamic',
    }),
    ownKey: null,
    allowsLocalhost: false,
    startGrace_ms: START_GRACE_MS,
    warnings: [...connections.warnings, ...records.warnings],
    live: (rooms, onDue) => {
      const feeds = new SessionFeeds({
        rooms,
        subscriber,
        keys,
        clock,
        pause: (ms) => connections.clock.pause(ms),
        reports: reports.feeds,
        onError: (err) => logger.warn({ err }, 'a session could not be caught up with; tried again'),
      });
      const store = new RedisLiveStore({
        link: state,
        keys,
        makeId,
        audience: feeds,
        onDue,
        ...(storeClock === undefined ? {} : { clock: storeClock }),
      });
      const courseRooms = new SharedCourseRooms({
        rooms,
        whoIsIn: (course_id) => whoIsIn(records.registry, course_id),
        subscriber,
        publish,
        keys,
        onError: (err) => logger.warn({ err }, 'who is still in a course could not be looked up; tried again'),
      });
      return {
        store,
        courseRooms,
        start: () => feeds.start(store),
        stop: () => {
          feeds.stop();
          courseRooms.stop();
        },
      };
    },
    close: async () => {
      await connections.close();
      await records.close();
    },
  };
};
