/** The archive on SQLite. See archive.ts for what it guarantees. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { refuse } from '../contract/errors.ts';
import type { AuditEntry } from '../contract/nouns.ts';
import { type Counts, noCounts } from '../domain/statistics.ts';
import { decodeCursor, encodeCursor, pageOf } from '../registry/cursor.ts';
import type { Page, PageRequest } from '../registry/registry.ts';
import { inStore, inTransaction } from '../sqlite/database.ts';
import type {
  Archive,
  ArchivedRecord,
  ArchivedSession,
  Correction,
  FinalRoll,
  HistoryEntry,
  StudentOfCourse,
  StudentTotals,
} from './archive.ts';
import { type CorrectionResult, type StoredState, writeCorrection } from './sqlite-correction.ts';
import { SqlitePersonalData } from './sqlite-personal-data.ts';
import {
  AUDIT_COLUMNS,
  type AuditRow,
  auditFrom,
  auditValues,
  RECORD_COLUMNS,
  type RecordRow,
  recordFrom,
  recordValues,
} from './sqlite-rows.ts';

type SessionRow = Omit<ArchivedSession, 'session_id' | 'outcome' | 'counts' | 'seq' | 'room_seq'> & {
  id: string;
  status: ArchivedSession['outcome'];
  end_seq: number;
  end_room_seq: number;
  anonymised_at: number | null;
};

export class SqliteArchive extends SqlitePersonalData implements Archive {
  readonly #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    super(db);
    this.#db = db;
  }

  async store(roll: FinalRoll): Promise<void> {
    inStore(() => inTransaction(this.#db, () => this.#store(roll)));
  }

  #store(roll: FinalRoll): void {
    const status = this.sql('SELECT status FROM sessions WHERE id = ?').get(roll.session_id)?.status;
    // Archived already, corrected or erased since perhaps, or given up as lost: whoever comes late changes nothing.
    if (status === 'completed' || status === 'cancelled') return;
    // Saying yes to a roll whose session cannot be completed would let the live store forget it.
    if (status !== 'active') throw refuse('INTERNAL', `A final roll for a session that is ${status ?? 'unknown'}`);
    for (const record of roll.records) {
      this.sql(
        `INSERT INTO attendance (session_id, course_id, ${RECORD_COLUMNS})
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id, line) DO NOTHING`,
      ).run(roll.session_id, roll.course_id, ...recordValues({ ...record, version: 1 }));
    }
    const places = new Map<number, number>();
    for (const entry of roll.audit) {
      const place = places.get(entry.seq) ?? 0;
      places.set(entry.seq, place + 1);
      this.#insertAudit(roll.session_id, place, entry);
    }
    this.sql(
      `UPDATE sessions SET status = ?, version = 1, cancel_reason = ?, started_at = ?, ended_at = ?, ended_by = ?,
       ended_by_name = ?, end_seq = ?, end_room_seq = ? WHERE id = ? AND status = 'active'`,
    ).run(
      roll.outcome,
      roll.reason,
      roll.started_at,
      roll.ended_at,
      roll.ended_by,
      roll.ended_by_name,
      roll.seq,
      roll.room_seq,
      roll.session_id,
    );
  }

  #insertAudit(session_id: string, place: number, entry: AuditEntry): void {
    this.sql(
      `INSERT INTO audit (session_id, line, ${AUDIT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (session_id, seq, line) DO NOTHING`,
    ).run(session_id, place, ...auditValues(entry));
  }

  async session(session_id: string): Promise<ArchivedSession | null> {
    return inStore(() => {
      const row = this.#stored(session_id);
      if (row === null) return null;
      return {
        session_id,
        course_id: row.course_id,
        outcome: row.status,
        version: row.version,
        counts: this.#counts(session_id),
        started_at: row.started_at,
        ended_at: row.ended_at,
        ended_by: row.ended_by,
        ended_by_name: row.ended_by_name,
        seq: row.end_seq,
        room_seq: row.end_room_seq,
      };
    });
  }

  /** The session's row, if the archive has it. */
  #stored(session_id: string): SessionRow | null {
    const row = this.sql(
      `SELECT id, course_id, status, version, started_at, ended_at, ended_by, ended_by_name, end_seq, end_room_seq,
         anonymised_at
       FROM sessions WHERE id = ? AND version > 0`,
    ).get(session_id);
    return (row as SessionRow | undefined) ?? null;
  }

  #counts(session_id: string): Counts {
    const rows = this.sql('SELECT status, count(*) AS n FROM attendance WHERE session_id = ? GROUP BY status').all(
      session_id,
    );
    return countsFrom(rows as CountRow[]);
  }

  async records(session_id: string, page?: { after_line: number; limit: number }): Promise<ArchivedRecord[]> {
    // A negative limit is none.
    const { after_line, limit } = page ?? { after_line: -1, limit: -1 };
    const rows = inStore(() =>
      this.sql(`SELECT ${RECORD_COLUMNS} FROM attendance WHERE session_id = ? AND line > ? ORDER BY line LIMIT ?`).all(
        session_id,
        after_line,
        limit,
      ),
    );
    return (rows as RecordRow[]).map(recordFrom);
  }

  async recordOf(session_id: string, student_id: string): Promise<ArchivedRecord | null> {
    const row = inStore(() =>
      this.sql(`SELECT ${RECORD_COLUMNS} FROM attendance WHERE session_id = ? AND student_id = ?`).get(
        session_id,
        student_id,
      ),
    );
    return row === undefined ? null : recordFrom(row as RecordRow);
  }

  async audit(session_id: string, { limit, cursor }: PageRequest): Promise<Page<AuditEntry>> {
    const [seq, line] =
      cursor === undefined ? [-1, -1] : decodeCursor<[number, number]>('audit', ['number', 'number'], cursor);
    const rows = inStore(() =>
      this.sql(
        `SELECT line, ${AUDIT_COLUMNS} FROM audit WHERE session_id = ? AND (seq, line) > (?, ?)
         ORDER BY seq, line LIMIT ?`,
      ).all(session_id, seq, line, limit + 1),
    ) as (AuditRow & { line: number })[];
    const page = pageOf(rows, limit, (row) => encodeCursor('audit', [row.seq, row.line]));
    return { items: page.items.map(auditFrom), next_cursor: page.next_cursor };
  }

  async correct(correction: Correction): Promise<CorrectionResult | null> {
    return inStore(() =>
      inTransaction(this.#db, () => {
        const stored = this.#stored(correction.session_id);
        if (stored === null) return null;
        if (stored.status !== 'completed') throw refuse('CONFLICT', 'This session is cancelled');
        if (stored.anonymised_at !== null) throw refuse('CONFLICT', 'The records of this session are anonymised');
        const state: StoredState = { course_id: stored.course_id, version: stored.version, end_seq: stored.end_seq };
        const { version, records, audit } = writeCorrection(this.sql, state, correction);
        for (const [place, entry] of audit.entries()) this.#insertAudit(correction.session_id, place, entry);
        return { version, records, counts: this.#counts(correction.session_id) };
      }),
    );
  }

  async cancel(session_id: string, by: string, reason: string, at: string): Promise<boolean> {
    return inStore(() =>
      inTransaction(this.#db, () => {
        const stored = this.#stored(session_id);
        if (stored === null || stored.status !== 'completed') return false;
        this.#insertAudit(session_id, 0, {
          // As a correction would: the roll's changes first, then one per version after the first.
          seq: stored.end_seq + stored.version,
          at,
          by,
          student_id: null,
          from: 'completed',
          to: 'cancelled',
          reason,
          source: 'cancel',
        });
        this.sql(
          `UPDATE sessions SET status = 'cancelled', cancel_reason = ?, cancelled_at = ?
           WHERE id = ? AND status = 'completed'`,
        ).run(reason, Date.parse(at), session_id);
        return true;
      }),
    );
  }

  async report(
    course_id: string,
    { after_student_id, limit }: { after_student_id: string; limit: number },
  ): Promise<StudentTotals[]> {
    // The index gives the students in order, so only this page's records are read. Beside a lone max() the plain columns
    // come from the row that has it: the name is the latest.
    const rows = inStore(() =>
      this.sql(
        `SELECT a.student_id, a.student_name, a.roll, count(*) AS sessions, max(s.date) AS latest,
           sum(a.status = 'present') AS present, sum(a.status = 'absent') AS absent,
           sum(a.status = 'late') AS late, sum(a.status = 'excused') AS excused
         FROM attendance a CROSS JOIN sessions s ON s.id = a.session_id
         WHERE a.course_id = ? AND a.student_id > ? AND s.status = 'completed' AND s.anonymised_at IS NULL
         GROUP BY a.student_id ORDER BY a.student_id LIMIT ?`,
      ).all(course_id, after_student_id, limit),
    ) as (Omit<StudentTotals, 'counts'> & Counts)[];
    return rows.map(({ student_id, student_name, roll, sessions, present, absent, late, excused }) => ({
      student_id,
      student_name,
      roll,
      sessions,
      counts: { present, absent, late, excused },
    }));
  }

  async history(students: StudentOfCourse[], page: PageRequest): Promise<Page<HistoryEntry>> {
    const [after, values] = historyFilter(students);
    let cursor = '';
    if (page.cursor !== undefined) {
      const key = decodeCursor<[number, string, number]>('history', ['number', 'string', 'number'], page.cursor);
      cursor = 'AND (s.date, s.id, a.line) < (?, ?, ?)';
      values.push(...key);
    }
    const rows = inStore(() =>
      this.sql(
        `SELECT s.id, s.title, s.date, a.* ${after} ${cursor}
         ORDER BY s.date DESC, s.id DESC, a.line DESC LIMIT ?`,
      ).all(...values, page.limit + 1),
    ) as (RecordRow & { id: string; title: string; date: number; course_id: string })[];
    const entries = rows.map((row) => ({
      session_id: row.id,
      course_id: row.course_id,
      title: row.title,
      date: row.date,
      record: recordFrom(row),
    }));
    return pageOf(entries, page.limit, ({ date, session_id, record }) =>
      encodeCursor('history', [date, session_id, record.line]),
    );
  }

  async historyCounts(students: StudentOfCourse[]): Promise<Counts> {
    const [from, values] = historyFilter(students);
    const rows = inStore(() => this.sql(`SELECT a.status, count(*) AS n ${from} GROUP BY a.status`).all(...values));
    return countsFrom(rows as CountRow[]);
  }
}

type CountRow = { status: keyof Counts; n: number };

function countsFrom(rows: CountRow[]): Counts {
  const counts = noCounts();
  for (const { status, n } of rows) counts[status] = n;
  return counts;
}

/** What history and its sums range over. The few students come first, so that the index leads to their records. */
function historyFilter(students: StudentOfCourse[]): [string, SQLInputValue[]] {
  const from = `FROM (
      SELECT DISTINCT value ->> 'course_id' AS course_id, value ->> 'student_id' AS student_id FROM json_each(?)
    ) AS wanted
    CROSS JOIN attendance a ON a.course_id = wanted.course_id AND a.student_id = wanted.student_id
    CROSS JOIN sessions s ON s.id = a.session_id
    WHERE s.status = 'completed'`;
  return [from, [JSON.stringify(students)]];
}
