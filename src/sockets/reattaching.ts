/**
 * Sockets that have just connected are put back into the rolls that their users follow (JOIN-7). Where the live store is
 * away that is tried again until it is done: such a client waits to hear, and sends nothing that could fail.
 */
import type { Attendance } from '../attendance/attendance.ts';
import { Refusal } from '../contract/errors.ts';
import { REATTACH_AGAIN_MS } from '../limits.ts';
import type { LiveSocket } from './live-socket.ts';

export type ReattachingOptions = {
  attendance: Pick<Attendance, 'reattach' | 'disconnect'>;
  /** Told once for each socket. */
  onError: (error: unknown) => void;
};

export class Reattaching {
  private readonly options: ReattachingOptions;
  private readonly waiting = new Set<LiveSocket>();
  private timer: NodeJS.Timeout | undefined;

  constructor(options: ReattachingOptions) {
    this.options = options;
  }

  start(): void {
    this.timer = setInterval(() => this.again(), REATTACH_AGAIN_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.waiting.clear();
  }

  /** A socket has connected. */
  async begin(socket: LiveSocket): Promise<void> {
    await this.attempt(socket, this.options.onError);
  }

  /** Tries once more for all that wait. */
  again(): void {
    for (const socket of this.waiting) {
      this.waiting.delete(socket);
      if (socket.connected) void this.attempt(socket, () => {});
    }
  }

  private async attempt(socket: LiveSocket, onUnavailable: (error: unknown) => void): Promise<void> {
    const { attendance, onError } = this.options;
    try {
      const sessions = await attendance.reattach(socket.data.actor, socket);
      if (!socket.connected) await attendance.disconnect(sessions, socket);
    } catch (error) {
      const isAway = error instanceof Refusal && error.code === 'STORE_UNAVAILABLE';
      if (isAway && socket.connected) this.waiting.add(socket);
      (isAway ? onUnavailable : onError)(error);
    }
  }
}
