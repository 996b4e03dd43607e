/**
 * Tests that need a real server of the MongoDB protocol, and where they get one: the server of TEST_MONGODB_URL, else a
 * container where a container engine answers, else `mongod` on the path, else one that is built from Go modules where Go
 * is present. Where there is none they are left out, and the end of the run says so.
 */
import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe } from 'vitest';
import { containerEngineAnswers } from './container-engine.ts';
import { BUILD_DEADLINE_MS, canHaveMongo } from './mongo-program.ts';
import { MongoProcess } from './mongo-server.ts';

const IMAGE = 'mongo:8';
const IMAGE_PORT = 27_017;

/** 'process': a server that the test starts, kills and freezes itself. 'any': one that it only talks to. */
export type MongoNeed = 'any' | 'process';

const MISSING: Record<MongoNeed, string> = {
  any: 'needs MongoDB: mongod or go on the path, or TEST_MONGODB_URL, or a container engine',
  process: 'needs mongod on the path, or go to build a server of its protocol',
};

const { TEST_MONGODB_URL } = process.env;

const available: Record<MongoNeed, boolean> = {
  process: canHaveMongo,
  any: canHaveMongo || TEST_MONGODB_URL !== undefined || (await containerEngineAnswers()),
};

/** A suite that runs where it can, and else is left out loudly; its body is collected in any case. */
export const describeWithMongo = (name: string, need: MongoNeed, body: () => void): void => {
  describe(name, available[need] ? {} : { skip: true, meta: { left_out: MISSING[need] } }, body);
};

type Started = { url: (database: string) => string; stop: () => Promise<unknown> };

const startContainer = async (): Promise<Started> => {
  const { GenericContainer } = await import('testcontainers');
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts(IMAGE_PORT)
    .withCommand(['--replSet', 'rs0', '--bind_ip_all'])
    .start();
  const initiate = `rs.initiate({ _id: 'rs0', members: [{ _id: 0, host: 'localhost:${IMAGE_PORT}' }] })`;
  await container.exec(['mongosh', '--quiet', '--eval', initiate]);
  const address = `${container.getHost()}:${container.getMappedPort(IMAGE_PORT)}`;
  return {
    url: (database) => `mongodb://${address}/${database}?directConnection=true`,
    stop: () => container.stop(),
  };
};

const withDatabase = (url: string, database: string): string => {
  const named = new URL(url);
  named.pathname = `/${database}`;
  return named.href;
};

const start = async (): Promise<Started> => {
  if (TEST_MONGODB_URL !== undefined) {
    return { url: (database) => withDatabase(TEST_MONGODB_URL, database), stop: async () => {} };
  }
  if (await containerEngineAnswers()) {
    try {
      return await startContainer();
    } catch (error) {
      // An engine that cannot get the image, for one.
      if (!canHaveMongo) throw error;
    }
  }
  const server = await MongoProcess.start();
  return { url: (database) => server.url(database), stop: () => server.stop() };
};

export type SharedMongo = {
  /** The URL of a database that nobody else uses; known once the tests run. It is dropped after them. */
  database(): string;
};

/** One server for the tests of the surrounding suite (`describeWithMongo(…, 'any', …)`), which must not stop it. */
export const sharedMongo = (): SharedMongo => {
  const prefix = `test_${randomBytes(6).toString('hex')}`;
  const made: string[] = [];
  let started: Started | null = null;
  beforeAll(async () => {
    started = await start();
  }, BUILD_DEADLINE_MS);
  afterAll(async () => {
    // The server may be anybody's: what the tests made goes.
    if (TEST_MONGODB_URL !== undefined) for (const url of made) await dropDatabase(url);
    await started?.stop();
  });
  return {
    database: () => {
      if (started === null)
        throw new Error('the shared MongoDB is there once the tests run, not while they are collected');
      const url = started.url(`${prefix}_${made.length}`);
      made.push(url);
      return url;
    },
  };
};

const dropDatabase = async (url: string): Promise<void> => {
  const client = new MongoClient(url);
  await client.db().dropDatabase();
  await client.close();
};
