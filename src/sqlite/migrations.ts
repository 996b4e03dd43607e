/**
 * The schema of the embedded profile, as the list of steps that made it. A step that was released is never edited: a
 * change is a new step at the end. The number of steps done is kept in the file (user_version).
 *
 * Instants of sessions and courses that are sorted by are milliseconds or ISO strings of one fixed form, so that text
 * order is time order. Lists and policies are JSON columns; what is filtered by has a column or a table of its own.
 */
const REGISTRY = `
  CREATE TABLE courses (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    teacher_id TEXT NOT NULL,
    staff TEXT NOT NULL,
    timezone TEXT NOT NULL,
    created_at TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX courses_by_age ON courses (created_at, id);

  -- Teacher and staff of every course, by person: courses.staff turned around. Written with the course, always.
  CREATE TABLE course_staff (
    user_id TEXT NOT NULL,
    course_id TEXT NOT NULL,
    PRIMARY KEY (user_id, course_id)
  ) WITHOUT ROWID;
  CREATE INDEX course_staff_by_course ON course_staff (course_id);

  CREATE TABLE enrollments (
    course_id TEXT NOT NULL,
    student_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    roll TEXT,
    status TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (course_id, student_id)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX enrollments_one_student_per_user ON enrollments (course_id, user_id);
  CREATE INDEX enrollments_by_age ON enrollments (course_id, created_at, student_id);
  CREATE INDEX enrollments_by_student ON enrollments (student_id);
  CREATE INDEX enrollments_by_user ON enrollments (user_id, status);

  -- One row from plan to archive. version 0: the archive does not have it (yet).
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    course_id TEXT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    date INTEGER NOT NULL,
    ends_at INTEGER,
    checkin TEXT NOT NULL,
    status TEXT NOT NULL,
    teacher_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    begun_at INTEGER,
    begun_by TEXT,
    begun_by_name TEXT,
    opened_at INTEGER,
    cancelled_at INTEGER,
    cancelled_by TEXT,
    cancel_reason TEXT,
    version INTEGER NOT NULL DEFAULT 0,
    started_at TEXT,
    ended_at TEXT,
    ended_by TEXT,
    ended_by_name TEXT,
    end_seq INTEGER,
    end_room_seq INTEGER
  ) WITHOUT ROWID;
  CREATE INDEX sessions_by_age ON sessions (created_at, id);
  CREATE INDEX sessions_by_course ON sessions (course_id, created_at, id);
  CREATE INDEX sessions_by_date ON sessions (date);
  CREATE INDEX sessions_by_status ON sessions (status, created_at, id);
  CREATE INDEX sessions_unopened ON sessions (begun_at) WHERE status = 'active' AND opened_at IS NULL;
`;

const ARCHIVE = `
  -- line: the student's fixed number on the roll; the key holds no student id, so an erasure can replace that in place.
  CREATE TABLE attendance (
    session_id TEXT NOT NULL,
    line INTEGER NOT NULL,
    course_id TEXT NOT NULL,
    student_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    student_name TEXT NOT NULL,
    roll TEXT,
    status TEXT NOT NULL,
    joined_at TEXT,
    marked_at TEXT,
    marked_by TEXT,
    remarks TEXT,
    flags TEXT,
    version INTEGER NOT NULL,
    PRIMARY KEY (session_id, line)
  ) WITHOUT ROWID;
  CREATE UNIQUE INDEX attendance_one_line_per_student ON attendance (session_id, student_id);
  CREATE INDEX attendance_by_course ON attendance (course_id, student_id, session_id);
  CREATE INDEX attendance_by_student ON attendance (student_id);
  CREATE INDEX attendance_by_user ON attendance (user_id);

  -- line: the entry's place among those of its seq. remarks is JSON: the text null (cleared) is not the same as NULL (not touched).
  CREATE TABLE audit (
    session_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    line INTEGER NOT NULL,
    at TEXT NOT NULL,
    by TEXT NOT NULL,
    student_id TEXT,
    from_status TEXT,
    to_status TEXT NOT NULL,
    remarks TEXT,
    reason TEXT,
    source TEXT NOT NULL,
    PRIMARY KEY (session_id, seq, line)
  ) WITHOUT ROWID;
  CREATE INDEX audit_by_student ON audit (session_id, student_id);

  -- version: the one that the correction made. changes: JSON, the lines it changed.
  CREATE TABLE corrections (
    session_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    by TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (session_id, version)
  ) WITHOUT ROWID;
`;

/** The journal of active rolls: how each was opened, and every change since, in the order in which they were decided. */
const LIVE = `
  CREATE TABLE live_rolls (session_id TEXT PRIMARY KEY, opening TEXT NOT NULL);
  CREATE TABLE live_changes (id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, changes TEXT NOT NULL);
`;

/** Who is to be erased once no roll holds them any more. */
const ERASURES = `
  CREATE TABLE pending_erasures (person TEXT PRIMARY KEY, wished_at INTEGER NOT NULL) WITHOUT ROWID;
`;

/**
 * The id that replaces theirs; those who waited before it was kept get one that no student has. user: whether the person is
 * everybody of this user id too; of those who waited, it is decided here as it is for new ones.
 */
const PSEUDONYMS = `
  ALTER TABLE pending_erasures ADD COLUMN pseudonym TEXT NOT NULL DEFAULT '';
  ALTER TABLE pending_erasures ADD COLUMN user INTEGER NOT NULL DEFAULT 0;
  UPDATE pending_erasures SET user = EXISTS (
    SELECT 1 FROM enrollments e WHERE e.student_id = pending_erasures.person AND e.user_id = pending_erasures.person
  );
  UPDATE pending_erasures SET pseudonym = lower(hex(randomblob(12)));
`;

/** When the records of a session were anonymised (RETENTION_DAYS), milliseconds. */
const RETENTION = `
  ALTER TABLE sessions ADD COLUMN anonymised_at INTEGER;
  CREATE INDEX sessions_by_end ON sessions (anonymised_at, ended_at);
`;

/** How often a lost roll was about to be opened anew. */
const REOPENINGS = `
  ALTER TABLE sessions ADD COLUMN reopenings INTEGER NOT NULL DEFAULT 0;
`;

export const MIGRATIONS: readonly string[] = [REGISTRY, ARCHIVE, LIVE, ERASURES, PSEUDONYMS, RETENTION, REOPENINGS];
