/**
 * Group commit: the commands of one turn of the event loop for one roll are one run of a script. While it runs, further
 * commands of that roll gather for the next one; so their order is that of the calls, and a crowd shares the cost. A turn
 * in which enough have come begins at once: in a rush it would read all that has arrived first, and answer it last.
 */
import { Refusal } from '../contract/errors.ts';
import { TURN_ENOUGH_COMMANDS, TURN_MAX_CHANGES } from '../limits.ts';
import { NO_TRACING, type Place, type Tracing } from '../tracing/tracing.ts';

type Queued<C, A> = { command: C; place: Place | null; resolve: (answer: A) => void; reject: (error: unknown) => void };

/** Commands of one roll; begin: its first turn is not to wait any longer. */
type Gathering<C, A> = { commands: Queued<C, A>[]; begin: () => void };

/** Makes the commands of one roll, in order; answers each. Rejects when nothing is known of any of them. */
export type RunTurn<C, A> = (session_id: string, commands: C[]) => Promise<A[]>;

export class RedisTurns<C, A> {
  private readonly run: RunTurn<C, A>;
  private readonly changesOf: (command: C) => number;
  private readonly tracing: Tracing;
  /** Of each roll with a turn that gathers or runs: what gathers. */
  private readonly gathering = new Map<string, Gathering<C, A>>();
  private readonly working = new Set<Promise<void>>();

  /** changesOf: how much a command may change, in records. */
  constructor(run: RunTurn<C, A>, changesOf: (command: C) => number, tracing: Tracing = NO_TRACING) {
    this.run = run;
    this.changesOf = changesOf;
    this.tracing = tracing;
  }

  /** Part of the turn that is gathering. */
  send(session_id: string, command: C): Promise<A> {
    return new Promise((resolve, reject) => {
      const queued = { command, place: this.tracing.here(), resolve, reject };
      const queue = this.gathering.get(session_id);
      if (queue !== undefined) {
        queue.commands.push(queued);
        if (queue.commands.length >= TURN_ENOUGH_COMMANDS) queue.begin();
        return;
      }
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
      setImmediate(begin);
      this.gathering.set(session_id, { commands: [queued], begin });
      const done = begun.then(() => this.workOff(session_id));
      this.working.add(done);
      void done.then(() => this.working.delete(done));
    });
  }

  /** Resolves when everything that was sent is answered. */
  async settled(): Promise<void> {
    while (this.working.size > 0) await Promise.all(this.working);
  }

  private async workOff(session_id: string): Promise<void> {
    for (;;) {
      const turn = this.take(session_id);
      if (turn.length === 0) break;
      await this.make(session_id, turn).catch((error: unknown) => {
        for (const { reject } of turn) reject(error);
        if (error instanceof Refusal) this.refuseWaiting(session_id, error);
      });
    }
    this.gathering.delete(session_id);
  }

  /** What one run makes, in order: as many as TURN_MAX_CHANGES allows, one at least. */
  private take(session_id: string): Queued<C, A>[] {
    const commands = this.gathering.get(session_id)?.commands ?? [];
    let count = 0;
    for (let changes = 0; count < commands.length; count += 1) {
      changes += this.changesOf((commands[count] as Queued<C, A>).command);
      if (count > 0 && changes > TURN_MAX_CHANGES) break;
    }
    return commands.splice(0, count);
  }

  /** Redis does not answer: whoever waits for the next turn would wait twice as long as anybody is promised to. */
  private refuseWaiting(session_id: string, why: Refusal): void {
    const waiting = this.gathering.get(session_id)?.commands.splice(0) ?? [];
    for (const { reject } of waiting) reject(why);
  }

  private async make(session_id: string, turn: Queued<C, A>[]): Promise<void> {
    const commands = turn.map(({ command }) => command);
    const places = turn.map(({ place }) => place);
    const answers = await this.tracing.from(places, () => this.run(session_id, commands));
    for (const [i, { resolve }] of turn.entries()) resolve(answers[i] as A);
  }
}
