/** What teachers can trust, on one embedded node whose clock the test moves. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Calls, counted } from '../support/counted-calls.ts';
import { FixedClock } from '../support/fixed-clock.ts';
import { InProcess, type Watch } from '../support/in-process.ts';
import { dataDirectory, type Environment } from '../support/service.ts';
import { checkinRuleScenarios } from './checkin-rules.ts';
import { codeCrowdScenarios } from './code-crowd.ts';
import { deviceSignalScenarios } from './device-signals.ts';
import { removalScenarios } from './removal.ts';
import { rotatingCodeScenarios } from './rotating-code.ts';
import { selfVisibilityScenarios } from './self-visibility.ts';

const oneNode = (env: Environment = {}, calls: Calls = new Map()): (() => InProcess) => {
  const watch: Watch = ({ registry, archive, ...profile }) => ({
    ...profile,
    registry: counted(registry, calls),
    archive: counted(archive, calls),
  });
  const node = new InProcess({ env, watch });
  beforeAll(() => node.start());
  afterEach(() => node.settle());
  afterAll(() => node.stop());
  return () => node;
};

describe('one node', () => {
  const node = oneNode();
  checkinRuleScenarios(node);
  rotatingCodeScenarios(node);
  removalScenarios(node);
});

describe('one node, a large class', () => {
  const calls: Calls = new Map();
  const deployment = oneNode({}, calls);
  codeCrowdScenarios(() => ({ deployment: deployment(), calls, scriptRuns: async () => null }));
});

describe('one node, DEVICE_SIGNALS=on', () => {
  deviceSignalScenarios(oneNode({ DEVICE_SIGNALS: 'on' }));
});

describe('one node, STUDENT_VISIBILITY=self', () => {
  selfVisibilityScenarios(oneNode({ STUDENT_VISIBILITY: 'self' }));
});

test('a roll keeps the visibility, the code and the limits that it began with over a restart', async () => {
  const { dir, remove } = dataDirectory();
  const clock = new FixedClock();
  const before = await new InProcess({ clock, dir, env: { STUDENT_VISIBILITY: 'self' } }).start();
  const room = await before.classroom({ students: 2, checkin: { code: 'rotating' } });
  const { session_id } = room;
  const { code } = await (await room.started()).does('getCheckInCode', { session_id });
  const guesser = await before.connect(room.student(1));
  const wrong = { session_id, code: 'wrong' };
  for (let n = 0; n < 5; n += 1) await guesser.refused('joinAttendanceSession', wrong, 'CHECKIN_CODE_INVALID');
  before.settle();
  await before.stop();
  const after = await new InProcess({ clock, dir }).start();
  try {
    const teacher = await after.connect(room.teacher);
    await teacher.does('startAttendanceSession', { session_id });
    expect((await teacher.does('getCheckInCode', { session_id })).code).toBe(code);
    await (await after.connect(room.student(1))).refused('joinAttendanceSession', wrong, 'RATE_LIMITED');
    const client = await after.connect(room.student(0));
    await client.does('joinAttendanceSession', { session_id, code });
    const [mine, other] = [0, 1].map((i) => room.student(i).student_id);
    await teacher.does('markStudentAttendance', { session_id, student_id: other, status: 'late' });
    await teacher.does('markStudentAttendance', { session_id, student_id: mine, status: 'late' });
    await client.hears('attendanceMarked');
    expect(client.payloads('attendanceUpdated').map((it) => it.student_id)).toEqual([mine]);
    after.settle();
  } finally {
    await after.stop();
    remove();
  }
});
