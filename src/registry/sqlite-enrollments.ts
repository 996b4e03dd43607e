/** The enrollments half of the SQLite registry. */
import type { DatabaseSync } from 'node:sqlite';
import { refuse } from '../contract/errors.ts';
import type { Enrollment, EnrollmentStatus } from '../contract/nouns.ts';
import { inStore, inTransaction, statementsOf } from '../sqlite/database.ts';
import { decodeCursor, encodeCursor, pageOf } from './cursor.ts';
import type { EnrollmentChange, Page, PageRequest, Registry } from './registry.ts';

type Row = Enrollment & { created_at: number };

const COLUMNS = 'student_id, user_id, name, roll, status';

const enrollmentFrom = ({ student_id, user_id, name, roll, status }: Enrollment): Enrollment => ({
  student_id,
  user_id,
  name,
  roll,
  status,
});

const same = (a: Enrollment, b: Enrollment): boolean =>
  a.user_id === b.user_id && a.name === b.name && a.roll === b.roll && a.status === b.status;

type EnrollmentMethods = Pick<
  Registry,
  | 'putEnrollments'
  | 'enrollments'
  | 'approvedEnrollments'
  | 'enrollment'
  | 'enrollmentOfUser'
  | 'enrollmentsOf'
  | 'enrollmentsOfPerson'
>;

export class SqliteEnrollments implements EnrollmentMethods {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof statementsOf>;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#sql = statementsOf(db);
  }

  async putEnrollments(course_id: string, enrollments: Enrollment[], at: number): Promise<EnrollmentChange> {
    if (new Set(enrollments.map(({ student_id }) => student_id)).size < enrollments.length) {
      throw refuse('INVALID_PAYLOAD', 'A student is named twice', { field: 'enrollments' });
    }
    return inStore(() => inTransaction(this.#db, () => this.#put(course_id, enrollments, at)));
  }

  #put(course_id: string, enrollments: Enrollment[], at: number): EnrollmentChange {
    const before = new Map<string, Row>();
    for (const { student_id } of enrollments) {
      const row = this.#sql('SELECT * FROM enrollments WHERE course_id = ? AND student_id = ?').get(
        course_id,
        student_id,
      );
      if (row !== undefined) before.set(student_id, row as Row);
    }
    const written = enrollments.filter((enrollment) => {
      const old = before.get(enrollment.student_id);
      return old === undefined || !same(old, enrollment);
    });
    this.#refuseSharedUsers(course_id, enrollments);
    // Users may change places within one request, so every user id that is given up is free before any is taken.
    for (const { student_id, user_id } of written) {
      if (before.get(student_id)?.user_id === user_id) continue;
      this.#sql('DELETE FROM enrollments WHERE course_id = ? AND student_id = ?').run(course_id, student_id);
    }
    for (const { student_id, user_id, name, roll, status } of written) {
      this.#sql('INSERT OR REPLACE INTO enrollments VALUES (?, ?, ?, ?, ?, ?, ?)').run(
        course_id,
        student_id,
        user_id,
        name,
        roll,
        status,
        before.get(student_id)?.created_at ?? at,
      );
    }
    const created = written.filter(({ student_id }) => !before.has(student_id)).length;
    return {
      created,
      updated: written.length - created,
      unchanged: enrollments.length - written.length,
      changed: written.map((enrollment) => ({
        enrollment: enrollmentFrom(enrollment),
        previous_user_id: before.get(enrollment.student_id)?.user_id ?? null,
      })),
    };
  }

  /** What counts is the state after the request: a user id is taken by whoever has it then. */
  #refuseSharedUsers(course_id: string, enrollments: Enrollment[]): void {
    const named = new Set(enrollments.map(({ student_id }) => student_id));
    const taken = new Set<string>();
    for (const { student_id, user_id } of enrollments) {
      const owner = this.#sql('SELECT student_id FROM enrollments WHERE course_id = ? AND user_id = ?').get(
        course_id,
        user_id,
      )?.student_id;
      if (taken.has(user_id) || (owner !== undefined && !named.has(String(owner)))) {
        throw refuse('CONFLICT', `The user of student ${student_id} belongs to another student of this course`, {
          field: 'user_id',
        });
      }
      taken.add(user_id);
    }
  }

  async enrollments(
    course_id: string,
    { limit, cursor, statuses }: PageRequest & { statuses?: EnrollmentStatus[] | undefined },
  ): Promise<Page<Enrollment>> {
    const [created_at, student_id] =
      cursor === undefined
        ? [Number.MIN_SAFE_INTEGER, '']
        : decodeCursor<[number, string]>('enrollments', ['number', 'string'], cursor);
    const filter = statuses === undefined ? '' : 'AND status IN (SELECT value FROM json_each(?))';
    const found = inStore(() =>
      this.#sql(
        `SELECT ${COLUMNS}, created_at FROM enrollments
         WHERE course_id = ? AND (created_at, student_id) > (?, ?) ${filter}
         ORDER BY created_at, student_id LIMIT ?`,
      ).all(
        course_id,
        created_at,
        student_id,
        ...(statuses === undefined ? [] : [JSON.stringify(statuses)]),
        limit + 1,
      ),
    ) as Row[];
    const page = pageOf(found, limit, (row) => encodeCursor('enrollments', [row.created_at, row.student_id]));
    return { items: page.items.map(enrollmentFrom), next_cursor: page.next_cursor };
  }

  async approvedEnrollments(course_id: string): Promise<Enrollment[]> {
    return this.#all(`WHERE course_id = ? AND status = 'approved' ORDER BY student_id`, course_id);
  }

  async enrollment(course_id: string, student_id: string): Promise<Enrollment | null> {
    return this.#all('WHERE course_id = ? AND student_id = ?', course_id, student_id)[0] ?? null;
  }

  async enrollmentOfUser(course_id: string, user_id: string): Promise<Enrollment | null> {
    return this.#all('WHERE course_id = ? AND user_id = ?', course_id, user_id)[0] ?? null;
  }

  async enrollmentsOf(course_id: string, student_ids: string[]): Promise<Enrollment[]> {
    return this.#all(
      'WHERE course_id = ? AND student_id IN (SELECT value FROM json_each(?)) ORDER BY student_id',
      course_id,
      JSON.stringify(student_ids),
    );
  }

  #all(where: string, ...values: string[]): Enrollment[] {
    const rows = inStore(() => this.#sql(`SELECT ${COLUMNS} FROM enrollments ${where}`).all(...values));
    return (rows as Enrollment[]).map(enrollmentFrom);
  }

  async enrollmentsOfPerson(id: string): Promise<{ course_id: string; enrollment: Enrollment }[]> {
    const rows = inStore(() =>
      this.#sql(
        `SELECT course_id, ${COLUMNS} FROM enrollments WHERE student_id = :id OR user_id = :id
         ORDER BY course_id, student_id`,
      ).all({ id }),
    ) as (Enrollment & { course_id: string })[];
    return rows.map((row) => ({ course_id: row.course_id, enrollment: enrollmentFrom(row) }));
  }
}
