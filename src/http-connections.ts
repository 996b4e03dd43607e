/**
 * The connections of an HTTP server, for closing it. Node waits for every one of them, and there are three kinds that
 * would keep it: a WebSocket whose phone is out of reach, a connection kept alive after an answer that was just leaving
 * when Node looked, and one that was opened in advance and never asked anything.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

const LOOK_MS = 20;

export class HttpConnections {
  private readonly server: Server;
  private readonly open = new Set<Socket>();
  /** Those that have become WebSockets. */
  readonly webSockets: ReadonlySet<Duplex>;

  constructor(server: Server) {
    this.server = server;
    const webSockets = new Set<Duplex>();
    this.webSockets = webSockets;
    server.on('connection', (socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
    });
    server.on('upgrade', (_request, socket) => {
      webSockets.add(socket);
      socket.once('close', () => webSockets.delete(socket));
    });
  }

  /** Runs `close`, which waits for all of them; requests under way have `within_ms` to be answered. */
  async closing(close: () => PromiseLike<unknown>, within_ms: number): Promise<void> {
    const look = setInterval(() => this.closeIdle(), LOOK_MS);
    const limit = setTimeout(() => this.closeAll(), within_ms);
    try {
      await close();
    } finally {
      clearInterval(look);
      clearTimeout(limit);
    }
  }

  private closeIdle(): void {
    this.server.closeIdleConnections();
    for (const socket of this.open) if (socket.bytesRead === 0) socket.destroy();
  }

  private closeAll(): void {
    for (const socket of this.open) socket.destroy();
  }
}
