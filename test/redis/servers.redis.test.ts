/** What other tests build upon: real servers that come and go, and a network that misbehaves. */
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { startRedisCluster } from '../support/redis-cluster.ts';
import { redisCommand } from '../support/redis-command.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { startRedisProxy } from '../support/redis-proxy.ts';
import { startWatchedRedis } from '../support/redis-sentinel.ts';
import { type RedisOptions, RedisProcess } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

describeWithRedis('a shared Redis', 'any', () => {
  const redis = sharedRedis();

  test('takes keys under a prefix of its own', async () => {
    const key = `${redis.prefix}:key`;
    expect(await redisCommand(redis.url, 'SET', key, 'value')).toBe('OK');
    expect(await redisCommand(redis.url, 'GET', key)).toBe('value');
  });
});

describeWithRedis('a Redis of a test', 'process', () => {
  const start = async (options?: RedisOptions): Promise<RedisProcess> => {
    const server = await RedisProcess.start(options);
    onTestFinished(() => server.stop());
    return server;
  };

  test('killed and started again: has its keys with an append-only file, and the same port', async () => {
    const server = await start({ aof: true });
    const { pid, url } = server;
    await server.command('SET', 'key', 'value');
    await server.kill();
    expect(server.isRunning).toBe(false);
    await expect(server.command('PING')).rejects.toThrow('ECONNREFUSED');
    await server.restart();
    expect(server.url).toBe(url);
    expect(server.pid).not.toBe(pid);
    expect(await server.command('GET', 'key')).toBe('value');
  });

  test('killed and started again: is empty without one', async () => {
    const server = await start();
    await server.command('SET', 'key', 'value');
    await server.kill('SIGTERM');
    await server.restart();
    expect(await server.command('GET', 'key')).toBeNull();
    expect(await server.command('CONFIG', 'GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  });

  test('frozen: keeps connections open and answers once it is resumed', async () => {
    const server = await start();
    const client = new Redis(server.url);
    onTestFinished(() => client.disconnect());
    await client.ping();
    server.freeze();
    let answered = false;
    const answer = client.ping().then((pong) => {
      answered = true;
      return pong;
    });
    await expect(server.command('PING')).rejects.toThrow('timed out');
    expect([answered, client.status]).toEqual([false, 'ready']);
    server.resume();
    expect(await answer).toBe('PONG');
  });

  test('started as a replica: has what its master has', async () => {
    const master = await start();
    await master.command('SET', 'key', 'value');
    const replica = await start({ replicaOf: master });
    expect(await replica.command('GET', 'key')).toBe('value');
  });

  test('whose options are wrong or whose port is taken: says why it does not start', async () => {
    await expect(RedisProcess.start({ args: ['--nonsense', '1'] })).rejects.toThrow('Bad directive');
    const { port } = await start();
    await expect(RedisProcess.start({ port })).rejects.toThrow('Address already in use');
  });
});

describeWithRedis('three Redis masters', 'process', () => {
  test('form a Cluster that takes keys in each third', async () => {
    const cluster = await startRedisCluster();
    onTestFinished(() => cluster.stop());
    // Their slots are 3300, 7365 and 15495.
    for (const [third, key] of ['b', 'c', 'a'].entries()) {
      const node = cluster.nodes[third];
      expect(await node?.command('SET', key, 'value')).toBe('OK');
      expect(await node?.command('SPUBLISH', key, 'message')).toBe(0);
    }
  });
});

describeWithRedis('sentinels', 'process', () => {
  test('change the master, and back, on demand and when it dies', async () => {
    const watched = await startWatchedRedis();
    onTestFinished(() => watched.stop());
    const { master, replica, currentMaster, failover } = watched;
    expect(await currentMaster()).toBe(master.port);
    await failover();
    expect(await currentMaster()).toBe(replica.port);
    expect(await replica.info('replication')).toMatchObject({ role: 'master' });
    await failover();
    expect(await currentMaster()).toBe(master.port);
    await master.kill();
    await until('the replica is master', async () => (await currentMaster()) === replica.port);
  });
});

describeWithRedis('a proxy before Redis', 'any', () => {
  const redis = sharedRedis();

  const start = async (latency_ms = 0) => {
    const through = await startRedisProxy(redis.url, latency_ms);
    onTestFinished(() => through.proxy.stop());
    return through;
  };

  const connect = async (url: string, connectionName: string): Promise<Redis> => {
    const options = { connectionName, retryStrategy: () => null, maxRetriesPerRequest: 0, disconnectTimeout: 50 };
    const client = new Redis(url, options);
    onTestFinished(() => client.disconnect());
    client.on('error', () => {});
    await client.ping();
    return client;
  };

  /** Whether an answer has come by the time that `other` got one. */
  const answeredBefore = async (client: Redis, other: Redis) => {
    let answered = false;
    const answer = client.ping().then(() => {
      answered = true;
    });
    await other.ping();
    return { answered, answer };
  };

  test('delays each way', async () => {
    const { proxy, url } = await start();
    const client = await connect(url, 'delayed');
    proxy.latency_ms = 30;
    const begin = performance.now();
    const order: number[] = [];
    await Promise.all([1, 2, 3].map((n) => client.ping().then(() => order.push(n))));
    expect(performance.now() - begin).toBeGreaterThanOrEqual(60);
    expect(order).toEqual([1, 2, 3]);
  });

  test('freezes all, new connections too, and lets go what it held', async () => {
    const { proxy, url } = await start();
    const client = await connect(url, 'frozen');
    const past = await connect(redis.url, 'past');
    proxy.freeze();
    const { answered, answer } = await answeredBefore(client, past);
    const late = redisCommand(url, 'PING');
    await until('the proxy has the new connection', () => proxy.connections.length === 2);
    expect([answered, client.status]).toEqual([false, 'ready']);
    expect(proxy.connections.at(-1)?.passed).toEqual({ to_server: 0, to_client: 0 });
    proxy.resume();
    await answer;
    expect(await late).toBe('PONG');
  });

  test('freezes one connection, found by its name', async () => {
    const { proxy, url, named } = await start();
    const one = await connect(url, `${redis.prefix}:one`);
    const other = await connect(url, `${redis.prefix}:other`);
    expect(proxy.connections.map(({ number }) => number)).toEqual([0, 1]);
    const [found, ...more] = await named(`${redis.prefix}:one`);
    expect([found?.number, more]).toEqual([0, []]);
    expect(found?.passed.to_client).toBeGreaterThan(0);
    found?.freeze();
    const { answered, answer } = await answeredBefore(one, other);
    expect([answered, one.status]).toEqual([false, 'ready']);
    found?.resume();
    await answer;
  });

  test('cuts, refuses, and is there again', async () => {
    const { proxy, url } = await start();
    const client = await connect(url, 'cut');
    await proxy.cut();
    await until('the client has lost its connection', () => client.status === 'end');
    expect(proxy.connections).toEqual([]);
    await expect(redisCommand(url, 'PING')).rejects.toThrow('ECONNREFUSED');
    await proxy.restore();
    expect(await redisCommand(url, 'PING')).toBe('PONG');
  });

  test('passes on that a connection has ended, but not while it is frozen', async () => {
    const { proxy, url, named } = await start();
    const name = `${redis.prefix}:ended`;
    const client = await connect(url, name);
    proxy.freeze();
    client.disconnect();
    await until('the client is gone', () => client.status === 'end');
    expect(await named(name)).toHaveLength(1);
    proxy.resume();
    await until('the server knows', async () => (await named(name)).length === 0);
    await until('the connection is closed on both sides', () => proxy.connections.length === 0);
  });
});
