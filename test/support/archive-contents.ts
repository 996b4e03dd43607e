/** What a MongoDB database holds of sessions, read directly: no request to a node that might mend what it reads. */
import { MongoClient } from 'mongodb';
import { auditFrom, recordFrom } from '../../src/archive/mongo-documents.ts';
import { fullRecordOf } from '../../src/attendance/results.ts';
import { type Collections, collectionsOf } from '../../src/mongo/collections.ts';

/** A server that does not answer by then has been killed. */
const ANSWER_WITHIN_MS = 10_000;

export class ArchiveContents {
  private readonly client: MongoClient;
  readonly collections: Collections;

  constructor(url: string) {
    this.client = new MongoClient(url, {
      serverSelectionTimeoutMS: ANSWER_WITHIN_MS,
      socketTimeoutMS: ANSWER_WITHIN_MS,
    });
    this.collections = collectionsOf(this.client.db());
  }

  /** How many of these; of all unless given. */
  async completed(of?: readonly string[]): Promise<number> {
    const all = await this.collections.sessions.find({ status: 'completed' }).toArray();
    return all.filter(({ _id }) => of === undefined || of.includes(_id)).length;
  }

  /** Every session with everything that belongs to it, in the shapes that REST answers. */
  async everything() {
    const { sessions, attendance, audit } = this.collections;
    const all = new Map<string, Stored>();
    for (const session of await sessions.find().toArray()) {
      const { status, version, counts } = session;
      all.set(session._id, { status, version, counts, records: [], audit: [] });
    }
    for (const it of (await attendance.find().toArray()).sort((a, b) => a.line - b.line)) {
      all.get(it.session_id)?.records.push(fullRecordOf(recordFrom(it)));
    }
    for (const it of (await audit.find().toArray()).sort((a, b) => a.seq - b.seq || a.place - b.place)) {
      all.get(it.session_id)?.audit.push(auditFrom(it));
    }
    return all;
  }

  close(): Promise<void> {
    return this.client.close();
  }
}

type Stored = {
  status: string;
  version: number;
  counts: unknown;
  records: ReturnType<typeof fullRecordOf>[];
  audit: ReturnType<typeof auditFrom>[];
};
