/** Redis is emptied under two nodes whose clients stay connected: what is lost is said to be lost, and nothing is made up. */
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RECONCILE_EVERY_MS } from '../../src/limits.ts';
import type { Classroom } from '../support/classroom.ts';
import { FollowedRoll } from '../support/followed-roll.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

/** A heartbeat, and a second. */
const KNOWN_WITHIN_MS = 16_000;
const STUDENTS = 4;
const HOUR_MS = 3_600_000;

type Class = { room: Classroom; session_id: string; teacher: TestClient; observer: TestClient; students: TestClient[] };

/** Nodes start in a second or two, unless the machine is busy with others. */
const START_WITHIN_MS = 60_000;

describeWithRedis('Redis is emptied', 'process', () => {
  let redis: RedisProcess;
  let nodes: SeveralNodes;
  beforeAll(async () => {
    redis = await RedisProcess.start();
    nodes = await SeveralNodes.start({ count: 2, env: () => ({ REDIS_URL: redis.url }) });
  }, START_WITHIN_MS);
  afterEach(() => nodes.settle());
  afterAll(async () => {
    await nodes?.stop();
    await redis?.stop();
  });

  /** Everybody has joined, on both nodes, and the last one has been marked. */
  const openClass = async (): Promise<Class> => {
    const room = await nodes.classroom({ students: STUDENTS, checkin: { auto_end_after_minutes: 30 } });
    const { session_id } = room;
    const teacher = await nodes.connect(room.teacher, { node: 0 });
    await teacher.does('startAttendanceSession', { session_id });
    const observer = await nodes.connect(room.assistant, { node: 1 });
    await observer.does('joinAttendanceSession', { session_id });
    const students = await Promise.all(
      room.students.map(async (student, i) => {
        const client = await nodes.connect(student, { node: i % 2 });
        await client.does('joinAttendanceSession', { session_id });
        return client;
      }),
    );
    const { student_id } = room.student(STUDENTS - 1);
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'excused' });
    return { room, session_id, teacher, observer, students };
  };

  const allAreRefused = async ({ room, session_id, teacher, observer, students }: Class): Promise<void> => {
    const { student_id } = room.student(0);
    const code = 'SESSION_NOT_ACTIVE';
    for (const student of students) await student.refused('joinAttendanceSession', { session_id }, code);
    for (const staff of [teacher, observer]) {
      await staff.refused('markStudentPresent', { session_id, student_id }, code);
      await staff.refused('getAttendanceSessionData', { session_id }, code);
      await staff.refused('endAttendanceSession', { session_id }, code);
    }
    const body = { updates: [{ student_id, status: 'present' }] };
    await room.rest.refused('markAttendance', code, { params: { id: session_id }, body });
    await room.rest.refused('getAttendance', code, { params: { id: session_id } });
    for (const student of students) await student.refused('startAttendanceSession', { session_id }, 'FORBIDDEN');
  };

  test('LOSS-1: nothing goes on but by staff’s start, which rebuilds the roll under another epoch', {
    timeout: 60_000,
  }, async () => {
    const lost = await openClass();
    const { room, session_id, teacher, observer, students } = lost;
    const before = await teacher.does('getAttendanceSessionData', { session_id });
    await redis.command('FLUSHALL');
    await allAreRefused(lost);

    const rebuilt = await teacher.does('startAttendanceSession', { session_id });
    const began = performance.now();
    expect(rebuilt.epoch).not.toBe(before.epoch);
    expect(rebuilt.statistics).toMatchObject({ totalStudents: STUDENTS, absentCount: STUDENTS, presentCount: 0 });
    // Everybody is told, who has sent nothing; also on the node that nobody has asked.
    await Promise.all(
      [observer, ...students].map((client) => {
        const told = () => client.payloads('attendanceStatistics').some((it) => it.epoch === rebuilt.epoch);
        return until(`${client.person.sub} is told`, told, KNOWN_WITHIN_MS);
      }),
    );
    const told_ms = Math.round(performance.now() - began);
    await observer.does('joinAttendanceSession', { session_id });
    for (const student of students) {
      // Who is not on the roll any more learns that by syncing.
      await student.refused('syncAttendance', { session_id, epoch: before.epoch, since_room_seq: 1 }, 'FORBIDDEN');
      await student.does('joinAttendanceSession', { session_id });
    }
    const { student_id } = room.student(1);
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
    for (const client of [teacher, observer, ...students]) {
      await client.hears('attendanceUpdated', (it) => it.student_id === student_id && it.status === 'late');
    }
    const { epoch, seq, statistics, attendanceRecords } = await observer.does('getAttendanceSessionData', {
      session_id,
    });
    const statuses = Object.fromEntries(attendanceRecords.map((it) => [it.student_id, it.status]));
    for (const client of [teacher, observer]) {
      const { known } = await new FollowedRoll(client, session_id).sync();
      expect(known).toMatchObject({ epoch, seq, statistics, statuses });
    }
    await teacher.does('endAttendanceSession', { session_id });
    const archived = await room.archived();
    expect(archived.statistics).toEqual(statistics);
    const audit = await room.audit();
    expect(audit[0]).toMatchObject({ source: 'rebuilt', student_id: null });
    // Of what was lost, nothing is told.
    expect(audit.filter(({ to }) => to === 'excused')).toEqual([]);
    console.log('rebuilt', { all_told_ms: told_ms });
  });

  test('LOSS-1: not rebuilt by its limit, it is cancelled as lost, and never archived as if all had been absent', {
    timeout: 30_000 + RECONCILE_EVERY_MS,
  }, async () => {
    const lost = await openClass();
    const { room, session_id, teacher } = lost;
    await redis.command('FLUSHALL');
    await allAreRefused(lost);
    const params = { id: session_id };
    expect(await room.rest.call('getSession', { params })).toMatchObject({ status: 'active' });
    // Its limit has come: it was opened an hour ago.
    const records = new DatabaseSync(nodes.node(0).env.SHARED_FILE ?? '', { timeout: 5_000 });
    const { changes } = records
      .prepare('UPDATE sessions SET opened_at = opened_at - ? WHERE id = ?')
      .run(HOUR_MS, session_id);
    records.close();
    expect(changes).toBe(1);
    await until(
      'it is cancelled',
      async () => (await room.rest.call('getSession', { params })).status === 'cancelled',
      RECONCILE_EVERY_MS + KNOWN_WITHIN_MS,
    );
    expect(await room.audit()).toMatchObject([{ source: 'cancel', to: 'cancelled', by: 'auto', reason: 'roll lost' }]);
    await room.rest.refused('getAttendance', 'SESSION_NOT_ACTIVE', { params });
    await teacher.refused('startAttendanceSession', { session_id }, 'SESSION_NOT_ACTIVE');
    // Reports count what was archived.
    const report = await room.rest.call('getReport', { params: { id: room.course_id } });
    expect(report.items).toEqual([]);
  });
});
