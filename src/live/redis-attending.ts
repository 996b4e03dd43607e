/**
 * Connections of this node, into rolls and out of them. What a script has decided of one is followed by its rooms here;
 * where the outcome is unknown, the connection may be online in the roll and not be here, which presence mends.
 */
import type { Command, Current } from '../domain/commands.ts';
import type { Connection } from '../domain/presence.ts';
import type { Accepted } from '../domain/roll.ts';
import type { FedAudience } from './fed-audience.ts';
import type { ComesBackAs } from './live-store.ts';
import { type Applied, currentOf, type FromSocket, type Reattached, type RedisCommands } from './redis-commands.ts';
import { RedisEntering } from './redis-entering.ts';
import { NodePresence } from './redis-presence.ts';
import type { RedisRolls } from './redis-rolls.ts';

export type RedisAttendingOptions = {
  rolls: RedisRolls;
  commands: RedisCommands;
  audience: FedAudience;
  /** This process. */
  node: string;
};

/** Tries to come back with a header that may be overtaken. */
const MAX_TRIES = 4;

export class RedisAttending {
  readonly presence: NodePresence;
  private readonly commands: RedisCommands;
  private readonly audience: FedAudience;
  private readonly entering: RedisEntering;

  constructor({ rolls, commands, audience, node }: RedisAttendingOptions) {
    this.commands = commands;
    this.audience = audience;
    this.entering = new RedisEntering(rolls, audience);
    const onLapsed = async () => {
      for (const session_id of [...audience.sessions()]) await this.comeBack(session_id);
    };
    this.presence = new NodePresence({ rolls, commands, audience, node, onLapsed });
  }

  /** Sends for a connection what may put it online. */
  async sendFor<A>(session_id: string, id: string, send: (from: FromSocket) => Promise<A>): Promise<A> {
    this.presence.trust(session_id, id);
    try {
      // One that is gone by now is in no namespace.
      const answer = await send({ id, namespace: (this.audience.namespaceOf(id) ?? 0) + 1 });
      // Whoever asked takes it off again; in case that fails, the next look does.
      if (this.audience.namespaceOf(id) === undefined) this.presence.doubt(session_id, id);
      return answer;
    } catch (error) {
      this.presence.doubt(session_id, id);
      throw error;
    }
  }

  /** After an accepted command: its connection is in, or out. Answers what the roll says by then; null: it is gone. */
  async moved(
    session_id: string,
    command: Command,
    id: string | null,
    { outcome, applied }: { outcome: Accepted; applied: Applied },
  ): Promise<Current | null> {
    const record = outcome.records[0];
    const current = currentOf(applied, record?.student_id ?? null);
    if (!('user_id' in command)) {
      // Who sent it hears what it told everybody before the answer.
      await this.audience.heardUpTo(session_id, applied);
      return current;
    }
    if (id === null) return current;
    const { user_id } = command;
    const here = applied.here[id] ?? null;
    if (command.kind === 'leave') {
      if (here === false && outcome.repeated !== true) this.audience.expel(session_id, [id]);
      return current;
    }
    if (here !== false) return this.entering.enter(session_id, { id, user_id, student_id: here }, applied);
    // Whatever it was in these rooms before.
    this.audience.expel(session_id, [id]);
    // The end came in the same turn: who was told that they joined hears of it.
    if (command.kind === 'join' && applied.overtaken.includes(id) && record !== undefined) {
      const connection = { id, user_id, student_id: record.student_id };
      await this.entering.tellMissed(session_id, connection, outcome, record);
    }
    return current;
  }

  /** As LiveStore.reattach. */
  async reattach(
    session_id: string,
    connection: { id: string; user_id: string },
    comesBackAs: ComesBackAs,
  ): Promise<Connection | null> {
    const back = await this.bringBack(session_id, connection, comesBackAs);
    return typeof back === 'string' ? null : back;
  }

  /**
   * no roll: there is none, and it may be rebuilt (LOSS-1). otherwise: it is not back by this, but in by another command of
   * the same turn, which takes care of it. Null: it may not be there any more.
   */
  private bringBack(
    session_id: string,
    { id, user_id }: { id: string; user_id: string },
    comesBackAs: ComesBackAs,
  ): Promise<Connection | 'no roll' | 'otherwise' | null> {
    return this.sendFor(session_id, id, async (from) => {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const peek = await this.commands.lastSeen(session_id);
        if (peek === null) return 'no roll';
        const as = comesBackAs(peek.header);
        if (as === null) return null;
        const back = { kind: 'reattach', user_id, as, header_version: peek.header.version, connection: from } as const;
        const given = await this.commands.send<Reattached>(session_id, back);
        if (given === null) return 'no roll';
        const { outcome, applied } = given;
        if (!outcome.ok && outcome.code === 'NOT_BACK') return applied.here[id] === false ? null : 'otherwise';
        if (!outcome.ok) continue;
        // A command of the same turn may have ended it, or taken the connection out.
        if (applied.here[id] === false) return null;
        const connection = { id, user_id, student_id: outcome.student_id };
        const now = await this.entering.enter(session_id, connection, applied);
        return now === null ? null : connection;
      }
      return null;
    });
  }

  /**
   * Puts every connection that hears a roll here back into it; who may not be there any more is expelled. Where there is no
   * roll everybody stays: should it be rebuilt, they are to hear of it.
   */
  async comeBack(session_id: string): Promise<void> {
    const members = this.audience.membersOf(session_id);
    await Promise.all(
      members.map(async ({ id, user_id, student_id }) => {
        const as = student_id === null ? 'staff' : 'student';
        const back = await this.bringBack(session_id, { id, user_id }, () => as);
        if (back === null) this.audience.expel(session_id, [id]);
      }),
    );
  }

  async detach(session_id: string, id: string): Promise<void> {
    try {
      await this.commands.send(session_id, { kind: 'detach', connection: { id, namespace: 1 } });
    } catch (error) {
      this.presence.doubt(session_id, id);
      throw error;
    }
  }
}
