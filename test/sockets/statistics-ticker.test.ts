import { expect, test } from 'vitest';
import {
  STATISTICS_HEARTBEAT_MS,
  STATISTICS_MAX_DELIVERIES_PER_SECOND,
  STATISTICS_MIN_INTERVAL_MS,
  STATISTICS_ROOM_INTERVAL_MS,
} from '../../src/limits.ts';
import { StatisticsTicker } from '../../src/sockets/statistics-ticker.ts';

/** A ticker on a clock that the test moves, in steps of the ticker's own. */
const tickerAt = (membersOf: (session_id: string) => number) => {
  let now = 1_000_000;
  const sent: { session_id: string; to: string; at: number }[] = [];
  const ticker = new StatisticsTicker({
    clock: () => now,
    publish: async (session_id, to) => {
      sent.push({ session_id, to, at: now });
    },
    membersOf,
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

test('many changes in a row make at most one broadcast per interval', () => {
  const { ticker, sent, pass } = tickerAt(() => 30);
  for (let i = 0; i < 20; i += 1) {
    ticker.changed('s1');
    pass(100);
  }
  const gaps = sent.slice(1).map(({ at }, i) => at - (sent[i]?.at ?? 0));
  expect(sent.length).toBeGreaterThan(1);
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(STATISTICS_MIN_INTERVAL_MS);
});

test('the room hears the first change soon, and then what changes all the time less often than staff', () => {
  const { ticker, sent, pass } = tickerAt(() => 30);
  for (let i = 0; i < 100; i += 1) {
    ticker.changed('s1');
    pass(100);
  }
  expect(sent[0]).toMatchObject({ to: 'room', at: 1_000_000 + 200 });
  const rooms = sent.filter(({ to }) => to === 'room').map(({ at }) => at);
  const gaps = rooms.slice(1).map((at, i) => at - (rooms[i] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(STATISTICS_ROOM_INTERVAL_MS);
  expect(Math.max(...gaps)).toBeLessThan(STATISTICS_ROOM_INTERVAL_MS + STATISTICS_MIN_INTERVAL_MS + 200);
  expect(sent.length).toBeGreaterThan(2 * rooms.length);
});

test('a change is told although nothing follows it, and once', () => {
  const { ticker, sent, pass } = tickerAt(() => 30);
  ticker.changed('s1');
  pass(2_000);
  expect(sent).toHaveLength(1);
});

test('a session gets its heartbeat although the allowance is used up', () => {
  const { ticker, sent, pass } = tickerAt((id) => (id === 'huge' ? 100_000 : 30));
  ticker.changed('huge');
  pass(500);
  ticker.changed('s1');
  pass(STATISTICS_HEARTBEAT_MS + 1_000);
  expect(sent.filter(({ session_id }) => session_id === 's1').map(({ to }) => to)).toEqual(['staff', 'room']);
});

test('a session in which nothing happens at all gets its heartbeats while somebody hears it', () => {
  const { ticker, sent, pass } = tickerAt(() => 1);
  ticker.heard('s1');
  // As if the room had been told just long enough ago for the first change to be told at once.
  pass(STATISTICS_HEARTBEAT_MS - STATISTICS_ROOM_INTERVAL_MS - 100);
  expect(sent).toEqual([]);
  pass(STATISTICS_HEARTBEAT_MS + 100);
  expect(sent.map(({ to }) => to)).toEqual(['room', 'room']);
});

test('a quiet session gets a heartbeat', () => {
  const { ticker, sent, pass } = tickerAt(() => 30);
  ticker.changed('s1');
  pass(STATISTICS_HEARTBEAT_MS + 1_000);
  expect(sent).toHaveLength(2);
});

test('a session that nobody here hears is forgotten', () => {
  let members = 30;
  const { ticker, sent, pass } = tickerAt(() => members);
  ticker.changed('s1');
  pass(1_000);
  members = 0;
  pass(STATISTICS_HEARTBEAT_MS * 3);
  expect(sent).toHaveLength(1);
});

test('a hundred classes that change all the time share the allowance; none is left out, and staff hear as ever', () => {
  const { ticker, sent, pass } = tickerAt(() => 100);
  const seconds = 60;
  for (let i = 0; i < seconds * 10; i += 1) {
    for (let session = 0; session < 100; session += 1) ticker.changed(`s${session}`);
    pass(100);
  }
  const toRooms = sent.filter(({ to }) => to === 'room');
  // The first second starts with a full allowance, one room may overdraw it, and every room has its heartbeats.
  const heartbeats = 100 * Math.ceil((seconds * 1000) / STATISTICS_HEARTBEAT_MS);
  const allowed = STATISTICS_MAX_DELIVERIES_PER_SECOND * (seconds + 1) + 100;
  expect((toRooms.length - heartbeats) * 100).toBeLessThanOrEqual(allowed);
  const countOf = (all: typeof sent) =>
    Array.from({ length: 100 }, (_, i) => all.filter(({ session_id }) => session_id === `s${i}`).length);
  const rooms = countOf(toRooms);
  expect(Math.min(...rooms)).toBeGreaterThan(0);
  expect(Math.max(...rooms) - Math.min(...rooms)).toBeLessThanOrEqual(1);
  // Every half second, as far as a change has settled by then.
  expect(Math.min(...countOf(sent))).toBeGreaterThanOrEqual(seconds);
});

test('students hear what they missed as soon as the allowance is there again', () => {
  const { ticker, sent, pass } = tickerAt(() => 1_000);
  ticker.changed('s1');
  ticker.changed('s2');
  pass(500);
  expect(sent.map(({ session_id, to }) => `${session_id} ${to}`)).toEqual(['s1 room', 's2 staff']);
  pass(3_000);
  expect(sent.map(({ session_id, to }) => `${session_id} ${to}`)).toEqual(['s1 room', 's2 staff', 's2 room']);
});
