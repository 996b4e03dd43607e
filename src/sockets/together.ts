/**
 * Several packets of one connection as one write. Most check-ins are answered twice, by an event and by an
 * acknowledgement, and the second would otherwise wait for the first to be written and then be written for itself: a
 * system call and a turn of the event loop more, for each of ten thousand students in a minute.
 *
 * engine.io has no word for this, so it is done with three of its parts that are not in its documentation (a transport's
 * `writable`, a connection's `flush`, the socket below a WebSocket). Where one of them is missing, packets are sent as
 * ever, one by one.
 */
import type { LiveSocket } from './live-socket.ts';

type Tcp = { cork?: () => void; uncork?: () => void };
type Inner = {
  transport: { writable: boolean; socket?: { _socket?: Tcp } };
  flush?: () => void;
};

/** Calls `send`, which emits to this socket; what it emits leaves in order, at once. */
export const together = (socket: LiveSocket, send: () => void): void => {
  const connection = socket.conn as unknown as Inner;
  const { transport } = connection;
  if (connection.flush === undefined || !transport.writable) {
    // Something is being written already: what comes now waits for that, and leaves together anyway.
    send();
    return;
  }
  transport.writable = false;
  try {
    send();
  } finally {
    transport.writable = true;
    const tcp = transport.socket?._socket;
    tcp?.cork?.();
    connection.flush();
    tcp?.uncork?.();
  }
};
