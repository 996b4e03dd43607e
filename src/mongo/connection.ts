/** One node's connection to MongoDB: one client with one pool, for registry and archive alike. */
import { type Db, MongoClient } from 'mongodb';
import {
  MONGO_CLOSE_MS,
  MONGO_CONNECT_MS,
  MONGO_HEARTBEAT_MS,
  MONGO_POOL_MAX,
  MONGO_SELECTION_MS,
  MONGO_SOCKET_TIMEOUT_MS,
} from '../limits.ts';
import { type Collections, collectionsOf, makeIndexes } from './collections.ts';
import { type MongoMeasures, measureCommands } from './command-measures.ts';
import { databaseOf } from './database-name.ts';

/** The wire version of MongoDB 4.2, the oldest that the driver speaks with. */
const OLDEST_WIRE_VERSION = 8;
const OLDEST = '4.2';

export type MongoReports = MongoMeasures & {
  /** The server cannot be reached any more; why, for the log. */
  lost(why: string): void;
  restored(): void;
};

export type MongoConnection = {
  collections: Collections;
  /** What an operator should hear, one line each. */
  warnings: string[];
  /** Throws when the server does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** Resolves when the server answers and every index is there. Throws an Error of one line when it cannot be used. */
export const connectMongo = async (url: string, reports: MongoReports): Promise<MongoConnection> => {
  const client = newClient(url);
  measureCommands(client, reports);
  try {
    const db = client.db(databaseOf(url));
    const warnings = await checkedServer(db);
    const collections = collectionsOf(db);
    await makeIndexes(collections);
    reportOn(client, reports);
    return {
      collections,
      warnings,
      ping: async () => {
        await db.command({ ping: 1 });
      },
      close: () => closed(client),
    };
  } catch (error) {
    await closed(client);
    throw new Error(`Cannot use MongoDB (MONGODB_URL): ${reasonOf(error)}`, { cause: error });
  }
};

const newClient = (url: string): MongoClient => {
  try {
    return new MongoClient(url, {
      appName: 'rollcast',
      // What was acknowledged survives the loss of the primary.
      writeConcern: { w: 'majority' },
      readPreference: 'primary',
      maxPoolSize: MONGO_POOL_MAX,
      serverSelectionTimeoutMS: MONGO_SELECTION_MS,
      connectTimeoutMS: MONGO_CONNECT_MS,
      waitQueueTimeoutMS: MONGO_SELECTION_MS,
      // A server that is there but does not answer is found out by these looks, and its connections are given up.
      heartbeatFrequencyMS: MONGO_HEARTBEAT_MS,
      socketTimeoutMS: MONGO_SOCKET_TIMEOUT_MS,
      ignoreUndefined: true,
      // For metrics. The driver then decodes what a cursor answers once more: 4 µs for each document.
      monitorCommands: true,
    });
  } catch (error) {
    // The driver's own words may repeat parts of the URL.
    throw new Error(`Cannot use MongoDB (MONGODB_URL): ${hidden(reasonOf(error), url)}`);
  }
};

/** Answers what an operator should hear. */
const checkedServer = async (db: Db): Promise<string[]> => {
  const hello = await db.command({ hello: 1 });
  if (Number(hello.maxWireVersion) < OLDEST_WIRE_VERSION) throw new Error(`it is older than MongoDB ${OLDEST}`);
  if (hello.setName !== undefined || hello.msg === 'isdbgrid') return [];
  return [
    'MongoDB is no replica set: what it has acknowledged can be lost when it is killed or its machine is lost; run a replica set',
  ];
};

/** Told once for each time that it goes and comes. */
const reportOn = (client: MongoClient, { lost, restored, reachable }: MongoReports): void => {
  let away = false;
  reachable(true);
  client.on('topologyDescriptionChanged', ({ newDescription }) => {
    const writable = [...newDescription.servers.values()].some((it) => it.isWritable);
    if (writable !== away) return;
    away = !writable;
    reachable(writable);
    if (!away) return restored();
    const why = [...newDescription.servers.values()].flatMap(({ error }) => (error ? [error.message] : []));
    lost(why[0] ?? 'no primary');
  });
};

const closed = async (client: MongoClient): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, MONGO_CLOSE_MS);
  });
  await Promise.race([client.close().catch(() => {}), tooLate]);
  clearTimeout(timer);
};

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const hidden = (text: string, url: string): string => text.replaceAll(url, '***');
