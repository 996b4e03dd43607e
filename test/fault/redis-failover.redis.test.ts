/**
 * The master dies and Sentinel promotes a replica that lacks the last changes. They were acknowledged, and are lost:
 * clients are told by a new epoch, all come to what the replica has, and whoever is missing can join again.
 */
import { expect, onTestFinished, test } from 'vitest';
import { FollowedRoll } from '../support/followed-roll.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { startWatchedRedis, type WatchedRedis } from '../support/redis-sentinel.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const STUDENTS = 12;
/** Of these, the replica never hears. */
const LOST = 6;
/** The sentinels need some seconds; but one whose machine held it up for two of them does nothing for half a minute. */
const FAILED_OVER_WITHIN_MS = 60_000;

describeWithRedis('a fail-over to a replica that is behind', 'process', () => {
  const started = async () => {
    const watched = await startWatchedRedis({ data: { aof: true } });
    onTestFinished(() => watched.stop());
    const nodes = await SeveralNodes.start({
      count: 2,
      env: () => ({
        REDIS_URL: watched.sentinels.join(','),
        REDIS_MODE: 'sentinel',
        REDIS_SENTINEL_MASTER: watched.master_name,
      }),
    });
    onTestFinished(async () => {
      nodes.settle();
      await nodes.stop();
    });
    return { watched, nodes };
  };

  /** From now on the replica learns nothing: it does not move, and its connection is gone before it can. */
  const leaveBehind = async ({ master, replica }: WatchedRedis): Promise<void> => {
    const { master_repl_offset } = await master.info('replication');
    await until('the replica has everything', async () => {
      return Number((await replica.info('replication')).slave_repl_offset) >= Number(master_repl_offset);
    });
    replica.freeze();
    await master.command('CLIENT', 'KILL', 'TYPE', 'replica');
  };

  const join = async (client: TestClient, session_id: string) =>
    client.acknowledged('joinAttendanceSession', { session_id, request_id: `join-${client.person.sub}` });

  test('SYNC-1, LOSS-1: a new epoch, everybody comes to what the replica has, and the lost join again', {
    timeout: 120_000,
  }, async () => {
    const { watched, nodes } = await started();
    const room = await nodes.classroom({ students: STUDENTS });
    const { session_id } = room;
    const teacher = await nodes.connect(room.teacher, { node: 0 });
    await teacher.does('startAttendanceSession', { session_id });
    const students = await Promise.all(room.students.map((it, i) => nodes.connect(it, { node: i % 2 })));
    const [kept, lost] = [students.slice(LOST), students.slice(0, LOST)];
    await Promise.all(kept.map((it) => join(it, session_id)));
    const before = await teacher.does('getAttendanceSessionData', { session_id });

    await leaveBehind(watched);
    await Promise.all(lost.map((it) => join(it, session_id)));
    const { student_id } = room.student(STUDENTS - 1);
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'excused' });
    await watched.master.kill();
    const killed = performance.now();
    watched.replica.resume();
    const since = () => Math.round(performance.now() - killed);

    // Whoever is connected hears it without a word of theirs; in the rooms of the lost, too.
    const told = (client: TestClient) =>
      client.payloads('attendanceStatistics').find((it) => it.session_id === session_id && it.epoch !== before.epoch);
    await Promise.all(
      [teacher, ...students].map((it) => until(`${it.person.sub} is told`, () => told(it), FAILED_OVER_WITHIN_MS)),
    );
    const told_ms = since();
    expect(await watched.currentMaster()).toBe(watched.replica.port);

    const now = await teacher.does('getAttendanceSessionData', { session_id });
    expect(now.seq).toBe(before.seq);
    expect(now.statistics).toEqual(before.statistics);
    expect(now.attendanceRecords).toEqual(before.attendanceRecords);
    expect(now.epoch).not.toBe(before.epoch);
    const { known } = await new FollowedRoll(teacher, session_id).sync();
    const statuses = Object.fromEntries(before.attendanceRecords.map((it) => [it.student_id, it.status]));
    expect(known).toMatchObject({ epoch: now.epoch, seq: before.seq, statuses });
    for (const client of kept) {
      const cursor = { session_id, epoch: before.epoch, since_room_seq: 1 };
      const { snapshot, epoch } = await client.does('syncAttendance', cursor);
      expect(epoch).toBe(now.epoch);
      expect(snapshot).toMatchObject({ statistics: before.statistics, attendanceRecords: [{ status: 'present' }] });
    }
    // The others learn that they are not on it, and come again: with the same request, which is as lost as its join.
    for (const client of lost) {
      await client.refused('syncAttendance', { session_id, epoch: before.epoch }, 'FORBIDDEN');
      expect(await join(client, session_id)).toMatchObject({ status: 'present', epoch: now.epoch });
    }
    const last = room.student(0).student_id;
    await teacher.does('markStudentAttendance', { session_id, student_id: last, status: 'late' });
    for (const client of [teacher, ...students]) {
      await client.hears('attendanceUpdated', (it) => it.student_id === last && it.status === 'late');
    }
    await teacher.does('endAttendanceSession', { session_id });
    const archived = await room.archived();
    expect(archived.statistics).toMatchObject({ presentCount: STUDENTS - 1, lateCount: 1, absentCount: 0 });
    console.log('failed over', { told_ms, all_done_ms: since() });
  });
});
