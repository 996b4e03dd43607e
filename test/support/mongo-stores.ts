/** Registry and archive on a database of the shared server. */
import { MongoArchive } from '../../src/archive/mongo-archive.ts';
import { createMetrics } from '../../src/metrics.ts';
import { storeReports } from '../../src/metrics-reports.ts';
import { connectMongo } from '../../src/mongo/connection.ts';
import { MongoRegistry } from '../../src/registry/mongo-registry.ts';

const QUIET = { ...storeReports(createMetrics()).mongodb, lost: () => {}, restored: () => {} };

export const openMongoStores = async (url: string) => {
  const { collections, ping, close } = await connectMongo(url, QUIET);
  return { collections, registry: new MongoRegistry(collections, ping), archive: new MongoArchive(collections), close };
};

export type MongoStores = Awaited<ReturnType<typeof openMongoStores>>;

/** Stores on one database, emptied for each test: making indexes anew for each would take longer than the tests. */
export const emptiedMongoStores = (database: () => string) => {
  let open: Promise<MongoStores> | null = null;
  return {
    make: async () => {
      open ??= openMongoStores(database());
      const stores = await open;
      await Promise.all(Object.values(stores.collections).map((it) => it.deleteMany({})));
      return { ...stores, close: async () => {} };
    },
    close: async () => (await open)?.close(),
  };
};
