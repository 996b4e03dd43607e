/** The same queries, and nodes on Redis and MongoDB: each finds something, and what an outage is told by is there during one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERRORS } from '../../src/contract/errors.ts';
import { afterALittleOfEverything, scrape } from '../support/all-metrics.ts';
import { queries } from '../support/boards.ts';
import { type Exposition, readExposition } from '../support/exposition.ts';
import { describeWithMongo } from '../support/mongo-needed.ts';
import { BUILD_DEADLINE_MS } from '../support/mongo-program.ts';
import { MongoProcess } from '../support/mongo-server.ts';
import { selectorsIn } from '../support/promql.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { until } from '../support/until.ts';

/** Nothing writes them but a node of the embedded profile. */
const EMBEDDED = /^rollcast_journal_/;
/** One that no answer of this lesson had. */
const STATUS = /^[1-5](\d\d|\.\.)$/;

describeWithRedis('nodes with Redis', 'process', () => {
  describeWithMongo('and MongoDB', 'process', () => {
    let redis: RedisProcess;
    let mongo: MongoProcess;
    let nodes: SeveralNodes;
    let exposition: Exposition;
    beforeAll(async () => {
      redis = await RedisProcess.start({ aof: true });
      mongo = await MongoProcess.start();
      const env = () => ({ REDIS_URL: redis.url, REDIS_PREFIX: 'test' });
      nodes = await SeveralNodes.start({ count: 2, env, mongodb: mongo.url('boards') });
      exposition = readExposition(await afterALittleOfEverything(nodes));
    }, BUILD_DEADLINE_MS);
    afterAll(async () => {
      nodes?.settle();
      await nodes?.stop();
      await mongo?.stop();
      await redis?.stop();
    });

    const asked = queries.flatMap(({ where, expr }) => selectorsIn(expr).map((it) => ({ where, ...it })));

    test('expose samples of everything that is asked for', () => {
      const names = new Set(asked.map(({ metric }) => metric));
      const without = [...names].filter((it) => !((exposition.get(it)?.samples ?? 1) > 0) && !EMBEDDED.test(it));
      expect(without).toEqual([]);
    });

    test('have the values of labels that are asked for', () => {
      const codes = new Set(['OK', 'SCRIPT', ...Object.keys(ERRORS)]);
      const isKnown = (metric: string, label: string, value: string): boolean =>
        value.startsWith('$') ||
        exposition.get(metric)?.labels.get(label)?.has(value) === true ||
        (label === 'code' && codes.has(value)) ||
        (label === 'status' && STATUS.test(value));
      const ours = asked.filter(({ metric }) => exposition.has(metric));
      const values = ours.flatMap(({ where, metric, matchers }) =>
        matchers.flatMap(({ label, values }) => values.map((value) => ({ where, metric, label, value }))),
      );
      expect(values.some(({ label }) => label === 'command')).toBe(true);
      expect(values.filter(({ metric, label, value }) => !isKnown(metric, label, value))).toEqual([]);
      expect(isKnown('rollcast_mongodb_seconds_bucket', 'command', 'upsert')).toBe(false);
    });

    test('tell of Redis and MongoDB while these are away', async () => {
      const told = async (name: string) => (await scrape(nodes)).split('\n').filter((it) => it.startsWith(name));
      expect(await told('rollcast_mongodb_up')).toEqual(['rollcast_mongodb_up 1', 'rollcast_mongodb_up 1']);
      await mongo.kill();
      await until('both nodes tell it', async () => {
        const lines = await told('rollcast_mongodb_up');
        return lines.length === 2 && lines.every((it) => it === 'rollcast_mongodb_up 0');
      });
      await redis.kill();
      await until('both nodes tell it', async () => {
        const lines = await told('rollcast_redis_up{purpose="state"}');
        return lines.length === 2 && lines.every((it) => it.endsWith(' 0'));
      });
      // What is in Redis is not known now: no old number stands for it.
      expect(await told('rollcast_oldest_overdue_seconds')).toEqual([]);
      expect((await told('rollcast_redis_losses_total{purpose="state"}')).every((it) => !it.endsWith(' 0'))).toBe(true);
    });
  });
});
