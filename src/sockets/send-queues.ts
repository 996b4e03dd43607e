/** Readers that do not read: a connection whose waiting messages pass a bound is closed, and can sync later (LIMIT-1). */
import { SEND_QUEUE_CHECK_MS, SEND_QUEUE_MAX_BYTES, SEND_QUEUE_MAX_MESSAGES } from '../limits.ts';
import type { LiveSocket } from './live-socket.ts';

type Connection = LiveSocket['conn'];

/** engine.io keeps the WebSocket on the transport; polling has none and waits in the write buffer alone. */
type MaybeWebSocket = { socket?: { bufferedAmount?: number } };

export const watchSendQueues = (
  sockets: () => Iterable<LiveSocket>,
  onSlow: (connection: Connection) => void,
): { stop(): void } => {
  const look = () => {
    for (const { conn } of sockets()) if (isTooFull(conn)) onSlow(conn);
  };
  const timer = setInterval(look, SEND_QUEUE_CHECK_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
};

const isTooFull = (connection: Connection): boolean => {
  const { writeBuffer } = connection as unknown as { writeBuffer: { data?: string | Buffer }[] };
  if (writeBuffer.length > SEND_QUEUE_MAX_MESSAGES) return true;
  let bytes = (connection.transport as unknown as MaybeWebSocket).socket?.bufferedAmount ?? 0;
  for (const { data } of writeBuffer) bytes += data?.length ?? 0;
  return bytes > SEND_QUEUE_MAX_BYTES;
};
