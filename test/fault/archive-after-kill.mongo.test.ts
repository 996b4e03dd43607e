/**
 * The node that acknowledged an end dies at once: another one archives it, without anybody asking. And an archiver that
 * stops after its claim and wakes late changes nothing any more.
 *
 * ROLLCAST_TEST_KILLS sets how many nodes are killed, 10 unless given.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ArchiveContents } from '../support/archive-contents.ts';
import type { Classroom } from '../support/classroom.ts';
import { describeWithMongo } from '../support/mongo-needed.ts';
import { BUILD_DEADLINE_MS } from '../support/mongo-program.ts';
import { MongoProcess } from '../support/mongo-server.ts';
import { freshId } from '../support/people.ts';
import { Random } from '../support/random.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

const KILLS = Number(process.env.ROLLCAST_TEST_KILLS ?? 10);
const SEED = Number(process.env.ROLLCAST_TEST_SEED ?? Date.now() % 1_000_000);
const random = new Random(SEED);

const STUDENTS = 40;
const PREFIX = 'test';
const KILLED_WITHIN_MS = 5;
/** The claim of a node that died or stopped lapses after 30 s, and another node looks every second. */
const ARCHIVED_WITHIN_MS = 60_000;

describeWithRedis('archiving', 'process', () => {
  describeWithMongo('with MongoDB', 'process', () => {
    let redis: RedisProcess;
    let mongo: MongoProcess;
    /** Between node 0 and the database. */
    let proxy: TcpProxy;
    let nodes: SeveralNodes;
    let archive: ArchiveContents;
    beforeAll(async () => {
      redis = await RedisProcess.start({ aof: true });
      mongo = await MongoProcess.start();
      proxy = await TcpProxy.start(mongo.port);
      archive = new ArchiveContents(mongo.url('archiving'));
      const env = (n: number) => ({
        REDIS_URL: redis.url,
        REDIS_PREFIX: PREFIX,
        MONGODB_URL: mongo.url('archiving', n === 0 ? proxy.port : mongo.port),
      });
      nodes = await SeveralNodes.start({ count: 3, env, mongodb: mongo.url('archiving') });
    }, BUILD_DEADLINE_MS);
    afterEach(() => nodes.settle());
    afterAll(async () => {
      await nodes?.stop();
      await archive?.close();
      await proxy?.stop();
      await mongo?.stop();
      await redis?.stop();
    });

    /** A roll with marks on it, and the teacher on a node. */
    const running = async (room: Classroom, node: number, session_id = room.session_id) => {
      const teacher = await nodes.connect(room.teacher, { node, transports: ['websocket'] });
      await teacher.does('startAttendanceSession', { session_id });
      const attendanceUpdates = room.students.map(({ student_id }) => ({
        student_id,
        status: random.pick(['present', 'late', 'excused', 'absent'] as const),
        remarks: `remark ${random.int(1_000)}`,
      }));
      await teacher.does('bulkUpdateAttendance', { session_id, attendanceUpdates });
      return teacher;
    };

    describe('a node is killed when it has acknowledged the end', () => {
      test(
        `END-2 END-3 ${KILLS} times within ${KILLED_WITHIN_MS} ms`,
        async () => {
          const room = await nodes.classroom({ students: STUDENTS });
          const expected = new Map<string, unknown>();
          for (let n = 0; n < KILLS; n += 1) {
            const session_id = await room.schedule(freshId('x'));
            const victim = nodes.node(n % 3);
            const teacher = await running(room, n % 3, session_id);
            const { attendanceRecords } = await teacher.does('getAttendanceSessionData', { session_id });
            expected.set(session_id, attendanceRecords);
            await teacher.does('endAttendanceSession', { session_id });
            await pause(random.int(KILLED_WITHIN_MS));
            await victim.kill('SIGKILL');
            teacher.close();
            await victim.start();
          }
          await until(
            `${KILLS} sessions are archived`,
            async () => (await archive.completed()) === KILLS,
            ARCHIVED_WITHIN_MS,
          );
          const stored = await archive.everything();
          for (const [session_id, records] of expected) expect(stored.get(session_id)?.records).toEqual(records);
        },
        KILLS * 10_000 + ARCHIVED_WITHIN_MS,
      );
    });

    test(
      'END-2 an archiver that stops after its claim, and goes on after another has archived and a correction was made',
      async () => {
        const room = await nodes.classroom({ students: STUDENTS });
        const { session_id } = room;
        const slow = nodes.node(0);
        // The others may not claim it first, and do nothing for it but archive.
        for (const n of [1, 2]) process.kill(nodes.node(n).pid ?? 0, 'SIGSTOP');
        const teacher = await running(room, 0);
        // Whatever it is about to write does not leave.
        proxy.freeze();
        await teacher.does('endAttendanceSession', { session_id });
        await until('it has claimed the roll', async () => (await claims(session_id)) > 0);
        process.kill(slow.pid ?? 0, 'SIGSTOP');
        for (const n of [1, 2]) process.kill(nodes.node(n).pid ?? 0, 'SIGCONT');

        await until(
          'another node has archived it',
          async () => (await archive.everything()).get(session_id)?.status === 'completed',
          ARCHIVED_WITHIN_MS,
        );
        const [student] = room.students;
        const params = { id: session_id, student_id: student?.student_id ?? '' };
        const body = { status: 'excused', remarks: 'corrected', reason: 'a note' };
        await until('it is corrected', () => corrected(room, params, body));
        const before = (await archive.everything()).get(session_id);
        expect(before).toMatchObject({ version: 2 });

        proxy.resume();
        process.kill(slow.pid ?? 0, 'SIGCONT');
        // It has come back to itself, and has said what became of its try.
        await until(
          'the late archiver has ended its try',
          () => slow.output.split('\n').some((line) => line.includes(session_id) && /archived/.test(line)),
          30_000,
        );
        expect((await archive.everything()).get(session_id)).toEqual(before);
        expect(before?.records.find((it) => it.student_id === student?.student_id)).toMatchObject({
          status: 'excused',
          remarks: 'corrected',
        });
      },
      ARCHIVED_WITHIN_MS + 60_000,
    );

    const claims = async (session_id: string): Promise<number> => {
      const [key] = (await redis.command('KEYS', `${PREFIX}:*:roll:${session_id}`)) as string[];
      return key === undefined ? 0 : Number(await redis.command('HGET', key, 'fence'));
    };

    /** By a node that is awake. */
    const corrected = async (room: Classroom, params: Record<string, string>, body: unknown): Promise<boolean> => {
      const { url } = nodes.node(1);
      const answer = await fetch(`${url}/api/v1/sessions/${params.id}/attendance/${params.student_id}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${nodes.token(room.teacher)}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return answer.status === 200;
    };
  });
});
