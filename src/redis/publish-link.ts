/**
 * The way out to channels. A message is never queued: when Redis is away it is refused at once, when it does not answer
 * within REDIS_PUBLISH_TIMEOUT_MS. Refused means that it is not known who heard it.
 */
import { sendTo } from './routing.ts';
import type { ServerPool } from './server-pool.ts';

export class PublishLink {
  private readonly pool: ServerPool;

  constructor(pool: ServerPool) {
    this.pool = pool;
  }

  /** Resolves with how many subscribers heard it on that server. Rejects with STORE_UNAVAILABLE. */
  async sPublish(channel: string, message: string | Buffer): Promise<number> {
    const args = [channel, message];
    const heard = await sendTo(this.pool, channel, (it, asking) =>
      asking ? it.sendAsking('spublish', args) : it.send('spublish', args),
    );
    return Number(heard);
  }
}
