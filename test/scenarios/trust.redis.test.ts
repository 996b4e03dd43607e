/**
 * What teachers can trust, on three nodes with Redis whose clock the test moves. Those of the nodes are minutes off: the
 * store's alone decides.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { RedisKeys } from '../../src/live/redis-keys.ts';
import type { Classroom } from '../support/classroom.ts';
import { type Calls, counted } from '../support/counted-calls.ts';
import { MINUTE_MS } from '../support/fixed-clock.ts';
import type { Watch } from '../support/in-process.ts';
import { redisCommand } from '../support/redis-command.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import type { Environment } from '../support/service.ts';
import { SeveralInProcess } from '../support/several-in-process.ts';
import { checkinRuleScenarios } from './checkin-rules.ts';
import { codeCrowdScenarios } from './code-crowd.ts';
import { deviceSignalScenarios } from './device-signals.ts';
import { removalScenarios } from './removal.ts';
import { rotatingCodeScenarios } from './rotating-code.ts';
import { selfVisibilityScenarios } from './self-visibility.ts';

describeWithRedis('three nodes with Redis', 'any', () => {
  const redis = sharedRedis();
  const threeNodes = (
    env: (node: number) => Environment = () => ({}),
    calls: Calls = new Map(),
  ): (() => SeveralInProcess) => {
    const watch: Watch = ({ registry, archive, ...profile }) => ({
      ...profile,
      registry: counted(registry, calls),
      archive: counted(archive, calls),
    });
    let nodes: SeveralInProcess;
    beforeAll(async () => {
      nodes = await SeveralInProcess.start({
        count: 3,
        redis,
        env,
        watch,
        skew_ms: [0, 4 * MINUTE_MS, -4 * MINUTE_MS],
      });
    });
    afterEach(() => nodes.settle());
    afterAll(() => nodes.stop());
    return () => nodes;
  };

  describe('as they come', () => {
    const nodes = threeNodes();
    checkinRuleScenarios(nodes);
    rotatingCodeScenarios(nodes);
    removalScenarios(nodes);
  });

  describe('a large class', () => {
    const calls: Calls = new Map();
    const deployment = threeNodes(() => ({}), calls);
    /** Of whoever uses this server: the tests of this file, one after the other. */
    const scriptRuns = async () => {
      const text = String(await redisCommand(redis.url, 'INFO', 'commandstats'));
      return Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0);
    };
    codeCrowdScenarios(() => ({ deployment: deployment(), calls, scriptRuns }));
  });

  describe('DEVICE_SIGNALS=on', () => {
    deviceSignalScenarios(threeNodes(() => ({ DEVICE_SIGNALS: 'on' })));
  });

  describe('STUDENT_VISIBILITY=self', () => {
    selfVisibilityScenarios(threeNodes(() => ({ STUDENT_VISIBILITY: 'self' })));
  });

  describe('rolls that are not as they were opened', () => {
    const nodes = threeNodes(() => ({ DEVICE_SIGNALS: 'on' }));
    const keys = new RedisKeys(redis.prefix);
    const joinAt = async (room: Classroom, index: number, node: number, more: object = {}) => {
      const client = await nodes().connect(room.student(index), { node, auth: { device_id: 'shared' } });
      return client.ask('joinAttendanceSession', { session_id: room.session_id, ...more });
    };

    test('LOSS-1 one that is rebuilt has other codes, also on nodes that knew the one before', async () => {
      const room = await nodes().classroom({ students: 3, checkin: { code: 'rotating' } });
      const { session_id } = room;
      const teacher = await nodes().connect(room.teacher, { node: 0 });
      await teacher.does('startAttendanceSession', { session_id });
      const { code: before } = await teacher.does('getCheckInCode', { session_id });
      for (const node of [1, 2]) expect(await joinAt(room, node, node, { code: before })).toMatchObject({ ok: true });
      await redisCommand(redis.url, 'DEL', ...keys.ofRoll(session_id).filter((it) => it.endsWith(session_id)));
      await teacher.does('startAttendanceSession', { session_id });
      const { code } = await teacher.does('getCheckInCode', { session_id });
      for (const node of [1, 2, 0]) expect(await joinAt(room, node, node, { code })).toMatchObject({ ok: true });
    });

    test('one that an earlier version opened takes no codes and knows no devices', async () => {
      const room = await nodes().classroom({ students: 3, checkin: { code: 'rotating' } });
      const { session_id } = room;
      const teacher = await nodes().connect(room.teacher, { node: 0 });
      await teacher.does('startAttendanceSession', { session_id });
      const [key = ''] = keys.ofRoll(session_id);
      const header = JSON.parse(String(await redisCommand(redis.url, 'HGET', key, 'header'))) as Record<
        string,
        unknown
      >;
      const { secret: _secret, student_visibility: _visibility, ...earlier } = header;
      await redisCommand(redis.url, 'HSET', key, 'header', JSON.stringify(earlier));
      await redisCommand(redis.url, 'HDEL', key, 'takes_code', 'self');
      for (const node of [1, 2]) expect(await joinAt(room, node, node, { code: '000000' })).toMatchObject({ ok: true });
      const there = await nodes().connect(room.teacher, { node: 1 });
      await there.refused('getCheckInCode', { session_id }, 'CONFLICT');
      await there.does('markStudentPresent', { session_id, student_id: room.student(0).student_id });
      await there.does('endAttendanceSession', { session_id });
      expect((await room.archived()).statistics).toMatchObject({ presentCount: 3 });
    });
  });

  describe('nodes that are configured differently, as during a rollout', () => {
    const nodes = threeNodes((node) => ({ STUDENT_VISIBILITY: node === 0 ? 'self' : 'room' }));
    test.each([
      [0, 1],
      [1, 2],
    ])('the visibility of a roll is that of the node that started it (%i: %i marks heard)', async (node, marks) => {
      const room = await nodes().classroom({ students: 2 });
      const { session_id } = room;
      const teacher = await nodes().connect(room.teacher, { node });
      await teacher.does('startAttendanceSession', { session_id });
      const client = await nodes().connect(room.student(0), { node: 2 });
      await client.does('joinAttendanceSession', { session_id });
      for (const { student_id } of [...room.students].reverse())
        await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
      await client.hears('attendanceMarked');
      expect(client.payloads('attendanceUpdated')).toHaveLength(marks);
    });
  });
});
