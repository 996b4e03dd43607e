/**
 * One of the stores is restored to an older moment beside the other one, which has gone on: what becomes of each session,
 * as docs/backup-and-restore.md tells it.
 */
import { Redis } from 'ioredis';
import { type Document, MongoClient } from 'mongodb';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Classroom } from '../support/classroom.ts';
import { describeWithMongo } from '../support/mongo-needed.ts';
import { BUILD_DEADLINE_MS } from '../support/mongo-program.ts';
import { MongoProcess } from '../support/mongo-server.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { until } from '../support/until.ts';

const ARCHIVED_WITHIN_MS = 30_000;

/** All that a Redis holds now, for later. */
const rollsOf = async (redis: RedisProcess): Promise<() => Promise<void>> => {
  const client = new Redis(redis.url);
  client.on('error', () => {});
  const kept = new Map<string, Buffer>();
  for (const key of await client.keys('*')) kept.set(key, (await client.dumpBuffer(key)) as Buffer);
  return async () => {
    // A file is read by another process, which has another replication id.
    await redis.kill();
    await redis.restart();
    await client.flushall();
    for (const [key, value] of kept) await client.restore(key, 0, value);
    client.disconnect();
  };
};

/** A database as it is now, for later: what a dump and its restore do. */
const snapshotOf = async (client: MongoClient): Promise<() => Promise<void>> => {
  const collections = await client.db().listCollections().toArray();
  const kept = new Map<string, Document[]>();
  for (const { name } of collections) kept.set(name, await client.db().collection(name).find().toArray());
  return async () => {
    for (const [name, documents] of kept) {
      await client.db().collection(name).deleteMany({});
      if (documents.length > 0) await client.db().collection(name).insertMany(documents);
    }
  };
};

describeWithRedis('a store is restored to an older moment', 'process', () => {
  describeWithMongo('with MongoDB', 'process', () => {
    let redis: RedisProcess;
    let mongo: MongoProcess;
    let client: MongoClient;
    let nodes: SeveralNodes;
    beforeAll(async () => {
      redis = await RedisProcess.start({ aof: true });
      mongo = await MongoProcess.start();
      client = await MongoClient.connect(mongo.url('older'));
      nodes = await SeveralNodes.start({
        count: 1,
        env: () => ({ REDIS_URL: redis.url }),
        mongodb: mongo.url('older'),
      });
    }, BUILD_DEADLINE_MS);
    afterEach(() => nodes.settle());
    afterAll(async () => {
      await nodes?.stop();
      await client?.close();
      await mongo?.stop();
      await redis?.stop();
    });

    const ended = async (room: Classroom) => {
      const { session_id } = room;
      const teacher = await nodes.connect(room.teacher);
      await teacher.does('endAttendanceSession', { session_id });
    };
    const presentIn = async (room: Classroom) => {
      const { attendanceRecords } = await until(
        `${room.session_id} is archived`,
        () => archivedOf(room),
        ARCHIVED_WITHIN_MS,
      );
      return attendanceRecords.filter(({ status }) => status === 'present').length;
    };
    const archivedOf = async (room: Classroom) => {
      const attendance = await room.attendance().catch(() => null);
      return attendance?.source === 'archive' ? attendance : null;
    };
    const keepsFailing = (session_id: string) =>
      until('the log says so', () =>
        nodes
          .node(0)
          .output.split('\n')
          .some((line) => line.includes('not archived yet') && line.includes(session_id)),
      );
    /** What docs/backup-and-restore.md has an operator do for a session that was started after the backup. */
    const declareStarted = async (session_id: string) => {
      const now = Date.now();
      const { modifiedCount } = await client
        .db()
        .collection<{ _id: string }>('sessions')
        .updateOne(
          { _id: session_id, status: 'scheduled' },
          { $set: { status: 'active', begun_at: now, opened_at: now } },
        );
      expect(modifiedCount).toBe(1);
    };

    test('MongoDB: what ran goes on; what began later is archived once it is declared; what was archived later is lost', {
      timeout: 120_000,
    }, async () => {
      const [runs, begins, gone] = [await nodes.classroom(), await nodes.classroom(), await nodes.classroom()];
      await runs.started();
      await gone.started();
      const restore = await snapshotOf(client);

      // After the backup: a check-in; a start; an end; and a course that the backup knows nothing of.
      await runs.joined(0);
      await begins.started();
      await begins.joined(0);
      await gone.joined(0);
      await ended(gone);
      expect(await presentIn(gone)).toBe(1);
      const unknown = await nodes.classroom();
      await unknown.started();
      await unknown.joined(0);

      await nodes.node(0).kill('SIGTERM');
      await restore();
      await nodes.node(0).start();

      await runs.joined(1);
      await ended(runs);
      expect(await presentIn(runs)).toBe(2);

      // Its roll goes on as if nothing had been; only the archive has never heard of its start.
      await begins.joined(1);
      await ended(begins);
      await keepsFailing(begins.session_id);
      expect(await archivedOf(begins)).toBeNull();
      await declareStarted(begins.session_id);
      expect(await presentIn(begins)).toBe(2);

      await ended(unknown);
      await keepsFailing(unknown.session_id);
      await unknown.rest.call('createCourse', { body: { id: unknown.course_id, title: 'Again' } });
      await unknown.schedule(unknown.session_id);
      await declareStarted(unknown.session_id);
      expect(await presentIn(unknown)).toBe(1);

      // Active once more, but without a roll: staff may begin anew.
      const params = { id: gone.session_id };
      expect(await gone.rest.call('getSession', { params })).toMatchObject({ status: 'active' });
      const student = await nodes.connect(gone.student(0));
      await student.refused('joinAttendanceSession', { session_id: gone.session_id }, 'SESSION_NOT_ACTIVE');
      await gone.started();
      await student.does('joinAttendanceSession', { session_id: gone.session_id });
    });

    test('Redis: a roll that comes back is no roll of a session that is over; the archive keeps what it has', {
      timeout: 120_000,
    }, async () => {
      const room = await nodes.classroom();
      const { session_id } = room;
      await room.started();
      await room.joined(0);
      const restore = await rollsOf(redis);
      await room.joined(1);
      await ended(room);
      expect(await presentIn(room)).toBe(2);

      // The copy is hours old. Whoever had stayed would hear its numbers again, under an epoch that they know: only a start
      // of Redis draws a new one.
      nodes.settle();
      await nodes.node(0).kill('SIGTERM');
      await restore();
      await nodes.node(0).start();
      // It takes check-ins, which is why nobody should do this,
      await room.joined(2);
      expect((await room.attendance()).source).toBe('live');
      const teacher = await nodes.connect(room.teacher);
      await teacher.does('endAttendanceSession', { session_id });
      // until it ends; then it is let go, and is no part of what was stored.
      expect(await presentIn(room)).toBe(2);
    });
  });
});
