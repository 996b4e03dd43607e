import { describe, expect, test } from 'vitest';
import { REQUESTS_KEPT_MS } from '../../src/limits.ts';
import { rosterEntry, SESSION, student } from './live-fixtures.ts';
import { accepted, refusedAs, request, type Scene } from './live-scene.ts';

export function describeRequests(scene: () => Scene): void {
  describe('request ids', () => {
    test('a repeat is answered the same, changes nothing and tells nobody', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      const once = () => scene().mark(1, 'late', { remarks: 'bus', request: request('r1') });
      const first = accepted(await once());
      await scene().settle();
      scene().heard.take();
      scene().clock.advance(5000);
      const again = accepted(await once());
      expect(again).toMatchObject({ seq: 1, room_seq: 1, changed: true, records: first.records, repeated: true });
      await scene().settle();
      expect(scene().heard.take()).toEqual([]);
      expect((await scene().view()).roll.seq).toBe(1);
    });

    test('a repeat in the same turn is one too', async () => {
      await scene().open();
      const once = () => scene().mark(1, 'late', { request: request('r1') });
      const [first, again] = await Promise.all([once(), once()]);
      expect(accepted(first).repeated).toBeUndefined();
      expect(accepted(again)).toMatchObject({ repeated: true, seq: 1 });
      expect((await scene().view()).roll.seq).toBe(1);
    });

    test('a repeat stays harmless after others have changed the record', async () => {
      await scene().open();
      const once = () => scene().mark(1, 'late', { request: request('r1') });
      accepted(await once());
      accepted(await scene().mark(1, 'excused', { by: 't2' }));
      const again = accepted(await once());
      expect(again).toMatchObject({ seq: 1, records: [{ status: 'late' }], current: { seq: 2 } });
      expect(await scene().statusOf(1)).toBe('excused');
    });

    test('a request that changed nothing is remembered, so that its late repeat is harmless too', async () => {
      await scene().open();
      accepted(await scene().mark(1, 'late'));
      const once = () => scene().mark(1, 'late', { request: request('r1') });
      expect(accepted(await once())).toMatchObject({ changed: false, seq: 1, records: [{ status: 'late' }] });
      accepted(await scene().mark(1, 'absent'));
      expect(accepted(await once())).toMatchObject({ repeated: true, changed: false, records: [{ status: 'late' }] });
      expect(await scene().statusOf(1)).toBe('absent');
    });

    test('the same id with another payload is a CONFLICT and changes nothing', async () => {
      await scene().open();
      accepted(await scene().mark(1, 'late', { request: request('r1', 'a') }));
      refusedAs(await scene().mark(1, 'absent', { request: request('r1', 'b') }), 'CONFLICT');
      expect(await scene().statusOf(1)).toBe('late');
      accepted(await scene().end());
      refusedAs(await scene().mark(1, 'absent', { request: request('r1', 'b') }), 'CONFLICT');
    });

    test('a repeat that comes after the end, or after the archive has taken the roll, is known, and so is another payload', async () => {
      await scene().open();
      const { live } = scene();
      const first = accepted(await scene().mark(1, 'late', { request: request('r1', 'a') }));
      accepted(await scene().end());
      const { current: _current, ...outcome } = first;
      expect(await live.answered(SESSION, request('r1', 'a'))).toEqual({ ...outcome, repeated: true });
      const [claim] = await live.claimDue(10);
      if (claim === undefined) throw new Error('nothing is due');
      await live.confirm(claim, 1);
      expect(await live.answered(SESSION, request('r1', 'a'))).toEqual({ ...outcome, repeated: true });
      expect(await live.answered(SESSION, request('r1', 'b'))).toEqual({ ok: false, code: 'CONFLICT' });
      expect(await live.answered(SESSION, request('r2', 'a'))).toBeNull();
      expect(await live.answered('another', request('r1', 'a'))).toBeNull();
    });

    test('a refusal is not remembered', async () => {
      await scene().open();
      refusedAs(await scene().mark(9, 'late', { request: request('r1') }), 'ADMISSION_NEEDED');
      const admitted = { admit: [student(9)], request: request('r1') };
      expect(accepted(await scene().mark(9, 'late', admitted)).repeated).toBeUndefined();
    });

    test('a repeat that was authorised with an older header is answered all the same', async () => {
      await scene().open();
      const once = () => scene().mark(1, 'late', { header_version: 1, request: request('r1') });
      accepted(await once());
      await scene().staff('t1');
      expect(accepted(await once())).toMatchObject({ repeated: true });
    });

    test('END-1 a repeat is answered after the end, what is new is refused', async () => {
      await scene().open();
      const mark = () => scene().mark(1, 'late', { request: request('r1') });
      const end = () => scene().end({ request: request('r2') });
      accepted(await mark());
      accepted(await end());
      expect(accepted(await mark())).toMatchObject({ repeated: true, seq: 1 });
      expect(accepted(await end())).toMatchObject({ repeated: true, seq: 2 });
      refusedAs(await scene().mark(2, 'late', { request: request('r3') }), 'SESSION_NOT_ACTIVE');
    });

    test('JOIN-5 a repeated first join puts its new connection online, as a return', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      const once = (connection: string) => scene().join(1, connection, { request: request('r1') });
      accepted(await once('c1'));
      await scene().live.detach('session-1', 'c1');
      scene().heard.gone('c1');
      const again = accepted(await once('c2'));
      expect(again).toMatchObject({ repeated: true, seq: 1, current: { online_count: 1 } });
      await scene().settle();
      expect(
        scene()
          .heard.payloads('studentJoinedAttendance')
          .map((it) => 'returned' in it),
      ).toEqual([false, true]);
      accepted(await scene().mark(1, 'late'));
      await scene().settle();
      expect(
        scene()
          .heard.by('c2')
          .map((it) => it.event),
      ).toContain('attendanceMarked');
    });

    test('JOIN-7 a repeated join lets nobody back in who has left since, or when the session is over', async () => {
      await scene().open();
      const once = (connection: string) => scene().join(1, connection, { request: request('r1') });
      accepted(await once('c1'));
      accepted(await scene().leave('u1', 'c1'));
      expect(accepted(await once('c2'))).toMatchObject({ repeated: true });
      expect(scene().heard.membersOf('session-1')).toEqual([]);
      expect(await scene().live.followedBy('u1')).toEqual([]);
      accepted(await scene().join(1, 'c3'));
      accepted(await scene().end());
      expect(accepted(await once('c4'))).toMatchObject({ repeated: true });
      expect(scene().heard.membersOf('session-1')).toEqual([]);
    });

    test('AUTH-1 a repeated join of somebody who was dropped since is refused', async () => {
      await scene().open();
      const once = (connection: string) => scene().join(1, connection, { request: request('r1') });
      accepted(await once('c1'));
      await scene().roster(rosterEntry(1, { approved: false }));
      refusedAs(await once('c2'), 'STUDENT_NOT_ENROLLED');
      accepted(await scene().end());
      refusedAs(await once('c2'), 'SESSION_NOT_ACTIVE');
    });

    test('END-2 what the archive has taken is still answered, for a while', async () => {
      await scene().open();
      const { live, clock } = scene();
      const first = accepted(await scene().mark(1, 'late', { request: request('r1') }));
      accepted(await scene().end());
      const [claim] = await live.claimDue(1);
      if (claim === undefined) throw new Error('nothing is due');
      expect(await live.confirm(claim, 1)).toBe(true);
      expect(await scene().mark(1, 'late', { request: request('r1') })).toBeNull();
      const { current: _now, ...outcome } = first;
      expect(await live.answered('session-1', request('r1'))).toEqual({ ...outcome, repeated: true });
      expect(await live.answered('session-1', request('r1', 'other'))).toEqual({ ok: false, code: 'CONFLICT' });
      expect(await live.answered('session-1', request('r2'))).toBeNull();
      expect(await live.answered('session-2', request('r1'))).toBeNull();
      clock.advance(REQUESTS_KEPT_MS);
      expect(await live.answered('session-1', request('r1'))).toBeNull();
    });

    test('a join and an attendance that change nothing are remembered as well', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1'));
      accepted(await scene().join(1, 'c1', { request: request('r1', 'a') }));
      refusedAs(await scene().join(1, 'c1', { request: request('r1', 'b') }), 'CONFLICT');
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().attend('t1', 'ct', { request: request('r2', 'a') }));
      refusedAs(await scene().attend('t1', 'ct', { request: request('r2', 'b') }), 'CONFLICT');
    });
  });
}
