/** What the SQLite archive holds about one person: export and erasure. */
import type { DatabaseSync } from 'node:sqlite';
import { refuse } from '../contract/errors.ts';
import { inStore, inTransaction, isKeyTaken, scrub, statementsOf } from '../sqlite/database.ts';
import { type Archive, nobodyOf, type PersonExport, type PersonId } from './archive.ts';
import type { LineChange } from './sqlite-correction.ts';
import { AUDIT_COLUMNS, type AuditRow, auditFrom, type RecordRow, recordFrom } from './sqlite-rows.ts';

/** Which rows are a person's. Bound by name: Node 22.18 refuses numbered parameters. */
const IS_PERSON = '(student_id = :id OR (:user AND user_id = :id))';
const bound = ({ id, user }: PersonId) => ({ id, user: user ? 1 : 0 });

/** Where a person was found: on a line of a session. */
type Line = { session_id: string; line: number; student_id: string };

export class SqlitePersonalData
  implements Pick<Archive, 'exportPerson' | 'erasePerson' | 'expired' | 'anonymise' | 'finishUnfinished' | 'scrub'>
{
  readonly #db: DatabaseSync;
  protected readonly sql: ReturnType<typeof statementsOf>;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.sql = statementsOf(db);
  }

  async exportPerson(person: PersonId): Promise<PersonExport> {
    // One transaction, so that the three lists tell of the same moment.
    return inStore(() => inTransaction(this.#db, () => this.#export(person)));
  }

  #export(person: PersonId): PersonExport {
    const enrollments = this.sql(
      `SELECT course_id, student_id, user_id, name, roll, status FROM enrollments
       WHERE ${IS_PERSON} ORDER BY course_id, student_id`,
    ).all(bound(person)) as PersonExport['enrollments'];
    const records = this.sql(
      `SELECT a.*, s.title, s.date FROM attendance a CROSS JOIN sessions s ON s.id = a.session_id
       WHERE ${IS_PERSON} ORDER BY s.date, s.id, a.line`,
    ).all(bound(person)) as (RecordRow & { session_id: string; course_id: string; title: string; date: number })[];
    const audit = this.sql(
      `SELECT u.session_id, u.line, ${AUDIT_COLUMNS.replaceAll(/\w+/g, 'u.$&')}
       FROM attendance a
       CROSS JOIN sessions s ON s.id = a.session_id
       CROSS JOIN audit u INDEXED BY audit_by_student ON u.session_id = a.session_id AND u.student_id = a.student_id
       WHERE ${IS_PERSON.replaceAll(/\w+_id/g, 'a.$&')} ORDER BY s.date, s.id, u.seq, u.line`,
    ).all(bound(person)) as (AuditRow & { session_id: string })[];
    return {
      enrollments: enrollments.map((row) => ({ ...row })),
      records: records.map((row) => {
        const { session_id, course_id, title, date } = row;
        return { session_id, course_id, title, date, ...recordFrom(row) };
      }),
      audit: audit.map((row) => ({ session_id: row.session_id, ...auditFrom(row) })),
    };
  }

  async erasePerson(person: PersonId, pseudonym: string): Promise<number> {
    try {
      return inStore(() => inTransaction(this.#db, () => this.#erase(person, pseudonym)));
    } catch (error) {
      throw isKeyTaken(error) ? refuse('CONFLICT', 'This pseudonym is taken') : error;
    }
  }

  async expired(before: string, limit: number): Promise<string[]> {
    const rows = inStore(() =>
      this.sql('SELECT id FROM sessions WHERE anonymised_at IS NULL AND ended_at < ? ORDER BY ended_at LIMIT ?').all(
        before,
        limit,
      ),
    );
    return rows.map(({ id }) => String(id));
  }

  async anonymise(session_id: string, at: number): Promise<void> {
    inStore(() =>
      inTransaction(this.#db, () => {
        const lines = this.sql('SELECT session_id, line, student_id FROM attendance WHERE session_id = ?').all(
          session_id,
        ) as Line[];
        for (const it of lines) {
          const name = nobodyOf(session_id, it.line);
          this.#eraseCorrections(it, name);
          this.#eraseAudit(it, name);
          this.#eraseRecord(it, name);
        }
        this.sql('UPDATE audit SET reason = iif(reason IS NULL, NULL, ?) WHERE session_id = ?').run('', session_id);
        for (const { version } of this.sql('SELECT version FROM corrections WHERE session_id = ?').all(session_id)) {
          this.sql(`UPDATE corrections SET reason = '' WHERE session_id = ? AND version = ?`).run(
            session_id,
            Number(version),
          );
        }
        this.sql(
          `UPDATE sessions SET anonymised_at = ?, cancel_reason = iif(cancel_reason IS NULL, NULL, '')
           WHERE id = ? AND anonymised_at IS NULL`,
        ).run(at, session_id);
      }),
    );
  }

  /** A transaction is whole or not at all. */
  async finishUnfinished(): Promise<void> {}

  async scrub(): Promise<void> {
    scrub(this.#db);
  }

  /** The records are the map to everything else, so they come after it. */
  #erase(person: PersonId, pseudonym: string): number {
    let touched = 0;
    const lines = this.sql(`SELECT session_id, line, student_id FROM attendance WHERE ${IS_PERSON}`).all(
      bound(person),
    ) as Line[];
    const namedBySession = new Set(lines.filter((at) => at.student_id === person.id).map((at) => at.session_id));
    for (const at of lines) {
      const name = nameFor(person.id, pseudonym, at.student_id, namedBySession.has(at.session_id));
      touched += this.#eraseCorrections(at, name) + this.#eraseAudit(at, name) + this.#eraseRecord(at, name);
    }
    return touched + this.#eraseEnrollments(person, pseudonym);
  }

  #eraseCorrections({ session_id, line }: Line, name: string): number {
    let touched = 0;
    const rows = this.sql('SELECT version, seq, changes FROM corrections WHERE session_id = ?').all(session_id);
    for (const { version, seq, changes } of rows) {
      const before = JSON.parse(String(changes)) as LineChange[];
      if (!before.some((change) => change.line === line)) continue;
      const after = before.map((change) => (change.line === line ? erasedChange(change, name) : change));
      this.sql(`UPDATE corrections SET changes = ?, reason = '' WHERE session_id = ? AND version = ?`).run(
        JSON.stringify(after),
        session_id,
        Number(version),
      );
      // One reason, kept on every line of its correction: it may speak of this person on the others' lines as well.
      this.sql(`UPDATE audit SET reason = '' WHERE session_id = ? AND seq = ?`).run(session_id, Number(seq));
      touched += 1;
    }
    return touched;
  }

  #eraseAudit({ session_id, student_id }: Line, name: string): number {
    // "by" is the student's own user id on a check-in; anywhere else it is staff, who are not erased here.
    const { changes } = this.sql(
      `UPDATE audit INDEXED BY audit_by_student SET student_id = :name, by = iif(source = 'checkin', :name, by),
         remarks = iif(remarks IS NULL, NULL, 'null'), reason = iif(reason IS NULL, NULL, '')
       WHERE session_id = :session_id AND student_id = :student_id`,
    ).run({ name, session_id, student_id });
    return Number(changes);
  }

  #eraseRecord({ session_id, line }: Line, name: string): number {
    const { changes } = this.sql(
      `UPDATE attendance SET student_id = :name, user_id = :name, student_name = '', roll = NULL, remarks = NULL, flags = NULL
       WHERE session_id = :session_id AND line = :line`,
    ).run({ name, session_id, line });
    return Number(changes);
  }

  #eraseEnrollments(person: PersonId, pseudonym: string): number {
    const rows = this.sql(`SELECT course_id, student_id FROM enrollments WHERE ${IS_PERSON}`).all(bound(person)) as {
      course_id: string;
      student_id: string;
    }[];
    const namedByCourse = new Set(rows.filter((row) => row.student_id === person.id).map((row) => row.course_id));
    for (const { course_id, student_id } of rows) {
      // Dropped, or the pseudonym would be on every roll to come, always absent.
      this.sql(
        `UPDATE enrollments SET student_id = :pseudonym, user_id = :pseudonym, name = '', roll = NULL,
           status = iif(status = 'rejected', status, 'dropped')
         WHERE course_id = :course_id AND student_id = :student_id`,
      ).run({
        pseudonym: nameFor(person.id, pseudonym, student_id, namedByCourse.has(course_id)),
        course_id,
        student_id,
      });
    }
    return rows.length;
  }
}

/**
 * Where one student has this id as student_id and another one as user_id, both are taken for the person and need two
 * names, since a session or course holds each only once.
 */
const nameFor = (person: string, pseudonym: string, student_id: string, named: boolean): string =>
  named && student_id !== person ? `${pseudonym}-2` : pseudonym;

const erasedChange = ({ remarks, ...change }: LineChange, student_id: string): LineChange =>
  remarks === undefined ? { ...change, student_id } : { ...change, student_id, remarks: null };
