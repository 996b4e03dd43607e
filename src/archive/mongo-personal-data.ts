/** What the MongoDB archive, and the enrollments beside it, hold about one person: export and erasure. */
import { refuse } from '../contract/errors.ts';
import { MONGO_PERSON_TIMEOUT_MS } from '../limits.ts';
import type { AttendanceDocument, Collections, EnrollmentDocument } from '../mongo/collections.ts';
import { inMongo } from '../mongo/errors.ts';
import { MongoRosters, rosterRowOf } from '../registry/mongo-rosters.ts';
import { type Archive, nobodyOf, type PersonExport, type PersonId } from './archive.ts';
import { MongoCorrections } from './mongo-corrections.ts';
import { auditFrom, recordFrom } from './mongo-documents.ts';

/** Which documents are a person's. */
const isPerson = ({ id, user }: PersonId): object =>
  user ? { $or: [{ student_id: id }, { user_id: id }] } : { student_id: id };

export class MongoPersonalData
  extends MongoCorrections
  implements Pick<Archive, 'exportPerson' | 'erasePerson' | 'expired' | 'anonymise' | 'scrub'>
{
  readonly #rosters: MongoRosters;

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

  async erasePerson(person: PersonId, pseudonym: string): Promise<number> {
    const enrolled = await this.#rosters.rowsOf(isPerson(person));
    const touched = await inMongo(async () => {
      await this.finishOpen();
      const records = await this.#recordsOf(person);
      await this.#refuseTaken(pseudonym, records, enrolled);
      const named = new Set(records.filter((it) => it.student_id === person.id).map((it) => it.session_id));
      let n = 0;
      for (const record of records) {
        const name = nameFor(person.id, pseudonym, record.student_id, named.has(record.session_id));
        n += await this.#eraseLine(record, name);
      }
      return n;
    }, MONGO_PERSON_TIMEOUT_MS);
    return touched + (await this.#eraseEnrollments(person, enrolled, pseudonym));
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
      for (const record of settled.result) await this.#eraseLine(record, nobodyOf(session_id, record.line));
      await this.in.audit.updateMany({ session_id, reason: { $exists: true } }, { $set: { reason: '' } });
      await this.in.sessions.updateOne({ _id: session_id }, { $set: { anonymised_at: at } });
    }, MONGO_PERSON_TIMEOUT_MS);
  }

  /** The server reclaims what was overwritten by itself; its journal and its backups are the operator's (docs/operations.md). */
  async scrub(): Promise<void> {}

  /** Records that a dead archiver has left behind count as well: a person is in them. */
  #recordsOf(person: PersonId): Promise<AttendanceDocument[]> {
    return this.in.attendance.find(isPerson(person)).sort({ date: 1, session_id: 1, line: 1 }).toArray();
  }

  /** Title of each of these sessions. */
  protected async titlesOf(session_ids: string[]): Promise<Map<string, { title: string }>> {
    const found = await this.in.sessions
      .find({ _id: { $in: [...new Set(session_ids)] } }, { projection: { title: 1 } })
      .toArray();
    return new Map(found.map(({ _id, title }) => [_id, { title }]));
  }

  async #refuseTaken(pseudonym: string, records: AttendanceDocument[], enrolled: EnrollmentDocument[]): Promise<void> {
    const student_id = { $in: [pseudonym, `${pseudonym}-2`] };
    const session_id = { $in: records.map((it) => it.session_id) };
    const course_id = { $in: enrolled.map((it) => it.course_id) };
    const taken =
      (await this.in.attendance.findOne({ session_id, student_id })) ??
      (await this.in.enrollments.findOne({ course_id, student_id }));
    if (taken !== null) throw refuse('CONFLICT', 'This pseudonym is taken');
  }

  /** The record comes last, since it leads to everything else when this is repeated; but for corrections that came meanwhile. */
  async #eraseLine({ _id, session_id, line, student_id }: AttendanceDocument, name: string): Promise<number> {
    const touched = await this.eraseFromCorrections(session_id, line, name);
    const set = { student_id: name, user_id: name, student_name: '', roll: null, remarks: null };
    await this.in.attendance.updateOne({ _id }, { $set: set, $unset: { flags: '' } });
    const late = await this.in.corrections.findOne({ session_id, 'changes.student_id': student_id });
    return touched + 1 + (late === null ? 0 : await this.eraseFromCorrections(session_id, line, name));
  }

  async #eraseEnrollments(person: PersonId, enrolled: EnrollmentDocument[], pseudonym: string): Promise<number> {
    const named = new Set(enrolled.filter((row) => row.student_id === person.id).map((row) => row.course_id));
    let touched = 0;
    for (const course_id of new Set(enrolled.map((row) => row.course_id))) {
      touched += await this.#rosters.change(course_id, isPerson(person), (before) => {
        const rows = before.map((row) => {
          const name = nameFor(person.id, pseudonym, row.student_id, named.has(course_id));
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
