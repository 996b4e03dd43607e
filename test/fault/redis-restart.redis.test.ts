/** redis-server is killed and started again on its append-only file, while a class checks in over two nodes. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Acknowledgement } from '../../src/contract/events.ts';
import type { Classroom } from '../support/classroom.ts';
import { FollowedRoll } from '../support/followed-roll.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const STUDENTS = 60;
/** So many have been acknowledged when it is killed; the others are on their way or come to a Redis that is away. */
const BEFORE_THE_KILL = 20;
const BACK_WITHIN_MS = 16_000;

type Joining = { client: TestClient; request_id: string; answers: Acknowledgement[] };

/** Nodes start in a second or two, unless the machine is busy with others. */
const START_WITHIN_MS = 60_000;

describeWithRedis('Redis is killed and started again on its file', 'process', () => {
  let redis: RedisProcess;
  let nodes: SeveralNodes;
  beforeAll(async () => {
    // `everysec` may hold writes back for a second or two while the disk is slow; here nothing may be lost.
    redis = await RedisProcess.start({ aof: 'always' });
    nodes = await SeveralNodes.start({ count: 2, env: () => ({ REDIS_URL: redis.url }) });
  }, START_WITHIN_MS);
  afterEach(() => nodes.settle());
  afterAll(async () => {
    await nodes?.stop();
    await redis?.stop();
  });

  /** Whether this try was accepted. */
  const tries = async (it: Joining, session_id: string): Promise<boolean> => {
    const { client, request_id, answers } = it;
    const join = { session_id, request_id };
    answers.push(await client.socket.timeout(5_000).emitWithAck('joinAttendanceSession', join));
    return answers.at(-1)?.ok === true;
  };

  /** The roll as staff see it on each node; its epoch apart, which says that Redis was another one. */
  const seenBy = async (room: Classroom, session_id: string, node: number) => {
    const asker = await nodes.connect(room.assistant, { node });
    const read = () => asker.does('getAttendanceSessionData', { session_id }).catch(() => null);
    const data = await until(`node ${node} reads it`, read, BACK_WITHIN_MS);
    const { epoch, session, attendanceRecords, statistics, seq, room_seq } = data;
    asker.close();
    return { epoch, roll: { session, attendanceRecords, statistics, seq, room_seq } };
  };

  test('JOIN-2, SYNC-1: rolls are as they were under a new epoch, and whoever was acknowledged is on them', {
    timeout: 60_000,
  }, async () => {
    const room = await nodes.classroom({ students: STUDENTS });
    const { session_id } = room;
    const teacher = await room.started();
    const quiet = await room.schedule(`${session_id}-quiet`);
    await teacher.does('startAttendanceSession', { session_id: quiet });
    const marks = room.students.slice(0, 5).map(({ student_id }) => ({ student_id, status: 'late', remarks: null }));
    await teacher.does('bulkUpdateAttendance', { session_id: quiet, attendanceUpdates: marks });
    const before = await seenBy(room, quiet, 0);
    const audit = await room.audit(quiet);

    const all: Joining[] = await Promise.all(
      room.students.map(async (student, i) => ({
        client: await nodes.connect(student, { node: i % 2 }),
        request_id: randomUUID(),
        answers: [],
      })),
    );
    let accepted = 0;
    const underWay = all.map(async (it, i) => {
      // Those of the second half come once it is dead.
      if (i >= STUDENTS / 2) await until('it is killed', () => !redis.isRunning);
      if (await tries(it, session_id)) accepted += 1;
      if (accepted === BEFORE_THE_KILL && redis.isRunning) await redis.kill();
    });
    await Promise.all(underWay);
    const acknowledged = all.filter(({ answers }) => answers[0]?.ok === true).map(({ client }) => client.person);
    expect(acknowledged.length).toBeGreaterThanOrEqual(BEFORE_THE_KILL);
    expect(acknowledged.length).toBeLessThan(STUDENTS);
    await redis.restart();
    const began = performance.now();

    // Of the quiet one nothing has changed; of the other one everybody is there who was told so.
    const after = await seenBy(room, quiet, 1);
    expect(after.roll).toEqual(before.roll);
    expect(after.epoch).not.toBe(before.epoch);
    expect(await seenBy(room, quiet, 0)).toEqual(after);
    expect(await room.audit(quiet)).toEqual(audit);
    const { attendanceRecords } = (await seenBy(room, session_id, 0)).roll;
    const present = new Set(attendanceRecords.flatMap((it) => (it.status === 'present' ? [it.student_id] : [])));
    expect(acknowledged.filter((it) => !present.has((it as { student_id?: string }).student_id ?? ''))).toEqual([]);
    // Clients are told that the epoch is another one, without a word of theirs.
    const { epoch } = await seenBy(room, session_id, 1);
    for (const { client, answers } of all.filter((it) => it.answers[0]?.ok === true)) {
      expect(answers[0]).not.toMatchObject({ epoch });
      await client.hears('attendanceStatistics', (it) => it.session_id === session_id && it.epoch === epoch);
    }
    const epoch_told_ms = Math.round(performance.now() - began);

    // Everybody sends their join again: nobody joins twice, and who was answered is answered the same.
    for (const it of all) expect(await tries(it, session_id)).toBe(true);
    const whole = await seenBy(room, session_id, 0);
    expect(whole.roll.statistics).toMatchObject({ presentCount: STUDENTS });
    expect(whole.roll.seq).toBe(STUDENTS);
    for (const { client } of all) {
      const { known } = await new FollowedRoll(client, session_id).sync();
      const [own] = Object.values(known.statuses);
      expect([known.epoch, known.seq, own]).toEqual([epoch, STUDENTS, 'present']);
      await client.hears('attendanceStatistics', ({ statistics }) => statistics.presentCount === STUDENTS);
    }
    const { known } = await new FollowedRoll(teacher, session_id).sync();
    const statuses = Object.fromEntries(whole.roll.attendanceRecords.map((it) => [it.student_id, it.status]));
    expect(known).toMatchObject({ epoch, seq: STUDENTS, statuses });

    await teacher.does('endAttendanceSession', { session_id });
    const archived = await room.archived();
    expect(archived.statistics).toEqual(whole.roll.statistics);
    console.log('killed', { acknowledged: acknowledged.length, of: STUDENTS, epoch_told_ms });
  });
});
