/** Letting the sockets of a node go so that their clients come back elsewhere, without a stampede. */
import type { Duplex } from 'node:stream';
import type { LiveServer, LiveSocket } from './live-socket.ts';
import type { Rooms } from './rooms.ts';

/**
 * Connections closed at once, and how long before the next ones: 200 a second, which the other nodes take in beside
 * everything else. (Client libraries add a jitter of their own, but not all of them do.)
 */
const STEP_CONNECTIONS = 20;
const STEP_MS = 100;
/** Longest wait for connections that are closing: a polling client gets its last words with its next request. */
const LAST_WORDS_MS = 1_000;
const LOOK_MS = 20;

export type DrainOptions = {
  /** Lets nobody new in by now. */
  io: LiveServer;
  rooms: Rooms;
  /** The TCP connections below its WebSockets. */
  webSockets: ReadonlySet<Duplex>;
  /** All connections are closed by then, in larger steps if need be; the rest takes at most LAST_WORDS_MS twice. */
  within_ms: number;
  pause: (ms: number) => Promise<void>;
  /** For each connection that was told and is closed. */
  onClosed: () => void;
};

/**
 * Tells every socket, then closes connections a few at a time. It closes transports and never sends a Socket.IO
 * disconnect, which would tell client libraries not to come back.
 */
export const drainSockets = async (options: DrainOptions): Promise<void> => {
  const { io, rooms, webSockets, within_ms, pause, onClosed } = options;
  const connections = new Set<LiveSocket['conn']>();
  for (const socket of rooms.all()) {
    socket.emit('serverDraining', { reconnect_within_ms: within_ms });
    connections.add(socket.conn);
  }
  const steps = Math.max(1, Math.floor(within_ms / STEP_MS));
  const atOnce = Math.max(STEP_CONNECTIONS, Math.ceil(connections.size / steps));
  let closed = 0;
  for (const connection of connections) {
    connection.close();
    onClosed();
    closed += 1;
    if (closed % atOnce === 0 && closed < connections.size) await pause(STEP_MS);
  }
  const gone = async (count: () => number) => {
    const until_ms = Math.min(LAST_WORDS_MS, within_ms);
    for (let waited = 0; waited < until_ms && count() > 0; waited += LOOK_MS) await pause(LOOK_MS);
  };
  await gone(() => io.engine.clientsCount);
  // What is still handshaking, or does not ask any more.
  io.engine.close();
  // A phone that is out of reach never answers the close of its WebSocket, and would keep the server open.
  await gone(() => webSockets.size);
  for (const socket of webSockets) socket.destroy();
};
