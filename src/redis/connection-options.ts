/** How the Redis client is set up for each of a node's connections. */
import type { RedisOptions } from 'ioredis';
import {
  REDIS_CLOSE_MS,
  REDIS_COMMAND_TIMEOUT_MS,
  REDIS_PUBLISH_TIMEOUT_MS,
  REDIS_RECONNECT_MAX_MS,
  REDIS_RECONNECT_MIN_MS,
  REDIS_SILENT_MS,
  REDIS_SUBSCRIBE_TIMEOUT_MS,
  REDIS_TCP_CONNECT_MS,
} from '../limits.ts';
import type { RedisNode, RedisSettings } from './settings.ts';

/**
 * state: scripts and reads; publish, subscribe: channels; wait: scripts that wait for replicas; map: reads the slots of a
 * Cluster; sentinel: asks a sentinel.
 */
export type Purpose = 'state' | 'publish' | 'subscribe' | 'wait' | 'map' | 'sentinel';

/** Of silence. */
export const ANSWER_WITHIN_MS: Record<Purpose, number> = {
  state: REDIS_COMMAND_TIMEOUT_MS,
  publish: REDIS_PUBLISH_TIMEOUT_MS,
  subscribe: REDIS_SUBSCRIBE_TIMEOUT_MS,
  wait: REDIS_COMMAND_TIMEOUT_MS,
  map: REDIS_COMMAND_TIMEOUT_MS,
  sentinel: REDIS_COMMAND_TIMEOUT_MS,
};

export const connectionOptions = (settings: RedisSettings, purpose: Purpose, node: RedisNode): RedisOptions => ({
  ...node,
  connectionName: `rollcast:${purpose}`,
  lazyConnect: true,
  ...credentials(settings, purpose),
  ...(settings.tls === null ? {} : { tls: settings.tls.ca === null ? {} : { ca: settings.tls.ca } }),
  db: purpose === 'sentinel' ? 0 : settings.db,
  // Nothing waits for a connection that is away and nothing is sent twice: what is under way when one is lost is
  // rejected at once (0 tries), and who sent it decides. Subscriptions are repeated by who keeps them.
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  retryStrategy: (tries) => Math.min(REDIS_RECONNECT_MIN_MS * tries, REDIS_RECONNECT_MAX_MS),
  connectTimeout: REDIS_TCP_CONNECT_MS,
  disconnectTimeout: REDIS_CLOSE_MS,
  maxLoadingRetryTime: REDIS_RECONNECT_MAX_MS,
  disableClientInfo: true,
});

/** For connections that nobody watches as connection.ts does: each answer in time, or it is given up. */
export const unwatchedConnectionOptions = (
  settings: RedisSettings,
  purpose: 'map' | 'sentinel',
  node: RedisNode,
): RedisOptions => ({
  ...connectionOptions(settings, purpose, node),
  commandTimeout: ANSWER_WITHIN_MS[purpose],
  socketTimeout: REDIS_SILENT_MS,
});

/** Sentinels are mostly protected by `requirepass` alone, which knows no users; one without it takes any password. */
const credentials = ({ username, password }: RedisSettings, purpose: Purpose): RedisOptions => ({
  ...(password === null ? {} : { password }),
  ...(username === null || purpose === 'sentinel' ? {} : { username }),
});
