/**
 * The enrollments of courses in MongoDB. A request may change thousands of them and must do so whole or not at all,
 * without transactions: it commits by inserting one document that holds all of it, numbered after the change before it
 * (roster_changes). The enrollments follow, and whoever finds a change that they do not have yet brings it in first.
 */
import { refuse } from '../contract/errors.ts';
import type { Enrollment, EnrollmentStatus } from '../contract/nouns.ts';
import { MONGO_BULK_TIMEOUT_MS, MONGO_QUICK_READ_IDS } from '../limits.ts';
import type { Collections, EnrollmentDocument, RosterChangeDocument, RosterRow } from '../mongo/collections.ts';
import { inMongo } from '../mongo/errors.ts';
import { inPieces, inserted, insertMissing } from '../mongo/insert-only.ts';
import { decodeCursor, encodeCursor, pageOf } from './cursor.ts';
import type { EnrollmentChange, Page, PageRequest, Registry } from './registry.ts';

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

/** Tries of a change, or of a reading, that others overtake. */
const MAX_TRIES = 20;

const idOf = (course_id: string, n: number): string => `${course_id}:${n}`;

const enrollmentFrom = ({ student_id, user_id, name, roll, status }: Enrollment): Enrollment => ({
  student_id,
  user_id,
  name,
  roll,
  status,
});

const same = (a: Enrollment, b: Enrollment): boolean =>
  a.user_id === b.user_id && a.name === b.name && a.roll === b.roll && a.status === b.status;

const numberOf = ({ _id }: EnrollmentDocument): number => Number(_id.slice(_id.lastIndexOf(':') + 1));

/** What a roster is changed from, and what that makes of it. */
type Decision<T> = { rows: RosterRow[]; answer: T };

export class MongoRosters implements EnrollmentMethods {
  readonly #in: Collections;
  /** Changes that this process brings in just now, by their _id. */
  readonly #bringing = new Map<string, Promise<void>>();

  constructor(collections: Collections) {
    this.#in = collections;
  }

  async putEnrollments(course_id: string, enrollments: Enrollment[], at: number): Promise<EnrollmentChange> {
    const named = enrollments.map(({ student_id }) => student_id);
    if (new Set(named).size < enrollments.length) {
      throw refuse('INVALID_PAYLOAD', 'A student is named twice', { field: 'enrollments' });
    }
    const users = enrollments.map(({ user_id }) => user_id);
    const theirs = { $or: [{ student_id: { $in: named } }, { user_id: { $in: users } }] };
    return this.change(course_id, theirs, (before, size) => {
      refuseSharedUsers(before, enrollments);
      return put(before, enrollments, size, at);
    });
  }

  /**
   * One change: decide is given the enrollments that the filter finds and how many the course has ever had, and is asked
   * again when another change was quicker. No rows: nothing is written.
   */
  async change<T>(
    course_id: string,
    filter: object,
    decide: (before: EnrollmentDocument[], size: number) => Decision<T>,
  ): Promise<T> {
    return inMongo(async () => {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const read = () => this.#in.enrollments.find({ course_id, ...filter }).toArray();
        const { result: before, revision } = await this.#settled(course_id, read);
        const size = await this.#sizeAt(course_id, revision);
        const { rows, answer } = decide(before, size);
        if (rows.length === 0) return answer;
        const change: RosterChangeDocument = {
          _id: idOf(course_id, revision + 1),
          course_id,
          revision: revision + 1,
          size_before: size,
          size: Math.max(size, ...rows.map(({ number }) => number + 1)),
          open: true,
          rows,
        };
        if (!(await inserted(this.#in.rosterChanges, change))) continue;
        await this.#bringIn(change, rows);
        return answer;
      }
      throw refuse('CONFLICT', 'The roster is being changed by others; try again', { retryable: true });
    }, MONGO_BULK_TIMEOUT_MS);
  }

  /** Of everybody that the course has ever had: the number of the next one. */
  async #sizeAt(course_id: string, revision: number): Promise<number> {
    if (revision === 0) return 0;
    return (await this.#in.rosterChanges.findOne({ _id: idOf(course_id, revision) }))?.size ?? 0;
  }

  /** A reading that has every change up to a revision, and nothing of later ones. */
  async #settled<T>(course_id: string, read: () => Promise<T>): Promise<{ result: T; revision: number }> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const revision = (await this.#in.rosters.findOne({ _id: course_id }))?.revision ?? 0;
      const result = await read();
      // After the reading: a change that commits later has not touched what was read.
      const next = await this.#in.rosterChanges.findOne({ _id: idOf(course_id, revision + 1) });
      if (next === null) return { result, revision };
      await this.#bringIn(next, next.rows ?? []);
    }
    throw refuse('CONFLICT', 'The roster is being changed by others; try again', { retryable: true });
  }

  /** By whoever finds it first; others of this process wait for that. */
  #bringIn(change: RosterChangeDocument, rows: RosterRow[]): Promise<void> {
    const begun = this.#bringing.get(change._id);
    if (begun !== undefined) return begun;
    const done = this.#write(change, rows).finally(() => this.#bringing.delete(change._id));
    this.#bringing.set(change._id, done);
    return done;
  }

  /** Idempotent, and safe for whoever comes late: an enrollment that a later change has written stays. */
  async #write({ _id, course_id, revision, size_before }: RosterChangeDocument, rows: RosterRow[]): Promise<void> {
    const isNew = ({ number }: RosterRow) => number >= size_before;
    const documents = (them: RosterRow[]) => them.map((row) => documentOf(course_id, revision, row));
    await insertMissing(this.#in.enrollments, documents(rows.filter(isNew)));
    const updates = documents(rows.filter((row) => !isNew(row))).map(
      ({ _id: id, course_id: _course, created_at: _created, ...set }) => ({
        updateOne: { filter: { _id: id, revision: { $lt: revision } }, update: { $set: set } },
      }),
    );
    await inPieces(this.#in.enrollments, updates);
    await this.#in.rosters.updateOne({ _id: course_id }, { $max: { revision } }, { upsert: true });
    await this.#in.rosterChanges.updateOne({ _id }, { $set: { open: false }, $unset: { rows: '' } });
  }

  async enrollments(
    course_id: string,
    { limit, cursor, statuses }: PageRequest & { statuses?: EnrollmentStatus[] | undefined },
  ): Promise<Page<Enrollment>> {
    const filter: object[] = [{ course_id }];
    if (cursor !== undefined) {
      const [created_at, student_id] = decodeCursor<[number, string]>('enrollments', ['number', 'string'], cursor);
      filter.push({
        $or: [{ created_at: { $gt: created_at } }, { created_at, student_id: { $gt: student_id } }],
      });
    }
    if (statuses !== undefined) filter.push({ status: { $in: statuses } });
    const read = () =>
      this.#in.enrollments
        .find({ $and: filter })
        .sort({ created_at: 1, student_id: 1 })
        .limit(limit + 1)
        .toArray();
    const { result } = await inMongo(() => this.#settled(course_id, read));
    const page = pageOf(result, limit, (row) => encodeCursor('enrollments', [row.created_at, row.student_id]));
    return { items: page.items.map(enrollmentFrom), next_cursor: page.next_cursor };
  }

  async approvedEnrollments(course_id: string): Promise<Enrollment[]> {
    return this.#all(course_id, { status: 'approved' });
  }

  async enrollment(course_id: string, student_id: string): Promise<Enrollment | null> {
    return (await this.#all(course_id, { student_id }))[0] ?? null;
  }

  async enrollmentOfUser(course_id: string, user_id: string): Promise<Enrollment | null> {
    return (await this.#all(course_id, { user_id }))[0] ?? null;
  }

  async enrollmentsOf(course_id: string, student_ids: string[]): Promise<Enrollment[]> {
    if (student_ids.length === 0) return [];
    const within_ms = student_ids.length > MONGO_QUICK_READ_IDS ? MONGO_BULK_TIMEOUT_MS : undefined;
    return this.#all(course_id, { student_id: { $in: student_ids } }, within_ms);
  }

  async #all(course_id: string, filter: object, within_ms?: number): Promise<Enrollment[]> {
    const read = () =>
      this.#in.enrollments
        .find({ course_id, ...filter })
        .sort({ student_id: 1 })
        .toArray();
    const { result } = await inMongo(() => this.#settled(course_id, read), within_ms);
    return result.map(enrollmentFrom);
  }

  async enrollmentsOfPerson(id: string): Promise<{ course_id: string; enrollment: Enrollment }[]> {
    const rows = await this.rowsOf({ $or: [{ student_id: id }, { user_id: id }] });
    return rows.map((row) => ({ course_id: row.course_id, enrollment: enrollmentFrom(row) }));
  }

  /** Over all courses, with every change that has committed before. */
  async rowsOf(filter: object): Promise<EnrollmentDocument[]> {
    return inMongo(async () => {
      await this.bringInOpen();
      return this.#in.enrollments.find(filter).sort({ course_id: 1, student_id: 1 }).toArray();
    });
  }

  /** Changes that a dead node has left. */
  async bringInOpen(): Promise<void> {
    const open = await this.#in.rosterChanges.find({ open: true }).toArray();
    for (const change of open) await this.#bringIn(change, change.rows ?? []);
  }
}

const documentOf = (course_id: string, revision: number, { number, created_at, ...row }: RosterRow) => ({
  _id: idOf(course_id, number),
  course_id,
  created_at,
  revision,
  ...enrollmentFrom(row),
});

/** The row of a document, as it would be written again. */
export const rosterRowOf = (document: EnrollmentDocument): RosterRow => ({
  number: numberOf(document),
  created_at: document.created_at,
  ...enrollmentFrom(document),
});

const put = (
  found: EnrollmentDocument[],
  enrollments: Enrollment[],
  size: number,
  at: number,
): Decision<EnrollmentChange> => {
  const before = new Map(found.map((row) => [row.student_id, row]));
  const rows: RosterRow[] = [];
  const changed: EnrollmentChange['changed'] = [];
  let added = 0;
  for (const enrollment of enrollments) {
    const old = before.get(enrollment.student_id);
    if (old !== undefined && same(old, enrollment)) continue;
    const place =
      old === undefined
        ? { number: size + added, created_at: at }
        : { number: numberOf(old), created_at: old.created_at };
    if (old === undefined) added += 1;
    rows.push({ ...place, ...enrollmentFrom(enrollment) });
    changed.push({ enrollment, previous_user_id: old?.user_id ?? null });
  }
  const updated = rows.length - added;
  return { rows, answer: { created: added, updated, unchanged: enrollments.length - rows.length, changed } };
};

const refuseSharedUsers = (before: EnrollmentDocument[], enrollments: Enrollment[]): void => {
  const named = new Set(enrollments.map(({ student_id }) => student_id));
  const owners = new Map(before.filter((it) => !named.has(it.student_id)).map((it) => [it.user_id, it.student_id]));
  const taken = new Set<string>();
  for (const { student_id, user_id } of enrollments) {
    if (taken.has(user_id) || owners.has(user_id)) {
      throw refuse('CONFLICT', `The user of student ${student_id} belongs to another student of this course`, {
        field: 'user_id',
      });
    }
    taken.add(user_id);
  }
};
