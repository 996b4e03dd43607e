/** Courses and records of the distributed profile: in MongoDB, shared by all nodes. */
import type { Logger } from 'pino';
import { MongoArchive } from '../archive/mongo-archive.ts';
import type { StoreReports } from '../metrics-reports.ts';
import { connectMongo } from '../mongo/connection.ts';
import { MongoRegistry } from '../registry/mongo-registry.ts';
import type { DistributedOptions } from './distributed.ts';

/** Resolves when MongoDB answers and has its indexes. Throws an Error of one line when it cannot be used. */
export const mongoRecords = async (
  url: string,
  logger: Logger,
  reports: StoreReports['mongodb'],
): Promise<DistributedOptions['records']> => {
  const { collections, warnings, ping, close } = await connectMongo(url, {
    ...reports,
    lost: (why) => logger.warn({ why }, 'MongoDB is away'),
    restored: () => logger.info('MongoDB is back'),
  });
  return {
    registry: new MongoRegistry(collections, ping),
    archive: new MongoArchive(collections),
    warnings,
    close,
  };
};
