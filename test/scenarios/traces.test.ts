/** Traces of one node, and what it does without a collector. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Collector } from '../support/collector.ts';
import { OneNode } from '../support/deployment.ts';
import { until } from '../support/until.ts';
import { defineTraceScenarios, tracedEnvironment } from './traces.ts';

/** It loads OpenTelemetry's many files, on a busy machine. */
const START_DEADLINE_MS = 60_000;

let collector: Collector;
let node: OneNode;
beforeAll(async () => {
  collector = await Collector.start();
  node = await new OneNode(tracedEnvironment(collector)).start();
}, START_DEADLINE_MS);
afterEach(() => node.settle());
afterAll(async () => {
  await node?.stop();
  await collector?.stop();
});

defineTraceScenarios({ deployment: () => node, collector: () => collector, written: 'journal commit' });

test('a collector that refuses costs nobody anything, and is told in one line', async () => {
  collector.refuses = true;
  const room = await node.classroom();
  const teacher = await room.started();
  const lines = () => node.node.output.split('\n').filter((it) => it.includes('traces are not taken'));
  await until('it is told', () => lines().length > 0);
  await teacher.does('endAttendanceSession', { session_id: room.session_id });
  await room.archived();
  collector.refuses = false;
  await until('it is told', () => node.node.output.includes('traces are taken again'));
  expect(lines()).toHaveLength(1);
});

test('what a node had not sent when it was told to stop is sent before it does', async () => {
  const room = await node.classroom();
  await room.started();
  const exit = await node.node.kill('SIGTERM');
  expect(exit.code).toBe(0);
  const sent = collector.spans.filter(({ name }) => name === 'startAttendanceSession');
  expect(sent.length).toBeGreaterThan(0);
  await node.node.start();
});
