/** Headers of active rolls as this node last saw them: enough to authorise a command, which carries the version. */
import { KNOWN_ROLLS_MAX } from '../limits.ts';
import type { RollPeek } from './live-store.ts';

export class KnownRolls {
  /** In the order in which they were last seen. */
  private readonly peeks = new Map<string, RollPeek>();

  get(session_id: string): RollPeek | undefined {
    return this.peeks.get(session_id);
  }

  /** What was just read; null: there is no such roll. One that is over is never kept: it may be gone at any moment. */
  saw(session_id: string, peek: RollPeek | null): void {
    this.peeks.delete(session_id);
    if (peek?.state !== 'active') return;
    this.peeks.set(session_id, peek);
    if (this.peeks.size <= KNOWN_ROLLS_MAX) return;
    for (const oldest of this.peeks.keys()) {
      this.peeks.delete(oldest);
      return;
    }
  }

  /** A script says that it stands otherwise. */
  stands(session_id: string, now: { version: number; state: string }): void {
    const peek = this.peeks.get(session_id);
    if (peek !== undefined && (peek.header.version !== now.version || now.state !== 'active')) this.forget(session_id);
  }

  forget(session_id: string): void {
    this.peeks.delete(session_id);
  }
}
