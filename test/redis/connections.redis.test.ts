/** The ways of a node to one Redis server: what each does while that is away, silent, restarted or another one. */
import { setImmediate as turn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { expect, onTestFinished, test } from 'vitest';
import { Refusal } from '../../src/contract/errors.ts';
import type { RedisScript } from '../../src/redis/state-link.ts';
import {
  ADD,
  AT_ONCE_MS,
  add,
  connectedRedis,
  refusalToConnect,
  startedRedis,
  unavailableAfter,
  untilUp,
} from '../support/connected-redis.ts';
import { freePort } from '../support/free-port.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { startRedisProxy } from '../support/redis-proxy.ts';
import { until } from '../support/until.ts';

const BROKEN: RedisScript = { name: 'broken', keys: 1, lua: "return redis.call('INCRBY', KEYS[1], 'x')" };
const SHAPES: RedisScript = { name: 'shapes', keys: 1, lua: "return { 'ä', 7, false, { '1', {} } }" };
/** The server reads 16 KiB at a time, and answers before it reads on. */
const OWN_READ = 'x'.repeat(32 * 1024);
/** Keeps the server busy for so many milliseconds. */
const BUSY: RedisScript = {
  name: 'busy',
  keys: 1,
  lua: `local function ms() local t = redis.call('TIME') return t[1] * 1000 + t[2] / 1000 end
local from = ms()
while ms() - from < tonumber(ARGV[1]) do end
return 1`,
};
const NEVER_LOADED: RedisScript = { name: 'never', keys: 1, lua: 'return 1' };

const A_SECOND_MS = 1_000;

describeWithRedis('one server', 'process', () => {
  test('runs scripts and commands, in one write for a turn, and tells a script’s own error as it is', async () => {
    const server = await startedRedis();
    const redis = await connectedRedis({ REDIS_URL: server.url }, [BROKEN, SHAPES]);
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
    expect(redis.measures.at(-1)).toBe('broken SCRIPT');
    expect(redis.measures.slice(0, 3)).toEqual(['shapes answered', 'other answered', 'other answered']);
    await expect(redis.state.run(NEVER_LOADED, ['k'], [])).rejects.toThrow('never');
    await expect(redis.state.run(ADD, ['k', 'l'], [1])).rejects.toThrow('2 keys');
    await redis.ping();
  });

  test('names its connections, and says little when idle', async () => {
    const server = await startedRedis();
    await connectedRedis({ REDIS_URL: server.url });
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

  test('a process that was too busy to read takes no answer for missing', async () => {
    const server = await startedRedis();
    const redis = await connectedRedis({ REDIS_URL: server.url });
    const { state, subscriber, publish } = redis;
    const wanted = subscriber.sSubscribe('c', () => {});
    const answers = [add(redis, 'counter'), state.command('GET', 'text'), publish.sPublish('d', '1')];
    await turn();
    for (let turns = 0; turns < 3; turns += 1) {
      const until_ms = performance.now() + A_SECOND_MS;
      while (performance.now() < until_ms);
      await turn();
    }
    expect(await Promise.all(answers)).toEqual([1, null, 0]);
    await wanted;
    await subscriber.effective('c');
    expect(redis.reports).toEqual([]);
  });

  test('a server that is slow but answers is waited for', async () => {
    const server = await startedRedis();
    const redis = await connectedRedis({ REDIS_URL: server.url }, [BUSY]);
    const began = performance.now();
    const answers = Array.from({ length: 5 }, () => redis.state.run(BUSY, ['k'], [400, OWN_READ]));
    expect(await Promise.all([...answers, add(redis, 'counter')])).toEqual([1, 1, 1, 1, 1, 1]);
    expect(performance.now() - began).toBeGreaterThan(1_900);
    expect(redis.reports).toEqual([]);
  });

  test('a script that the server has forgotten is sent again, also among others', async () => {
    const server = await startedRedis();
    const redis = await connectedRedis({ REDIS_URL: server.url });
    await server.command('SCRIPT', 'FLUSH');
    const get = () => redis.state.command('GET', 'other');
    const answers = await Promise.all([add(redis, 'counter'), get(), add(redis, 'counter')]);
    expect([answers[0], answers[2]].sort()).toEqual([1, 2]);
    expect(await server.command('GET', 'counter')).toBe('2');
  });

  test('killed: refused at once, nothing is queued; started again: works, with another replication id', async () => {
    const server = await startedRedis({ aof: true });
    const redis = await connectedRedis({ REDIS_URL: server.url });
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
    await untilUp(redis);
    expect(await add(redis, 'counter')).toBe(2);
    expect(redis.state.replicationId('k')).toMatch(/^[0-9a-f]{40}$/);
    expect(redis.state.replicationId('k')).not.toBe(before);
    expect([ups.length, downs.length]).toEqual([1, 1]);
    const own = `state (127.0.0.1:${server.port})`;
    expect(redis.reports.filter((it) => it.endsWith(own))).toEqual([`lost ${own}`, `restored ${own}`]);
    expect(redis.reachable.filter((it) => it.startsWith('state'))).toEqual(['state up', 'state down', 'state up']);
    expect(redis.measures.filter((it) => it.startsWith('spublish'))).toEqual(['spublish STORE_UNAVAILABLE']);
    const ofScript = redis.measures.filter((it) => it.startsWith('add'));
    expect(ofScript).toHaveLength(23);
    expect([ofScript[0], ...ofScript.slice(-2)]).toEqual(['add answered', 'add STORE_UNAVAILABLE', 'add answered']);
  });

  test('frozen: refused within a second, even under way; resumed: works, the replication id is the same', async () => {
    const server = await startedRedis();
    const redis = await connectedRedis({ REDIS_URL: server.url });
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
    await untilUp(redis);
    expect(await add(redis, 'later')).toBe(1);
    expect(redis.state.replicationId('k')).toBe(before);
    await until('the others are back', () => redis.reports.filter((it) => it.startsWith('restored')).length === 3);
    expect(await redis.publish.sPublish('c', 'm')).toBe(0);
  });

  test.each(['state', 'publish', 'subscribe'])('only the %s connection is dead: it is replaced', async (name) => {
    const server = await startedRedis();
    const { proxy, url, named } = await startRedisProxy(server.url);
    onTestFinished(() => proxy.stop());
    const redis = await connectedRedis({ REDIS_URL: url });
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
    const server = await startedRedis();
    const { proxy, url } = await startRedisProxy(server.url);
    onTestFinished(() => proxy.stop());
    const redis = await connectedRedis({ REDIS_URL: url });
    await proxy.cut();
    await until('the loss is known', () => !redis.state.isUp);
    expect(await unavailableAfter(() => add(redis, 'counter'))).toBeLessThan(AT_ONCE_MS);
    await proxy.restore();
    await untilUp(redis);
    expect(await add(redis, 'counter')).toBe(1);
  });

  test('out of memory, and demoted: refused; a primary again: works', async () => {
    const server = await startedRedis();
    const redis = await connectedRedis({ REDIS_URL: server.url });
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    await unavailableAfter(() => add(redis, 'counter'));
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await add(redis, 'counter')).toBe(1);

    const before = redis.state.replicationId('k');
    await server.command('REPLICAOF', '127.0.0.1', String(await freePort()));
    await unavailableAfter(() => add(redis, 'counter'));
    await until('it is known to be a replica', () => !redis.state.isUp);
    await server.command('REPLICAOF', 'NO', 'ONE');
    await untilUp(redis);
    expect(await add(redis, 'counter')).toBe(2);
    expect(redis.state.replicationId('k')).not.toBe(before);
  });

  test('a replication id that changes under an open connection is noticed', async () => {
    const server = await startedRedis({ args: ['--enable-debug-command', 'local'] });
    const redis = await connectedRedis({ REDIS_URL: server.url });
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
    const server = await startedRedis();
    const replica = await startedRedis({ replicaOf: server });
    const redis = await connectedRedis({ REDIS_URL: server.url, REDIS_WAIT_REPLICAS: 1 });
    expect(redis.warnings.join()).not.toContain('REDIS_WAIT_REPLICAS');
    const wait = { wait: true };
    const confirms = () => redis.state.run(ADD, ['first'], [1], wait).catch(() => null);
    await until('the replica, which has only just come, confirms', confirms);
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
    const line = await refusalToConnect({ REDIS_URL: `redis://ada:secret@127.0.0.1:${port}` });
    expect(line).toMatch(/^REDIS_URL: [^\n]+$/);
    expect(line).toContain(`127.0.0.1:${port}`);
    expect(line).toContain('ECONNREFUSED');
    expect(line).not.toContain('secret');
    expect(performance.now() - began).toBeLessThan(2 * A_SECOND_MS);
  });

  test('asks for the password that it was given', async () => {
    const server = await startedRedis({ args: ['--user', 'ada', 'on', '>se,cret', '~*', '&*', '+@all'] });
    const redis = await connectedRedis({ REDIS_URL: `redis://ada:se%2Ccret@127.0.0.1:${server.port}/3` });
    await add(redis, 'counter');
    const clients = String(await server.command('CLIENT', 'LIST'));
    expect(clients).toMatch(/name=rollcast:state .* db=3 .* user=ada /);
  });

  test('told what is risky about the server', async () => {
    const server = await startedRedis({ args: ['--maxmemory-policy', 'allkeys-lru'] });
    const { warnings } = await connectedRedis({ REDIS_URL: server.url, REDIS_WAIT_REPLICAS: 2 });
    expect(warnings).toHaveLength(3);
    expect(warnings.join('\n')).toMatch(/allkeys-lru[^\n]*noeviction\n.*appendonly.*\n.*REDIS_WAIT_REPLICAS is 2/);
    const fit = await startedRedis({ aof: true });
    expect((await connectedRedis({ REDIS_URL: fit.url })).warnings).toEqual([]);
  });
});
