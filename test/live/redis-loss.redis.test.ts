/** What the Redis store does when a part of what it keeps is gone, or its server was another one for a while. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { INDEX_PARTITIONS_AT_ONCE } from '../../src/limits.ts';
import type { RedisLiveStore } from '../../src/live/redis-live-store.ts';
import { COURSE, planOf, SESSION } from '../suites/live-fixtures.ts';
import { accepted, Scene } from '../suites/live-scene.ts';
import { makeRedisLive, type RedisUnderTest } from '../support/redis-live.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { until } from '../support/until.ts';

/** Looks after which every partition has been looked at. */
const LOOKS = 128 / INDEX_PARTITIONS_AT_ONCE;

describeWithRedis('keys that are gone', 'any', () => {
  const redis = sharedRedis();
  let scene: Scene<RedisUnderTest>;
  beforeEach(async () => {
    scene = await Scene.of(makeRedisLive(() => ({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix })));
    await scene.open();
    accepted(await scene.attend('t1', 'ct'));
    accepted(await scene.join(1, 'c1'));
  });
  afterEach(() => scene.close());

  const remove = (...keys: string[]) =>
    Promise.all(keys.map((key) => scene.under.connections.state.command('del', key)));

  test.each(['roll', 'marks', 'log'])(
    'LOSS-1 a roll without its %s is no roll, until it is opened anew',
    async (kind) => {
      const epoch = (await scene.view()).roll.header.epoch;
      await remove(...scene.under.keys.ofRoll(SESSION).filter((key) => key.includes(`:${kind}:`)));
      expect(await scene.mark(2, 'late')).toBeNull();
      expect(await scene.live.peek(SESSION)).toBeNull();
      expect(await scene.live.claimDue(10)).toEqual([]);
      expect(await scene.open({ rebuilt: true })).toEqual({ opened: true });
      const { roll, presence } = await scene.view();
      expect(roll).toMatchObject({ seq: 0, counts: { present: 0, absent: 4 }, header: { rebuilt: true } });
      expect(roll.header.epoch).not.toBe(epoch);
      expect([...presence.connections.keys()]).toEqual([]);
      expect(await scene.live.followedBy('u1')).toEqual([]);
      accepted(await scene.join(1, 'c1'));
    },
  );

  test('LOSS-1, JOIN-3 whoever joins the rebuilt roll while it is asked who is back stays in', async () => {
    await remove(...scene.under.keys.ofRoll(SESSION));
    await scene.open({ rebuilt: true });
    const [, joined] = await Promise.all([(scene.live as RedisLiveStore).comeBack(SESSION), scene.join(1, 'c1')]);
    accepted(joined);
    expect(scene.under.heard.membersOf(SESSION)).toContain('c1');
    expect([...(await scene.view()).presence.connections.keys()]).toEqual(['c1']);
  });

  test('LOSS-1 a start that is the first to meet the loss of a part opens the roll whole', async () => {
    await remove(...scene.under.keys.ofRoll(SESSION).filter((key) => key.includes(':marks:')));
    expect(await scene.open({ rebuilt: true })).toEqual({ opened: true });
    expect((await scene.view()).roll).toMatchObject({ state: 'active', seq: 0, counts: { present: 0, absent: 4 } });
    accepted(await scene.join(1, 'c1'));
  });

  test('LOSS-1 whoever hears a roll stays when it is gone, to be told when it is rebuilt', async () => {
    await remove(...scene.under.keys.ofRoll(SESSION));
    await (scene.live as RedisLiveStore).comeBack(SESSION);
    expect(scene.under.heard.membersOf(SESSION).sort()).toEqual(['c1', 'ct']);
  });

  test('JOIN-7, END-4 indexes that are gone are made anew from the rolls', async () => {
    const { rollsByCourse, rollsByUser, rollsByDue } = scene.under.keys;
    const before = await scene.live.activeInCourse(COURSE);
    await remove(rollsByCourse, rollsByUser, rollsByDue);
    expect(await scene.live.followedBy('u1')).toEqual([]);
    for (let look = 0; look < LOOKS; look += 1) await scene.live.sweepPresence();
    expect(await scene.live.followedBy('u1')).toEqual([SESSION]);
    expect(await scene.live.followedBy('t1')).toEqual([SESSION]);
    expect(await scene.live.activeInCourse(COURSE)).toEqual(before);
    expect((await scene.live.backlog()).rolls).toBe(1);
  });

  test('END-2 a roll whose end is missing in the index is found all the same', async () => {
    for (let look = 0; look < LOOKS; look += 1) await scene.live.sweepPresence();
    accepted(await scene.end());
    const { state } = scene.under.connections;
    await state.command('zadd', scene.under.keys.rollsByDue, scene.clock.now + 3_600_000, SESSION);
    expect(await scene.live.claimDue(10)).toEqual([]);
    for (let look = 0; look < LOOKS; look += 1) await scene.live.sweepPresence();
    expect(await scene.live.claimDue(10)).toMatchObject([{ session_id: SESSION, due: 'archive' }]);
  });
});

describeWithRedis('a server that is another one', 'process', () => {
  describe('after a restart with its append-only file', () => {
    test('SYNC-1 rolls are as they were, under a new epoch; emptied, they are lost', async () => {
      const server = await RedisProcess.start({ aof: 'always' });
      const scene = await Scene.of(makeRedisLive(() => ({ REDIS_URL: server.url })));
      await scene.open();
      accepted(await scene.attend('t1', 'ct'));
      accepted(await scene.join(1, 'c1'));
      const before = await scene.whole();
      await server.kill();
      await expect(scene.under.live.peek(SESSION)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await expect(scene.under.live.open(planOf('other'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
      await server.restart();
      await until('connected again', () => scene.under.connections.state.isUp);
      const after = await scene.whole();
      const { epoch } = after.roll.header;
      expect(epoch).not.toBe(before.roll.header.epoch);
      expect(after.roll).toEqual({ ...before.roll, header: { ...before.roll.header, epoch } });
      expect([...after.presence.connections]).toEqual([...before.presence.connections]);
      expect((await scene.whole()).roll.header.epoch).toBe(epoch);
      accepted(await scene.mark(1, 'late'));

      await server.command('FLUSHALL');
      expect(await scene.live.peek(SESSION)).toBeNull();
      expect(await scene.mark(1, 'late')).toBeNull();
      await scene.close();
      await server.stop();
    });
  });
});
