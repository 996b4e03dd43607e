/** Clients that know several nodes themselves, without a balancer: each try to come back goes to another one. */
import type { Random } from './random.ts';
import type { TestClient } from './socket-client.ts';

/** The pace of the client library as it comes, jitter included; TestClient is quicker. */
const RECONNECTION_DELAY_MS = 1_000;
const RECONNECTION_DELAY_MAX_MS = 5_000;

/** first: the address of the node that it is connected to. */
export const roam = (client: TestClient, urls: readonly string[], first: string, random: Random): void => {
  const { io } = client.socket;
  io.reconnectionDelay(RECONNECTION_DELAY_MS);
  io.reconnectionDelayMax(RECONNECTION_DELAY_MAX_MS);
  let last = first;
  io.on('reconnect_attempt', () => {
    last = random.pick(urls.filter((it) => it !== last));
    // The library has no word for it, and reads this with every try.
    if (!Reflect.set(io, 'uri', last)) throw new Error('the address of a client cannot be changed');
  });
};
