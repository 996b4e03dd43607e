/** Ports for servers that are stopped and started again while clients try to reach them. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below the ports that systems give to outgoing connections (from 32,768 on Linux): while a server is down, a client's
 * own connection could otherwise be given its port, and keep it from coming back.
 */
const FIRST_PORT = 16_000;
const LAST_PORT = 32_000;

/** A port of the loopback interface that nobody listens on now. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
      await once(server.close(), 'close');
      return port;
    } catch {
      // Taken: the next one.
    }
  }
};
