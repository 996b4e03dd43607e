/**
 * Many sessions end at the same moment, while the database goes away and comes back, nodes are killed, and answers of the
 * database are lost after it has written. Afterwards, without any request, everything is in the archive exactly as the
 * live rolls were at their end.
 *
 * ROLLCAST_TEST_SESSIONS sets how many sessions, 60 unless given; ROLLCAST_TEST_OUTAGE_MS how long the database is
 * stopped, 5000 unless given. 300 sessions and 20 s take some minutes.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ArchiveContents } from '../support/archive-contents.ts';
import type { Classroom } from '../support/classroom.ts';
import { describeWithMongo } from '../support/mongo-needed.ts';
import { BUILD_DEADLINE_MS } from '../support/mongo-program.ts';
import { MongoProcess } from '../support/mongo-server.ts';
import { freshId } from '../support/people.ts';
import { Random } from '../support/random.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { RestClient } from '../support/rest-client.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const SESSIONS = Number(process.env.ROLLCAST_TEST_SESSIONS ?? 60);
const OUTAGE_MS = Number(process.env.ROLLCAST_TEST_OUTAGE_MS ?? 5_000);
const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);
const random = new Random(SEED);

const STUDENTS = 40;
const SESSIONS_OF_A_COURSE = 20;
const NODES = 3;
const KILLS = 4;
/** Sessions that are prepared at the same time. */
const AT_ONCE = 8;
/** An answer of the database is lost this often while it is there, milliseconds. Each makes a driver look for its server anew. */
const ANSWER_LOST_EVERY_MS = 1_000;
const PREPARED_WITHIN_MS = 300_000;
const ACKNOWLEDGED_WITHIN_MS = 180_000;
const ARCHIVED_WITHIN_MS = 300_000;

/** The archive has it, and the answer that said so was lost: the claim lapses after 30 s, or its next try waits up to 60 s. */
const FORGOTTEN_WITHIN_MS = 120_000;

const PREFIX = 'test';

/** What the roll said before it ended. */
type Live = Awaited<ReturnType<Classroom['attendance']>> & { audit: Awaited<ReturnType<Classroom['audit']>> };

const unversioned = (record: Live['attendanceRecords'][number]) => {
  const { version: _version, ...rest } = { version: 0, ...record };
  return rest;
};

const forAll = async <T>(items: readonly T[], at_once: number, fn: (item: T) => Promise<void>): Promise<void> => {
  const waiting = [...items];
  const work = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await fn(item);
  };
  await Promise.all(Array.from({ length: at_once }, work));
};

describeWithRedis('many ends at the same moment', 'process', () => {
  describeWithMongo('with a database that goes away', 'process', () => {
    let redis: RedisProcess;
    let mongo: MongoProcess;
    let proxy: TcpProxy;
    let nodes: SeveralNodes;
    let archive: ArchiveContents;

    beforeAll(async () => {
      redis = await RedisProcess.start({ aof: true });
      mongo = await MongoProcess.start();
      proxy = await TcpProxy.start(mongo.port);
      archive = new ArchiveContents(mongo.url('storm'));
      const env = () => ({ REDIS_URL: redis.url, REDIS_PREFIX: PREFIX });
      nodes = await SeveralNodes.start({ count: NODES, env, mongodb: mongo.url('storm', proxy.port) });
    }, BUILD_DEADLINE_MS);
    afterEach(() => nodes.settle());
    afterAll(async () => {
      await nodes?.stop();
      await archive?.close();
      await proxy?.stop();
      await mongo?.stop();
      await redis?.stop();
    });

    /** A session that runs, with marks by hand on every line and a student's check-in here and there. */
    const prepare = async (room: Classroom, session_id: string): Promise<Live> => {
      await room.schedule(session_id);
      const params = { id: session_id };
      // A busy machine may take longer than a start may.
      await until(
        `${session_id} is started`,
        async () => (await room.rest.send('startSession', { params })).status === 200,
        60_000,
      );
      for (const part of [room.students, room.students.filter(() => random.chance(0.3))]) {
        const updates = part.map(({ student_id }) => ({
          student_id,
          status: random.pick(['present', 'late', 'excused', 'absent']),
          ...(random.chance(0.5) ? { remarks: `remark ${random.int(1_000)}` } : {}),
        }));
        if (updates.length > 0) await room.rest.call('markAttendance', { params, body: { updates } });
      }
      return { ...(await room.attendance(session_id)), audit: await room.audit(session_id) };
    };

    /** Ends it, by any node, until one has acknowledged. */
    const end = async (room: Classroom, session_id: string): Promise<void> => {
      await until(
        `the end of ${session_id} is acknowledged`,
        async () => {
          const { url } = random.pick(nodes.nodes);
          const rest = new RestClient(url, nodes.token(room.teacher));
          const answer = await rest.send('endSession', { params: { id: session_id } }).catch(() => null);
          return answer?.status === 200;
        },
        ACKNOWLEDGED_WITHIN_MS,
      );
    };

    test(
      `END-2 END-3 ${SESSIONS} sessions of ${STUDENTS} are archived once, as they were at their end`,
      async () => {
        const rooms: Classroom[] = [];
        for (let n = 0; n < SESSIONS; n += SESSIONS_OF_A_COURSE) {
          rooms.push(await nodes.classroom({ students: STUDENTS }));
        }
        const sessions = Array.from({ length: SESSIONS }, (_, n) => ({
          id: freshId('x'),
          room: rooms[Math.floor(n / SESSIONS_OF_A_COURSE)] as Classroom,
        }));
        const live = new Map<string, Live>();
        await forAll(sessions, AT_ONCE, async ({ id, room }) => void live.set(id, await prepare(room, id)));

        const completed = () => archive.completed().catch(() => 0);
        let databaseIsThere = true;
        let over = false;
        const losingAnswers = (async () => {
          while (!over) {
            if (databaseIsThere && proxy.connections.length > 0) random.pick(proxy.connections).cutAtNextAnswer();
            await pause(ANSWER_LOST_EVERY_MS);
          }
        })();
        const killing = (async () => {
          for (let n = 0; n < KILLS; n += 1) {
            await pause(random.int(1_500));
            const node = nodes.node(n % NODES);
            await node.kill('SIGKILL');
            // A node that starts while its database is away ends again, and an orchestrator tries again.
            await until(
              'the killed node is back',
              () =>
                node.start().then(
                  () => true,
                  () => false,
                ),
              60_000,
            );
          }
        })();
        const stopping = (async () => {
          await until('some are archived', async () => (await completed()) > 0, 60_000);
          await mongo.kill('SIGKILL');
          databaseIsThere = false;
          await pause(OUTAGE_MS);
          await mongo.restart();
          databaseIsThere = true;
        })();
        const ending = Promise.all(sessions.map(({ id, room }) => end(room, id)));
        await Promise.all([ending, killing, stopping]).finally(() => {
          over = true;
        });
        await losingAnswers;

        await until('all sessions are completed', async () => (await completed()) === SESSIONS, ARCHIVED_WITHIN_MS);
        await until(
          'no roll is left',
          async () => ((await redis.command('KEYS', `${PREFIX}:*:roll:*`)) as []).length === 0,
          FORGOTTEN_WITHIN_MS,
        );
        const stored = await archive.everything();
        for (const [id, before] of live) {
          const after = stored.get(id);
          expect(after, `${id}, seed ${SEED}`).toMatchObject({ status: 'completed', version: 1 });
          expect(after?.records).toEqual(before.attendanceRecords.map(unversioned));
          const {
            presentCount: present,
            absentCount: absent,
            lateCount: late,
            excusedCount: excused,
          } = before.statistics;
          expect(after?.counts).toEqual({ present, absent, late, excused });
          expect(after?.audit.slice(0, -1)).toEqual(before.audit);
          expect(after?.audit.at(-1)).toMatchObject({ source: 'end', from: 'active', to: 'completed' });
        }
        const records = await archive.collections.attendance.find({}, { projection: { session_id: 1 } }).toArray();
        expect(records).toHaveLength(SESSIONS * STUDENTS);
      },
      PREPARED_WITHIN_MS + ACKNOWLEDGED_WITHIN_MS + ARCHIVED_WITHIN_MS + FORGOTTEN_WITHIN_MS,
    );
  });
});
