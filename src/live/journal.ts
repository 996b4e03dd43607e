/**
 * The journal of the embedded live store in SQLite: what each roll was opened from, and every change since. A row of
 * live_changes holds the changes of one roll in one turn. There is no index on it: it is written at its end, read whole
 * at the start, and deleted by the row ids that each roll remembers.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Change, Opening } from '../domain/roll.ts';
import { inTransaction } from '../sqlite/database.ts';

export type JournalReports = {
  committed(ms: number): void;
  failed(): void;
};

export type JournalOptions = {
  /** Runs between the last write of a turn and its commit. */
  beforeCommit: () => void;
  reports: JournalReports;
};

export type Journalled = { opening: Opening; changes: Change[]; rows: number[] };

export class Journal {
  private readonly db: DatabaseSync;
  private readonly options: JournalOptions;
  private readonly insertOpening: StatementSync;
  private readonly insertChanges: StatementSync;

  constructor(db: DatabaseSync, options: JournalOptions) {
    this.db = db;
    this.options = options;
    this.insertOpening = db.prepare('INSERT INTO live_rolls (session_id, opening) VALUES (?, ?)');
    this.insertChanges = db.prepare('INSERT INTO live_changes (session_id, changes) VALUES (?, ?)');
  }

  /** Durable when it returns. */
  open(session_id: string, opening: Opening): void {
    this.commit(() => this.insertOpening.run(session_id, JSON.stringify(opening)));
  }

  /** All of one turn, in one transaction; durable when it returns. Answers the row of each roll, in order. */
  append(turn: { session_id: string; changes: Change[] }[]): number[] {
    return this.commit(() =>
      inTransaction(this.db, () => {
        const rows = turn.map(({ session_id, changes }) =>
          Number(this.insertChanges.run(session_id, JSON.stringify(changes)).lastInsertRowid),
        );
        this.options.beforeCommit();
        return rows;
      }),
    );
  }

  /** Every roll that was opened and not forgotten. */
  *all(): Iterable<Journalled> {
    const bySession = new Map<string, { rows: number[]; changes: Change[] }>();
    for (const row of this.db.prepare('SELECT id, session_id, changes FROM live_changes ORDER BY id').iterate()) {
      const id = String(row.session_id);
      const of = bySession.get(id) ?? { rows: [], changes: [] };
      of.rows.push(Number(row.id));
      for (const change of changesIn(row)) of.changes.push(change);
      bySession.set(id, of);
    }
    for (const row of this.db.prepare('SELECT session_id, opening FROM live_rolls').all()) {
      yield { opening: openingIn(row), ...(bySession.get(String(row.session_id)) ?? { rows: [], changes: [] }) };
    }
  }

  /** One roll as it is committed. */
  one(session_id: string, rows: number[]): Pick<Journalled, 'opening' | 'changes'> {
    const row = this.db.prepare('SELECT opening FROM live_rolls WHERE session_id = ?').get(session_id);
    const select = this.db.prepare('SELECT changes FROM live_changes WHERE id = ?');
    return { opening: openingIn(row), changes: rows.flatMap((id) => changesIn(select.get(id))) };
  }

  forget(session_id: string, rows: number[]): void {
    this.commit(() =>
      inTransaction(this.db, () => {
        this.db.prepare('DELETE FROM live_rolls WHERE session_id = ?').run(session_id);
        const remove = this.db.prepare('DELETE FROM live_changes WHERE id = ?');
        for (const id of rows) remove.run(id);
      }),
    );
  }

  ping(): void {
    this.db.prepare('SELECT 1').get();
  }

  private commit<T>(write: () => T): T {
    const started = performance.now();
    let written: T;
    try {
      written = write();
    } catch (error) {
      this.options.reports.failed();
      throw error;
    }
    this.options.reports.committed(performance.now() - started);
    return written;
  }
}

type Row = Record<string, unknown> | undefined;

const openingIn = (row: Row): Opening => JSON.parse(String(row?.opening)) as Opening;
const changesIn = (row: Row): Change[] => JSON.parse(String(row?.changes)) as Change[];
