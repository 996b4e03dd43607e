import { afterAll } from 'vitest';
import { describeRegistry } from '../suites/registry-suite.ts';
import { describeWithMongo, sharedMongo } from '../support/mongo-needed.ts';
import { emptiedMongoStores } from '../support/mongo-stores.ts';

describeWithMongo('with MongoDB', 'any', () => {
  const mongo = sharedMongo();
  const stores = emptiedMongoStores(() => mongo.database());
  afterAll(stores.close);
  describeRegistry('MongoDB', stores.make);
});
