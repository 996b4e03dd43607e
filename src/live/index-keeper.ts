/**
 * Keeps the indexes complete whatever was lost: all rolls are found by the due-lists of their partitions, which are
 * written in one step with them, and looked at in turn, a few partitions at a time.
 */
import { INDEX_PARTITIONS_AT_ONCE } from '../limits.ts';
import type { RedisIndexes } from './redis-indexes.ts';
import type { RedisRolls } from './redis-rolls.ts';

export class IndexKeeper {
  private readonly rolls: RedisRolls;
  private readonly indexes: RedisIndexes;
  private next = 0;
  /** Of each partition: rolls whose entries were looked after, and under which replication id of their server. */
  private readonly kept: Map<string, string>[] = [];

  constructor(rolls: RedisRolls, indexes: RedisIndexes) {
    this.rolls = rolls;
    this.indexes = indexes;
  }

  /** Looks at the next partitions. STORE_UNAVAILABLE. */
  async look(): Promise<void> {
    const lists = this.rolls.keys.dueLists();
    const partitions = Array.from({ length: INDEX_PARTITIONS_AT_ONCE }, (_, n) => (this.next + n) % lists.length);
    await Promise.all(partitions.map((n) => this.lookAt(n, lists[n] as string)));
    this.next = (this.next + INDEX_PARTITIONS_AT_ONCE) % lists.length;
  }

  private async lookAt(partition: number, list: string): Promise<void> {
    const { link } = this.rolls;
    const due = (await link.command('zrange', list, 0, -1, 'WITHSCORES')) as string[];
    const replication = link.replicationId(list);
    const before = this.kept[partition];
    const now = new Map<string, string>();
    const scores: [session_id: string, at: string][] = [];
    for (let i = 0; i < due.length; i += 2) scores.push([due[i] as string, due[i + 1] as string]);
    if (scores.length > 0) await this.indexes.dueAtLatest(scores);
    for (const [session_id] of scores) {
      if (before?.get(session_id) !== replication) await this.mend(session_id);
      now.set(session_id, replication);
    }
    this.kept[partition] = now;
  }

  private async mend(session_id: string): Promise<void> {
    const reading = await this.rolls.read(session_id, {});
    if (reading === null) return;
    await this.indexes.mend(session_id, reading.head.header.course_id, await this.rolls.followersOf(session_id));
  }
}
