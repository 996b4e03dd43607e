/** How a node lets its connections go. */
import { expect, test } from 'vitest';
import { drainSockets } from '../../src/sockets/drain.ts';
import type { LiveServer, LiveSocket } from '../../src/sockets/live-socket.ts';
import type { Rooms } from '../../src/sockets/rooms.ts';

/** Drains that many connections; answers how many were closed at which time, in milliseconds. */
const drained = async (count: number, within_ms: number) => {
  let now = 0;
  let told = 0;
  let open = count;
  let counted = 0;
  const closed = new Map<number, number>();
  const sockets = Array.from({ length: count }, () => ({
    emit: (event: string) => {
      if (event === 'serverDraining') told += 1;
    },
    conn: {
      close: () => {
        expect(told, 'everybody is told before the first is closed').toBe(count);
        closed.set(now, (closed.get(now) ?? 0) + 1);
        open -= 1;
      },
    },
  }));
  const engine = {
    get clientsCount() {
      return open;
    },
    close: () => {},
  };
  await drainSockets({
    io: { engine } as unknown as LiveServer,
    rooms: { all: () => sockets as unknown as LiveSocket[] } as unknown as Rooms,
    webSockets: new Set(),
    onClosed: () => {
      counted += 1;
    },
    within_ms,
    pause: async (ms) => {
      now += ms;
    },
  });
  expect({ open, counted }).toEqual({ open: 0, counted: count });
  return { steps: [...closed.values()], took_ms: Math.max(0, ...closed.keys()) };
};

test('a few connections are let go at once', async () => {
  expect(await drained(20, 15_000)).toEqual({ steps: [20], took_ms: 0 });
  expect((await drained(0, 15_000)).steps).toEqual([]);
});

test('500 clients come back over seconds, not in the same instant', async () => {
  const { steps, took_ms } = await drained(500, 15_000);
  expect(Math.max(...steps)).toBe(20);
  expect(took_ms).toBe(2_400);
});

test.each([10_000, 12_345])('%i clients are let go in the time that there is, evenly', async (count) => {
  const { steps, took_ms } = await drained(count, 15_000);
  expect(took_ms).toBeLessThan(15_000);
  expect(Math.max(...steps)).toBeLessThanOrEqual(Math.ceil(count / 150));
});

test('hardly any time: all of them at once', async () => {
  expect((await drained(500, 50)).steps).toEqual([500]);
});
