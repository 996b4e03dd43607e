/** Letting the sockets of a node go so that their clients come back elsewhere, without a stampede. */
import type { LiveServer, LiveSocket } from './live-socket.ts';
import type { Rooms } from './rooms.ts';

/** Connections closed at once; their clients reconnect with a jitter of their own. */
const BATCH_CONNECTIONS = 200;
/** Longest wait for the last words of connections that are closing: a polling client gets them with its next request. */
const LAST_WORDS_MS = 1_000;
const LOOK_MS = 20;

/**
 * Tells every socket, then closes connections in batches spread over `within_ms`. It closes transports and never sends
 * a Socket.IO disconnect, which would tell client libraries not to come back.
 */
export const drainSockets = async (
  io: LiveServer,
  rooms: Rooms,
  within_ms: number,
  pause: (ms: number) => Promise<void>,
): Promise<void> => {
  const connections = new Set<LiveSocket['conn']>();
  for (const socket of rooms.all()) {
    socket.emit('serverDraining', { reconnect_within_ms: within_ms });
    connections.add(socket.conn);
  }
  const batches = Math.max(1, Math.ceil(connections.size / BATCH_CONNECTIONS));
  let closed = 0;
  for (const connection of connections) {
    connection.close();
    closed += 1;
    if (closed % BATCH_CONNECTIONS === 0 && closed < connections.size) await pause(within_ms / batches);
  }
  const until_ms = Math.min(LAST_WORDS_MS, within_ms);
  for (let waited = 0; waited < until_ms && io.engine.clientsCount > 0; waited += LOOK_MS) await pause(LOOK_MS);
  // What is still handshaking, came meanwhile, or does not ask any more.
  io.engine.close();
};
