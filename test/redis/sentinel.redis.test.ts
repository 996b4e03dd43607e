/** A node and Redis behind sentinels: it follows the master, wherever that goes. */
import { expect, onTestFinished, test } from 'vitest';
import {
  ADD,
  AT_ONCE_MS,
  add,
  connectedRedis,
  earOf,
  isEffective,
  refusalToConnect,
  startedRedis,
  unavailableAfter,
} from '../support/connected-redis.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { startWatchedRedis } from '../support/redis-sentinel.ts';
import { until } from '../support/until.ts';

describeWithRedis('Sentinel', 'process', () => {
  test('a fail-over that is asked for, and one because the master is dead', { timeout: 60_000 }, async () => {
    const watched = await startWatchedRedis({ data: { aof: true } });
    onTestFinished(() => watched.stop());
    const redis = await connectedRedis({
      REDIS_URL: watched.sentinels.join(','),
      REDIS_MODE: 'sentinel',
      REDIS_SENTINEL_MASTER: watched.master_name,
      REDIS_WAIT_REPLICAS: 1,
    });
    const { subscriber, publish } = redis;
    const { heard, wants } = earOf(subscriber);
    const restored: string[] = [];
    subscriber.onRestored((it) => restored.push(...it));
    await wants('c');
    // A replica that has only just come confirms nothing yet.
    const confirmed = () => redis.state.run(ADD, ['counter'], [1], { wait: true }).catch(() => null);
    const heardBy = (text: string) => publish.sPublish('c', text).catch(() => null);
    const count = Number(await until('the replica confirms', confirmed));
    const first = redis.state.replicationId('k');

    await watched.failover();
    const second = await until('the new master is used', () => {
      return redis.state.isUp && redis.state.replicationId('k') !== first && redis.state.replicationId('k');
    });
    expect(await add(redis, 'counter')).toBe(count + 1);
    expect(await watched.replica.command('GET', 'counter')).toBe(String(count + 1));
    await until('the channel is heard there', () => restored.length === 1);
    expect(await until('messages leave there', () => heardBy('1'))).toBe(1);
    await until('it is heard', () => heard.length === 1);
    const last = String(await until('the old master follows the new one', confirmed));

    await watched.replica.kill();
    await until('the loss is known', () => !redis.state.isUp);
    expect(await unavailableAfter(() => add(redis, 'counter'))).toBeLessThan(AT_ONCE_MS);
    await until('the sentinels have promoted the other one', () => redis.state.isUp, 30_000);
    await until('the channel is heard there', () => isEffective(subscriber, 'c'));
    expect(await until('messages leave there', () => heardBy('2'))).toBe(1);
    expect(await redis.state.command('GET', 'counter')).toBe(last);
    expect(redis.state.replicationId('k')).not.toBe(second);
  });

  test('a sentinel in place of the server is called one', async () => {
    const sentinel = await startedRedis({ sentinel: true });
    expect(await refusalToConnect({ REDIS_URL: sentinel.url })).toMatch(/^REDIS_URL: [^\n]+ REDIS_MODE to sentinel/);
  });

  test('a master that the sentinels do not know is said to be unknown', async () => {
    const sentinel = await startedRedis({ sentinel: true });
    const variables = { REDIS_URL: sentinel.url, REDIS_MODE: 'sentinel', REDIS_SENTINEL_MASTER: 'nobody' } as const;
    expect(await refusalToConnect(variables)).toMatch(/^REDIS_URL: [^\n]+ No such master with that name/);
  });
});
