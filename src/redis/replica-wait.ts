/**
 * Scripts that must have reached replicas before they are answered. WAIT blocks its connection, so they have one of their
 * own, and one WAIT serves all scripts of a turn; who comes while it blocks goes with the next one.
 */
import { unavailable } from '../contract/errors.ts';
import { REDIS_WAIT_MS } from '../limits.ts';
import type { RedisConnection } from './connection.ts';

type Waiting = { send: () => Promise<unknown>; resolve: (answer: unknown) => void; reject: (error: unknown) => void };

export class ReplicaWait {
  private readonly connection: RedisConnection;
  private readonly replicas: number;
  private gathered: Waiting[] = [];
  private busy = false;

  constructor(connection: RedisConnection, replicas: number) {
    this.connection = connection;
    this.replicas = replicas;
  }

  /**
   * Resolves with the answer of `send`, which sends on this connection, once enough replicas have what it wrote. Rejects
   * with STORE_UNAVAILABLE when they did not within REDIS_WAIT_MS; it has happened on the primary then.
   */
  run(send: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.gathered.push({ send, resolve, reject });
      if (this.busy) return;
      this.busy = true;
      setImmediate(() => void this.serve());
    });
  }

  private async serve(): Promise<void> {
    while (this.gathered.length > 0) {
      const batch = this.gathered;
      this.gathered = [];
      const answers = Promise.allSettled(batch.map(({ send }) => send()));
      const confirmed = this.wait();
      const why = await confirmed.then(
        (replicas) => (replicas >= this.replicas ? null : this.tooFew(replicas)),
        (error: unknown) => error,
      );
      for (const [i, answer] of (await answers).entries()) {
        const { resolve, reject } = batch[i] as Waiting;
        // What the script itself met says more than the wait behind it.
        if (answer.status === 'rejected') reject(answer.reason);
        else if (why !== null) reject(why);
        else resolve(answer.value);
      }
    }
    this.busy = false;
  }

  private async wait(): Promise<number> {
    return Number(await this.connection.send('wait', [this.replicas, REDIS_WAIT_MS]));
  }

  private tooFew(replicas: number): Error {
    return unavailable(new Error(`${replicas} of ${this.replicas} replicas confirmed within ${REDIS_WAIT_MS} ms`));
  }
}
