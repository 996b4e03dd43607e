/** The rolls of this process, found by session, course and user, and rebuilt from the journal when memory is in doubt. */
import { type Change, type Opening, openRoll, type Roll, replay } from '../domain/roll.ts';
import type { Journal } from './journal.ts';
import { type LiveRoll, liveRoll, maybeOnline } from './live-roll.ts';
import { RollIndex } from './roll-index.ts';

export class Rolls {
  private readonly journal: Journal;
  private readonly bySession = new Map<string, LiveRoll>();
  private readonly index = new RollIndex();

  /** Those of the process before this one are back at once. */
  constructor(journal: Journal) {
    this.journal = journal;
    for (const { opening, changes, rows } of journal.all()) {
      const roll = replay(opening, changes);
      this.add(roll, rows).awaited = maybeOnline(roll);
    }
  }

  get(session_id: string): LiveRoll | undefined {
    return this.bySession.get(session_id);
  }

  values(): Iterable<LiveRoll> {
    return this.bySession.values();
  }

  /** Session ids of a course's rolls. */
  ofCourse(course_id: string): string[] {
    return this.index.ofCourse(course_id);
  }

  /** Session ids of the rolls that a user follows. */
  ofUser(user_id: string): string[] {
    return this.index.ofUser(user_id);
  }

  /** Keeps up with an applied change. */
  follow(roll: Roll, change: Change): void {
    this.index.follow(roll, change);
  }

  /** Durable when it returns. Throws what the journal throws; then there is no roll. */
  open(opening: Opening): void {
    this.journal.open(opening.header.session.id, opening);
    this.add(openRoll(opening), []);
  }

  /** Back to what is committed, after a failed commit. Who is connected stays known. */
  reload(session_id: string): void {
    const live = this.bySession.get(session_id);
    if (live === undefined) return;
    this.index.remove(live.roll);
    try {
      const { opening, changes } = this.journal.one(session_id, live.rows);
      live.roll = replay(opening, changes);
      this.index.add(live.roll);
    } catch {
      // The journal cannot even be read: better no roll than one that shows what was never committed. It is still in
      // the file, and comes back with the next start.
      this.bySession.delete(session_id);
    }
  }

  /** Throws what the journal throws; then the roll is still here. */
  forget({ roll, rows }: LiveRoll): void {
    const { id } = roll.header.session;
    this.journal.forget(id, rows);
    this.index.remove(roll);
    this.bySession.delete(id);
  }

  private add(roll: Roll, rows: number[]): LiveRoll {
    const live = liveRoll(roll, rows);
    this.bySession.set(roll.header.session.id, live);
    this.index.add(roll);
    return live;
  }
}
