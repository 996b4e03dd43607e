/** The channels of a node: heard from the promise on, heard again after whatever happens to the connection. */
import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Redis } from 'ioredis';
import { Server } from 'socket.io';
import { expect, onTestFinished, test } from 'vitest';
import { Refusal } from '../../src/contract/errors.ts';
import { connectedRedis, earOf, isEffective, startedRedis } from '../support/connected-redis.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { startRedisProxy } from '../support/redis-proxy.ts';
import { until } from '../support/until.ts';

const startProxied = async (latency_ms = 0) => {
  const server = await startedRedis();
  const proxied = await startRedisProxy(server.url, latency_ms);
  onTestFinished(() => proxied.proxy.stop());
  return { server, ...proxied };
};

const names = (n: number, prefix = 'c'): string[] => Array.from({ length: n }, (_, i) => `${prefix}${i}`);

const refusalOf = async (promise: Promise<unknown>): Promise<string> => {
  const error = await promise.then(
    () => expect.unreachable('it was resolved'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Refusal);
  return (error as Refusal).code;
};

describeWithRedis('channels of one server', 'process', () => {
  test('effective: what is published right after it is heard, with 5 ms on the way and 200 new channels', async () => {
    const { server, url } = await startProxied(5);
    const { subscriber } = await connectedRedis({ REDIS_URL: url });
    const { heard, wants } = earOf(subscriber);
    const publisher = new Redis(server.url);
    onTestFinished(() => publisher.disconnect());
    await publisher.ping();
    const channels = names(200);
    // One after the other, so that each has a turn and a round trip of its own.
    for (const channel of channels) {
      void wants(channel);
      await Promise.all([subscriber.effective(channel), subscriber.effective(channel)]);
      expect(await publisher.spublish(channel, '1')).toBe(1);
    }
    await until('all are heard', () => heard.length === channels.length);
    expect(heard).toEqual(channels.map((it) => `${it} 1`));
    // And all in one turn.
    const more = names(200, 'd');
    await Promise.all(
      more.map(async (channel) => {
        void wants(channel);
        await subscriber.effective(channel);
        await publisher.spublish(channel, '2');
      }),
    );
    await until('all are heard', () => heard.length === channels.length + more.length);
  });

  test('effective: at once and without a command for what is confirmed; refused for what nobody wants', async () => {
    const server = await startedRedis();
    const { subscriber } = await connectedRedis({ REDIS_URL: server.url });
    await earOf(subscriber).wants('c');
    const before = await server.info('stats');
    for (let i = 0; i < 100; i += 1) await subscriber.effective('c');
    const after = await server.info('stats');
    expect(Number(after.total_commands_processed) - Number(before.total_commands_processed)).toBeLessThan(20);
    expect(await refusalOf(subscriber.effective('other'))).toBe('STORE_UNAVAILABLE');
  });

  test('unsubscribed and at once subscribed again: subscribed; the other way round: not', async () => {
    const server = await startedRedis();
    const { subscriber, publish } = await connectedRedis({ REDIS_URL: server.url });
    const { heard, wants } = earOf(subscriber);
    await wants('c');
    for (let i = 0; i < 50; i += 1) {
      void subscriber.sUnsubscribe('c');
      void wants('c');
    }
    await subscriber.effective('c');
    expect(await publish.sPublish('c', '1')).toBe(1);
    await until('it is heard', () => heard.length === 1);

    void wants('d');
    const wanted = refusalOf(subscriber.effective('d'));
    await subscriber.sUnsubscribe(['c', 'd']);
    expect(await wanted).toBe('STORE_UNAVAILABLE');
    expect(await publish.sPublish('c', '2')).toBe(0);
    expect(await publish.sPublish('d', '2')).toBe(0);
  });

  test('the filter is asked first, and what it held can be delivered later; what throws is told', async () => {
    const server = await startedRedis();
    const { subscriber, publish, errors } = await connectedRedis({ REDIS_URL: server.url });
    const { heard, wants } = earOf(subscriber);
    const held: [string, Buffer][] = [];
    subscriber.filter = (channel, message) => {
      if (message.toString() === 'broken') throw new Error('filter');
      if (!message.toString().startsWith('{"roll":[')) return true;
      held.push([channel, message]);
      return false;
    };
    await wants('c');
    await subscriber.sSubscribe('d', () => {
      throw new Error('handler');
    });
    for (const message of ['1', '{"roll":[2]}', 'broken', '3']) await publish.sPublish('c', message);
    await publish.sPublish('d', '4');
    await until('the last is heard', () => errors.length === 2);
    expect(heard).toEqual(['c 1', 'c 3']);
    for (const [channel, message] of held) subscriber.deliver(channel, message);
    expect(heard).toEqual(['c 1', 'c 3', 'c {"roll":[2]}']);
    expect(errors.map(String)).toEqual(['Error: filter', 'Error: handler']);
  });

  test('cut off while channels come and go: all that are wanted are heard again, and it is told', async () => {
    const { server, proxy, url } = await startProxied();
    const { subscriber } = await connectedRedis({ REDIS_URL: url });
    const { heard, wants } = earOf(subscriber);
    const [lost, restored]: [string[][], string[][]] = [[], []];
    subscriber.onLost((it) => lost.push(it));
    subscriber.onRestored((it) => restored.push(it));
    const before = names(300, 'before');
    await Promise.all(before.map(wants));
    // Under way at the cut.
    const underway = names(300, 'underway');
    for (const channel of underway) void wants(channel);
    await proxy.cut();
    await until('the loss is told', () => lost.length > 0);
    const during = names(300, 'during');
    for (const channel of during) void wants(channel);
    void subscriber.sUnsubscribe(before.slice(0, 100));
    expect(await refusalOf(subscriber.effective('during0'))).toBe('STORE_UNAVAILABLE');
    await proxy.restore();

    const wanted = [...before.slice(100), ...underway, ...during];
    for (const channel of wanted) {
      await until(`${channel} is back`, () => isEffective(subscriber, channel));
    }
    expect(new Set(lost.flat())).toEqual(new Set([...before, ...lost.flat().filter((it) => it.startsWith('u'))]));
    await until('all are told', () => {
      return restored.flat().length === lost.flat().filter((it) => wanted.includes(it)).length;
    });
    const publisher = new Redis(server.url);
    onTestFinished(() => publisher.disconnect());
    const answers = await Promise.all([...before, ...underway, ...during].map((it) => publisher.spublish(it, '1')));
    expect(answers.filter((it) => it === 1)).toHaveLength(wanted.length);
    await until('all are heard', () => heard.length === wanted.length);
  });

  test('frozen: effective is refused within a second; thawed: heard', async () => {
    const server = await startedRedis();
    const { subscriber, publish } = await connectedRedis({ REDIS_URL: server.url });
    const { heard, wants } = earOf(subscriber);
    server.freeze();
    const began = performance.now();
    void wants('c');
    expect(await refusalOf(subscriber.effective('c'))).toBe('STORE_UNAVAILABLE');
    expect(performance.now() - began).toBeLessThan(1_000);
    await until('the loss is known', () =>
      subscriber.effective('c').then(
        () => false,
        (it) => /silent for/.test(String(it.cause)),
      ),
    );
    server.resume();
    await until('it is back', () => isEffective(subscriber, 'c'));
    await until('it is heard', async () => {
      await publish.sPublish('c', '1').catch(() => {});
      return heard.length > 0;
    });
  });

  test('only its connection is silent: replaced, and its channels are heard again', async () => {
    const { url, named } = await startProxied();
    const { subscriber, publish } = await connectedRedis({ REDIS_URL: url });
    const { heard, wants } = earOf(subscriber);
    let restored: string[] = [];
    subscriber.onRestored((it) => {
      restored = [...restored, ...it];
    });
    const channels = names(50);
    await Promise.all(channels.map(wants));
    const [silent] = await named('rollcast:subscribe');
    silent?.freeze();
    await until('all are restored', () => restored.length === channels.length, 4_500);
    for (const channel of channels) await publish.sPublish(channel, '1');
    await until('all are heard', () => heard.length >= channels.length);
  });

  test('killed and restarted: heard again, also when it comes back twice', async () => {
    const server = await startedRedis();
    const { subscriber, publish } = await connectedRedis({ REDIS_URL: server.url });
    const { heard, wants } = earOf(subscriber);
    await Promise.all(names(50).map(wants));
    for (let round = 0; round < 2; round += 1) {
      await server.kill();
      await server.restart();
      await until('the last is heard', async () => {
        await publish.sPublish('c49', String(round)).catch(() => {});
        return heard.includes(`c49 ${round}`);
      });
    }
  });

  test('unsubscribed behind its back: resubscribe hears it again', async () => {
    const server = await startedRedis();
    const { subscriber, publish } = await connectedRedis({ REDIS_URL: server.url });
    const { heard, wants } = earOf(subscriber);
    await wants('c');
    // A fault that no server makes at will: the client itself ends it, and nobody above is told.
    const [connection] = Reflect.get(subscriber, 'pool').all();
    await connection.client.sunsubscribe('c');
    expect(await publish.sPublish('c', '1')).toBe(0);
    await subscriber.effective('c');
    await subscriber.resubscribe(['c', 'nobody wants it']);
    expect(await publish.sPublish('c', '2')).toBe(1);
    await until('it is heard', () => heard.includes('c 2'));
    await server.kill();
    expect(await refusalOf(subscriber.resubscribe(['c']))).toBe('STORE_UNAVAILABLE');
  });
});

describeWithRedis('the sharded adapter', 'process', () => {
  test('subscribes its rooms, is heard by another node, and survives that Redis is away', async () => {
    const server = await startedRedis();
    const sender = await connectedRedis({ REDIS_URL: server.url });
    const receiver = await connectedRedis({ REDIS_URL: server.url });
    const [here, there] = [sender, receiver].map(({ forAdapter }) => {
      const io = new Server();
      const options = { channelPrefix: 'p:io', subscriptionMode: 'dynamic' } as const;
      io.adapter(createShardedAdapter(forAdapter, forAdapter, options));
      onTestFinished(() => io.of('/').adapter.close());
      return io.of('/');
    });
    const heard: string[] = [];
    there?.on('news', (text: string) => heard.push(text));
    await until('the other is there', () => isEffective(receiver.subscriber, 'p:io#/#'));
    here?.serverSideEmit('news', 'ä');
    await until('it is heard', () => heard.length === 1);
    expect(heard).toEqual(['ä']);

    there?.adapter.addAll('some socket', new Set(['room']));
    await receiver.subscriber.effective('p:io#/#room#');
    expect(await sender.publish.sPublish('p:io#/#room#', '{}')).toBe(1);
    await server.kill();
    here?.serverSideEmit('news', 'lost');
    here?.to('room').emit('lost');
    there?.adapter.delAll('some socket');
    there?.adapter.addAll('another socket', new Set(['other']));
    await server.restart();
    await until('the other room is heard', () => isEffective(receiver.subscriber, 'p:io#/#other#'));
    const nobody = async () => (await sender.publish.sPublish('p:io#/#room#', '{}')) === 0;
    await until('the one that was left is not heard', () => nobody().catch(() => false));
  });
});
