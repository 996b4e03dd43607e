/**
 * Corrections of completed sessions in MongoDB. One commits by inserting a document that holds all of it, under the
 * number of the version that it makes; records, audit and session follow. A reader looks for a correction beyond the
 * session's version after it has read, so it sees each whole or not at all, and finishes one whose writer has died.
 */
import { refuse } from '../contract/errors.ts';
import type { Counts } from '../domain/statistics.ts';
import { MONGO_BULK_TIMEOUT_MS } from '../limits.ts';
import type { Collections, CorrectionDocument } from '../mongo/collections.ts';
import { inMongo } from '../mongo/errors.ts';
import { inPieces, inserted, insertMissing } from '../mongo/insert-only.ts';
import { type Archive, type ArchivedRecord, type Correction, nobodyOf } from './archive.ts';
import {
  type ArchivedDocument,
  admittedRecord,
  auditOf,
  changedFields,
  decide,
  erasedChange,
  erasedEntry,
  idOf,
  isErased,
  nextOf,
} from './mongo-correction-documents.ts';
import { recordFrom } from './mongo-documents.ts';

/** Tries of a correction, or of a reading, that other corrections overtake. */
const MAX_TRIES = 20;

export class MongoCorrections implements Pick<Archive, 'correct' | 'cancel'> {
  protected readonly in: Collections;

  constructor(collections: Collections) {
    this.in = collections;
  }

  async correct(
    correction: Correction,
  ): Promise<{ version: number; records: ArchivedRecord[]; counts: Counts } | null> {
    return inMongo(async () => {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const settled = await this.settled(correction.session_id, (session) => this.#named(session, correction));
        if (settled === null) return null;
        const { session, result: found } = settled;
        if (session.status !== 'completed') throw refuse('CONFLICT', 'This session is cancelled');
        if (session.anonymising === true) throw refuse('CONFLICT', 'The records of this session are anonymised');
        const { changes, records, counts } = decide(session, found, correction);
        if (changes.length === 0) return { version: session.version, records, counts };
        const { by, at, reason } = correction;
        const document = nextOf(session, { by, at, reason, changes, counts, cancels: false });
        if (!(await inserted(this.in.corrections, document))) continue;
        await this.#finish(document);
        return { version: document.version, records, counts };
      }
      throw refuse('CONFLICT', 'The session is being corrected by others; try again', { retryable: true });
    }, MONGO_BULK_TIMEOUT_MS);
  }

  async cancel(session_id: string, by: string, reason: string, at: string): Promise<boolean> {
    return inMongo(async () => {
      for (let tries = 0; tries < MAX_TRIES; tries += 1) {
        const settled = await this.settled(session_id, async () => null);
        if (settled?.session.status !== 'completed') return false;
        const { session } = settled;
        const document = nextOf(session, { by, at, reason, changes: [], counts: session.counts, cancels: true });
        if (!(await inserted(this.in.corrections, document))) continue;
        await this.#finish(document);
        return true;
      }
      throw refuse('CONFLICT', 'The session is being corrected by others; try again', { retryable: true });
    });
  }

  /** A reading of a session with every correction up to its version and nothing of later ones. Null: not archived. */
  protected async settled<T>(
    session_id: string,
    read: (session: ArchivedDocument) => Promise<T>,
  ): Promise<{ session: ArchivedDocument; result: T } | null> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const session = (await this.in.sessions.findOne({ _id: session_id })) as ArchivedDocument | null;
      if (session === null || session.version === 0) return null;
      const result = await read(session);
      // After the reading: one that commits later has not touched what was read.
      const next = await this.in.corrections.findOne({ _id: idOf(session_id, session.version + 1) });
      // Nothing comes after the one that cancels, and that changes no record.
      if (next === null || (next.cancels && session.status === 'cancelled')) return { session, result };
      await this.#finish(next);
    }
    throw refuse('CONFLICT', 'The session is being corrected by others; try again', { retryable: true });
  }

  /** Of some courses, or of all: what readers of many sessions at once must do first. */
  protected async finishOpen(filter: { course_id?: object } = {}): Promise<void> {
    const open = await this.in.corrections.find({ open: true, ...filter }).toArray();
    for (const document of open) await this.#finish(document);
  }

  /** Idempotent, and safe for whoever comes late: a record that a later correction has changed stays. */
  async #finish(document: CorrectionDocument): Promise<void> {
    const { _id, session_id, version, counts, changes, cancels } = document;
    await insertMissing(
      this.in.attendance,
      changes.flatMap((change) => admittedRecord(document, change)),
    );
    const updates = changes.map((change) => ({
      updateOne: {
        filter: { _id: `${session_id}:${change.line}`, version: { $lt: version } },
        update: { $set: changedFields(document, change) },
      },
    }));
    await inPieces(this.in.attendance, updates);
    await insertMissing(this.in.audit, auditOf(document));
    if (cancels) {
      const { reason, at } = document;
      const set = { status: 'cancelled' as const, cancel_reason: reason, cancelled_at: Date.parse(at) };
      await this.in.sessions.updateOne({ _id: session_id, status: 'completed' }, { $set: set });
    } else {
      await this.in.sessions.updateOne({ _id: session_id, version: { $lt: version } }, { $set: { version, counts } });
    }
    await this.#eraseWhoIsGone(document);
    await this.in.corrections.updateOne({ _id }, { $set: { open: false } });
  }

  /**
   * It was decided before somebody was erased and has committed after: it would bring them back. The erasure writes and
   * then looks for corrections, this has committed and then looks for erasures: one of the two sees the other.
   */
  async #eraseWhoIsGone({ session_id, course_id, changes }: CorrectionDocument): Promise<void> {
    if (changes.length === 0) return;
    const ids = changes.map(({ line }) => `${session_id}:${line}`);
    const found = await this.in.attendance.find({ _id: { $in: ids } }, { projection: { student_id: 1 } }).toArray();
    const now = new Map(found.map(({ _id, student_id }) => [_id, student_id]));
    const admitted = changes.flatMap((it) => (it.admitted === undefined ? [] : [it.student_id]));
    const enrolled = new Set(
      admitted.length === 0
        ? []
        : (await this.in.enrollments.find({ course_id, student_id: { $in: admitted } }).toArray()).map(
            (it) => it.student_id,
          ),
    );
    const anonymous = (await this.in.sessions.findOne({ _id: session_id }))?.anonymising === true;
    for (const { line, student_id, admitted: added } of changes) {
      const recorded = now.get(`${session_id}:${line}`);
      if (anonymous || (added !== undefined && recorded === student_id && !enrolled.has(student_id))) {
        await this.eraseLine(session_id, line, nobodyOf(session_id, line));
      } else if (recorded !== undefined && recorded !== student_id) {
        await this.eraseLine(session_id, line, recorded);
      }
    }
  }

  /**
   * Takes a person out of a line: of its record, of its entries in the audit list, and of the corrections that changed it.
   * The record comes last, since it leads to everything else when this is repeated; and then what came meanwhile.
   * Answers how many documents said something of them.
   */
  protected async eraseLine(session_id: string, line: number, name: string): Promise<number> {
    const touched = await this.#eraseAround(session_id, line, name);
    const _id = `${session_id}:${line}`;
    const record = await this.in.attendance.findOne({ _id });
    if (record === null || isErased(record, name)) return touched;
    const set = { student_id: name, user_id: name, student_name: '', roll: null, remarks: null };
    await this.in.attendance.updateOne({ _id }, { $set: set, $unset: { flags: '' } });
    return touched + 1 + (await this.#eraseAround(session_id, line, name));
  }

  async #eraseAround(session_id: string, line: number, name: string): Promise<number> {
    let touched = 0;
    for (const { _id } of await this.in.corrections.find({ session_id, 'changes.line': line }).toArray()) {
      if (await this.eraseFromCorrection(_id, (it) => (it === line ? name : null))) touched += 1;
    }
    for (const entry of await this.in.audit.find({ session_id, line }).toArray()) {
      const set = erasedEntry(entry, name);
      if (set === null) continue;
      await this.in.audit.updateOne({ _id: entry._id }, { $set: set });
      touched += 1;
    }
    return touched;
  }

  /**
   * nameOf: who a line is from now on; null: it stays. Written back only as it was read, so that several may take people
   * out of it at once. False: nothing of them was in it.
   */
  protected async eraseFromCorrection(_id: string, nameOf: (line: number) => string | null): Promise<boolean> {
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const document = await this.in.corrections.findOne({ _id });
      if (document === null) return tries > 0;
      const { changes, reason, session_id, seq, erasures } = document;
      const erased = changes.map((change) => erasedChange(change, nameOf(change.line)));
      if (reason === '' && erased.every((change, i) => change === changes[i])) {
        // One reason, kept on every line of its correction: it may speak of this person on the others' lines as well.
        await this.in.audit.updateMany({ session_id, seq, reason: { $ne: '' } }, { $set: { reason: '' } });
        return tries > 0;
      }
      const set = { changes: erased, reason: '', erasures: erasures + 1 };
      await this.in.corrections.updateOne({ _id, erasures }, { $set: set });
    }
    throw refuse('CONFLICT', 'This correction is being changed by others; try again', { retryable: true });
  }

  /** What there is of everybody whom the updates name, and the next free line. */
  async #named({ _id: session_id }: ArchivedDocument, { updates, admit }: Correction) {
    const student_ids = [...new Set(updates.map(({ student_id }) => student_id))];
    const found = await this.in.attendance.find({ session_id, student_id: { $in: student_ids } }).toArray();
    const records = new Map(found.map((it) => [it.student_id, recordFrom(it)]));
    const needsLine = student_ids.some((id) => !records.has(id)) && admit.length > 0;
    const last = needsLine
      ? await this.in.attendance
          .find({ session_id }, { projection: { line: 1 } })
          .sort({ line: -1 })
          .limit(1)
          .toArray()
      : [];
    return { records, next_line: (last[0]?.line ?? -1) + 1 };
  }
}
