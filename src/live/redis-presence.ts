/**
 * Presence over nodes, at a cost per node and not per socket: each node holds a lease; where one has lapsed, whoever
 * looks next takes the connections of that node out of every roll, and staff hear who has gone (PRES-1).
 */
import { DRAINED_RETURN_MS, PRESENCE_RETURN_MS } from '../limits.ts';
import type { FedAudience } from './fed-audience.ts';
import { SCRIPTS } from './lua-scripts.ts';
import type { RedisCommands } from './redis-commands.ts';
import type { RedisRolls } from './redis-rolls.ts';

export type NodePresenceOptions = {
  rolls: RedisRolls;
  commands: RedisCommands;
  audience: FedAudience;
  /** This process. */
  node: string;
  /** The lease had lapsed: others may have taken this node's connections out. */
  onLapsed: () => Promise<void>;
};

export class NodePresence {
  private readonly options: NodePresenceOptions;
  /** Connections that may be online in a roll although they are not in its rooms here: [session, connection]. */
  private readonly doubtful = new Map<string, [session_id: string, connection: string]>();
  private everHeld = false;

  constructor(options: NodePresenceOptions) {
    this.options = options;
  }

  /** Renews the lease and clears up after nodes that are gone. STORE_UNAVAILABLE. */
  async look(): Promise<void> {
    const [held, gone] = await this.renew(PRESENCE_RETURN_MS);
    await this.clearDoubts();
    if (!held) {
      // The first look, or Redis was away: then every node looks gone until it has renewed its lease.
      if (this.everHeld) await this.options.onLapsed();
      this.everHeld = true;
      return;
    }
    for (const node of gone) await this.sweep(node);
  }

  /** This node goes; whoever was connected to it has DRAINED_RETURN_MS to be back. */
  async leave(): Promise<void> {
    await this.renew(DRAINED_RETURN_MS);
  }

  /** The outcome of putting this connection online, or of taking it off, is unknown. */
  doubt(session_id: string, connection: string): void {
    this.doubtful.set(`${session_id} ${connection}`, [session_id, connection]);
  }

  /** It is about to be put online again, so it is known soon. */
  trust(session_id: string, connection: string): void {
    if (this.doubtful.size > 0) this.doubtful.delete(`${session_id} ${connection}`);
  }

  private async renew(lease_ms: number): Promise<[held: boolean, gone: string[]]> {
    const { rolls, node } = this.options;
    const answer = await rolls.link.run(SCRIPTS.lease, [rolls.keys.nodes], [rolls.clock, node, lease_ms]);
    const [held, ...gone] = answer as [number, ...string[]];
    return [held === 1, gone];
  }

  private async clearDoubts(): Promise<void> {
    const { audience, commands } = this.options;
    for (const [key, [session_id, id]] of [...this.doubtful]) {
      if (!audience.hears(session_id, id)) {
        await commands.send(session_id, { kind: 'detach', connection: { id, namespace: 1 } });
      }
      this.doubtful.delete(key);
    }
  }

  /** Every step may be repeated, also by several nodes at once. */
  private async sweep(node: string): Promise<void> {
    const { rolls, commands } = this.options;
    const { link, keys } = rolls;
    const held = await Promise.all(keys.heldBy(node).map((key) => link.command('smembers', key) as Promise<string[]>));
    await Promise.all(held.flat().map((session_id) => commands.send(session_id, { kind: 'sweep', node })));
    await link.command('zrem', keys.nodes, node);
  }
}
