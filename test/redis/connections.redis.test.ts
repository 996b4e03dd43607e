/** The ways to Redis of a node: what each does while Redis is away, silent, restarted or another one. */
import { setImmediate as turn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { Refusal } from '../../src/contract/errors.ts';
import { slotOf } from '../../src/redis/key-slot.ts';
import type { RedisScript } from '../../src/redis/state-link.ts';
import { type ConnectedRedis, connectedRedis } from '../support/connected-redis.ts';
import { freePort } from '../support/free-port.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { startRedisProxy } from '../support/redis-proxy.ts';
import { startWatchedRedis } from '../support/redis-sentinel.ts';
import { type RedisOptions, RedisProcess } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

/** Adds to a counter and tells its new value. */
const ADD: RedisScript = { name: 'add', keys: 1, lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" };
const BROKEN: RedisScript = { name: 'broken', keys: 1, lua: "return redis.call('INCRBY', KEYS[1], 'x')" };
const SHAPES: RedisScript = { name: 'shapes', keys: 1, lua: "return { 'ä', 7, false, { '1', {} } }" };
const NEVER_LOADED: RedisScript = { name: 'never', keys: 1, lua: 'return 1' };
const SCRIPTS = [ADD, BROKEN, SHAPES];

const start = async (options?: RedisOptions): Promise<RedisProcess> => {
  const server = await RedisProcess.start(options);
  onTestFinished(() => server.stop());
  return server;
};

/** Milliseconds until the call was answered STORE_UNAVAILABLE; throws when it was anything else. */
const unavailableAfter = async (call: () => unknown): Promise<number> => {
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

const up = (redis: ConnectedRedis) => until('the state link is up', () => redis.state.isUp);
const add = ({ state }: ConnectedRedis, key: string) => state.run(ADD, [key], [1]);

/** At once: without waiting for anything but the machine. */
const AT_ONCE_MS = 100;
const A_SECOND_MS = 1_000;

describeWithRedis('one server', 'process', () => {
  test('runs scripts and commands, in one write for a turn, and tells a script’s own error as it is', async () => {
    const server = await start();
    const redis = await connectedRedis({ REDIS_URL: server.url }, SCRIPTS);
    expect(await redis.state.run(SHAPES, ['k'], [])).toEqual(['ä', 7, null, ['1', []]]);
    expect(await redis.state.command('SET', 'text', 'é')).toBe('OK');
    expect(await redis.state.command('GET', 'text')).toBe('é');

    const reads = async () => {
      const info = String(await redis.state.command('INFO', 'stats'));
      return Number(/total_reads_processed:(\d+)/.exec(info)?.[1]);
    };
    const before = await reads();
    const answers = Promise.all(Array.from({ length: 100 }, () => add(redis, 'counter')));
    expect(await answers).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    // One for these, one for the question itself, and room for the looks at each connection.
    expect((await reads()) - before).toBeLessThan(8);

    const error = await redis.state.run(BROKEN, ['counter'], []).catch((it: unknown) => it);
    expect(error).not.toBeInstanceOf(Refusal);
    expect(String(error)).toContain('not an integer');
    expect(Object.keys(error as object)).not.toContain('command');
    await expect(redis.state.run(NEVER_LOADED, ['k'], [])).rejects.toThrow('never');
    await expect(redis.state.run(ADD, ['k', 'l'], [1])).rejects.toThrow('2 keys');
    await redis.ping();
  });

  test('names its connections, and says little when idle', async () => {
    const server = await start();
    await connectedRedis({ REDIS_URL: server.url }, SCRIPTS);
    const clients = String(await server.command('CLIENT', 'LIST'));
    for (const name of ['state', 'publish', 'subscribe']) expect(clients).toContain(` name=rollcast:${name} `);
    expect(clients).not.toContain('name=rollcast:wait');

    const client = new Redis(server.url);
    const monitor = await client.monitor();
    onTestFinished(() => [client, monitor].forEach((it) => void it.disconnect()));
    const heard: { at: number; what: string }[] = [];
    monitor.on('monitor', (_time: string, args: string[]) =>
      heard.push({ at: performance.now(), what: args.join(' ') }),
    );
    // Three connections, asked once in two seconds each.
    await until('each was asked twice', () => heard.length >= 6);
    expect(new Set(heard.map(({ what }) => what))).toEqual(new Set(['info replication']));
    expect((heard[5]?.at ?? 0) - (heard[0]?.at ?? 0)).toBeGreaterThan(1_900);
  });

  test('a script that the server has forgotten is sent again, also among others', async () => {
    const server = await start();
    const redis = await connectedRedis({ REDIS_URL: server.url }, SCRIPTS);
    await server.command('SCRIPT', 'FLUSH');
    const answers = await Promise.all([
      add(redis, 'counter'),
      redis.state.command('GET', 'other'),
      add(redis, 'counter'),
      redis.state.run(SHAPES, ['k'], []),
    ]);
    expect([answers[0], answers[2]].sort()).toEqual([1, 2]);
    expect(await server.command('GET', 'counter')).toBe('2');
  });

  test('killed: refused at once, nothing is queued; started again: works, with another replication id', async () => {
    const server = await start({ aof: true });
    const redis = await connectedRedis({ REDIS_URL: server.url }, SCRIPTS);
    const [ups, downs]: [number[], number[]] = [[], []];
    redis.state.onUp(() => ups.push(1));
    redis.state.onDown(() => downs.push(1));
    const before = redis.state.replicationId('k');
    expect(before).toMatch(/^[0-9a-f]{40}$/);
    await add(redis, 'counter');

    const underway = Promise.allSettled(Array.from({ length: 20 }, () => add(redis, 'underway')));
    await server.kill();
    await underway;
    await until('the loss is known', () => !redis.state.isUp);
    expect(await unavailableAfter(() => add(redis, 'counter'))).toBeLessThan(AT_ONCE_MS);
    expect(await unavailableAfter(() => redis.publish.sPublish('c', 'm'))).toBeLessThan(AT_ONCE_MS);
    expect(await unavailableAfter(() => redis.state.replicationId('k'))).toBeLessThan(AT_ONCE_MS);
    expect(await unavailableAfter(() => redis.ping())).toBeLessThan(AT_ONCE_MS);

    await server.restart();
    await up(redis);
    expect(await add(redis, 'counter')).toBe(2);
    expect(redis.state.replicationId('k')).toMatch(/^[0-9a-f]{40}$/);
    expect(redis.state.replicationId('k')).not.toBe(before);
    expect([ups.length, downs.length]).toEqual([1, 1]);
    const own = `state (127.0.0.1:${server.port})`;
    expect(redis.reports.filter((it) => it.endsWith(own))).toEqual([`lost ${own}`, `restored ${own}`]);
  });

  test('frozen: refused within a second, even under way; resumed: works, the replication id is the same', async () => {
    const server = await start();
    const redis = await connectedRedis({ REDIS_URL: server.url }, SCRIPTS);
    const before = redis.state.replicationId('k');
    server.freeze();
    const began = performance.now();
    const calls = [() => add(redis, 'counter'), () => redis.ping(), () => redis.state.command('GET', 'counter')];
    for (const took of await Promise.all(calls.map(unavailableAfter))) expect(took).toBeLessThan(A_SECOND_MS);
    expect(await unavailableAfter(() => redis.publish.sPublish('c', 'm'))).toBeLessThan(400);
    // And again and again, for as long as it takes.
    while (performance.now() - began < 4_000) {
      expect(await unavailableAfter(() => add(redis, 'counter'))).toBeLessThan(A_SECOND_MS);
      await turn();
    }
    expect(redis.state.isUp).toBe(false);
    server.resume();
    await up(redis);
    expect(await add(redis, 'later')).toBe(1);
    expect(redis.state.replicationId('k')).toBe(before);
    await until('the others are back', () => redis.reports.filter((it) => it.startsWith('restored')).length === 3);
    expect(await redis.publish.sPublish('c', 'm')).toBe(0);
  });

  test.each(['state', 'publish', 'subscribe'])('only the %s connection is dead: it is replaced', async (name) => {
    const server = await start();
    const { proxy, url, named } = await startRedisProxy(server.url);
    onTestFinished(() => proxy.stop());
    const redis = await connectedRedis({ REDIS_URL: url }, SCRIPTS);
    const [dead] = await named(`rollcast:${name}`);
    dead?.freeze();
    // Within the time between two looks, and the silence that is borne.
    await until('the dead one is replaced', () => redis.reports.length === 2, 4_500);
    expect(redis.reports.map((it) => it.split(' ').slice(0, 2).join(' '))).toEqual([
      `lost ${name}`,
      `restored ${name}`,
    ]);
    await add(redis, 'counter');
    expect(await redis.publish.sPublish('c', 'm')).toBe(0);
  });

  test('cut off and back: refused at once meanwhile', async () => {
    const server = await start();
    const { proxy, url } = await startRedisProxy(server.url);
    onTestFinished(() => proxy.stop());
    const redis = await connectedRedis({ REDIS_URL: url }, SCRIPTS);
    await proxy.cut();
    await until('the loss is known', () => !redis.state.isUp);
    expect(await unavailableAfter(() => add(redis, 'counter'))).toBeLessThan(AT_ONCE_MS);
    await proxy.restore();
    await up(redis);
    expect(await add(redis, 'counter')).toBe(1);
  });

  test('out of memory, and demoted: refused; a primary again: works', async () => {
    const server = await start();
    const redis = await connectedRedis({ REDIS_URL: server.url }, SCRIPTS);
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await unavailableAfter(() => add(redis, 'counter'));
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await add(redis, 'counter')).toBe(1);

    const before = redis.state.replicationId('k');
    await server.command('REPLICAOF', '127.0.0.1', String(await freePort()));
    await unavailableAfter(() => add(redis, 'counter'));
    await until('it is known to be a replica', () => !redis.state.isUp);
    await server.command('REPLICAOF', 'NO', 'ONE');
    await up(redis);
    expect(await add(redis, 'counter')).toBe(2);
    expect(redis.state.replicationId('k')).not.toBe(before);
  });

  test('a replication id that changes under an open connection is noticed', async () => {
    const server = await start({ args: ['--enable-debug-command', 'local'] });
    const redis = await connectedRedis({ REDIS_URL: server.url }, SCRIPTS);
    const before = redis.state.replicationId('k');
    let told = 0;
    redis.state.onUp(() => {
      told += 1;
    });
    await server.command('DEBUG', 'CHANGE-REPL-ID');
    await until('the new one is known', () => redis.state.replicationId('k') !== before);
    expect(told).toBe(1);
    expect(redis.reports).toEqual([]);
  });

  test('waits for replicas: many at once share a wait, too few are refused', async () => {
    const server = await start();
    const replica = await start({ replicaOf: server });
    const redis = await connectedRedis({ REDIS_URL: server.url, REDIS_WAIT_REPLICAS: 1 }, SCRIPTS);
    expect(redis.warnings.join()).not.toContain('REDIS_WAIT_REPLICAS');
    const wait = { wait: true };
    await Promise.all(Array.from({ length: 50 }, () => redis.state.run(ADD, ['counter'], [1], wait)));
    expect(await replica.command('GET', 'counter')).toBe('50');
    await server.command('SCRIPT', 'FLUSH');
    await redis.state.run(ADD, ['counter'], [1], wait);
    expect(await replica.command('GET', 'counter')).toBe('51');

    replica.freeze();
    const slow = [1, 2, 3].map(() => unavailableAfter(() => redis.state.run(ADD, ['counter'], [1], wait)));
    // The others do not wait for those.
    expect(await add(redis, 'other')).toBe(1);
    for (const took of await Promise.all(slow)) expect(took).toBeLessThan(A_SECOND_MS);
    expect(await server.command('GET', 'counter')).toBe('54');
    replica.resume();
    await until('it confirms again', () => redis.state.run(ADD, ['counter'], [0], wait).catch(() => null));
  });

  test('nobody there: one line with the address and why, and no password', async () => {
    const port = await freePort();
    const began = performance.now();
    const error = await connectedRedis({ REDIS_URL: `redis://ada:secret@127.0.0.1:${port}` }, [], A_SECOND_MS).catch(
      (it: Error) => it,
    );
    const { message } = error as Error;
    expect(message).toMatch(/^REDIS_URL: [^\n]+$/);
    expect(message).toContain(`127.0.0.1:${port}`);
    expect(message).toContain('ECONNREFUSED');
    expect(message).not.toContain('secret');
    expect(performance.now() - began).toBeLessThan(2 * A_SECOND_MS);
  });

  test('asks for the password that it was given', async () => {
    const server = await start({ args: ['--user', 'ada', 'on', '>se,cret', '~*', '&*', '+@all'] });
    const redis = await connectedRedis({ REDIS_URL: `redis://ada:se%2Ccret@127.0.0.1:${server.port}/3` }, SCRIPTS);
    await add(redis, 'counter');
    const clients = String(await server.command('CLIENT', 'LIST'));
    expect(clients).toMatch(/name=rollcast:state .* db=3 .* user=ada /);
  });

  test('told what is risky about the server', async () => {
    const server = await start({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const { warnings } = await connectedRedis({ REDIS_URL: server.url, REDIS_WAIT_REPLICAS: 2 });
    expect(warnings).toHaveLength(3);
    expect(warnings.join('\n')).toMatch(/allkeys-lru[^\n]*noeviction\n.*appendonly.*\n.*REDIS_WAIT_REPLICAS is 2/);
    const fit = await start({ aof: true });
    expect((await connectedRedis({ REDIS_URL: fit.url })).warnings).toEqual([]);
  });
});

describeWithRedis('Sentinel', 'process', () => {
  test('a fail-over that is asked for, and one because the master is dead', { timeout: 60_000 }, async () => {
    const watched = await startWatchedRedis({ data: { aof: true } });
    onTestFinished(() => watched.stop());
    const redis = await connectedRedis(
      {
        REDIS_URL: watched.sentinels.join(','),
        REDIS_MODE: 'sentinel',
        REDIS_SENTINEL_MASTER: watched.master_name,
        REDIS_WAIT_REPLICAS: 1,
      },
      SCRIPTS,
    );
    const waited = (by: number) => redis.state.run(ADD, ['counter'], [by], { wait: true }).catch(() => null);
    // A replica that has only just come confirms nothing yet.
    await until('the replica confirms', async () => (await waited(0)) !== null);
    expect(await waited(1)).toBe(1);
    const first = redis.state.replicationId('k');

    await watched.failover();
    const second = await until('the new master is used', () => {
      return redis.state.isUp && redis.state.replicationId('k') !== first && redis.state.replicationId('k');
    });
    expect(await add(redis, 'counter')).toBe(2);
    expect(await watched.replica.command('GET', 'counter')).toBe('2');
    await until('the old master follows the new one', async () => (await waited(0)) !== null);
    expect(await waited(1)).toBe(3);

    await watched.replica.kill();
    await until('the loss is known', () => !redis.state.isUp);
    expect(await unavailableAfter(() => add(redis, 'counter'))).toBeLessThan(AT_ONCE_MS);
    await until('the sentinels have promoted the other one', () => redis.state.isUp, 30_000);
    expect(await redis.state.command('GET', 'counter')).toBe('3');
    expect(redis.state.replicationId('k')).not.toBe(second);
  });

  test('a sentinel in place of the server is called one', async () => {
    const sentinel = await start({ sentinel: true });
    const error = await connectedRedis({ REDIS_URL: sentinel.url }, [], A_SECOND_MS).catch((it: Error) => it);
    expect((error as Error).message).toContain('REDIS_MODE');
  });
});

describeWithRedis('a Cluster', 'process', () => {
  describe('of three', () => {
    let cluster: RedisCluster;
    beforeAll(async () => {
      cluster = await startRedisCluster({ args: ['--appendonly', 'yes', '--cluster-require-full-coverage', 'no'] });
      return () => cluster.stop();
    }, 60_000);
    const connected = () => connectedRedis({ REDIS_URL: cluster.urls.join(','), REDIS_MODE: 'cluster' }, SCRIPTS);
    /** A key on each of the three. */
    const keyOn = (third: number, name: string): string => {
      for (let i = 0; ; i += 1) {
        const key = `${name}{p${i}}`;
        if (Math.floor((slotOf(key) * 3) / 16_384) === third) return key;
      }
    };

    test('finds the slot of a key as Redis does', async () => {
      for (const key of ['a', 'a{b}c', '{}a', 'a{}{b}', '{p007}:roll', 'ä{ö}', 'a{b', 'a}b{c}']) {
        expect([key, slotOf(key)]).toEqual([key, await cluster.nodes[0]?.command('CLUSTER', 'KEYSLOT', key)]);
      }
    });

    test('every key on its own server; each has its replication id', async () => {
      const redis = await connected();
      const ids = await Promise.all(
        [0, 1, 2].map(async (third) => {
          const key = keyOn(third, 'each');
          expect(await redis.state.run(ADD, [key], [1])).toBe(1);
          expect(await cluster.nodes[third]?.command('GET', key)).toBe('1');
          const info = await cluster.nodes[third]?.info('replication');
          expect(redis.state.replicationId(key)).toBe(info?.master_replid);
          return redis.state.replicationId(key);
        }),
      );
      expect(new Set(ids).size).toBe(3);
      expect(await redis.publish.sPublish('c', 'm')).toBe(0);
      await redis.ping();
    });

    test('a shard is killed: its keys are refused at once, the others are served; it is back: works', async () => {
      const redis = await connected();
      const [own, other] = [keyOn(1, 'killed'), keyOn(2, 'killed')];
      const [before, unchanged] = [redis.state.replicationId(own), redis.state.replicationId(other)];
      await add(redis, own);
      await cluster.nodes[1]?.kill();
      await until('the loss is known', () => !redis.state.isUp);
      expect(await unavailableAfter(() => add(redis, own))).toBeLessThan(AT_ONCE_MS);
      expect(await unavailableAfter(() => redis.state.replicationId(own))).toBeLessThan(AT_ONCE_MS);
      await unavailableAfter(() => redis.ping());
      expect(await add(redis, other)).toBe(1);
      await cluster.nodes[1]?.restart();
      await up(redis);
      await until('its keys are served again', () => add(redis, own).catch(() => null), 20_000);
      expect(redis.state.replicationId(own)).not.toBe(before);
      expect(redis.state.replicationId(other)).toBe(unchanged);
    });

    test('a shard is frozen: refused within a second, the others are served', async () => {
      const redis = await connected();
      const [own, other] = [keyOn(0, 'frozen'), keyOn(2, 'frozen')];
      cluster.nodes[0]?.freeze();
      const began = performance.now();
      while (performance.now() - began < 3_000) {
        const slow = unavailableAfter(() => add(redis, own));
        const took = performance.now();
        await add(redis, other);
        expect(performance.now() - took).toBeLessThan(500);
        expect(await slow).toBeLessThan(A_SECOND_MS);
      }
      cluster.nodes[0]?.resume();
      await up(redis);
      await until('its keys are served again', () => add(redis, own).catch(() => null), 20_000);
    });

    test('follows slots that move: ASK on the way, MOVED afterwards', async () => {
      const redis = await connected();
      const key = keyOn(0, 'moving');
      const slot = String(slotOf(key));
      const [from, to] = cluster.nodes as [RedisProcess, RedisProcess];
      const [fromId, toId] = (await Promise.all([from, to].map((it) => it.command('CLUSTER', 'MYID')))) as string[];
      await to.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId ?? '');
      await from.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId ?? '');
      // The key is not there any more, so it is asked for at the other one.
      expect(await add(redis, key)).toBe(1);
      expect(await redis.state.command('GET', key)).toBe('1');
      for (const node of [to, from, cluster.nodes[2]]) {
        await node?.command('CLUSTER', 'SETSLOT', slot, 'NODE', toId ?? '');
      }
      expect(await add(redis, key)).toBe(2);
      expect(redis.state.replicationId(key)).toBe((await to.info('replication')).master_replid);
    });

    test('one of its nodes in place of a server is called one', async () => {
      const error = await connectedRedis({ REDIS_URL: cluster.urls[0] ?? '' }).catch((it: Error) => it);
      expect((error as Error).message).toMatch(/^REDIS_URL: [^\n]+ node of a Cluster; set REDIS_MODE to cluster$/);
    });
  });

  test('a server that is no Cluster is refused', async () => {
    const server = await start();
    const error = await connectedRedis({ REDIS_URL: server.url, REDIS_MODE: 'cluster' }, [], A_SECOND_MS).catch(
      (it: Error) => it,
    );
    expect((error as Error).message).toMatch(/^REDIS_URL: [^\n]*cluster support disabled/);
  });
});
