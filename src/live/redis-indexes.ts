/**
 * Indexes over all rolls: which there are, by when they need a look, by course and by user. They lie outside the
 * partitions, so they are never written in one step with a roll: an entry is written before what it names, and taken
 * out after it. They may name what is not there, and whoever reads them looks; they never lack what is.
 */
import type { Command } from '../domain/commands.ts';
import type { StateLink } from '../redis/state-link.ts';
import type { RedisKeys } from './redis-keys.ts';

/** Members of the sorted sets are "<course or user>\n<session>", in the order of their text. */
const SEPARATOR = '\n';
const AFTER_SEPARATOR = '\x0b';

const memberOf = (id: string, session_id: string): string => `${id}${SEPARATOR}${session_id}`;

/** Followers that were to be written and could not be, at most; beyond it the next look at all rolls mends it. */
const UNWRITTEN_MAX = 100_000;
/** So many are written without waiting for the turn's end. */
const ENOUGH_FOLLOWERS = 64;
/** Members of one command. */
const MEMBERS_AT_ONCE = 500;

export class RedisIndexes {
  private readonly link: StateLink;
  private readonly keys: RedisKeys;
  private followers = new Set<string>();
  /** The write that those who come now belong to. */
  private next: { written: Promise<void>; begin: () => void } | null = null;

  constructor(link: StateLink, keys: RedisKeys) {
    this.link = link;
    this.keys = keys;
  }

  /** A roll may need a look at this instant (milliseconds) or later; 0: now. */
  async due(session_id: string, at: number): Promise<void> {
    await this.link.command('zadd', this.keys.rollsByDue, at, session_id);
  }

  /** The same for several rolls, but never later than the index says already. */
  async dueAtLatest(rolls: [session_id: string, at: string][]): Promise<void> {
    await this.link.command('zadd', this.keys.rollsByDue, 'LT', ...rolls.flatMap(([id, at]) => [at, id]));
  }

  /** Entries of a roll that may be missing. */
  async mend(session_id: string, course_id: string, user_ids: string[]): Promise<void> {
    await this.link.command('zadd', this.keys.rollsByCourse, 0, memberOf(course_id, session_id));
    for (const id of user_ids) this.followers.add(memberOf(id, session_id));
    await this.retry();
  }

  async ofCourse(course_id: string): Promise<string[]> {
    return this.sessionsOf(this.keys.rollsByCourse, course_id);
  }

  async ofUser(user_id: string): Promise<string[]> {
    return this.sessionsOf(this.keys.rollsByUser, user_id);
  }

  /** Every roll that there is. */
  async all(): Promise<string[]> {
    return (await this.link.command('zrange', this.keys.rollsByDue, 0, -1)) as string[];
  }

  /** A roll is about to be opened. */
  async opening(session_id: string, course_id: string): Promise<void> {
    await Promise.all([
      this.link.command('zadd', this.keys.rollsByCourse, 0, memberOf(course_id, session_id)),
      this.due(session_id, 0),
    ]);
  }

  /** What they must say before this command is answered; null: nothing more than they do. */
  before(session_id: string, command: Command): Promise<void> | null {
    switch (command.kind) {
      case 'join':
      case 'attend':
        return this.follows(session_id, command.user_id);
      case 'end':
        return this.due(session_id, 0);
      default:
        return null;
    }
  }

  /**
   * A user is about to follow a roll; all of one turn are written together. Never fails: what could not be written is
   * written with the next ones, or by retry().
   */
  private follows(session_id: string, user_id: string): Promise<void> {
    this.followers.add(memberOf(user_id, session_id));
    this.next ??= this.nextWrite();
    const { written, begin } = this.next;
    if (this.followers.size >= ENOUGH_FOLLOWERS) begin();
    return written;
  }

  private nextWrite(): { written: Promise<void>; begin: () => void } {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    setImmediate(begin);
    const written = begun.then(() => {
      this.next = null;
      return this.retry();
    });
    return { written, begin };
  }

  /** Writes the followers that are not written yet. */
  async retry(): Promise<void> {
    const members = [...this.followers];
    this.followers = new Set();
    const written = [];
    for (let n = 0; n < members.length; n += MEMBERS_AT_ONCE) {
      written.push(this.addUsers(members.slice(n, n + MEMBERS_AT_ONCE)));
    }
    await Promise.all(written);
  }

  /** A roll is gone: so are its entries. */
  async forget(session_id: string, course_id: string, user_ids: Iterable<string>): Promise<void> {
    const members = Array.from(user_ids, (id) => memberOf(id, session_id));
    const removed = [
      this.link.command('zrem', this.keys.rollsByDue, session_id),
      this.link.command('zrem', this.keys.rollsByCourse, memberOf(course_id, session_id)),
    ];
    for (let n = 0; n < members.length; n += MEMBERS_AT_ONCE) {
      removed.push(this.link.command('zrem', this.keys.rollsByUser, ...members.slice(n, n + MEMBERS_AT_ONCE)));
    }
    await Promise.all(removed);
  }

  /** An entry that names no roll. */
  async notDue(session_id: string): Promise<void> {
    await this.link.command('zrem', this.keys.rollsByDue, session_id);
  }

  /** A user's entry that names no roll. */
  async notOfUser(session_id: string, user_id: string): Promise<void> {
    await this.link.command('zrem', this.keys.rollsByUser, memberOf(user_id, session_id));
  }

  private async addUsers(members: string[]): Promise<void> {
    try {
      await this.link.command('zadd', this.keys.rollsByUser, ...members.flatMap((it) => [0, it]));
    } catch {
      for (const member of members) if (this.followers.size < UNWRITTEN_MAX) this.followers.add(member);
    }
  }

  private async sessionsOf(key: string, id: string): Promise<string[]> {
    const range = [`[${id}${SEPARATOR}`, `(${id}${AFTER_SEPARATOR}`] as const;
    const members = (await this.link.command('zrangebylex', key, ...range)) as string[];
    // An id may hold the separator itself, a session never does.
    return members.flatMap((it) => {
      const end = it.lastIndexOf(SEPARATOR);
      return it.slice(0, end) === id ? [it.slice(end + 1)] : [];
    });
  }
}
