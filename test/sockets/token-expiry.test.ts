import { expect, test } from 'vitest';
import { TOKEN_CLOCK_TOLERANCE_S, TOKEN_EXPIRING_NOTICE_MS } from '../../src/limits.ts';
import type { LiveSocket } from '../../src/sockets/live-socket.ts';
import { TokenExpiry } from '../../src/sockets/token-expiry.ts';

const START = 1_700_000_000_000;

/** A watch on a clock that the test moves second by second, and a socket that keeps what it was told and when. */
const watchAt = () => {
  let now = START;
  const closed: number[] = [];
  const expiry = new TokenExpiry(
    () => now,
    () => closed.push(now - START),
  );
  const open = (expires_in_ms: number) => {
    const told: number[] = [];
    const socket = {
      connected: true,
      data: { actor: { expires_at: START + expires_in_ms } },
      emit: () => told.push(now - START),
    };
    return { socket: socket as unknown as LiveSocket, told, raw: socket };
  };
  const passUntil = (ms: number) => {
    for (; now - START < ms; ) {
      now += 1_000;
      expiry.tick();
    }
  };
  return { expiry, open, closed, passUntil };
};

test('a socket is told a minute before its token expires, and closed within 5 s after', () => {
  const { expiry, open, closed, passUntil } = watchAt();
  const { socket, told } = open(300_000);
  expiry.watch(socket);
  passUntil(400_000);
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThanOrEqual(300_000 - TOKEN_EXPIRING_NOTICE_MS);
  expect(told[0]).toBeLessThanOrEqual(300_000 - TOKEN_EXPIRING_NOTICE_MS + 2_000);
  expect(closed).toHaveLength(1);
  expect(closed[0]).toBeGreaterThanOrEqual(300_000);
  expect(closed[0]).toBeLessThanOrEqual(305_000);
});

test('a newer token keeps it open, and is watched in its turn', () => {
  const { expiry, open, closed, passUntil } = watchAt();
  const { socket, told, raw } = open(120_000);
  expiry.watch(socket);
  passUntil(100_000);
  raw.data.actor = { expires_at: START + 600_000 };
  expiry.watch(socket);
  passUntil(500_000);
  expect(closed).toEqual([]);
  passUntil(700_000);
  expect(told).toHaveLength(2);
  expect(closed).toHaveLength(1);
});

test('a socket opened inside the clock tolerance is closed when the tolerance ends', () => {
  const { expiry, open, closed, passUntil } = watchAt();
  const { socket, told } = open(-10_000);
  expiry.watch(socket);
  expect(told).toEqual([0]);
  passUntil(60_000);
  const ends = TOKEN_CLOCK_TOLERANCE_S * 1000 - 10_000;
  expect(closed).toHaveLength(1);
  expect(closed[0]).toBeGreaterThanOrEqual(ends);
  expect(closed[0]).toBeLessThanOrEqual(ends + 5_000);
});

test('sockets that are gone are not kept until their tokens would have expired, and newer tokens do not pile up', () => {
  const { expiry, open } = watchAt();
  const sockets = Array.from({ length: 100 }, (_, i) => open(86_400_000 + i * 10_000).socket);
  for (const socket of sockets) expiry.watch(socket);
  for (const socket of sockets) {
    socket.data.actor = { ...socket.data.actor, expires_at: START + 172_800_000 };
    expiry.watch(socket);
  }
  expect(expiry.size).toBe(100);
  for (const socket of sockets) expiry.forget(socket);
  expect(expiry.size).toBe(0);
});

test('a socket that is gone is left alone', () => {
  const { expiry, open, closed, passUntil } = watchAt();
  const { socket, raw } = open(60_000);
  expiry.watch(socket);
  raw.connected = false;
  passUntil(120_000);
  expect(closed).toEqual([]);
});
