/** A node's connections to a Redis of a test: let go when the test is over, and with what they reported. */
import { expect, onTestFinished } from 'vitest';
import { type Config, readConfig } from '../../src/config.ts';
import { Refusal } from '../../src/contract/errors.ts';
import { REDIS_CONNECT_MS } from '../../src/limits.ts';
import type { ChannelSubscriber } from '../../src/redis/channel-subscriber.ts';
import { connectRedis, type RedisConnections } from '../../src/redis/connections.ts';
import { type RedisVariables, redisSettings } from '../../src/redis/settings.ts';
import type { RedisScript } from '../../src/redis/state-link.ts';
import { type RedisOptions, RedisProcess } from './redis-server.ts';
import { until } from './until.ts';

export type ConnectedRedis = RedisConnections & {
  /** `lost state (127.0.0.1:6379)`, `restored …`, in order. */
  reports: string[];
  errors: unknown[];
  /** `state up`, `state down`, in order. */
  reachable: string[];
  /** `add answered`, `add STORE_UNAVAILABLE`, in order. */
  measures: string[];
};

/** Adds to a counter and tells its new value; given to every link. */
export const ADD: RedisScript = { name: 'add', keys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" };

export const add = ({ state }: RedisConnections, key: string): Promise<unknown> => state.run(ADD, [key], [1]);

/** `variables`: REDIS_URL and whatever else differs from the defaults. */
export const connectedRedis = async (
  variables: Partial<RedisVariables> & Pick<RedisVariables, 'REDIS_URL'>,
  scripts: readonly RedisScript[] = [],
  within_ms = REDIS_CONNECT_MS,
): Promise<ConnectedRedis> => {
  const defaults: Config = readConfig({});
  const reports: string[] = [];
  const errors: unknown[] = [];
  const reachable: string[] = [];
  const measures: string[] = [];
  const connections = await connectRedis({
    settings: redisSettings({ ...defaults, ...variables }),
    scripts: [ADD, ...scripts],
    within_ms,
    reports: {
      lost: (connection) => reports.push(`lost ${connection}`),
      restored: (connection) => reports.push(`restored ${connection}`),
      reachable: (purpose, is) => reachable.push(`${purpose} ${is ? 'up' : 'down'}`),
      meterOf: (operation) => ({
        answered: (ms) => measures.push(`${operation} answered${ms >= 0 ? '' : ' before it was asked'}`),
        failed: (code) => measures.push(`${operation} ${code}`),
      }),
      error: (error) => errors.push(error),
    },
  });
  onTestFinished(() => connections.close());
  return { ...connections, reports, errors, reachable, measures };
};

/** The line that an attempt to connect, which cannot succeed, ends with after a second. */
export const refusalToConnect = async (
  variables: Partial<RedisVariables> & Pick<RedisVariables, 'REDIS_URL'>,
): Promise<string> => {
  const error = await connectedRedis(variables, [], 1_000).then(
    () => expect.unreachable('it is connected'),
    (reason: Error) => reason,
  );
  return error.message;
};

/** Gone when the test is over. */
export const startedRedis = async (options?: RedisOptions): Promise<RedisProcess> => {
  const server = await RedisProcess.start(options);
  onTestFinished(() => server.stop());
  return server;
};

export const untilUp = ({ state }: RedisConnections): Promise<unknown> => until('the link is up', () => state.isUp);

/** Less than this is at once: without waiting for anything but the machine. */
export const AT_ONCE_MS = 100;

/** Milliseconds until the call was answered STORE_UNAVAILABLE; throws when it was anything else. */
export const unavailableAfter = async (call: () => unknown): Promise<number> => {
  const began = performance.now();
  const error = await Promise.resolve()
    .then(call)
    .then(
      (answer) => expect.unreachable(`it was answered: ${JSON.stringify(answer)}`),
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(Refusal);
  expect((error as Refusal).code).toBe('STORE_UNAVAILABLE');
  return performance.now() - began;
};

/** Keeps what it hears as `channel message`. */
export const earOf = (subscriber: ChannelSubscriber) => {
  const heard: string[] = [];
  return {
    heard,
    wants: (channel: string) => subscriber.sSubscribe(channel, (it, name) => heard.push(`${name} ${it}`), true),
  };
};

export const isEffective = (subscriber: ChannelSubscriber, channel: string): Promise<boolean> =>
  subscriber.effective(channel).then(
    () => true,
    () => false,
  );
