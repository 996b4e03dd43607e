/**
 * The registry in MongoDB. See registry.ts for what it guarantees. A session changes its status by an insert
 * (transitions), so of two who try one wins, and the session's document follows.
 */
import { refuse } from '../contract/errors.ts';
import type { Course } from '../contract/nouns.ts';
import type { Collections, CourseDocument, SessionDocument } from '../mongo/collections.ts';
import { inMongo } from '../mongo/errors.ts';
import { inserted } from '../mongo/insert-only.ts';
import { leaveSchedule } from '../mongo/transitions.ts';
import { decodeCursor, encodeCursor, pageOf } from './cursor.ts';
import { MongoRosters } from './mongo-rosters.ts';
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

const courseFrom = ({ _id, ...course }: CourseDocument): Course => ({ id: _id, ...course });

const sessionFrom = (it: SessionDocument): StoredSession => ({
  id: it._id,
  course_id: it.course_id,
  title: it.title,
  description: it.description,
  date: it.date,
  ends_at: it.ends_at,
  checkin: it.checkin,
  status: it.status,
  teacher_id: it.teacher_id,
  created_at: it.created_at,
  begun_at: it.begun_at,
  begun_by: it.begun_by,
  begun_by_name: it.begun_by_name,
  opened_at: it.opened_at,
  reopenings: it.reopenings,
  version: it.version,
  cancelled_at: it.cancelled_at,
  cancelled_by: it.cancelled_by,
  cancel_reason: it.cancel_reason,
});

const cancelled = (by: string, reason: string | null, at: number) => ({
  status: 'cancelled' as const,
  cancelled_by: by,
  cancel_reason: reason,
  cancelled_at: at,
});

export class MongoRegistry extends MongoRosters implements Registry {
  readonly #in: Collections;
  readonly #ping: () => Promise<void>;

  /** ping: throws when the server does not answer. */
  constructor(collections: Collections, ping: () => Promise<void>) {
    super(collections);
    this.#in = collections;
    this.#ping = ping;
  }

  async createCourse({ id, ...course }: Course): Promise<void> {
    const created = await inMongo(() => inserted(this.#in.courses, { _id: id, ...course }));
    if (!created) throw refuse('CONFLICT', 'A course with this id exists');
  }

  async course(id: string): Promise<Course | null> {
    const found = await inMongo(() => this.#in.courses.findOne({ _id: id }));
    return found === null ? null : courseFrom(found);
  }

  async courses({ staff_user_id, enrolled_user_id }: CourseFilter, page: PageRequest): Promise<Page<Course>> {
    const filters: object[] = [];
    if (page.cursor !== undefined) {
      const [created_at, _id] = decodeCursor<[string, string]>('courses', ['string', 'string'], page.cursor);
      filters.push({ $or: [{ created_at: { $gt: created_at } }, { created_at, _id: { $gt: _id } }] });
    }
    const sources: object[] = [];
    if (staff_user_id !== undefined) sources.push({ teacher_id: staff_user_id }, { staff: staff_user_id });
    if (enrolled_user_id !== undefined) {
      const rows = await this.rowsOf({ user_id: enrolled_user_id, status: 'approved' });
      sources.push({ _id: { $in: rows.map(({ course_id }) => course_id) } });
    }
    if (sources.length > 0) filters.push({ $or: sources });
    const found = await inMongo(() =>
      this.#in.courses
        .find(filters.length === 0 ? {} : { $and: filters })
        .sort({ created_at: 1, _id: 1 })
        .limit(page.limit + 1)
        .toArray(),
    );
    return pageOf(found.map(courseFrom), page.limit, (course) =>
      encodeCursor('courses', [course.created_at, course.id]),
    );
  }

  async patchCourse(
    id: string,
    { title, teacher_id, staff, timezone }: Partial<Pick<Course, 'title' | 'teacher_id' | 'staff' | 'timezone'>>,
  ): Promise<Course | null> {
    const set = { title, teacher_id, staff, timezone };
    if (Object.values(set).every((value) => value === undefined)) return this.course(id);
    const found = await inMongo(() =>
      this.#in.courses.findOneAndUpdate(
        { _id: id },
        { $set: set as Partial<CourseDocument> },
        { returnDocument: 'after' },
      ),
    );
    return found === null ? null : courseFrom(found);
  }

  async courseIdsOfStaff(user_id: string): Promise<string[]> {
    const found = await inMongo(() =>
      this.#in.courses
        .find({ $or: [{ teacher_id: user_id }, { staff: user_id }] }, { projection: { _id: 1 } })
        .sort({ _id: 1 })
        .toArray(),
    );
    return found.map(({ _id }) => _id);
  }

  async createSession({ id, ...plan }: NewSession): Promise<void> {
    const created = await inMongo(() =>
      inserted(this.#in.sessions, {
        _id: id,
        ...plan,
        status: 'scheduled',
        begun_at: null,
        begun_by: null,
        begun_by_name: null,
        opened_at: null,
        reopenings: 0,
        version: 0,
        cancelled_at: null,
        cancelled_by: null,
        cancel_reason: null,
      }),
    );
    if (!created) throw refuse('CONFLICT', 'A session with this id exists');
  }

  async session(id: string): Promise<StoredSession | null> {
    const found = await inMongo(() => this.#in.sessions.findOne({ _id: id }));
    return found === null ? null : sessionFrom(found);
  }

  async sessions(filter: SessionFilter, page: PageRequest): Promise<Page<StoredSession>> {
    const { course_ids, statuses, from, to } = filter;
    const filters: object[] = [];
    if (page.cursor !== undefined) {
      const [created_at, _id] = decodeCursor<[number, string]>('sessions', ['number', 'string'], page.cursor);
      filters.push({ $or: [{ created_at: { $lt: created_at } }, { created_at, _id: { $lt: _id } }] });
    }
    if (course_ids !== undefined) filters.push({ course_id: { $in: course_ids } });
    if (statuses !== undefined) filters.push({ status: { $in: statuses } });
    if (from !== undefined) filters.push({ date: { $gte: from } });
    if (to !== undefined) filters.push({ date: { $lt: to } });
    const found = await inMongo(() =>
      this.#in.sessions
        .find(filters.length === 0 ? {} : { $and: filters })
        .sort({ created_at: -1, _id: -1 })
        .limit(page.limit + 1)
        .toArray(),
    );
    return pageOf(found.map(sessionFrom), page.limit, (session) =>
      encodeCursor('sessions', [session.created_at, session.id]),
    );
  }

  async patchScheduled(
    id: string,
    { title, description, date, ends_at, checkin }: SessionPatch,
  ): Promise<StoredSession | null> {
    const set = { title, description, date, ends_at, checkin };
    const changes = Object.values(set).some((value) => value !== undefined);
    const filter = { _id: id, status: 'scheduled' as const };
    const found = await inMongo(() =>
      changes
        ? this.#in.sessions.findOneAndUpdate(
            filter,
            { $set: set as Partial<SessionDocument> },
            { returnDocument: 'after' },
          )
        : this.#in.sessions.findOne(filter),
    );
    return found === null ? null : sessionFrom(found);
  }

  async begin(id: string, by: { user_id: string; name: string }, at: number): Promise<StoredSession | null> {
    const session = await this.session(id);
    if (session?.status !== 'scheduled') return session;
    const set = { status: 'active' as const, begun_at: at, begun_by: by.user_id, begun_by_name: by.name };
    await inMongo(() => leaveSchedule(this.#in, id, set));
    return this.session(id);
  }

  async opened(id: string, at: number): Promise<void> {
    await inMongo(() => this.#in.sessions.updateOne({ _id: id, opened_at: null }, { $set: { opened_at: at } }));
  }

  async cancelScheduled(id: string, by: string, reason: string | null, at: number): Promise<boolean> {
    if ((await this.session(id))?.status !== 'scheduled') return false;
    return inMongo(() => leaveSchedule(this.#in, id, cancelled(by, reason, at)));
  }

  async reopening(id: string): Promise<boolean> {
    const filter = { _id: id, status: 'active' as const };
    const { modifiedCount } = await inMongo(() => this.#in.sessions.updateOne(filter, { $inc: { reopenings: 1 } }));
    return modifiedCount === 1;
  }

  async cancelLost(
    { id, reopenings }: Pick<StoredSession, 'id' | 'reopenings'>,
    by: string,
    reason: string,
    at: number,
  ): Promise<boolean> {
    const filter = { _id: id, status: 'active' as const, reopenings };
    return inMongo(async () => {
      const { modifiedCount } = await this.#in.sessions.updateOne(filter, { $set: cancelled(by, reason, at) });
      if (modifiedCount === 0) return false;
      // What an archiver had begun to store of its roll belongs to nothing now.
      await this.#in.attendance.deleteMany({ session_id: id });
      await this.#in.audit.deleteMany({ session_id: id });
      return true;
    });
  }

  async unopened(limit: number): Promise<StoredSession[]> {
    const found = await inMongo(() =>
      this.#in.sessions.find({ status: 'active', opened_at: null }).sort({ begun_at: 1 }).limit(limit).toArray(),
    );
    return found.map(sessionFrom);
  }

  async pendErasure({ person, ...wish }: PendingErasure, at: number): Promise<void> {
    await inMongo(() => inserted(this.#in.erasures, { _id: person, ...wish, wished_at: at }));
  }

  async pendingErasures(): Promise<PendingErasure[]> {
    const found = await inMongo(() => this.#in.erasures.find().toArray());
    return found.map(({ _id, user, pseudonym }) => ({ person: _id, user, pseudonym }));
  }

  async erasureDone(person: string): Promise<void> {
    await inMongo(() => this.#in.erasures.deleteOne({ _id: person }));
  }

  async ping(): Promise<void> {
    await inMongo(this.#ping);
  }
}
