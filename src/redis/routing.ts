/** Sends a command to the server of its key, and follows a Cluster's redirections. */
import { unavailable } from '../contract/errors.ts';
import { REDIS_FOLLOW_WITHIN_MS, REDIS_MAX_REDIRECTIONS } from '../limits.ts';
import type { RedisConnection } from './connection.ts';
import { asThrown, type Redirection, redirectionIn, replyCode } from './server-errors.ts';
import type { ServerPool } from './server-pool.ts';

/** Sends it on this connection. `asking`: in spite of a slot that is on the move. */
export type Send = (connection: RedisConnection, asking: boolean) => Promise<unknown>;

/**
 * Rejects with STORE_UNAVAILABLE when the server is away, does not answer in time or cannot serve now, and with the
 * server's own error when the command is at fault.
 */
export const sendTo = (pool: ServerPool, key: string, send: Send): Promise<unknown> => {
  const started = performance.now();
  let connection: RedisConnection;
  try {
    connection = pool.of(key);
  } catch (error) {
    return Promise.reject(error);
  }
  return send(connection, false).catch((error: unknown) => {
    dropDemoted(connection, error);
    const redirection = redirectionIn(error);
    if (redirection === null) throw asThrown(error);
    return follow(pool, redirection, send, started);
  });
};

const follow = async (pool: ServerPool, first: Redirection, send: Send, started: number): Promise<unknown> => {
  let redirection = first;
  for (let redirections = 1; ; redirections += 1) {
    const { slot, address, asking } = redirection;
    if (!asking) pool.map.moved(slot, address);
    const left_ms = REDIS_FOLLOW_WITHIN_MS - (performance.now() - started);
    const connection = await upWithin(pool.at(address), left_ms);
    if (connection === null || redirections > REDIS_MAX_REDIRECTIONS) {
      throw unavailable(new Error(`slot ${slot} moved to ${address}`));
    }
    try {
      return await send(connection, asking);
    } catch (error) {
      dropDemoted(connection, error);
      const next = redirectionIn(error);
      if (next === null) throw asThrown(error);
      redirection = next;
    }
  }
};

/** A primary that has moved on is opened by the map's change a moment ago. */
const upWithin = async (connection: RedisConnection | undefined, ms: number): Promise<RedisConnection | null> => {
  if (connection === undefined || ms <= 0) return null;
  return (await connection.upWithin(ms)) ? connection : null;
};

/** Whoever was the primary is not any more: the next connection goes to who is. */
const dropDemoted = (connection: RedisConnection, error: unknown): void => {
  if (replyCode(error) === 'READONLY') connection.drop(error as Error);
};
