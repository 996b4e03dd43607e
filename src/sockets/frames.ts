/**
 * What arrives on one connection: how many bytes each event came in, and whether a frame broke the protocol.
 *
 * socket.io dispatches an event one tick after its frame was taken apart. Other frames may have been read by then (one
 * chunk of TCP or one polling request holds many), so the sizes wait in a queue: one per event, in their order.
 */
import type { LiveSocket } from './live-socket.ts';

/** The first character of a Socket.IO packet: an event, and an event whose attachments follow as frames of bytes. */
const EVENT = '2';
const BINARY_EVENT = '5';

export class Frames {
  private readonly sizes: number[] = [];
  private broken = false;
  private readonly onBroken: () => void;

  /** onBroken: called once, when the connection is closed because of what it sent. */
  constructor(connection: LiveSocket['conn'], onBroken: () => void) {
    this.onBroken = onBroken;
    // Before socket.io's own listener, which takes the frame apart.
    connection.prependListener('data', (data: string | Buffer) => this.take(data));
    connection.on('close', (reason: string, cause?: Error) => {
      // ws reports no error but frames that are too large or no WebSocket frames at all; the other one is a failed write.
      const broke = connection.transport.name === 'websocket' && cause?.message !== 'write error';
      if (reason === 'parse error' || (reason === 'transport error' && broke)) this.breaks();
    });
  }

  /** Bytes of the event that is dispatched now, attachments included. To be asked once for each event. */
  next(): number {
    return this.sizes.shift() ?? 0;
  }

  /** A frame did not parse. */
  breaks(): void {
    if (this.broken) return;
    this.broken = true;
    this.onBroken();
  }

  private take(data: string | Buffer): void {
    if (typeof data !== 'string') {
      const last = this.sizes.length - 1;
      if (last >= 0) this.sizes[last] = (this.sizes[last] ?? 0) + data.length;
    } else if (data[0] === EVENT || data[0] === BINARY_EVENT) {
      this.sizes.push(Buffer.byteLength(data));
    }
  }
}
