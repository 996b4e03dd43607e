/**
 * One channel of a session as this node hears it: the room of everybody or of the staff, in one namespace. It knows how
 * far the roll's changes have gone by, and so what comes next, what is old, and where something is missing.
 *
 * A staff line counts seq, since staff hear every change; a room line room_seq. A change may be several messages; it
 * counts when its last one has gone by.
 */
import type { Change } from '../domain/roll.ts';
import type { Delivery } from '../fanout.ts';
import { type Heading, NEWS, OWN, PART } from '../live/roll-packets.ts';
import { partKeyIn } from './feed-messages.ts';

export type Numbers = { seq: number; room_seq: number };

/**
 * next: to be delivered; the line has moved on. old news: no change, and told of an earlier state than has gone by.
 * old: a change that has gone by already. gap: something before it is missing.
 */
export type Place = 'next' | 'old news' | 'old' | 'gap';

export class FeedLine {
  readonly channel: string;
  /** Place in NAMESPACES, from 0. */
  readonly namespace: number;
  readonly room: string;
  readonly to: 'staff' | 'room';
  /** Whatever is published is heard here, as far as known. */
  confirmed = false;
  /** What has gone by, in the roll's numbers and in the line's own; null: nothing yet, and it is not known where it begins. */
  private at: { seq: number; number: number } | null = null;
  /** False: at is where the roll was read to be, and messages from before that may still be on their way. */
  private sure = false;
  /** The latest seq that anything told here named; a room is told seqs of changes that it does not hear. */
  private told_seq = 0;
  /** The latest seq that somebody here was answered. */
  private answered_seq = 0;
  /** Messages of the change after that, so far. */
  private parts: Buffer[] = [];

  constructor(channel: string, namespace: number, room: string, to: 'staff' | 'room') {
    this.channel = channel;
    this.namespace = namespace;
    this.room = room;
    this.to = to;
  }

  /** The roll's seq up to which everything has gone by; null: unknown. */
  get seq(): number | null {
    return this.at?.seq ?? null;
  }

  /** The latest seq that anybody here was told of on it. */
  get toldUpTo(): number {
    return this.told_seq;
  }

  /** Nothing has gone by yet that tells where it is. */
  get isUnsure(): boolean {
    return !this.sure;
  }

  /** The same in its own numbers. */
  get number(): number | null {
    return this.at?.number ?? null;
  }

  /** A message came. It counts as gone by when this answers next. */
  meet({ seq, room_seq, part }: Heading, message: Buffer): Place {
    const number = this.numberOf({ seq, room_seq });
    if (this.at === null || (!this.sure && number <= this.at.number)) {
      // A subscription begins between two changes, so this is a first part.
      const before = part === NEWS || part === OWN ? 0 : 1;
      this.at = { seq: seq - before, number: number - before };
    }
    const { at } = this;
    if (part === NEWS) {
      if (number < at.number) return 'old news';
      if (number > at.number) return 'gap';
      at.seq = Math.max(at.seq, seq);
      this.sure = true;
      if (seq < Math.max(this.told_seq, this.answered_seq)) return 'old news';
      this.told_seq = seq;
      return 'next';
    }
    if (part === OWN) {
      // No step of this line. It is never old news: what was answered to others says nothing of it.
      if (number !== at.number) return number < at.number ? 'old' : 'gap';
      at.seq = Math.max(at.seq, seq);
      this.sure = true;
      this.told_seq = Math.max(this.told_seq, seq);
      return 'next';
    }
    if (number <= at.number) return 'old';
    if (number > at.number + 1) return 'gap';
    this.sure = true;
    this.told_seq = Math.max(this.told_seq, seq);
    if (part === PART) this.parts.push(message);
    else this.moveTo({ seq, room_seq });
    return 'next';
  }

  /**
   * Something with these numbers has gone by on another line of the session. A room hears nothing of joins: so it knows
   * that nothing is missing here before that seq, and need not be read about it.
   */
  follow({ seq, room_seq }: Numbers): void {
    if (this.to === 'room' && this.at?.number === room_seq) this.at.seq = Math.max(this.at.seq, seq);
  }

  /** Somebody here was told that the roll is there. */
  tell({ seq }: Numbers): void {
    this.told_seq = Math.max(this.told_seq, seq);
  }

  /** The same, in an answer to them alone. */
  answer({ seq }: Numbers): void {
    this.answered_seq = Math.max(this.answered_seq, seq);
  }

  /** Everything up to these numbers has gone by. */
  moveTo(numbers: Numbers): void {
    this.at = { seq: numbers.seq, number: this.numberOf(numbers) };
    this.sure = true;
    this.parts = [];
  }

  /** The roll was there when this line was heard already. Says something only as long as nothing has gone by. */
  beginAt(numbers: Numbers): void {
    this.at ??= { seq: numbers.seq, number: this.numberOf(numbers) };
  }

  /**
   * All that was published up to these numbers has come, if it comes at all: a line that begins there is where it is
   * believed to be. One that is behind them stays behind, for it does not hear.
   */
  provenUpTo(numbers: Numbers): void {
    this.beginAt(numbers);
    if (this.at?.number === this.numberOf(numbers)) this.sure = true;
  }

  /** Nothing is known any more: the next message counts as it is. */
  forget(): void {
    this.at = null;
    this.sure = false;
    this.told_seq = 0;
    this.answered_seq = 0;
    this.parts = [];
  }

  /** False also when it is not known. */
  isBehind(numbers: Numbers): boolean {
    return this.at !== null && this.at.number < this.numberOf(numbers);
  }

  /** Something later has been told, be it a part of a change. */
  isPast(numbers: Numbers): boolean {
    if (this.told_seq > numbers.seq) return true;
    if (this.at === null) return false;
    return this.at.number + (this.parts.length > 0 ? 1 : 0) > this.numberOf(numbers);
  }

  /** Somebody here was answered something later, which says nothing of what has gone by. */
  hasAnsweredPast({ seq }: Numbers): boolean {
    return this.answered_seq > seq;
  }

  /** Of a change that it is behind: the events that have gone by nevertheless, told apart by partKey. */
  heardParts(change: Change): Set<string> {
    const isUnfinished = this.at !== null && this.numberOf(change) === this.at.number + 1;
    return new Set(isUnfinished ? this.parts.map(partKeyIn) : []);
  }

  /** Whether an event goes through this line. */
  carries({ receivers }: Delivery): boolean {
    return this.to === 'staff' ? receivers.to === 'staff' : receivers.to !== 'staff';
  }

  private numberOf({ seq, room_seq }: Numbers): number {
    return this.to === 'staff' ? seq : room_seq;
  }
}
