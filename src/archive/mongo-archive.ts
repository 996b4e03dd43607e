/** The archive in MongoDB. See archive.ts for what it guarantees. */
import type { Collection, Filter } from 'mongodb';
import { refuse } from '../contract/errors.ts';
import type { AuditEntry } from '../contract/nouns.ts';
import { type Counts, noCounts } from '../domain/statistics.ts';
import { MONGO_BULK_TIMEOUT_MS, MONGO_REPORT_TIMEOUT_MS } from '../limits.ts';
import type { AttendanceDocument, AuditDocument, SessionDocument } from '../mongo/collections.ts';
import { inMongo, placesOfTakenKeys } from '../mongo/errors.ts';
import { insertMissing } from '../mongo/insert-only.ts';
import { finishStart } from '../mongo/transitions.ts';
import { decodeCursor, encodeCursor, pageOf } from '../registry/cursor.ts';
import type { Page, PageRequest } from '../registry/registry.ts';
import type {
  Archive,
  ArchivedRecord,
  ArchivedSession,
  FinalRoll,
  HistoryEntry,
  StudentOfCourse,
  StudentTotals,
} from './archive.ts';
import { auditFrom, recordFrom } from './mongo-documents.ts';
import { MongoPersonalData } from './mongo-personal-data.ts';

/** Whole rolls, and even more so what goes over many of them, may take longer than a look at one session. */
const inArchive = <T>(fn: () => Promise<T>): Promise<T> => inMongo(fn, MONGO_BULK_TIMEOUT_MS);
const inReport = <T>(fn: () => Promise<T>): Promise<T> => inMongo(fn, MONGO_REPORT_TIMEOUT_MS);

export class MongoArchive extends MongoPersonalData implements Archive {
  async store(roll: FinalRoll): Promise<void> {
    await inArchive(() => this.#store(roll));
  }

  async #store(roll: FinalRoll): Promise<void> {
    const { session_id, outcome, ended_at } = roll;
    const active = { _id: session_id, status: 'active' as const };
    // Of two ends of one session, of a roll that was lost and of the one that was rebuilt, the later one is archived.
    const claim = () =>
      this.in.sessions.findOneAndUpdate(active, { $max: { archiving: ended_at } }, { returnDocument: 'after' });
    let session = await claim();
    if (session === null && (await this.#isOver(session_id))) return;
    session ??= await claim();
    // Saying yes to a roll whose session cannot be completed would let the live store forget it.
    if (session === null) throw refuse('INTERNAL', 'A final roll for a session that is unknown or was never begun');
    if (session.archiving !== ended_at) return;
    await this.#insert(this.in.attendance, recordsOf(roll, session.date), roll);
    await this.#insert(this.in.audit, auditOf(roll), roll);
    // The commit: until now readers see an active session, and after it nobody stores another roll.
    const set: Partial<SessionDocument> = {
      status: outcome,
      version: 1,
      cancel_reason: roll.reason,
      started_at: roll.started_at,
      ended_at: roll.ended_at,
      ended_by: roll.ended_by,
      ended_by_name: roll.ended_by_name,
      end_seq: roll.seq,
      end_room_seq: roll.room_seq,
      counts: roll.counts,
    };
    const { matchedCount } = await this.in.sessions.updateOne({ ...active, archiving: ended_at }, { $set: set });
    if (matchedCount === 0) await this.#takeBack(roll);
  }

  /** Archived already, corrected or erased since perhaps, or given up as lost: whoever comes late changes nothing. */
  async #isOver(session_id: string): Promise<boolean> {
    // What a majority has, since the roll is forgotten on the strength of it.
    const found = await this.in.sessions.findOne({ _id: session_id }, { readConcern: { level: 'majority' } });
    if (found?.status === 'scheduled') await finishStart(this.in, session_id);
    return found?.status === 'completed' || found?.status === 'cancelled';
  }

  /** Somebody else has decided: the same end, then all is well; or another one, of which what was stored here is no part. */
  async #takeBack({ session_id, ended_at }: FinalRoll): Promise<void> {
    const session = await this.in.sessions.findOne({ _id: session_id });
    if (session?.ended_at === ended_at) return;
    await this.in.attendance.deleteMany({ session_id, of_end: ended_at });
    await this.in.audit.deleteMany({ session_id, of_end: ended_at });
  }

  /**
   * What an earlier end of this session has left, of a roll that was lost before it was archived whole and then rebuilt,
   * gives way to this one; never the other way round.
   */
  async #insert<D extends AttendanceDocument | AuditDocument>(
    collection: Collection<D>,
    documents: D[],
    { session_id, ended_at }: FinalRoll,
  ): Promise<void> {
    const tried = await insertMissing(collection, documents).catch((error: unknown) => {
      // The earlier one may have had its students on other lines.
      if (placesOfTakenKeys(error) === null) throw error;
      return error;
    });
    if (tried === 0) return;
    const earlier = { session_id, of_end: { $lt: ended_at } } as unknown as Filter<D>;
    const { deletedCount } = await collection.deleteMany(earlier);
    if (deletedCount > 0) await insertMissing(collection, documents);
    else if (typeof tried !== 'number') throw tried;
  }

  async session(session_id: string): Promise<ArchivedSession | null> {
    const settled = await inArchive(() => this.settled(session_id, async () => null));
    if (settled === null) return null;
    const { session } = settled;
    return {
      session_id,
      course_id: session.course_id,
      outcome: session.status as ArchivedSession['outcome'],
      version: session.version,
      counts: session.counts,
      started_at: session.started_at ?? '',
      ended_at: session.ended_at ?? '',
      ended_by: session.ended_by ?? '',
      ended_by_name: session.ended_by_name ?? '',
      seq: session.end_seq,
      room_seq: session.end_room_seq ?? 0,
    };
  }

  async records(session_id: string, page?: { after_line: number; limit: number }): Promise<ArchivedRecord[]> {
    const filter = page === undefined ? { session_id } : { session_id, line: { $gt: page.after_line } };
    const read = () =>
      this.in.attendance
        .find(filter)
        .sort({ line: 1 })
        .limit(page?.limit ?? 0)
        .toArray();
    const settled = await inArchive(() => this.settled(session_id, read));
    return (settled?.result ?? []).map(recordFrom);
  }

  async recordOf(session_id: string, student_id: string): Promise<ArchivedRecord | null> {
    const settled = await inArchive(() =>
      this.settled(session_id, () => this.in.attendance.findOne({ session_id, student_id })),
    );
    return settled === null || settled.result === null ? null : recordFrom(settled.result);
  }

  async audit(session_id: string, { limit, cursor }: PageRequest): Promise<Page<AuditEntry>> {
    let after: object = {};
    if (cursor !== undefined) {
      const [seq, place] = decodeCursor<[number, number]>('audit', ['number', 'number'], cursor);
      after = { $or: [{ seq: { $gt: seq } }, { seq, place: { $gt: place } }] };
    }
    const read = () =>
      this.in.audit
        .find({ session_id, ...after })
        .sort({ seq: 1, place: 1 })
        .limit(limit + 1)
        .toArray();
    const settled = await inArchive(() => this.settled(session_id, read));
    const page = pageOf(settled?.result ?? [], limit, ({ seq, place }) => encodeCursor('audit', [seq, place]));
    return { items: page.items.map(auditFrom), next_cursor: page.next_cursor };
  }

  async report(
    course_id: string,
    { after_student_id, limit }: { after_student_id: string; limit: number },
  ): Promise<StudentTotals[]> {
    return inReport(async () => {
      await this.finishOpen({ course_id: { $eq: course_id } });
      const totals: StudentTotals[] = [];
      // The index gives them student by student, and by date, so that the last of a student tells the latest name; what is
      // not needed is not read.
      const records = this.in.attendance.find(
        ...this.#reported(course_id, after_student_id, await this.#unreported([course_id])),
      );
      for await (const record of records.sort(REPORT_ORDER)) {
        if (totals.length === limit && totals.at(-1)?.student_id !== record.student_id) break;
        addTo(totals, record);
      }
      return totals;
    });
  }

  /** How the server finds what a report reads; for tests. */
  async explainReport(course_id: string): Promise<unknown> {
    return this.in.attendance
      .find(...this.#reported(course_id, '', []))
      .sort(REPORT_ORDER)
      .explain('queryPlanner');
  }

  #reported(course_id: string, after_student_id: string, unreported: string[]) {
    const filter = { course_id, student_id: { $gt: after_student_id }, session_id: { $nin: unreported } };
    return [filter, { projection: REPORTED }] as const;
  }

  /**
   * The sessions of these courses whose records are in no report: not completed (yet), cancelled, or anonymised. They are
   * few, so that what is to be reported needs no list.
   */
  async #unreported(course_ids: string[]): Promise<string[]> {
    const other = [{ status: { $in: ['active' as const, 'cancelled' as const] } }, { anonymising: true }];
    const found = await this.in.sessions
      .find({ course_id: { $in: course_ids }, $or: other }, { projection: { _id: 1 } })
      .toArray();
    return found.map(({ _id }) => _id);
  }

  async history(students: StudentOfCourse[], page: PageRequest): Promise<Page<HistoryEntry>> {
    const filters: object[] = [];
    if (page.cursor !== undefined) {
      const key = decodeCursor<[number, string, number]>('history', ['number', 'string', 'number'], page.cursor);
      const [date, session_id, line] = key;
      filters.push({
        $or: [
          { date: { $lt: date } },
          { date, session_id: { $lt: session_id } },
          { date, session_id, line: { $lt: line } },
        ],
      });
    }
    if (students.length === 0) return { items: [], next_cursor: null };
    return inReport(async () => {
      filters.push(...(await this.#recordsOfStudents(students)));
      const found = await this.in.attendance
        .find({ $and: filters })
        .sort({ date: -1, session_id: -1, line: -1 })
        .limit(page.limit + 1)
        .toArray();
      const titles = await this.titlesOf(found.map(({ session_id }) => session_id));
      const entries = found.map((it) => {
        const { session_id, course_id, date } = it;
        return { session_id, course_id, title: titles.get(session_id)?.title ?? '', date, record: recordFrom(it) };
      });
      return pageOf(entries, page.limit, ({ date, session_id, record }) =>
        encodeCursor('history', [date, session_id, record.line]),
      );
    });
  }

  async historyCounts(students: StudentOfCourse[]): Promise<Counts> {
    const counts = noCounts();
    if (students.length === 0) return counts;
    const rows = await inReport(async () =>
      this.in.attendance
        .aggregate<{ _id: keyof Counts; n: number }>([
          { $match: { $and: await this.#recordsOfStudents(students) } },
          { $group: { _id: '$status', n: { $sum: 1 } } },
        ])
        .toArray(),
    );
    for (const { _id, n } of rows) counts[_id] = n;
    return counts;
  }

  /** What history and its sums range over. */
  async #recordsOfStudents(students: StudentOfCourse[]): Promise<object[]> {
    const course_ids = [...new Set(students.map(({ course_id }) => course_id))];
    await this.finishOpen({ course_id: { $in: course_ids } });
    const theirs = students.map(({ course_id, student_id }) => ({ course_id, student_id }));
    return [{ $or: theirs }, { session_id: { $nin: await this.#unreported(course_ids) } }];
  }
}

const recordsOf = ({ session_id, course_id, ended_at, records }: FinalRoll, date: number): AttendanceDocument[] =>
  records.map((record) => ({
    _id: `${session_id}:${record.line}`,
    session_id,
    course_id,
    date,
    of_end: ended_at,
    ...record,
    version: 1,
  }));

const auditOf = ({ session_id, ended_at, audit, records }: FinalRoll): AuditDocument[] => {
  const lines = new Map(records.map(({ student_id, line }) => [student_id, line]));
  const places = new Map<number, number>();
  return audit.map((entry) => {
    const place = places.get(entry.seq) ?? 0;
    places.set(entry.seq, place + 1);
    const line = entry.student_id === null ? null : (lines.get(entry.student_id) ?? null);
    return { _id: `${session_id}:${entry.seq}:${place}`, session_id, place, line, of_end: ended_at, ...entry };
  });
};

/** As the index of the records has it. */
const REPORT_ORDER = { course_id: 1, student_id: 1, date: 1, session_id: 1, line: 1 } as const;
const REPORTED = { student_id: 1, student_name: 1, roll: 1, status: 1 } as const;

/** Records come student by student. */
const addTo = (
  totals: StudentTotals[],
  { student_id, student_name, roll, status }: Pick<AttendanceDocument, keyof typeof REPORTED>,
): void => {
  let last = totals.at(-1);
  if (last?.student_id !== student_id) {
    last = { student_id, student_name, roll, sessions: 0, counts: noCounts() };
    totals.push(last);
  }
  last.student_name = student_name;
  last.roll = roll;
  last.sessions += 1;
  last.counts[status] += 1;
};
