/** What teachers can trust, on three nodes with Redis whose clock the test moves. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Calls, counted } from '../support/counted-calls.ts';
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
      nodes = await SeveralInProcess.start({ count: 3, redis, env, watch });
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
