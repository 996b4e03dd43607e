/** Statistics that another node has sent: they count as if this one had. */
import { expect, test } from 'vitest';
import {
  STATISTICS_HEARTBEAT_MS,
  STATISTICS_MAX_DELIVERIES_PER_SECOND,
  STATISTICS_MIN_INTERVAL_MS,
  STATISTICS_ROOM_INTERVAL_MS,
} from '../../src/limits.ts';
import { StatisticsTicker } from '../../src/sockets/statistics-ticker.ts';

const tickerOf = (members: number) => {
  let now = 1_000_000;
  const sent: string[] = [];
  const ticker = new StatisticsTicker({
    clock: () => now,
    publish: async (session_id, to) => {
      sent.push(`${session_id} ${to}`);
    },
    membersOf: () => members,
    onError: (error) => {
      throw error;
    },
  });
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      now += 100;
      ticker.tick();
    }
  };
  return { ticker, sent, pass };
};

test('whoever was told by another node is not told again', () => {
  const { ticker, sent, pass } = tickerOf(30);
  ticker.changed('s1');
  ticker.sent('s1', 'room');
  pass(STATISTICS_HEARTBEAT_MS - 1_000);
  expect(sent).toEqual([]);
  ticker.changed('s1');
  ticker.sent('s1', 'staff');
  pass(STATISTICS_MIN_INTERVAL_MS + 300);
  // The staff alone were.
  expect(sent).toEqual(['s1 room']);
});

test('what follows soon after is told when the time has come', () => {
  const { ticker, sent, pass } = tickerOf(30);
  ticker.heard('s1');
  ticker.sent('s1', 'room');
  ticker.changed('s1');
  pass(STATISTICS_MIN_INTERVAL_MS - 100);
  expect(sent).toEqual([]);
  pass(100);
  expect(sent).toEqual(['s1 staff']);
  pass(STATISTICS_ROOM_INTERVAL_MS - STATISTICS_MIN_INTERVAL_MS - 100);
  expect(sent).toEqual(['s1 staff']);
  pass(100);
  expect(sent).toEqual(['s1 staff', 's1 room']);
});

test('what other nodes send to the sockets here uses up the allowance of this node', () => {
  const { ticker, sent, pass } = tickerOf(2 * STATISTICS_MAX_DELIVERIES_PER_SECOND);
  for (const id of ['s1', 's2']) ticker.heard(id);
  pass(STATISTICS_MIN_INTERVAL_MS);
  ticker.sent('s1', 'room');
  ticker.changed('s2');
  pass(300);
  expect(sent).toEqual(['s2 staff']);
});

test('what this node sends comes back to it in both namespaces, and uses up the allowance once', () => {
  const { ticker, sent, pass } = tickerOf(STATISTICS_MAX_DELIVERIES_PER_SECOND);
  for (const id of ['s1', 's2']) ticker.heard(id);
  ticker.changed('s1');
  pass(STATISTICS_MIN_INTERVAL_MS);
  expect(sent).toEqual(['s1 room']);
  ticker.sent('s1', 'room');
  ticker.sent('s1', 'room');
  ticker.changed('s2');
  pass(300);
  expect(sent).toEqual(['s1 room', 's2 room']);
});

test('a session that nobody here hears is not begun by it', () => {
  const { ticker, sent, pass } = tickerOf(1);
  ticker.sent('s1', 'room');
  pass(STATISTICS_HEARTBEAT_MS * 2);
  expect(sent).toEqual([]);
});
