/** Traces of several nodes: whichever of them archives a session goes on in the trace of the event that ended it. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Collector } from '../support/collector.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { defineTraceScenarios, tracedEnvironment } from './traces.ts';

/** Two nodes one after the other, which load OpenTelemetry's many files, on a busy machine. */
const START_DEADLINE_MS = 60_000;

describeWithRedis('traces', 'any', () => {
  const redis = sharedRedis();
  let collector: Collector;
  let nodes: SeveralNodes;
  beforeAll(async () => {
    collector = await Collector.start();
    const env = { REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix, ...tracedEnvironment(collector) };
    nodes = await SeveralNodes.start({ count: 2, env: () => env });
  }, START_DEADLINE_MS);
  afterEach(() => nodes.settle());
  afterAll(async () => {
    await nodes?.stop();
    await collector?.stop();
  });

  defineTraceScenarios({ deployment: () => nodes, collector: () => collector, written: 'redis apply' });

  test('the joins of one turn share the run of a script: it lies below one of them and is linked to the others', async () => {
    const room = await nodes.classroom({ students: 40 });
    await room.started();
    const clients = await Promise.all(room.students.map((it) => nodes.connect(it, { node: 0 })));
    await Promise.all(clients.map((it) => it.does('joinAttendanceSession', { session_id: room.session_id })));
    const shared = await collector.span(
      'a shared run',
      ({ name, links }) => name === 'redis apply' && links.length > 0,
    );
    for (const id of [shared.parentSpanId, ...shared.links.map(({ spanId }) => spanId)]) {
      const join = await collector.span('a join', ({ spanId }) => spanId === id);
      expect(join.name).toBe('joinAttendanceSession');
    }
  });
});
