/**
 * The way out to channels. A message is never queued: when Redis is away it is refused at once, when it does not answer
 * within REDIS_PUBLISH_TIMEOUT_MS. Refused means that it is not known who heard it.
 */
import { type CommandMeter, measured } from './command-meter.ts';
import { sendTo } from './routing.ts';
import type { ServerPool } from './server-pool.ts';

export class PublishLink {
  private readonly pool: ServerPool;
  private readonly meter: CommandMeter;

  constructor(pool: ServerPool, meter: CommandMeter) {
    this.pool = pool;
    this.meter = meter;
  }

  /** Resolves with how many subscribers heard it on that server. Rejects with STORE_UNAVAILABLE. */
  async sPublish(channel: string, message: string | Buffer): Promise<number> {
    const args = [channel, message];
    const started = performance.now();
    const heard = sendTo(this.pool, channel, (it, asking) =>
      asking ? it.sendAsking('spublish', args) : it.send('spublish', args),
    );
    return Number(await measured(heard, this.meter, started));
  }
}
