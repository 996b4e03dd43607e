/** Sockets are put back into their rolls when they connect, or as soon as the live store is there. */
import { expect, test } from 'vitest';
import { unavailable } from '../../src/contract/errors.ts';
import type { LiveSocket } from '../../src/sockets/live-socket.ts';
import { Reattaching } from '../../src/sockets/reattaching.ts';

/** A store that can be away, and what was asked of it. */
const storeWith = (following: string[]) => {
  const store = { failure: null as Error | null, asked: 0, detached: [] as string[], errors: [] as unknown[] };
  const reattaching = new Reattaching({
    attendance: {
      reattach: async () => {
        store.asked += 1;
        if (store.failure !== null) throw store.failure;
        return following;
      },
      disconnect: async (session_ids) => void store.detached.push(...session_ids),
    },
    onError: (error) => store.errors.push(error),
  });
  return { store, reattaching };
};

const socketThatIs = (state: { connected: boolean }) => Object.assign(state, { data: {} }) as unknown as LiveSocket;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const AWAY = unavailable(new Error('away'));

test('JOIN-7: a socket that connects while the store is away is put back when it is there, and told of once', async () => {
  const { store, reattaching } = storeWith(['a']);
  store.failure = AWAY;
  await reattaching.begin(socketThatIs({ connected: true }));
  for (let n = 0; n < 3; n += 1) {
    reattaching.again();
    await turn();
  }
  expect(store.asked).toBe(4);
  store.failure = null;
  reattaching.again();
  await turn();
  reattaching.again();
  expect(store.asked).toBe(5);
  expect(store.errors).toEqual([AWAY]);
});

test('one that has gone meanwhile is not put back; one that goes while it is, is taken out', async () => {
  const { store, reattaching } = storeWith(['a', 'b']);
  store.failure = AWAY;
  const state = { connected: true };
  await reattaching.begin(socketThatIs(state));
  state.connected = false;
  reattaching.again();
  expect(store.asked).toBe(1);
  store.failure = null;
  await reattaching.begin(socketThatIs({ connected: false }));
  expect(store.detached).toEqual(['a', 'b']);
});

test('what is no outage is told and not tried again', async () => {
  const { store, reattaching } = storeWith([]);
  store.failure = new Error('a fault');
  await reattaching.begin(socketThatIs({ connected: true }));
  reattaching.again();
  expect(store.asked).toBe(1);
  expect(store.errors).toEqual([store.failure]);
});
