/** Watches when the tokens of open sockets expire: one timer per node, sockets kept by the second they need a look at. */
import { type Clock, isoFrom } from '../clock.ts';
import { TOKEN_CLOCK_TOLERANCE_S, TOKEN_EXPIRING_NOTICE_MS, TOKEN_EXPIRY_CHECK_MS } from '../limits.ts';
import type { LiveSocket } from './live-socket.ts';

export class TokenExpiry {
  private readonly clock: Clock;
  private readonly close: (socket: LiveSocket) => void;
  private readonly bySecond = new Map<number, Set<LiveSocket>>();
  /** Under which second a socket is kept. */
  private readonly seconds = new WeakMap<LiveSocket, number>();
  private readonly noticed = new WeakMap<LiveSocket, number>();
  private next: number;
  private timer: NodeJS.Timeout | undefined;

  /** close: ends the transport of a socket whose token has expired; it is not called with TOKEN_EXPIRY_OPEN_SOCKETS=keep. */
  constructor(clock: Clock, close: (socket: LiveSocket) => void) {
    this.clock = clock;
    this.close = close;
    this.next = second(clock());
  }

  start(): void {
    this.timer = setInterval(() => this.tick(), TOKEN_EXPIRY_CHECK_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** A socket was opened, or has a newer token. */
  watch(socket: LiveSocket): void {
    this.forget(socket);
    this.look(socket);
  }

  /** A socket is gone: it must not be kept until its token would have expired. */
  forget(socket: LiveSocket): void {
    const key = this.seconds.get(socket);
    if (key === undefined) return;
    const sockets = this.bySecond.get(key);
    sockets?.delete(socket);
    if (sockets?.size === 0) this.bySecond.delete(key);
  }

  /** Sockets that are watched. */
  get size(): number {
    let size = 0;
    for (const sockets of this.bySecond.values()) size += sockets.size;
    return size;
  }

  /** Looks at every socket whose second has come. */
  tick(): void {
    const until = second(this.clock());
    for (; this.next <= until; this.next += 1) {
      const due = this.bySecond.get(this.next);
      this.bySecond.delete(this.next);
      for (const socket of due ?? []) if (socket.connected) this.look(socket);
    }
  }

  private look(socket: LiveSocket): void {
    const now = this.clock();
    const { expires_at } = socket.data.actor;
    const notice_at = expires_at - TOKEN_EXPIRING_NOTICE_MS;
    if (now < notice_at) {
      this.again(socket, notice_at);
    } else if (this.noticed.get(socket) !== expires_at) {
      this.noticed.set(socket, expires_at);
      socket.emit('tokenExpiring', { expires_at: isoFrom(expires_at) });
      // Opened inside the clock tolerance: it may stay as long as that lasts.
      this.again(socket, now < expires_at ? expires_at : expires_at + TOKEN_CLOCK_TOLERANCE_S * 1000);
    } else if (now < expires_at) {
      this.again(socket, expires_at);
    } else {
      this.close(socket);
    }
  }

  private again(socket: LiveSocket, at: number): void {
    const key = Math.max(second(at) + 1, this.next);
    this.seconds.set(socket, key);
    const sockets = this.bySecond.get(key);
    if (sockets === undefined) this.bySecond.set(key, new Set([socket]));
    else sockets.add(socket);
  }
}

const second = (ms: number): number => Math.floor(ms / 1000);
