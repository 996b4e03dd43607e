/** The registry on SQLite. See registry.ts for what it guarantees. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { refuse } from '../contract/errors.ts';
import type { Course } from '../contract/nouns.ts';
import { emptyLog, inStore, inTransaction, isKeyTaken, statementsOf } from '../sqlite/database.ts';
import { decodeCursor, encodeCursor, pageOf } from './cursor.ts';
import type {
  CourseFilter,
  NewSession,
  Page,
  PageRequest,
  PendingErasure,
  Registry,
  SessionFilter,
  SessionPatch,
  StoredSession,
} from './registry.ts';
import { SqliteEnrollments } from './sqlite-enrollments.ts';

const SESSION_COLUMNS = `id, course_id, title, description, date, ends_at, checkin, status, teacher_id, created_at,
  begun_at, begun_by, begun_by_name, opened_at, reopenings, version, cancelled_at, cancelled_by, cancel_reason`;

type CourseRow = Omit<Course, 'staff'> & { staff: string };
type SessionRow = Omit<StoredSession, 'checkin'> & { checkin: string };

const courseFrom = (row: CourseRow): Course => ({ ...row, staff: JSON.parse(row.staff) });
const sessionFrom = (row: SessionRow): StoredSession => ({ ...row, checkin: JSON.parse(row.checkin) });

/** CONFLICT instead of the error of a key that is taken. */
function orConflict<T>(message: string, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw isKeyTaken(error) ? refuse('CONFLICT', message) : error;
  }
}

export class SqliteRegistry extends SqliteEnrollments implements Registry {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof statementsOf>;

  constructor(db: DatabaseSync) {
    super(db);
    this.#db = db;
    this.#sql = statementsOf(db);
  }

  async createCourse(course: Course): Promise<void> {
    const { id, title, teacher_id, staff, timezone, created_at } = course;
    inStore(() =>
      orConflict('A course with this id exists', () =>
        inTransaction(this.#db, () => {
          this.#sql('INSERT INTO courses VALUES (?, ?, ?, ?, ?, ?)').run(
            id,
            title,
            teacher_id,
            JSON.stringify(staff),
            timezone,
            created_at,
          );
          this.#writeStaff(course);
        }),
      ),
    );
  }

  #writeStaff({ id, teacher_id, staff }: Course): void {
    this.#sql('DELETE FROM course_staff WHERE course_id = ?').run(id);
    for (const user_id of new Set([teacher_id, ...staff])) {
      this.#sql('INSERT INTO course_staff VALUES (?, ?)').run(user_id, id);
    }
  }

  async course(id: string): Promise<Course | null> {
    return inStore(() => this.#course(id));
  }

  #course(id: string): Course | null {
    const row = this.#sql('SELECT * FROM courses WHERE id = ?').get(id);
    return row === undefined ? null : courseFrom(row as CourseRow);
  }

  async courses({ staff_user_id, enrolled_user_id }: CourseFilter, page: PageRequest): Promise<Page<Course>> {
    const sources: string[] = [];
    const values: SQLInputValue[] = [];
    if (staff_user_id !== undefined) {
      sources.push('SELECT course_id FROM course_staff WHERE user_id = ?');
      values.push(staff_user_id);
    }
    if (enrolled_user_id !== undefined) {
      sources.push(`SELECT course_id FROM enrollments WHERE user_id = ? AND status = 'approved'`);
      values.push(enrolled_user_id);
    }
    const filter = sources.length === 0 ? '' : `AND id IN (${sources.join(' UNION ')})`;
    const after =
      page.cursor === undefined
        ? ['', '']
        : decodeCursor<[string, string]>('courses', ['string', 'string'], page.cursor);
    const found = inStore(() =>
      this.#sql(`SELECT * FROM courses WHERE (created_at, id) > (?, ?) ${filter} ORDER BY created_at, id LIMIT ?`).all(
        ...after,
        ...values,
        page.limit + 1,
      ),
    ) as CourseRow[];
    return pageOf(found.map(courseFrom), page.limit, (course) =>
      encodeCursor('courses', [course.created_at, course.id]),
    );
  }

  async patchCourse(
    id: string,
    patch: Partial<Pick<Course, 'title' | 'teacher_id' | 'staff' | 'timezone'>>,
  ): Promise<Course | null> {
    return inStore(() =>
      inTransaction(this.#db, () => {
        const before = this.#course(id);
        if (before === null) return null;
        const course: Course = {
          ...before,
          title: patch.title ?? before.title,
          teacher_id: patch.teacher_id ?? before.teacher_id,
          staff: patch.staff ?? before.staff,
          timezone: patch.timezone ?? before.timezone,
        };
        this.#sql('UPDATE courses SET title = ?, teacher_id = ?, staff = ?, timezone = ? WHERE id = ?').run(
          course.title,
          course.teacher_id,
          JSON.stringify(course.staff),
          course.timezone,
          id,
        );
        this.#writeStaff(course);
        return course;
      }),
    );
  }

  async courseIdsOfStaff(user_id: string): Promise<string[]> {
    const rows = inStore(() =>
      this.#sql('SELECT course_id FROM course_staff WHERE user_id = ? ORDER BY course_id').all(user_id),
    );
    return rows.map((row) => String(row.course_id));
  }

  async createSession(session: NewSession): Promise<void> {
    inStore(() =>
      orConflict('A session with this id exists', () =>
        this.#sql(
          `INSERT INTO sessions (id, course_id, title, description, date, ends_at, checkin, status, teacher_id, created_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, 'scheduled', ?, ?)`,
        ).run(
          session.id,
          session.course_id,
          session.title,
          session.description,
          session.date,
          session.ends_at,
          JSON.stringify(session.checkin),
          session.teacher_id,
          session.created_at,
        ),
      ),
    );
  }

  async session(id: string): Promise<StoredSession | null> {
    return inStore(() => this.#session(id));
  }

  #session(id: string): StoredSession | null {
    const row = this.#sql(`SELECT ${SESSION_COLUMNS} FROM sessions WHERE id = ?`).get(id);
    return row === undefined ? null : sessionFrom(row as SessionRow);
  }

  async sessions(filter: SessionFilter, page: PageRequest): Promise<Page<StoredSession>> {
    const wheres: string[] = [];
    const values: SQLInputValue[] = [];
    const where = (condition: string, ...bound: SQLInputValue[]) => {
      wheres.push(condition);
      values.push(...bound);
    };
    if (page.cursor !== undefined) {
      const key = decodeCursor<[number, string]>('sessions', ['number', 'string'], page.cursor);
      where('(created_at, id) < (?, ?)', ...key);
    }
    const { course_ids, statuses } = filter;
    if (course_ids?.length === 1) where('course_id = ?', ...course_ids);
    else if (course_ids) where('course_id IN (SELECT value FROM json_each(?))', JSON.stringify(course_ids));
    if (statuses) {
      // The plus keeps the planner from reading all sessions of a status where it could read those of a course.
      const places = statuses.map(() => '?').join(', ');
      where(`${course_ids ? '+' : ''}status IN (${places})`, ...statuses);
    }
    if (filter.from !== undefined) where('date >= ?', filter.from);
    if (filter.to !== undefined) where('date < ?', filter.to);
    const found = inStore(() =>
      this.#sql(
        `SELECT ${SESSION_COLUMNS} FROM sessions ${wheres.length === 0 ? '' : `WHERE ${wheres.join(' AND ')}`}
         ORDER BY created_at DESC, id DESC LIMIT ?`,
      ).all(...values, page.limit + 1),
    ) as SessionRow[];
    return pageOf(found.map(sessionFrom), page.limit, (session) =>
      encodeCursor('sessions', [session.created_at, session.id]),
    );
  }

  async patchScheduled(id: string, patch: SessionPatch): Promise<StoredSession | null> {
    const sets: string[] = [];
    const values: SQLInputValue[] = [];
    for (const column of ['title', 'description', 'date', 'ends_at', 'checkin'] as const) {
      const value = patch[column];
      if (value === undefined) continue;
      sets.push(`${column} = ?`);
      values.push(typeof value === 'object' && value !== null ? JSON.stringify(value) : value);
    }
    // all(), not get(): that would stop at the row and leave the commit, and its failure, to a later reset.
    const [row] = inStore(() =>
      this.#sql(
        `UPDATE sessions SET ${['id = id', ...sets].join(', ')} WHERE id = ? AND status = 'scheduled'
         RETURNING ${SESSION_COLUMNS}`,
      ).all(...values, id),
    );
    return row === undefined ? null : sessionFrom(row as SessionRow);
  }

  async begin(id: string, by: { user_id: string; name: string }, at: number): Promise<StoredSession | null> {
    return inStore(() => {
      this.#sql(
        `UPDATE sessions SET status = 'active', begun_at = ?, begun_by = ?, begun_by_name = ?
         WHERE id = ? AND status = 'scheduled'`,
      ).run(at, by.user_id, by.name, id);
      return this.#session(id);
    });
  }

  async opened(id: string, at: number): Promise<void> {
    inStore(() => this.#sql('UPDATE sessions SET opened_at = ? WHERE id = ? AND opened_at IS NULL').run(at, id));
  }

  async cancelScheduled(id: string, by: string, reason: string | null, at: number): Promise<boolean> {
    return this.#cancel(`status = 'scheduled'`, [id], by, reason, at);
  }

  async reopening(id: string): Promise<boolean> {
    const { changes } = inStore(() =>
      this.#sql(`UPDATE sessions SET reopenings = reopenings + 1 WHERE id = ? AND status = 'active'`).run(id),
    );
    return changes === 1;
  }

  async cancelLost(
    { id, reopenings }: Pick<StoredSession, 'id' | 'reopenings'>,
    by: string,
    reason: string,
    at: number,
  ): Promise<boolean> {
    return this.#cancel(`status = 'active' AND reopenings = ?`, [id, reopenings], by, reason, at);
  }

  #cancel(
    condition: string,
    values: [id: string, ...more: number[]],
    by: string,
    reason: string | null,
    at: number,
  ): boolean {
    const { changes } = inStore(() =>
      this.#sql(
        `UPDATE sessions SET status = 'cancelled', cancelled_by = ?, cancel_reason = ?, cancelled_at = ?
         WHERE id = ? AND ${condition}`,
      ).run(by, reason, at, ...values),
    );
    return changes === 1;
  }

  async unopened(limit: number): Promise<StoredSession[]> {
    const rows = inStore(() =>
      this.#sql(
        `SELECT ${SESSION_COLUMNS} FROM sessions INDEXED BY sessions_unopened
         WHERE status = 'active' AND opened_at IS NULL ORDER BY begun_at LIMIT ?`,
      ).all(limit),
    ) as SessionRow[];
    return rows.map(sessionFrom);
  }

  async pendErasure({ person, user, pseudonym }: PendingErasure, at: number): Promise<void> {
    inStore(() =>
      this.#sql(
        'INSERT INTO pending_erasures (person, wished_at, pseudonym, user) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      ).run(person, at, pseudonym, user ? 1 : 0),
    );
  }

  async pendingErasures(): Promise<PendingErasure[]> {
    const rows = inStore(() =>
      this.#sql(`SELECT person, user, pseudonym FROM pending_erasures WHERE person > ''`).all(),
    );
    return rows.map((row) => ({
      person: String(row.person),
      user: Number(row.user) === 1,
      pseudonym: String(row.pseudonym),
    }));
  }

  async erasureDone(person: string): Promise<void> {
    inStore(() => this.#sql('DELETE FROM pending_erasures WHERE person = ?').run(person));
    emptyLog(this.#db);
  }

  async ping(): Promise<void> {
    inStore(() => this.#sql('SELECT count(*) FROM sqlite_schema').get());
  }
}
