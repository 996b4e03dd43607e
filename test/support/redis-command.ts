/** One command to a Redis server or a sentinel, over a connection of its own. */
import { Redis } from 'ioredis';

/** Nobody who looks at a server that does not answer should wait longer than this. */
const ANSWER_WITHIN_MS = 3_000;

/**
 * Rejects when nobody listens there, with the server's error reply, or when it did not answer within 3 s. Replies come
 * in the shapes of RESP2: lists for maps, texts and numbers.
 */
export const redisCommand = async (url: string, ...args: string[]): Promise<unknown> => {
  const [name = '', ...rest] = args;
  const redis = new Redis(url, {
    protocol: 2,
    connectionName: 'test:command',
    connectTimeout: ANSWER_WITHIN_MS,
    commandTimeout: ANSWER_WITHIN_MS,
    enableReadyCheck: false,
    disableClientInfo: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  });
  // Why a connection failed is told here alone; what rejects then only says that it is closed.
  let reason: Error | null = null;
  redis.on('error', (error: Error) => {
    reason = error;
  });
  try {
    return await redis.call(name, rest);
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
};

/** The fields of INFO: of one section, such as `replication`, or of all that it tells unasked. */
export const redisInfo = async (url: string, section = 'default'): Promise<Record<string, string>> => {
  const text = (await redisCommand(url, 'INFO', section)) as string;
  return Object.fromEntries([...text.matchAll(/^([^#:\r\n]+):(.*?)\r?$/gm)].map(([, key, value]) => [key, value]));
};
