import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { COMMIT_CROWD_PER_SECOND } from '../../src/limits.ts';
import { CommitPace } from '../../src/live/commit-pace.ts';
import { EmbeddedLiveStore } from '../../src/live/embedded-live-store.ts';
import { COURSE, countedIds, planOf, rollState, rosterEntry, SESSION, student } from '../suites/live-fixtures.ts';
import { accepted, refusedAs, request, Scene } from '../suites/live-scene.ts';
import { describeLiveStore } from '../suites/live-store-suite.ts';
import { type EmbeddedUnderTest, makeEmbedded } from '../support/embedded.ts';
import { MINUTE_MS } from '../support/fixed-clock.ts';
import { Heard } from '../support/heard.ts';

describeLiveStore('embedded', makeEmbedded);

describe('the embedded live store', () => {
  let scene: Scene<EmbeddedUnderTest>;
  beforeEach(async () => {
    scene = await Scene.of(makeEmbedded);
  });
  afterEach(() => scene.close());

  const unavailable = { code: 'STORE_UNAVAILABLE', retryable: true };
  const rowsIn = (table: string) => scene.under.db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n;
  const stateNow = async () => rollState((await scene.whole()).roll);

  test('JOIN-2 commits reach the disk: synchronous is FULL, with a write-ahead log', () => {
    const { db } = scene.under;
    expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
    expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  });

  test('one turn is one row of the journal for each roll, and a turn without a change is none', async () => {
    await scene.open({}, 'a');
    await scene.open({}, 'b');
    const send = (n: number, id: string) => scene.submit(scene.joinCommand(n), undefined, id);
    await Promise.all([send(1, 'a'), send(2, 'b'), send(3, 'a'), send(1, 'a')]);
    await Promise.all([send(1, 'a'), send(9, 'a')]);
    expect(rowsIn('live_changes')).toBe(2);
  });

  test('a crowd shares a commit, and whoever is alone does not wait for one', async () => {
    const { db } = scene.under;
    const audience = new Heard();
    const options = { db, clock: scene.clock.read, makeId: countedIds(), audience, onDue: () => {} };
    const live = new EmbeddedLiveStore({ ...options, pace: new CommitPace(60_000, () => 0) });
    await live.open(planOf(SESSION));
    accepted(await live.submit(SESSION, scene.joinCommand(1), { id: 'c1' }));
    const leaving = Array.from({ length: COMMIT_CROWD_PER_SECOND / 10 }, () =>
      live.submit(SESSION, { kind: 'leave', user_id: 'u4' }),
    );
    for (const answer of await Promise.all(leaving)) accepted(answer);
    const crowd = [2, 3, 4].map((n) => live.submit(SESSION, scene.joinCommand(n), { id: `c${n}` }));
    await new Promise(setImmediate);
    expect((await live.read(SESSION))?.roll.seq).toBe(1);
    expect(audience.membersOf(SESSION)).toEqual(['c1']);
    await live.close();
    for (const answer of await Promise.all(crowd)) accepted(answer);
    expect(rowsIn('live_changes')).toBe(2);
  });

  describe('opened again on the same file', () => {
    test('JOIN-2 everything is as it was, but for who is connected', async () => {
      await scene.open({ checkin: { late_after_minutes: 5 } });
      accepted(await scene.attend('t1', 'ct'));
      accepted(await scene.join(1, 'c1', { profile_picture: 'p', request: request('r1') }));
      scene.clock.advance(6 * MINUTE_MS);
      await Promise.all([scene.join(2, 'c2'), scene.join(5, 'c5', { admit: student(5) }), scene.mark(3, 'excused')]);
      accepted(await scene.mark(3, 'excused', { request: request('r2') }));
      accepted(await scene.bulk([{ student_id: 's4', status: 'late', remarks: 'bus' }], { request: request('r3') }));
      accepted(await scene.leave('u2', 'c2'));
      await scene.roster(rosterEntry(3, { student_name: 'Renamed', user_id: 'u33' }));
      await scene.staff('t1', 't3');
      const before = await stateNow();
      const active = await scene.live.activeInCourse(COURSE);

      await scene.reopen();
      expect(await stateNow()).toEqual(before);
      expect(await scene.live.activeInCourse(COURSE)).toEqual(active);
      const followed = ['t1', 'u1', 'u2', 'u5'].map((id) => scene.live.followedBy(id));
      expect(await Promise.all(followed)).toEqual([[SESSION], [SESSION], [], [SESSION]]);
      expect((await scene.view()).presence.connections.size).toBe(0);
      expect(await scene.live.reattach(SESSION, { id: 'c1', user_id: 'u1' }, () => 'student')).toMatchObject({
        student_id: 's1',
      });

      expect(accepted(await scene.join(1, 'c1', { request: request('r1') }))).toMatchObject({ repeated: true, seq: 1 });
      expect(accepted(await scene.mark(3, 'excused', { request: request('r2') }))).toMatchObject({ repeated: true });
      refusedAs(await scene.mark(3, 'excused', { request: request('r3', 'other') }), 'CONFLICT');
      expect(accepted(await scene.mark(1, 'absent')).seq).toBe(before.seq + 1);
    });

    test('END-4 an active roll is due at the same limit', async () => {
      await scene.open({ checkin: { auto_end_after_minutes: 30 } });
      scene.clock.advance(30 * MINUTE_MS - 1);
      await scene.reopen();
      expect(await scene.live.claimDue(10)).toEqual([]);
      scene.clock.advance(1);
      expect(await scene.live.claimDue(10)).toMatchObject([{ session_id: SESSION, due: 'end' }]);
    });

    test('END-2 an ended roll is due at once, whoever had claimed it, and its final roll is the same', async () => {
      await scene.open();
      accepted(await scene.join(1, 'c1'));
      accepted(await scene.end());
      const [claim] = await scene.live.claimDue(10);
      if (claim === undefined) throw new Error('nothing is due');
      const final = await scene.live.final(claim);
      await scene.reopen();
      const [again] = await scene.live.claimDue(10);
      if (again === undefined) throw new Error('nothing is due');
      expect(again).toMatchObject({ session_id: SESSION, due: 'archive' });
      expect(await scene.live.final(again)).toEqual(final);
      expect(await scene.live.confirm(again, 1)).toBe(true);
      expect([rowsIn('live_rolls'), rowsIn('live_changes')]).toEqual([0, 0]);
      await scene.reopen();
      expect(await scene.live.peek(SESSION)).toBeNull();
    });

    test('an end wakes the archiver', async () => {
      await scene.open();
      accepted(await scene.mark(1, 'late'));
      expect(scene.under.due.calls).toBe(0);
      accepted(await scene.end());
      expect(scene.under.due.calls).toBe(1);
    });
  });

  describe('a commit that fails', () => {
    const begin = async () => {
      await scene.open();
      accepted(await scene.attend('t1', 'ct'));
      accepted(await scene.join(1, 'c1', { request: request('r1') }));
      scene.heard.take();
    };

    test('END-1 every command of its turn is STORE_UNAVAILABLE, nobody hears a thing, nothing has changed', async () => {
      await begin();
      const before = await stateNow();
      scene.under.failNext.error = new Error('disk full');
      const turn = [
        scene.join(2, 'c2'),
        scene.mark(1, 'late'),
        scene.mark(9, 'late'),
        scene.leave('u1', 'c1'),
        scene.join(1, 'c1b', { request: request('r1') }),
        scene.end(),
      ];
      const outcomes = await Promise.allSettled(turn);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: unavailable });
      expect(scene.heard.take()).toEqual([]);
      expect(await stateNow()).toEqual(before);
      expect(await scene.live.followedBy('u1')).toEqual([SESSION]);
      expect(await scene.live.followedBy('u2')).toEqual([]);
      expect(await scene.live.claimDue(10)).toEqual([]);
      expect(scene.under.due.calls).toBe(0);
    });

    test('END-1 the next turn works, and who was connected still is', async () => {
      await begin();
      scene.under.failNext.error = new Error('disk full');
      await expect(scene.leave('u1', 'c1')).rejects.toMatchObject(unavailable);
      expect(accepted(await scene.mark(1, 'late', { request: request('r2') }))).toMatchObject({ seq: 2, room_seq: 1 });
      expect(scene.heard.by('c1').map((it) => it.event)).toEqual(['attendanceUpdated', 'attendanceMarked']);
      expect((await scene.view()).presence.onlineStudents()).toEqual(['s1']);
      const state = await stateNow();
      await scene.reopen();
      expect(await stateNow()).toEqual(state);
    });

    test('the same request again has its effect once', async () => {
      await begin();
      scene.under.failNext.error = new Error('disk full');
      const once = () => scene.mark(1, 'late', { request: request('r2') });
      await expect(once()).rejects.toMatchObject(unavailable);
      expect(accepted(await once()).repeated).toBeUndefined();
      expect(accepted(await once()).repeated).toBe(true);
      expect((await stateNow()).seq).toBe(2);
    });

    test('AUTH-1 a change of the roster is a transaction of its own: it is made though what came before it failed', async () => {
      await begin();
      scene.under.failNext.error = new Error('disk full');
      // The first transaction of this turn fails, the second does not.
      const [joined, dropped] = await Promise.allSettled([
        scene.join(2, 'c2'),
        scene.roster(rosterEntry(2, { approved: false })),
      ]);
      expect(joined).toMatchObject({ status: 'rejected', reason: unavailable });
      expect(dropped.status).toBe('fulfilled');
      expect((await scene.view()).roll.records.get('s2')).toMatchObject({ joined_at: null, approved: false });
    });

    test('a turn that changes nothing needs no commit', async () => {
      await begin();
      scene.under.failNext.error = new Error('disk full');
      refusedAs(await scene.mark(9, 'late'), 'ADMISSION_NEEDED');
      accepted(await scene.join(1, 'c1'));
      expect(scene.under.failNext.error).not.toBeNull();
    });

    test('a file that takes no writes refuses to open and to confirm, and keeps what it has', async () => {
      await begin();
      const { db } = scene.under;
      accepted(await scene.end());
      const [claim] = await scene.live.claimDue(10);
      if (claim === undefined) throw new Error('nothing is due');
      db.exec('PRAGMA query_only = ON');
      await expect(scene.open({}, 'b')).rejects.toMatchObject(unavailable);
      expect(await scene.live.peek('b')).toBeNull();
      scene.heard.take();
      await expect(scene.live.confirm(claim, 1)).rejects.toMatchObject(unavailable);
      expect(scene.heard.take()).toEqual([]);
      db.exec('PRAGMA query_only = OFF');
      expect(await scene.open({}, 'b')).toEqual({ opened: true });
      expect(await scene.live.confirm(claim, 1)).toBe(true);
    });

    test('a journal that cannot even be read takes its roll out of sight, until it is opened again', async () => {
      await begin();
      const before = await stateNow();
      scene.under.db.close();
      await expect(scene.live.ping()).rejects.toMatchObject(unavailable);
      await expect(scene.mark(1, 'late')).rejects.toMatchObject(unavailable);
      expect(await scene.live.peek(SESSION)).toBeNull();
      expect(await scene.mark(1, 'late')).toBeNull();
      await scene.reopen();
      expect(await stateNow()).toEqual(before);
    });
  });
});
