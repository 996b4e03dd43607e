/** Rolls that need a look: found by the index over all partitions, claimed and settled in their own. */
import type { Backlog, Claim } from './live-store.ts';
import { SCRIPTS } from './lua-scripts.ts';
import type { RedisIndexes } from './redis-indexes.ts';
import type { RedisRolls } from './redis-rolls.ts';

/** The instant at which it is due; of a claim also the fence, what for, and the tries so far. */
type Claimed = [due: string] | [due: string, fence: number, due_for: Claim['due'], tries: number];

export class RedisDueList {
  private readonly rolls: RedisRolls;
  private readonly indexes: RedisIndexes;

  constructor(rolls: RedisRolls, indexes: RedisIndexes) {
    this.rolls = rolls;
    this.indexes = indexes;
  }

  /** Takes at most `limit` rolls that are due, each for a lease (milliseconds). STORE_UNAVAILABLE. */
  async claim(limit: number, lease_ms: number): Promise<Claim[]> {
    const { candidates } = await this.dueNow(limit);
    const claims = await Promise.all(candidates.map((session_id) => this.claimOne(session_id, lease_ms)));
    return claims.filter((it) => it !== null);
  }

  async confirm({ session_id, fence }: Claim, version: number, requests_kept_ms: number): Promise<boolean> {
    const reading = await this.rolls.read(session_id, { records: 'all' });
    const args = [fence, version, requests_kept_ms];
    const confirmed = (await this.rolls.run(SCRIPTS.confirm, session_id, args)) === 1;
    if (!confirmed || reading === null) return confirmed;
    const { staff, header } = reading.head;
    const users = new Set([...staff, ...reading.users.map(([user_id]) => user_id)]);
    await this.indexes.forget(session_id, header.course_id, users);
    return true;
  }

  async defer({ session_id, fence }: Claim, delay_ms: number): Promise<void> {
    const due = (await this.rolls.run(SCRIPTS.defer, session_id, [fence, delay_ms])) as string | null;
    if (due !== null) await this.indexes.due(session_id, Number(due));
  }

  async backlog(): Promise<Backlog> {
    const { link, keys } = this.rolls;
    const ids = await this.indexes.all();
    const [{ now }, ...since] = await Promise.all([
      this.dueNow(0),
      ...ids.map((id) => link.command('hget', keys.ofRoll(id)[0] ?? '', 'due_since') as Promise<string | null>),
    ]);
    const backlog: Backlog = { rolls: 0, overdue: 0, oldest_overdue_ms: 0 };
    for (const due_since of since) {
      if (due_since === null) continue;
      backlog.rolls += 1;
      const waited = now - Number(due_since);
      if (waited < 0) continue;
      backlog.overdue += 1;
      backlog.oldest_overdue_ms = Math.max(backlog.oldest_overdue_ms, waited);
    }
    return backlog;
  }

  private async dueNow(limit: number): Promise<{ now: number; candidates: string[] }> {
    const { link, keys, clock } = this.rolls;
    const answer = await link.run(SCRIPTS.dueNow, [keys.rollsByDue], [clock, limit]);
    const [now, ...candidates] = answer as [string, ...string[]];
    return { now: Number(now), candidates };
  }

  private async claimOne(session_id: string, lease_ms: number): Promise<Claim | null> {
    const claimed = (await this.rolls.run(SCRIPTS.claim, session_id, [lease_ms])) as Claimed | null;
    if (claimed === null) {
      await this.indexes.notDue(session_id);
      return null;
    }
    const [due_at, fence, due, tries] = claimed;
    await this.indexes.due(session_id, Number(due_at));
    if (fence !== undefined && due !== undefined && tries !== undefined) return { session_id, fence, due, tries };
    await this.recheck(session_id);
    return null;
  }

  /** Its end may have come after "not due yet" was answered and before that was written. */
  private async recheck(session_id: string): Promise<void> {
    const { link, keys } = this.rolls;
    const due = (await link.command('zscore', keys.dueListOf(session_id), session_id)) as string | null;
    if (due !== null) await this.indexes.dueAtLatest([[session_id, due]]);
  }
}
