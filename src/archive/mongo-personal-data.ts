/** What the MongoDB archive, and the enrollments beside it, hold about one person: export and erasure. */
import { refuse } from '../contract/errors.ts';
import { MONGO_BULK_TIMEOUT_MS, MONGO_PERSON_TIMEOUT_MS } from '../limits.ts';
import type { AttendanceDocument, AuditDocument, Collections, EnrollmentDocument } from '../mongo/collections.ts';
import { inMongo } from '../mongo/errors.ts';
import { inPieces } from '../mongo/insert-only.ts';
import { MongoRosters, rosterRowOf } from '../registry/mongo-rosters.ts';
import { type Archive, nobodyOf, type PersonExport, type PersonId } from './archive.ts';
import { erasedEntry } from './mongo-correction-documents.ts';
import { MongoCorrections } from './mongo-corrections.ts';
import { auditFrom, recordFrom } from './mongo-documents.ts';

/** Looks at where a person still is; one finds them, and the next finds nothing. */
const MAX_PASSES = 5;

/** Which documents are a person's. */
const isPerson = ({ id, user }: PersonId): object =>
  user ? { $or: [{ student_id: id }, { user_id: id }] } : { student_id: id };

export class MongoPersonalData
  extends MongoCorrections
  implements Pick<Archive, 'exportPerson' | 'erasePerson' | 'expired' | 'anonymise' | 'finishUnfinished' | 'scrub'>
{
  readonly #rosters: MongoRosters;
  #erasing: Promise<unknown> = Promise.resolve();

  constructor(collections: Collections) {
    super(collections);
    this.#rosters = new MongoRosters(collections);
  }

  async exportPerson(person: PersonId): Promise<PersonExport> {
    const enrolled = await this.#rosters.rowsOf(isPerson(person));
    return inMongo(async () => {
      await this.finishOpen();
      const found = await this.#recordsOf(person);
      const sessions = await this.titlesOf(found.map(({ session_id }) => session_id));
      const records = found.flatMap((it) => {
        const session = sessions.get(it.session_id);
        if (session === undefined) return [];
        const { session_id, course_id, date } = it;
        return [{ session_id, course_id, title: session.title, date, ...recordFrom(it) }];
      });
      const audit: PersonExport['audit'] = [];
      for (const { session_id, line } of records) {
        const entries = await this.in.audit.find({ session_id, line }).sort({ seq: 1, place: 1 }).toArray();
        audit.push(...entries.map((it) => ({ session_id, ...auditFrom(it) })));
      }
      return { enrollments: enrolled.map(enrollmentOf), records, audit };
    }, MONGO_PERSON_TIMEOUT_MS);
  }

  /** One after the other: people who were in the same correction are taken out of the same document. */
  erasePerson(person: PersonId, pseudonym: string): Promise<number> {
    const erased = this.#erasing.then(() => this.#erase(person, pseudonym));
    this.#erasing = erased.catch(() => {});
    return erased;
  }

  #erase(person: PersonId, pseudonym: string): Promise<number> {
    return inMongo(async () => {
      const enrolled = await this.#rosters.rowsOf(isPerson(person));
      await this.finishOpen();
      await this.#refuseTaken(pseudonym, await this.#recordsOf(person), enrolled);
      const lines = new Map<string, { session_id: string; line: number; name: string }>();
      let touched = 0;
      let enrollments = 0;
      for (let pass = 0; pass < MAX_PASSES; pass += 1) {
        const found = await this.#namedLines(person, pseudonym);
        // What was in hand when they were dropped may have come since, or have been written back by somebody slow.
        if (pass > 0 && found.length === 0) return touched + enrollments;
        for (const it of found) lines.set(`${it.session_id}:${it.line}`, it);
        for (const { session_id, line, name } of lines.values())
          touched += await this.eraseLine(session_id, line, name);
        enrollments += await this.#eraseEnrollments(person, pseudonym);
        await this.finishOpen();
      }
      throw refuse('CONFLICT', 'The person is being written about; try again', { retryable: true });
    }, MONGO_PERSON_TIMEOUT_MS);
  }

  /** Where a person is, and who they are there from now on. */
  async #namedLines(person: PersonId, pseudonym: string) {
    const records = await this.#recordsOf(person);
    const session_id = { $in: records.map((it) => it.session_id) };
    const done = await this.in.attendance.find({ session_id, student_id: pseudonym }).toArray();
    const first = [...records.filter((it) => it.student_id === person.id), ...done];
    const named = new Set(first.map((it) => it.session_id));
    return records.map((it) => ({
      session_id: it.session_id,
      line: it.line,
      name: nameFor(person.id, pseudonym, it.student_id, named.has(it.session_id)),
    }));
  }

  async expired(before: string, limit: number): Promise<string[]> {
    const found = await inMongo(() =>
      this.in.sessions
        .find({ anonymised_at: null as never, ended_at: { $lt: before } }, { projection: { _id: 1 } })
        .sort({ ended_at: 1 })
        .limit(limit)
        .toArray(),
    );
    return found.map(({ _id }) => _id);
  }

  async anonymise(session_id: string, at: number): Promise<void> {
    await inMongo(async () => {
      // First, so that no correction brings anybody back.
      await this.in.sessions.updateOne({ _id: session_id, version: { $gt: 0 } }, { $set: { anonymising: true } });
      const settled = await this.settled(session_id, () => this.in.attendance.find({ session_id }).toArray());
      if (settled === null) return;
      const nameOf = (line: number) => nobodyOf(session_id, line);
      for (const { _id } of await this.in.corrections.find({ session_id }).toArray()) {
        await this.eraseFromCorrection(_id, nameOf);
      }
      const entries = await this.in.audit.find({ session_id }).toArray();
      await inPieces(
        this.in.audit,
        entries.flatMap((entry) => {
          const set = entry.line === null ? withoutReason(entry) : erasedEntry(entry, nameOf(entry.line));
          return set === null ? [] : [{ updateOne: { filter: { _id: entry._id }, update: { $set: set } } }];
        }),
      );
      await inPieces(
        this.in.attendance,
        settled.result.map(({ _id, line }) => {
          const name = nameOf(line);
          const set = { student_id: name, user_id: name, student_name: '', roll: null, remarks: null };
          return { updateOne: { filter: { _id }, update: { $set: set, $unset: { flags: '' as const } } } };
        }),
      );
      const reason = settled.session.cancel_reason === null ? {} : { cancel_reason: '' };
      await this.in.sessions.updateOne({ _id: session_id }, { $set: { anonymised_at: at, ...reason } });
    }, MONGO_PERSON_TIMEOUT_MS);
  }

  async finishUnfinished(): Promise<void> {
    await inMongo(async () => {
      await this.#rosters.bringInOpen();
      await this.finishOpen();
    }, MONGO_BULK_TIMEOUT_MS);
  }

  /** The server reclaims what was overwritten by itself; its journal and its backups are the operator's (docs/operations.md). */
  async scrub(): Promise<void> {}

  /** Records that a dead archiver has left behind count as well: a person is in them. */
  #recordsOf(person: PersonId): Promise<AttendanceDocument[]> {
    return this.in.attendance.find(isPerson(person)).sort({ date: 1, session_id: 1, line: 1 }).toArray();
  }

  /** Title of each of these sessions that the archive has. */
  protected async titlesOf(session_ids: string[]): Promise<Map<string, { title: string }>> {
    const found = await this.in.sessions
      .find({ _id: { $in: [...new Set(session_ids)] }, version: { $gt: 0 } }, { projection: { title: 1 } })
      .toArray();
    return new Map(found.map(({ _id, title }) => [_id, { title }]));
  }

  /** By somebody else: a line that this very erasure has reached before has no name any more. */
  async #refuseTaken(pseudonym: string, records: AttendanceDocument[], enrolled: EnrollmentDocument[]): Promise<void> {
    const student_id = { $in: [pseudonym, `${pseudonym}-2`] };
    const session_id = { $in: records.map((it) => it.session_id) };
    const course_id = { $in: enrolled.map((it) => it.course_id) };
    const taken =
      (await this.in.attendance.findOne({ session_id, student_id, student_name: { $ne: '' } })) ??
      (await this.in.enrollments.findOne({ course_id, student_id, name: { $ne: '' } }));
    if (taken !== null) throw refuse('CONFLICT', 'This pseudonym is taken');
  }

  async #eraseEnrollments(person: PersonId, pseudonym: string): Promise<number> {
    const theirs = await this.#rosters.rowsOf(isPerson(person));
    const those = { $or: [isPerson(person), { student_id: pseudonym }] };
    let touched = 0;
    for (const course_id of new Set(theirs.map((row) => row.course_id))) {
      touched += await this.#rosters.change(course_id, those, (before) => {
        const named = before.some((row) => row.student_id === person.id || row.student_id === pseudonym);
        const rows = before
          .filter((row) => row.student_id !== pseudonym)
          .map((row) => {
            const name = nameFor(person.id, pseudonym, row.student_id, named);
            // Dropped, or the pseudonym would be on every roll to come, always absent.
            const status = row.status === 'rejected' ? row.status : ('dropped' as const);
            return { ...rosterRowOf(row), student_id: name, user_id: name, name: '', roll: null, status };
          });
        return { rows, answer: rows.length };
      });
    }
    return touched;
  }
}

const withoutReason = ({ reason }: AuditDocument) => (reason === undefined || reason === '' ? null : { reason: '' });

const enrollmentOf = ({ course_id, student_id, user_id, name, roll, status }: EnrollmentDocument) => ({
  course_id,
  student_id,
  user_id,
  name,
  roll,
  status,
});

/**
 * Where one student has this id as student_id and another one as user_id, both are taken for the person and need two
 * names, since a session or course holds each only once.
 */
const nameFor = (person: string, pseudonym: string, student_id: string, named: boolean): string =>
  named && student_id !== person ? `${pseudonym}-2` : pseudonym;
