/** How clients come back; and those that know several nodes themselves, without a balancer: each try goes to another one. */
import type { Random } from './random.ts';
import type { TestClient } from './socket-client.ts';

/** The pace of the client library as it comes, jitter included; TestClient is quicker. */
const RECONNECTION_DELAY_MS = 1_000;
const RECONNECTION_DELAY_MAX_MS = 5_000;

/** As an app that leaves the library as it comes; it may have no other way than through a balancer. */
export const atTheLibrarysPace = ({ socket: { io } }: TestClient): void => {
  io.reconnectionDelay(RECONNECTION_DELAY_MS);
  io.reconnectionDelayMax(RECONNECTION_DELAY_MAX_MS);
};

/** first: the address of the node that it is connected to. */
export const roam = (client: TestClient, urls: readonly string[], first: string, random: Random): void => {
  const { io } = client.socket;
  atTheLibrarysPace(client);
  let last = first;
  io.on('reconnect_attempt', () => {
    last = random.pick(urls.filter((it) => it !== last));
    // The library has no word for it, and reads this with every try.
    if (!Reflect.set(io, 'uri', last)) throw new Error('the address of a client cannot be changed');
  });
};
