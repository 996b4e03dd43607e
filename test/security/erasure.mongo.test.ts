/** After an erasure nothing of a student is in Redis or in MongoDB. */
import { MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { describeWithMongo } from '../support/mongo-needed.ts';
import { BUILD_DEADLINE_MS } from '../support/mongo-program.ts';
import { MongoProcess } from '../support/mongo-server.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { until } from '../support/until.ts';
import { eraseSomebody } from './erasing.ts';

const DATABASE = 'erasure';

describeWithRedis('after an erasure', 'process', () => {
  describeWithMongo('on three nodes', 'process', () => {
    let redis: RedisProcess;
    let mongo: MongoProcess;
    let nodes: SeveralNodes;
    beforeAll(async () => {
      redis = await RedisProcess.start();
      mongo = await MongoProcess.start();
      const env = () => ({ REDIS_URL: redis.url, REDIS_PREFIX: 'test' });
      nodes = await SeveralNodes.start({ count: 3, env, mongodb: mongo.url(DATABASE) });
    }, BUILD_DEADLINE_MS);
    afterEach(() => nodes.settle());
    afterAll(async () => {
      await nodes?.stop();
      await mongo?.stop();
      await redis?.stop();
    });

    /** Every document of every collection of every database, as text. */
    const documentsWith = async (text: string): Promise<string[]> => {
      const client = new MongoClient(mongo.url(DATABASE));
      const found: string[] = [];
      for (const { name } of await client.db().listCollections().toArray()) {
        for (const document of await client.db().collection(name).find().toArray()) {
          const json = JSON.stringify(document);
          if (json.includes(text)) found.push(`${name}: ${json}`);
        }
      }
      await client.close();
      return found;
    };

    /** Every key and what it holds, in Redis' own form without compression. */
    const keysWith = async (text: string): Promise<string[]> => {
      await redis.command('CONFIG', 'SET', 'rdbcompression', 'no');
      const found: string[] = [];
      for (const key of (await redis.command('KEYS', '*')) as string[]) {
        if (key.includes(text) || String(await redis.command('DUMP', key)).includes(text)) found.push(key);
      }
      return found;
    };

    test('no document and no key holds anything of a student', async () => {
      const mark = await eraseSomebody(nodes);
      // The last of it goes when the erasure itself is forgotten.
      await until('nothing is in MongoDB', async () => (await documentsWith(mark)).length === 0, 20_000).catch(
        () => {},
      );
      expect(await documentsWith(mark)).toEqual([]);
      expect(await keysWith(mark)).toEqual([]);
    }, 120_000);

    test('the search finds what is there', async () => {
      expect(await documentsWith('Course ')).not.toEqual([]);
      await redis.command('SET', 'somewhere', 'in xGoneForGoodx here');
      expect(await keysWith('xGoneForGoodx')).toEqual(['somewhere']);
    });
  });
});
