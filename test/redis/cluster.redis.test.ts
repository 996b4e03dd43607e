/** A node and a Redis Cluster: every key and channel on the server of its slot, wherever that goes. */
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { slotOf } from '../../src/redis/key-slot.ts';
import {
  AT_ONCE_MS,
  add,
  type ConnectedRedis,
  connectedRedis,
  earOf,
  refusalToConnect,
  startedRedis,
  unavailableAfter,
  untilUp,
} from '../support/connected-redis.ts';
import { freePort } from '../support/free-port.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import type { RedisProcess } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

const ARGS = ['--appendonly', 'yes', '--cluster-require-full-coverage', 'no', '--cluster-node-timeout', '1000'];

const thirdOf = (key: string): number => Math.floor((slotOf(key) * 3) / 16_384);

/** A key on one of the three; other names lie in other slots, so that tests which move slots leave the rest alone. */
const keyOn = (third: number, name: string): string => {
  for (let i = 0; ; i += 1) {
    const key = `key{${name}-${i}}`;
    if (thirdOf(key) === third) return key;
  }
};

const idOf = async (node: RedisProcess): Promise<string> => String(await node.command('CLUSTER', 'MYID'));

describeWithRedis('a Cluster', 'process', () => {
  let cluster: RedisCluster;
  let nodes: [RedisProcess, RedisProcess, RedisProcess];
  beforeAll(async () => {
    cluster = await startRedisCluster({ args: ARGS });
    nodes = cluster.nodes as typeof nodes;
    return () => cluster.stop();
  }, 60_000);

  /** It learns the others from one of them. */
  const connected = () => connectedRedis({ REDIS_URL: nodes[2].url, REDIS_MODE: 'cluster' });
  const served = (redis: ConnectedRedis, key: string) =>
    until(`${key} is served`, () => add(redis, key).catch(() => null), 20_000);

  const beginMove = async (slot: string, from: RedisProcess, to: RedisProcess) => {
    await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from));
    await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to));
  };
  const endMove = async (slot: string, to: RedisProcess) => {
    for (const node of [to, ...nodes]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', await idOf(to));
  };

  test('finds the slot of a key as Redis does', async () => {
    for (const key of ['a', 'a{b}c', '{}a', 'a{}{b}', '{p007}:roll', 'ä{ö}', 'a{b', 'a}b{c}']) {
      expect([key, slotOf(key)]).toEqual([key, await nodes[0].command('CLUSTER', 'KEYSLOT', key)]);
    }
  });

  test('every key on its own server; each has its replication id', async () => {
    const redis = await connected();
    const ids = new Set<string>();
    for (const [third, node] of nodes.entries()) {
      const key = keyOn(third, 'each');
      expect(await add(redis, key)).toBe(1);
      expect(await node.command('GET', key)).toBe('1');
      expect(redis.state.replicationId(key)).toBe((await node.info('replication')).master_replid);
      ids.add(redis.state.replicationId(key));
    }
    expect(ids.size).toBe(3);
    await redis.ping();
  });

  test('a shard is killed: its keys are refused at once, the others are served; it is back: works', async () => {
    const redis = await connected();
    const [own, other] = [keyOn(1, 'killed'), keyOn(2, 'killed')];
    const [before, unchanged] = [redis.state.replicationId(own), redis.state.replicationId(other)];
    await add(redis, own);
    await nodes[1].kill();
    await until('the loss is known', () => !redis.state.isUp);
    expect(await unavailableAfter(() => add(redis, own))).toBeLessThan(AT_ONCE_MS);
    expect(await unavailableAfter(() => redis.state.replicationId(own))).toBeLessThan(AT_ONCE_MS);
    await unavailableAfter(() => redis.ping());
    expect(await add(redis, other)).toBe(1);
    await nodes[1].restart();
    await untilUp(redis);
    await served(redis, own);
    expect(redis.state.replicationId(own)).not.toBe(before);
    expect(redis.state.replicationId(other)).toBe(unchanged);
  });

  test('a shard is frozen: refused within a second, the others are served', async () => {
    const redis = await connected();
    const [own, other] = [keyOn(0, 'frozen'), keyOn(2, 'frozen')];
    nodes[0].freeze();
    const began = performance.now();
    while (performance.now() - began < 2_500) {
      const slow = unavailableAfter(() => add(redis, own));
      const asked = performance.now();
      await add(redis, other);
      expect(performance.now() - asked).toBeLessThan(500);
      expect(await slow).toBeLessThan(1_000);
    }
    nodes[0].resume();
    await untilUp(redis);
    await served(redis, own);
  });

  test('follows slots that move: ASK on the way, MOVED afterwards', async () => {
    const redis = await connected();
    const key = keyOn(0, 'moving');
    const slot = String(slotOf(key));
    await beginMove(slot, nodes[0], nodes[1]);
    // The key is not there any more, so it is asked for at the other one.
    expect(await add(redis, key)).toBe(1);
    expect(await redis.state.command('GET', key)).toBe('1');
    await endMove(slot, nodes[1]);
    expect(await add(redis, key)).toBe(2);
    expect(redis.state.replicationId(key)).toBe((await nodes[1].info('replication')).master_replid);
  });

  test('channels: each on the server of its slot; a shard dies and comes back; a slot moves', async () => {
    const redis = await connected();
    const { subscriber, publish } = redis;
    const { heard, wants } = earOf(subscriber);
    const channels = Array.from({ length: 90 }, (_, i) => `rollcast:io#/#room${i}{c${i}}#`);
    for (const channel of channels) void wants(channel);
    await Promise.all(channels.map((it) => subscriber.effective(it)));
    for (const channel of channels) expect(await publish.sPublish(channel, '1')).toBe(1);
    await until('all are heard', () => heard.length === channels.length);

    const [lost, restored]: [string[], string[]] = [[], []];
    subscriber.onLost((it) => lost.push(...it));
    subscriber.onRestored((it) => restored.push(...it));
    const onSecond = channels.filter((it) => thirdOf(it) === 1);
    await nodes[1].kill();
    await until('the loss is told', () => lost.length === onSecond.length);
    await nodes[1].restart();
    await until('all are restored', () => restored.length === onSecond.length);
    expect([...restored].sort()).toEqual([...onSecond].sort());
    const heardBy = (channel: string, text: string) => publish.sPublish(channel, text).catch(() => 0);
    for (const channel of onSecond) {
      await until(`${channel} is heard`, async () => (await heardBy(channel, '2')) === 1);
    }

    const [moving = ''] = onSecond;
    const slot = String(slotOf(moving));
    await beginMove(slot, nodes[1], nodes[2]);
    await endMove(slot, nodes[2]);
    await until('it is heard where it is now', async () => {
      await heardBy(moving, '3');
      return heard.includes(`${moving} 3`);
    });
    await until('that is told', () => restored.filter((it) => it === moving).length === 2);
    expect(redis.errors).toEqual([]);
  });

  test('one of its nodes in place of a server is called one', async () => {
    const line = await refusalToConnect({ REDIS_URL: nodes[0].url });
    expect(line).toMatch(/^REDIS_URL: [^\n]+ node of a Cluster; set REDIS_MODE to cluster$/);
  });

  test('a server that is no Cluster is refused', async () => {
    const server = await startedRedis();
    const line = await refusalToConnect({ REDIS_URL: server.url, REDIS_MODE: 'cluster' });
    expect(line).toMatch(/^REDIS_URL: [^\n]*cluster support disabled/);
  });

  // The last one: it leaves another Cluster behind.
  test('a primary dies and its replica takes over: keys and channels follow', { timeout: 40_000 }, async () => {
    const replica = await startedRedis({
      args: ['--cluster-enabled', 'yes', '--cluster-port', String(await freePort()), ...ARGS],
    });
    const [, bus = ''] = (await nodes[0].command('CONFIG', 'GET', 'cluster-port')) as string[];
    await replica.command('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0].port), bus);
    const follow = async () => replica.command('CLUSTER', 'REPLICATE', await idOf(nodes[0])).catch(() => null);
    await until('the replica follows', follow);
    await until('it is in step', async () => (await replica.info('replication')).master_link_status === 'up');

    const redis = await connected();
    const { subscriber, publish } = redis;
    const [key, channel] = [keyOn(0, 'promoted'), keyOn(0, 'promoted too')];
    const { heard, wants } = earOf(subscriber);
    await wants(channel);
    const count = Number(await served(redis, key));
    const before = redis.state.replicationId(key);
    await until('the replica has it', async () => {
      const { slave0 = '', master_repl_offset } = await nodes[0].info('replication');
      return slave0.includes(`offset=${master_repl_offset},`);
    });
    await nodes[0].kill();
    expect(Number(await served(redis, key))).toBeGreaterThan(count);
    expect(Number(await replica.command('GET', key))).toBeGreaterThan(count);
    expect(redis.state.replicationId(key)).not.toBe(before);
    await until('the channel is heard there', async () => {
      await publish.sPublish(channel, '1').catch(() => {});
      return heard.length > 0;
    });
    await untilUp(redis);
    onTestFinished(() => nodes[0].restart());
  });
});
