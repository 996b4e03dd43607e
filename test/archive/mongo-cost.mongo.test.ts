/**
 * What the archive costs MongoDB: commands for a session, and what a report over a whole course reads and keeps.
 *
 * ROLLCAST_TEST_REPORT_SESSIONS sets how many sessions the course has, 20 unless given; 200 take minutes on a server that
 * reads all records for each query.
 */
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MongoArchive } from '../../src/archive/mongo-archive.ts';
import {
  type AttendanceDocument,
  collectionsOf,
  makeIndexes,
  type SessionDocument,
} from '../../src/mongo/collections.ts';
import { MongoRegistry } from '../../src/registry/mongo-registry.ts';
import { beginSession, finalRollOf, recordOf, sessionOf } from '../suites/fixtures.ts';
import { describeWithMongo, sharedMongo } from '../support/mongo-needed.ts';
import { runModule } from '../support/node-process.ts';

const COMMANDS_MAX = 4;
const SESSIONS = Number(process.env.ROLLCAST_TEST_REPORT_SESSIONS ?? 20);
const STUDENTS = 500;
/** More than a page of the report's CSV holds, and far less than all of its records. */
const GROWS_AT_MOST_BYTES = 64 * 1024 * 1024;

describeWithMongo('with MongoDB', 'any', () => {
  const mongo = sharedMongo();
  let client: MongoClient;
  let url: string;
  const sent: string[] = [];
  beforeAll(async () => {
    url = mongo.database();
    client = new MongoClient(url, { monitorCommands: true, ignoreUndefined: true });
    client.on('commandStarted', ({ commandName }) => sent.push(commandName));
    await makeIndexes(collectionsOf(client.db()));
  });
  afterAll(() => client?.close());

  test.each([1, 40, 1_000])('a session of %i is archived with at most 4 commands', async (students) => {
    const collections = collectionsOf(client.db());
    const archive = new MongoArchive(collections);
    const id = `x${students}`;
    await beginSession(new MongoRegistry(collections, async () => {}), id);
    const records = Array.from({ length: students }, (_, line) => recordOf(line, `s${line}`));
    const audit = records.map(({ student_id }, n) => ({
      seq: n + 1,
      at: '2026-09-07T08:01:00.000Z',
      by: student_id,
      student_id,
      from: 'absent',
      to: 'present',
      source: 'checkin' as const,
    }));
    sent.length = 0;
    await archive.store(finalRollOf(id, { records, audit }));
    expect(sent.length, sent.join(' ')).toBeLessThanOrEqual(COMMANDS_MAX);
    expect(await archive.records(id)).toHaveLength(students);
  });

  test(`a report over ${SESSIONS} sessions of ${STUDENTS} is one query by an index, and its memory does not grow with the course`, async () => {
    const { attendance, sessions } = collectionsOf(client.db());
    for (let n = 0; n < SESSIONS; n += 1) {
      const id = `r${n}`;
      const plan = sessionOf(id, { course_id: 'large', date: n });
      const { id: _id, ...rest } = plan;
      const ended = { status: 'completed', version: 1, counts: {}, end_seq: 1, ended_at: '2026-09-07T09:30:00.000Z' };
      await sessions.insertOne({ _id, ...rest, ...ended } as unknown as SessionDocument);
      const records = Array.from({ length: STUDENTS }, (_, line): AttendanceDocument => {
        const record = recordOf(line, `s${String(line).padStart(3, '0')}`, {
          status: line % 4 === 0 ? 'absent' : 'present',
          student_name: `Name ${n}`,
        });
        return { _id: `${id}:${line}`, session_id: id, course_id: 'large', date: n, version: 1, ...record };
      });
      await attendance.insertMany(records, { ordered: false });
    }
    const archive = new MongoArchive(collectionsOf(client.db()));
    sent.length = 0;
    const since = performance.now();
    const page = await archive.report('large', { after_student_id: '', limit: 50 });
    console.log(
      `a page of the report over ${SESSIONS} sessions of ${STUDENTS}: ${Math.round(performance.now() - since)} ms`,
    );
    expect(page).toHaveLength(50);
    expect(page[1]).toEqual({
      student_id: 's001',
      student_name: `Name ${SESSIONS - 1}`,
      roll: null,
      sessions: SESSIONS,
      counts: { present: SESSIONS, absent: 0, late: 0, excused: 0 },
    });
    // Two small ones before it: what is unfinished, and which sessions are in no report.
    expect(sent.filter((it) => it !== 'getMore' && it !== 'killCursors')).toEqual(['find', 'find', 'find']);

    const grown = await memoryOfCsv(url);
    expect(grown.lines).toBe(STUDENTS);
    expect(grown.bytes).toBeLessThan(GROWS_AT_MOST_BYTES);

    const explained = await explainedReport(archive);
    if (explained !== null) expect(explained).toBe('IXSCAN');
  }, 300_000);

  /** The stage that finds the records; null: the server explains nothing. */
  const explainedReport = async (archive: MongoArchive): Promise<string | null> => {
    const { queryPlanner } = (await archive.explainReport('large')) as { queryPlanner?: { winningPlan?: Stage } };
    let stage = queryPlanner?.winningPlan;
    if (stage?.stage === undefined) return null;
    while (stage.inputStage !== undefined) {
      expect(stage.stage, 'the report sorts what the index has in order').not.toBe('SORT');
      stage = stage.inputStage;
    }
    return stage.stage ?? null;
  };
});

type Stage = { stage?: string; inputStage?: Stage };

/** In a process of its own: what its memory has grown by while it goes through the whole report, page by page. */
const memoryOfCsv = async (url: string): Promise<{ lines: number; bytes: number }> => {
  const reader = runModule(
    `const { MongoClient } = await import('mongodb');
     const { collectionsOf } = await import(src('mongo/collections.ts'));
     const { MongoArchive } = await import(src('archive/mongo-archive.ts'));
     const client = new MongoClient(process.argv[1]);
     const archive = new MongoArchive(collectionsOf(client.db()));
     await archive.report('large', { after_student_id: 's490', limit: 1 });
     const before = process.memoryUsage().rss;
     let [lines, most, after] = [0, 0, ''];
     const look = setInterval(() => { most = Math.max(most, process.memoryUsage().rss); }, 5);
     for (;;) {
       const page = await archive.report('large', { after_student_id: after, limit: 500 });
       most = Math.max(most, process.memoryUsage().rss);
       if (page.length === 0) break;
       lines += page.length;
       after = page.at(-1).student_id;
     }
     clearInterval(look);
     console.log(JSON.stringify({ lines, bytes: most - before }));
     await client.close();`,
    url,
  );
  await reader.untilLines(1);
  return JSON.parse(reader.lines[0] ?? '{}');
};
