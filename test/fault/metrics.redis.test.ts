/** What nodes on Redis and MongoDB measure, and what they tell while one of these is away and once it is back. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeWithMongo } from '../support/mongo-needed.ts';
import { BUILD_DEADLINE_MS } from '../support/mongo-program.ts';
import { MongoProcess } from '../support/mongo-server.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { type RedisProxy, startRedisProxy } from '../support/redis-proxy.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { type Labels, type Scrape, scrape, scrapeUntil } from '../support/scrape.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { until } from '../support/until.ts';

const PURPOSES = ['state', 'publish', 'subscribe'];
const AWAY = 'STORE_UNAVAILABLE';
const BACK_WITHIN_MS = 60_000;

describeWithRedis('metrics', 'process', () => {
  describeWithMongo('with MongoDB', 'process', () => {
    let redis: RedisProcess;
    let mongo: MongoProcess;
    let nodes: SeveralNodes;
    const ways: RedisProxy[] = [];
    beforeAll(async () => {
      redis = await RedisProcess.start({ aof: true });
      mongo = await MongoProcess.start();
      for (const _node of [0, 1]) ways.push(await startRedisProxy(redis.url));
      const env = (n: number) => ({ REDIS_URL: ways[n]?.url ?? '' });
      nodes = await SeveralNodes.start({ count: 2, env, mongodb: mongo.url('metrics') });
    }, BUILD_DEADLINE_MS);
    afterEach(() => nodes.settle());
    afterAll(async () => {
      await nodes?.stop();
      await Promise.all(ways.map(({ proxy }) => proxy.stop()));
      await mongo?.stop();
      await redis?.stop();
    });

    const url = (n: number) => nodes.node(n).url;
    const way = (n: number) => (ways[n] as RedisProxy).proxy;
    const grownBy = (before: Scrape, after: Scrape, name: string, labels: Labels = {}) =>
      (after.value(name, labels) ?? 0) - (before.value(name, labels) ?? 0);
    const areUp = (it: Scrape) => PURPOSES.every((purpose) => it.value('redis_up', { purpose }) === 1);
    const readiness = async (n: number, parts: string) => (await fetch(`${url(n)}/readyz?parts=${parts}`)).status;

    test('a run of a script, a plain command and a command of MongoDB are measured, each by its name', async () => {
      const first = await scrape(url(0));
      expect(first.labelValues('build_info', 'profile')).toEqual(['distributed']);
      expect(areUp(first)).toBe(true);
      expect(first.value('mongodb_up')).toBe(1);
      // Before there is any error, for the first one is to be seen as an increase.
      for (const operation of ['apply', 'open', 'read', 'zadd', 'spublish']) {
        for (const code of [AWAY, 'SCRIPT']) expect(first.value('redis_errors_total', { operation, code })).toBe(0);
      }
      for (const command of ['find', 'update']) expect(first.value('mongodb_errors_total', { command })).toBe(0);
      for (const purpose of PURPOSES) expect(first.value('redis_losses_total', { purpose })).toBe(0);

      const room = await nodes.classroom({ students: 3 });
      const { session_id } = room;
      const teacher = await nodes.connect(room.teacher, { node: 0 });
      await teacher.does('startAttendanceSession', { session_id });
      const before = await scrape(url(0));
      expect(grownBy(first, before, 'redis_seconds_count', { operation: 'open' })).toBe(1);
      expect(before.value('redis_seconds_count', { operation: 'zadd' })).toBeGreaterThan(0);
      expect(grownBy(first, before, 'mongodb_seconds_count', { command: 'find' })).toBeGreaterThan(0);
      for (const status of ['late', 'present', 'excused'] as const) {
        await teacher.does('markStudentAttendance', { session_id, student_id: room.student(0).student_id, status });
      }
      const after = await scrape(url(0));
      expect(grownBy(before, after, 'redis_seconds_count', { operation: 'apply' })).toBe(3);
      expect(grownBy(before, after, 'redis_seconds_sum', { operation: 'apply' })).toBeGreaterThan(0);
      expect(after.text).not.toMatch(/operation="rollcast/);
      // Whoever counts has done it: joins of a student on the other node are the other's.
      const other = await scrape(url(1));
      const student = await nodes.connect(room.student(1), { node: 1 });
      await student.does('joinAttendanceSession', { session_id });
      expect(grownBy(other, await scrape(url(1)), 'joins_total', { result: 'new' })).toBe(1);
      await teacher.does('endAttendanceSession', { session_id });
      await room.archived();
      const archived = (await Promise.all([scrape(url(0)), scrape(url(1))])).map((it) =>
        it.value('archive_seconds_count', { outcome: 'archived' }),
      );
      expect(archived.reduce((sum: number, it) => sum + (it ?? 0), 0)).toBe(1);
      for (const n of [0, 1]) {
        const { text, series } = await scrape(url(n));
        expect(series).toBeLessThan(2_000);
        for (const { sub, student_id } of room.students)
          expect(text.includes(sub) || text.includes(student_id)).toBe(false);
      }
    });

    test('Redis is cut off: the node says so, counts what fails, and repairs what its clients missed', async () => {
      const room = await nodes.classroom({ students: 3 });
      const { session_id } = room;
      const teacher = await nodes.connect(room.teacher, { node: 1 });
      await teacher.does('startAttendanceSession', { session_id });
      const student = await nodes.connect(room.student(0), { node: 0 });
      await student.does('joinAttendanceSession', { session_id });
      const before = await scrape(url(0));
      expect(before.value('live_rolls')).toBeGreaterThan(0);
      await way(0).cut();
      try {
        const cut = await scrapeUntil(url(0), 'it says so', (it) =>
          PURPOSES.every((purpose) => it.value('redis_up', { purpose }) === 0),
        );
        for (const purpose of PURPOSES) expect(grownBy(before, cut, 'redis_losses_total', { purpose })).toBe(1);
        // Nobody knows how many there are.
        expect(cut.value('live_rolls')).toBeNull();
        expect(await readiness(0, 'live')).toBe(503);
        await student.refused('joinAttendanceSession', { session_id }, AWAY);
        const refused = await scrape(url(0));
        const apply = { operation: 'apply', code: AWAY };
        expect(grownBy(before, refused, 'redis_errors_total', apply)).toBeGreaterThan(0);
        expect(grownBy(before, refused, 'redis_errors_total', { ...apply, code: 'SCRIPT' })).toBe(0);
        expect(grownBy(before, refused, 'redis_seconds_count', { operation: 'apply' })).toBe(0);
        expect(grownBy(before, refused, 'joins_total', { result: 'again' })).toBe(0);
        await teacher.does('markStudentPresent', { session_id, student_id: room.student(1).student_id });
      } finally {
        await way(0).restore();
      }
      const back = await scrapeUntil(url(0), 'it is back', areUp, BACK_WITHIN_MS);
      expect(back.value('live_rolls')).not.toBeNull();
      await student.hears('attendanceUpdated');
      const repaired = await scrapeUntil(
        url(0),
        'it has repaired the gap',
        (it) => grownBy(before, it, 'gaps_repaired_total', { how: 'replay' }) > 0,
      );
      expect(grownBy(before, repaired, 'gaps_repaired_total', { how: 'snapshot' })).toBe(0);
      expect(await readiness(0, 'live')).toBe(200);
      await teacher.does('endAttendanceSession', { session_id });
    });

    test('MongoDB is away: the node says so, stays ready for live rolls, and counts the tries to archive', async () => {
      const room = await nodes.classroom({ students: 2 });
      const { session_id } = room;
      const teacher = await room.started();
      const failures = (all: Scrape[]) =>
        all.reduce((sum, it) => sum + (it.value('archive_seconds_count', { outcome: 'failed' }) ?? 0), 0);
      const both = () => Promise.all([scrape(url(0)), scrape(url(1))]);
      const before = failures(await both());
      await mongo.kill();
      try {
        for (const n of [0, 1]) {
          await scrapeUntil(url(n), 'it says so', (it) => it.value('mongodb_up') === 0);
          expect([await readiness(n, 'live'), await readiness(n, 'live,registry')]).toEqual([200, 503]);
        }
        await teacher.does('endAttendanceSession', { session_id });
        await until('a try has failed', async () => failures(await both()) > before);
      } finally {
        await mongo.restart();
      }
      for (const n of [0, 1]) {
        await scrapeUntil(url(n), 'it is back', (it) => it.value('mongodb_up') === 1, BACK_WITHIN_MS);
      }
      await room.archived();
    });
  });
});
