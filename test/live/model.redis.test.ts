/** The model test of the Redis store: as test/live/model.test.ts, against one server and against a Cluster. */
import { afterAll, beforeAll, test } from 'vitest';
import { modelSeed, modelSequences, modelTimeout } from '../suites/live-model-options.ts';
import { runModel } from '../suites/live-model-run.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { makeRedisLive } from '../support/redis-live.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';

const sequences = modelSequences(1_000);

describeWithRedis('the Redis store agrees with the model', 'any', () => {
  const redis = sharedRedis();
  test(
    `one server (MODEL_SEED=${modelSeed} MODEL_SEQUENCES=${sequences})`,
    async () => {
      const make = makeRedisLive(() => ({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix }));
      console.log(`model test of the Redis store: MODEL_SEED=${modelSeed} MODEL_SEQUENCES=${sequences}`);
      await runModel({ make, seed: modelSeed, sequences, reopens: false });
    },
    modelTimeout(sequences),
  );
});

describeWithRedis('the Redis store agrees with the model', 'process', () => {
  let cluster: RedisCluster;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  }, 60_000);
  afterAll(() => cluster.stop());

  test(
    `a Cluster (MODEL_SEED=${modelSeed} MODEL_SEQUENCES=${sequences})`,
    async () => {
      const make = makeRedisLive(() => ({ REDIS_URL: cluster.urls.join(','), REDIS_MODE: 'cluster' }));
      console.log(`model test of the Redis store: MODEL_SEED=${modelSeed} MODEL_SEQUENCES=${sequences}`);
      await runModel({ make, seed: modelSeed, sequences, reopens: false });
    },
    modelTimeout(sequences),
  );
});
