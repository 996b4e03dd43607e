/** MongoDB is stopped or does not answer: what needs it is refused soon, running rolls go on, and afterwards nothing is missing. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ArchiveContents } from '../support/archive-contents.ts';
import { describeWithMongo } from '../support/mongo-needed.ts';
import { BUILD_DEADLINE_MS } from '../support/mongo-program.ts';
import { MongoProcess } from '../support/mongo-server.ts';
import { freshId } from '../support/people.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { until } from '../support/until.ts';

const PREFIX = 'test';
const STUDENTS = 20;
/** The contract's own bound. */
const REFUSED_WITHIN_MS = 3_000;
const BACK_WITHIN_MS = 60_000;

const WAYS = {
  stopped: { leave: (it: MongoProcess) => it.kill(), comeBack: (it: MongoProcess) => it.restart() },
  frozen: { leave: async (it: MongoProcess) => it.freeze(), comeBack: async (it: MongoProcess) => it.resume() },
};

describeWithRedis('MongoDB is away', 'process', () => {
  describeWithMongo('with MongoDB', 'process', () => {
    let redis: RedisProcess;
    let mongo: MongoProcess;
    let nodes: SeveralNodes;
    let archive: ArchiveContents;
    beforeAll(async () => {
      redis = await RedisProcess.start({ aof: true });
      mongo = await MongoProcess.start();
      archive = new ArchiveContents(mongo.url('away'));
      const env = () => ({ REDIS_URL: redis.url, REDIS_PREFIX: PREFIX });
      nodes = await SeveralNodes.start({ count: 2, env, mongodb: mongo.url('away') });
    }, BUILD_DEADLINE_MS);
    afterEach(() => nodes.settle());
    afterAll(async () => {
      await nodes?.stop();
      await archive?.close();
      await mongo?.stop();
      await redis?.stop();
    });

    const readiness = async (n: number) => {
      const answer = await fetch(`${nodes.node(n).url}/readyz`);
      return { status: answer.status, body: (await answer.json()) as { parts: Record<string, string> } };
    };

    describe.each(Object.entries(WAYS))('%s', (_name, way) => {
      test('starts are refused, joins and marks and ends go on, readiness tells, and on return everything drains', async () => {
        const room = await nodes.classroom({ students: STUDENTS });
        const { session_id } = room;
        const scheduled = await room.schedule(freshId('x'));
        const teacher = await room.started();
        await way.leave(mongo);
        try {
          for (const _repeated of [1, 2]) {
            const since = performance.now();
            expect(await teacher.ask('startAttendanceSession', { session_id: scheduled })).toMatchObject({
              ok: false,
              code: 'STORE_UNAVAILABLE',
              retryable: true,
            });
            expect(performance.now() - since).toBeLessThan(REFUSED_WITHIN_MS);
          }
          for (let n = 0; n < STUDENTS / 2; n += 1) await room.joined(n);
          const { student_id } = room.student(STUDENTS - 1);
          await teacher.does('markStudentAttendance', { session_id, student_id, status: 'excused' });
          await until('readiness tells', async () => {
            const { status, body } = await readiness(1);
            return status === 503 && body.parts.registry === 'down' && body.parts.live === 'ok';
          });
          expect((await fetch(`${nodes.node(0).url}/livez`)).status).toBe(200);
          await teacher.does('endAttendanceSession', { session_id });
        } finally {
          await way.comeBack(mongo);
        }
        await until(
          'the session is archived',
          async () => (await archive.everything().catch(() => null))?.get(session_id)?.status === 'completed',
          BACK_WITHIN_MS,
        );
        const stored = (await archive.everything()).get(session_id);
        expect(stored?.counts).toEqual({ present: STUDENTS / 2, absent: STUDENTS / 2 - 1, late: 0, excused: 1 });
        for (const n of [0, 1]) {
          await until('it is ready again', async () => (await readiness(n)).status === 200, BACK_WITHIN_MS);
        }
        await until(
          'the scheduled one can be started',
          async () => (await teacher.ask('startAttendanceSession', { session_id: scheduled })).ok,
          BACK_WITHIN_MS,
        );
        for (const { output } of nodes.nodes) expect(output).not.toMatch(/unhandled|uncaught/i);
      }, 120_000);
    });
  });
});
