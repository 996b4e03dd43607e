/**
 * What commits by an insert may be left unfinished by a node that dies. Whoever reads or writes next finishes it, and
 * whoever wakes late changes nothing.
 */
import { inspect } from 'node:util';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { MongoArchive } from '../../src/archive/mongo-archive.ts';
import type { CorrectionDocument, RosterChangeDocument } from '../../src/mongo/collections.ts';
import { readAll, refused } from '../suites/expectations.ts';
import { beginSession, enrollmentOf, finalRollOf, recordOf, sessionOf } from '../suites/fixtures.ts';
import { describeWithMongo, sharedMongo } from '../support/mongo-needed.ts';
import { emptiedMongoStores, type MongoStores } from '../support/mongo-stores.ts';

const AT = '2026-09-08T10:00:00.000Z';
const BY = { user_id: 't1', name: 'Ada' };

describeWithMongo('with MongoDB', 'any', () => {
  const mongo = sharedMongo();
  const stores = emptiedMongoStores(() => mongo.database());
  afterAll(stores.close);
  let made: MongoStores;
  beforeEach(async () => {
    made = await stores.make();
  });

  const correction = (version: number, more: Partial<CorrectionDocument> = {}): CorrectionDocument => ({
    _id: `x1:${version}`,
    session_id: 'x1',
    course_id: 'c1',
    version,
    seq: version + 1,
    by: 't2',
    at: AT,
    reason: 'a note',
    changes: [
      { line: 1, student_id: 's2', from: 'absent', to: 'late', remarks: 'bus' },
      {
        line: 2,
        student_id: 'n1',
        from: null,
        to: 'present',
        admitted: { user_id: 'u1', student_name: 'New', roll: null, date: 5 },
      },
    ],
    counts: { present: 2, absent: 0, late: 1, excused: 0 },
    cancels: false,
    open: true,
    erasures: 0,
    ...more,
  });
  const audit = () => readAll((cursor) => made.archive.audit('x1', { limit: 200, cursor }));
  const stored = async () => {
    await made.registry.putEnrollments('c1', [enrollmentOf('n1')], 1);
    await beginSession(made.registry, 'x1');
    await made.archive.store(finalRollOf('x1'));
  };

  test.each<[string, () => Promise<unknown>]>([
    ['the session', () => made.archive.session('x1')],
    ['its records', () => made.archive.records('x1')],
    ['one record', () => made.archive.recordOf('x1', 's2')],
    ['the audit list', () => made.archive.audit('x1', { limit: 9 })],
    ['a report', () => made.archive.report('c1', { after_student_id: '', limit: 9 })],
    ['a history', () => made.archive.history([{ course_id: 'c1', student_id: 's2' }], { limit: 9 })],
    ['sums', () => made.archive.historyCounts([{ course_id: 'c1', student_id: 's2' }])],
    ['an export', () => made.archive.exportPerson({ id: 's2', user: true })],
  ])('a correction that was only inserted is finished by who reads %s', async (_name, read) => {
    await stored();
    await made.collections.corrections.insertOne(correction(2));
    await read();
    expect(await made.archive.session('x1')).toMatchObject({ version: 2, counts: { present: 2, late: 1 } });
    expect(await made.archive.recordOf('x1', 's2')).toMatchObject({ status: 'late', remarks: 'bus', version: 2 });
    expect(await made.archive.recordOf('x1', 'n1')).toMatchObject({ status: 'present', student_name: 'New', line: 2 });
    expect((await audit()).slice(2)).toMatchObject([
      { student_id: 's2', to: 'late', source: 'correction' },
      { student_id: 'n1', from: null, to: 'present' },
    ]);
    expect(await made.collections.corrections.findOne({ _id: 'x1:2' })).toMatchObject({ open: false });
  });

  test('the next correction is made of what the unfinished one left', async () => {
    await stored();
    await made.collections.corrections.insertOne(correction(2));
    const updates = [{ student_id: 'n1', status: 'excused' as const }];
    const result = await made.archive.correct({ session_id: 'x1', updates, reason: 'r', by: 't1', at: AT, admit: [] });
    expect(result).toMatchObject({ version: 3, counts: { present: 1, absent: 0, late: 1, excused: 1 } });
  });

  test('who finishes a correction late changes nothing that a later one has written', async () => {
    await stored();
    await made.collections.corrections.insertOne(correction(2));
    const updates = [{ student_id: 's2', status: 'excused' as const, remarks: 'ill' }];
    await made.archive.correct({ session_id: 'x1', updates, reason: 'r', by: 't1', at: AT, admit: [] });
    const before = [await made.archive.records('x1'), await audit(), await made.archive.session('x1')];
    // As if it were still to be finished.
    await made.collections.corrections.updateOne({ _id: 'x1:2' }, { $set: { open: true } });
    await made.archive.report('c1', { after_student_id: '', limit: 9 });
    expect([await made.archive.records('x1'), await audit(), await made.archive.session('x1')]).toEqual(before);
  });

  test('a correction that was decided before an erasure and is finished after it brings nobody back', async () => {
    await stored();
    await made.archive.erasePerson({ id: 's2', user: true }, 'anon1');
    await made.collections.corrections.insertOne(correction(2));
    await made.archive.session('x1');
    expect(await made.archive.recordOf('x1', 'anon1')).toMatchObject({ status: 'late', version: 2 });
    const { corrections, audit: entries, attendance } = made.collections;
    for (const collection of [corrections, entries, attendance]) {
      expect(JSON.stringify(await (collection as typeof corrections).find().toArray())).not.toContain('s2');
    }
  });

  test('a student who was erased before the correction that admits them has committed gets a line and no name', async () => {
    await stored();
    await made.archive.erasePerson({ id: 'n1', user: true }, 'anon1');
    await made.collections.corrections.insertOne(correction(2));
    await made.archive.session('x1');
    expect(await made.archive.records('x1')).toHaveLength(3);
    expect(await everythingSaid()).not.toMatch(/"n1"|"u1"|New/);
  });

  test('a correction that is finished after an anonymisation brings nobody back', async () => {
    await stored();
    await made.archive.anonymise('x1', 1);
    await made.collections.corrections.insertOne(correction(2));
    await made.archive.session('x1');
    expect(await everythingSaid()).not.toMatch(/"s2"|"u1"|New|bus|a note/);
  });

  test('people who are erased at the same moment are all gone from what they were in together', async () => {
    const people = Array.from({ length: 6 }, (_, n) => `p${n}q`);
    await made.registry.putEnrollments(
      'c1',
      people.map((id) => enrollmentOf(id)),
      1,
    );
    await beginSession(made.registry, 'x1');
    await made.archive.store(finalRollOf('x1', { records: people.map((id, line) => recordOf(line, id)) }));
    const updates = people.map((student_id) => ({
      student_id,
      status: 'late' as const,
      remarks: `${student_id} came late`,
    }));
    await made.archive.correct({ session_id: 'x1', updates, reason: 'all of them', by: 't1', at: AT, admit: [] });
    await Promise.all(people.map((id, n) => made.archive.erasePerson({ id, user: true }, `anon${n}`)));
    expect(await everythingSaid()).not.toMatch(/p\dq|all of them/);
    expect((await made.archive.records('x1')).map((it) => it.student_id)).toEqual(people.map((_, n) => `anon${n}`));
  });

  test('an erasure that is repeated goes on where it was left, by the same names', async () => {
    const two = [enrollmentOf('dup', { user_id: 'a' }), enrollmentOf('b', { user_id: 'dup' })];
    await made.registry.putEnrollments('c1', two, 1);
    await beginSession(made.registry, 'x1');
    const records = [recordOf(0, 'dup', { user_id: 'a' }), recordOf(1, 'b', { user_id: 'dup' })];
    await made.archive.store(finalRollOf('x1', { records, audit: [] }));
    // As a node leaves it that dies between the two.
    const gone = { student_id: 'anon', user_id: 'anon', student_name: '' };
    await made.collections.attendance.updateOne({ _id: 'x1:0' }, { $set: gone });
    for (const _again of [1, 2]) await made.archive.erasePerson({ id: 'dup', user: true }, 'anon');
    expect((await made.archive.records('x1')).map((it) => it.student_id)).toEqual(['anon', 'anon-2']);
    expect((await made.registry.enrollments('c1', { limit: 9 })).items.map((it) => it.student_id)).toEqual([
      'anon',
      'anon-2',
    ]);
  });

  test('of a cancellation and a correction at the same moment one is first, and each is told', async () => {
    await stored();
    const updates = [{ student_id: 's2', status: 'late' as const }];
    const [cancelled, corrected] = await Promise.allSettled([
      made.archive.cancel('x1', 't1', 'wrong class', AT),
      made.archive.correct({ session_id: 'x1', updates, reason: 'r', by: 't1', at: AT, admit: [] }),
    ]);
    expect(cancelled).toMatchObject({ status: 'fulfilled', value: true });
    const entries = (await audit()).slice(2).map(({ source }) => source);
    expect(entries).toEqual(corrected.status === 'fulfilled' ? ['correction', 'cancel'] : ['cancel']);
    expect(await made.archive.session('x1')).toMatchObject({ outcome: 'cancelled' });
  });

  const change = (revision: number, more: Partial<RosterChangeDocument> = {}): RosterChangeDocument => ({
    _id: `c1:${revision}`,
    course_id: 'c1',
    revision,
    size_before: 2,
    size: 3,
    open: true,
    rows: [
      { ...enrollmentOf('s1', { name: 'Renamed' }), number: 0, created_at: 1 },
      { ...enrollmentOf('s3'), number: 2, created_at: 2 },
    ],
    ...more,
  });
  /** Records, audit, corrections and enrollments, as they are kept. */
  const everythingSaid = async (): Promise<string> => {
    const { attendance, audit: entries, corrections, enrollments, rosterChanges } = made.collections;
    const kept: unknown[] = [];
    for (const it of [attendance, entries, corrections, enrollments, rosterChanges]) {
      kept.push(...(await (it as typeof attendance).find().toArray()));
    }
    return JSON.stringify(kept);
  };

  const enrolled = async () => {
    await made.registry.putEnrollments('c1', [enrollmentOf('s1'), enrollmentOf('s2')], 1);
  };

  test.each<[string, () => Promise<unknown>]>([
    ['the roster', () => made.registry.approvedEnrollments('c1')],
    ['a page', () => made.registry.enrollments('c1', { limit: 9 })],
    ['one student', () => made.registry.enrollment('c1', 's3')],
    ['one user', () => made.registry.enrollmentOfUser('c1', 's3')],
    ['some students', () => made.registry.enrollmentsOf('c1', ['s3'])],
    ['a person', () => made.registry.enrollmentsOfPerson('s3')],
    ['the courses of a student', () => made.registry.courses({ enrolled_user_id: 's3' }, { limit: 9 })],
  ])('a change of a roster that was only inserted is finished by who reads %s', async (_name, read) => {
    await enrolled();
    await made.collections.rosterChanges.insertOne(change(2));
    await read();
    expect(await made.collections.enrollments.find().sort({ student_id: 1 }).toArray()).toMatchObject([
      { student_id: 's1', name: 'Renamed', revision: 2 },
      { student_id: 's2', revision: 1 },
      { student_id: 's3', revision: 2 },
    ]);
    // What it held is not kept twice.
    expect(await made.collections.rosterChanges.findOne({ _id: 'c1:2' })).not.toHaveProperty('rows');
  });

  test('who brings in a change of a roster late changes nothing that a later one has written', async () => {
    await enrolled();
    await made.collections.rosterChanges.insertOne(change(2));
    await made.registry.putEnrollments('c1', [enrollmentOf('s1', { name: 'Latest' })], 3);
    await made.collections.rosterChanges.updateOne({ _id: 'c1:2' }, { $set: change(2) });
    await made.registry.enrollmentsOfPerson('s1');
    expect(await made.registry.enrollment('c1', 's1')).toMatchObject({ name: 'Latest' });
  });

  test('requests that change a roster at the same moment are all in it', async () => {
    const students = Array.from({ length: 8 }, (_, n) => enrollmentOf(`s${n}`));
    await Promise.all(students.map((it, n) => made.registry.putEnrollments('c1', [it], n)));
    expect((await made.registry.approvedEnrollments('c1')).map((it) => it.student_id)).toEqual(
      students.map((it) => it.student_id),
    );
    const ids = (await made.collections.enrollments.find().toArray()).map(({ _id }) => _id);
    expect(new Set(ids).size).toBe(8);
  });

  test('START-2 a start that was decided by a node which died is the start of whoever asks next', async () => {
    await made.registry.createSession(sessionOf('x1'));
    const set = { status: 'active' as const, begun_at: 7, begun_by: 't9', begun_by_name: 'Eve' };
    await made.collections.transitions.insertOne({ _id: 'x1', set });
    expect(await made.registry.cancelScheduled('x1', 't1', null, 8)).toBe(false);
    expect(await made.registry.session('x1')).toMatchObject({ status: 'active', begun_by: 't9' });
    expect(await made.registry.begin('x1', BY, 9)).toMatchObject({ begun_at: 7 });
  });

  test('END-2 a roll whose start was decided and not written down is archived all the same', async () => {
    await made.registry.createSession(sessionOf('x1'));
    const set = { status: 'active' as const, begun_at: 7, begun_by: 't9', begun_by_name: 'Eve' };
    await made.collections.transitions.insertOne({ _id: 'x1', set });
    await made.archive.store(finalRollOf('x1'));
    expect(await made.archive.session('x1')).toMatchObject({ outcome: 'completed', version: 1 });
  });

  test('END-2 an archiver that died in the middle leaves nothing that anybody sees, and the next one completes it', async () => {
    await beginSession(made.registry, 'x1');
    const [first] = finalRollOf('x1').records;
    if (first === undefined) throw new Error('a roll of nobody');
    const common = { session_id: 'x1', course_id: 'c1', date: 1_788_768_000_000, version: 1 };
    await made.collections.attendance.insertOne({ _id: 'x1:0', ...common, ...first });
    expect(await made.archive.session('x1')).toBeNull();
    expect(await made.archive.records('x1')).toEqual([]);
    expect(await made.archive.report('c1', { after_student_id: '', limit: 9 })).toEqual([]);
    expect(await made.archive.history([{ course_id: 'c1', student_id: 's1' }], { limit: 9 })).toMatchObject({
      items: [],
    });
    await made.archive.store(finalRollOf('x1'));
    expect(await made.archive.records('x1')).toHaveLength(2);
    expect(await audit()).toHaveLength(2);
  });

  test('END-3 what was stored of an earlier end, of a roll that was lost since, gives way to the later one', async () => {
    await beginSession(made.registry, 'x1');
    const earlier = finalRollOf('x1', {
      ended_at: '2026-09-07T09:00:00.000Z',
      records: ['s2', 's1', 's3'].map((id, line) => recordOf(line, id, { remarks: 'of the lost one' })),
    });
    const of_end = earlier.ended_at;
    for (const record of earlier.records) {
      const common = { session_id: 'x1', course_id: 'c1', date: 1, version: 1, of_end };
      await made.collections.attendance.insertOne({ _id: `x1:${record.line}`, ...common, ...record });
    }
    const [entry] = earlier.audit;
    if (entry === undefined) throw new Error('an audit list of nothing');
    await made.collections.audit.insertOne({
      _id: 'x1:1:0',
      session_id: 'x1',
      place: 0,
      line: 0,
      of_end,
      ...entry,
      to: 'late',
    });
    const later = finalRollOf('x1');
    await made.archive.store(later);
    expect(await made.archive.records('x1')).toEqual(later.records.map((record) => ({ ...record, version: 1 })));
    expect(await audit()).toEqual(later.audit);
  });

  test('END-3 an earlier end whose students stood on other lines gives way as well', async () => {
    await beginSession(made.registry, 'x1');
    const earlier = {
      ended_at: '2026-09-07T09:00:00.000Z',
      records: ['s1', 's2', 's3'].map((id, line) => recordOf(line, id)),
    };
    const of_end = earlier.ended_at;
    for (const record of earlier.records) {
      const common = { session_id: 'x1', course_id: 'c1', date: 1, version: 1, of_end };
      await made.collections.attendance.insertOne({ _id: `x1:${record.line}`, ...common, ...record });
    }
    const records = ['s0', 's1', 's2', 's3'].map((id, line) => recordOf(line, id));
    await made.archive.store(finalRollOf('x1', { records }));
    expect((await made.archive.records('x1')).map((it) => it.student_id)).toEqual(['s0', 's1', 's2', 's3']);
  });

  test('END-3 an archiver of an earlier end, of a roll that was lost since, leaves nothing when it goes on late', async () => {
    await beginSession(made.registry, 'x1');
    const lost = finalRollOf('x1', {
      ended_at: '2026-09-07T09:00:00.000Z',
      records: ['s1', 's2', 's3'].map((id, line) => recordOf(line, id)),
      seq: 9,
    });
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    const attendance = new Proxy(made.collections.attendance, {
      get: (target, key) => {
        const value = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        if (key !== 'insertMany') return value.bind(target);
        return async (...args: unknown[]) => {
          reached.resolve();
          await released.promise;
          return value.apply(target, args);
        };
      },
    });
    const late = new MongoArchive({ ...made.collections, attendance }).store(lost);
    await reached.promise;
    await made.archive.store(finalRollOf('x1'));
    released.resolve();
    await late;
    expect((await made.archive.records('x1')).map((it) => it.student_id)).toEqual(['s1', 's2']);
    expect(await audit()).toHaveLength(2);
    expect(await made.archive.session('x1')).toMatchObject({ seq: 2, counts: { present: 1, absent: 1 } });
  });

  test('a roll that names a student twice is refused, without a word of whom, and its session stays active', async () => {
    await beginSession(made.registry, 'x1');
    const twice = finalRollOf('x1', { records: [recordOf(0, 's1'), recordOf(1, 's1')] });
    const refusal = await made.archive.store(twice).then(
      () => null,
      (error: Error) => error,
    );
    expect(refusal).not.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(refusal?.message).toBe('MongoDB answered with error 11000');
    expect(inspect(refusal, { depth: 9 })).not.toMatch(/Name of/);
    expect((await made.registry.session('x1'))?.status).toBe('active');
  });

  test('STORE_UNAVAILABLE when the connection is closed', async () => {
    const other = await emptiedMongoStores(() => mongo.database());
    const { registry, archive } = await other.make();
    await other.close();
    await refused(registry.course('c1'), 'STORE_UNAVAILABLE');
    await refused(archive.session('x1'), 'STORE_UNAVAILABLE');
    await refused(registry.ping(), 'STORE_UNAVAILABLE');
  });
});
