import { describe, expect, test } from 'vitest';
import { isoFrom } from '../../src/clock.ts';
import { slotOf } from '../../src/domain/checkin-code.ts';
import { CODE_SLOT_MS } from '../../src/limits.ts';
import { SESSION, sessionObjectOf } from './live-fixtures.ts';
import { accepted, refusedAs, request, type Scene } from './live-scene.ts';

const checkin = { code: 'rotating' } as const;
const WITH_CODE = { checkin, session: sessionObjectOf(SESSION, { checkin }) };

export function describeCodes(scene: () => Scene): void {
  describe('codes, tickets and devices', () => {
    const slot = () => slotOf(scene().clock.now);
    const wrong = { proof: { slot: null } } as const;

    test('CODE-1 the slot of now and the one before; a first join needs one, later ones do not', async () => {
      await scene().open(WITH_CODE);
      refusedAs(await scene().join(1, 'c1'), 'CHECKIN_CODE_REQUIRED');
      for (const off of [1, -2, 100]) {
        refusedAs(await scene().join(1, 'c1', { proof: { slot: slot() + off } }), 'CHECKIN_CODE_INVALID');
      }
      accepted(await scene().join(1, 'c1', { proof: { slot: slot() } }));
      accepted(await scene().join(2, 'c2', { proof: { slot: slot() - 1 } }));
      expect(accepted(await scene().join(1, 'c3')).changed).toBe(false);
      accepted(await scene().join(2, 'c4', wrong));
      // A roll without a code looks at none.
      await scene().open({}, 'plain');
      accepted(await scene().submit(scene().joinCommand(3, wrong), 'c5', 'plain'));
    });

    test('CODE-1 five wrong ones a minute, right ones with them; tickets are beside that', async () => {
      await scene().open(WITH_CODE);
      for (let n = 0; n < 5; n += 1) refusedAs(await scene().join(1, 'c1', wrong), 'CHECKIN_CODE_INVALID');
      for (const it of [wrong, { proof: { slot: slot() } }]) {
        expect(refusedAs(await scene().join(1, 'c1', it), 'RATE_LIMITED').retry_after_ms).toBe(60_000);
      }
      expect((await scene().whole()).roll.wrong_codes.get('s1')).toEqual({ since: scene().clock.now, count: 5 });
      refusedAs(await scene().join(1, 'c1'), 'CHECKIN_CODE_REQUIRED');
      refusedAs(await scene().join(1, 'c1', { proof: { valid_until: null } }), 'CHECKIN_CODE_INVALID');
      const over = { proof: { valid_until: scene().clock.now - 1 } };
      refusedAs(await scene().join(1, 'c1', over), 'CHECKIN_CODE_INVALID');
      accepted(await scene().join(2, 'c2', { proof: { slot: slot() } }));
      accepted(await scene().join(1, 'c1', { proof: { valid_until: scene().clock.now } }));
      expect((await scene().view()).roll.seq).toBe(2);
    });

    test('CODE-1 a join with a wrong code is not remembered by its request', async () => {
      await scene().open(WITH_CODE);
      const once = { request: request('join 1') };
      refusedAs(await scene().join(1, 'c1', { ...wrong, ...once }), 'CHECKIN_CODE_INVALID');
      expect(accepted(await scene().join(1, 'c1', { proof: { slot: slot() }, ...once })).first_join).toBe(true);
    });

    test('CODE-1 a code tried without a token: right ones pass, wrong ones count for device and address', async () => {
      await scene().open(WITH_CODE);
      const { live, clock } = scene();
      const by = (device: string, address = 'hall') => ({ device, address });
      expect(await live.tryCode(SESSION, slot() - 1, by('a'))).toEqual({ ok: true, now: clock.now });
      for (let n = 0; n < 5; n += 1) {
        const answer = await live.tryCode(SESSION, n % 2 === 0 ? null : slot() - 2, by('a'));
        expect(answer).toEqual({ ok: false, code: 'CHECKIN_CODE_INVALID' });
      }
      clock.advance(10);
      const limited = { ok: false, code: 'RATE_LIMITED', retry_after_ms: 59_990 };
      expect(await live.tryCode(SESSION, null, by('a'))).toEqual(limited);
      expect(await live.tryCode(SESSION, slot(), by('a'))).toMatchObject({ ok: true });
      expect(await live.tryCode(SESSION, null, by('b'))).toMatchObject({ code: 'CHECKIN_CODE_INVALID' });
      clock.advance(59_990);
      expect(await live.tryCode(SESSION, null, by('a'))).toMatchObject({ code: 'CHECKIN_CODE_INVALID' });
      expect(await live.tryCode('no such', null, by('a'))).toBeNull();
      await scene().end();
      const over = { ok: false, code: 'SESSION_NOT_ACTIVE' };
      expect(await live.tryCode(SESSION, slot(), by('a'))).toEqual(over);
    });

    test('the store says what time it is', async () => {
      await scene().open(WITH_CODE);
      scene().clock.advance(CODE_SLOT_MS);
      expect(await scene().live.now(SESSION)).toBe(scene().clock.now);
    });

    test('students who check in from one device are flagged, told to staff in the change of the join', async () => {
      await scene().open();
      accepted(await scene().attend('t1', 'ct'));
      accepted(await scene().join(1, 'c1', { devices: ['d1', 'd2'] }));
      accepted(await scene().join(2, 'c2', { devices: ['d3'] }));
      accepted(await scene().join(3, 'c3'));
      const { records, seq } = accepted(await scene().join(4, 'c4', { devices: ['d2', 'd3', 'd2'] }));
      expect(records).toMatchObject([{ student_id: 's4', flags: ['shared_device'], own_seq: 1 }]);
      const { roll } = await scene().view();
      const flagged = [...roll.records.values()].filter(({ flags }) => flags !== undefined);
      expect(flagged.map((it) => it.student_id)).toEqual(['s1', 's2', 's4']);
      expect(flagged.every(({ own_seq }) => own_seq === 1)).toBe(true);
      await scene().settle();
      const marked = scene()
        .heard.events()
        .filter(({ delivery }) => delivery.event === 'studentMarked');
      expect(marked.map((it) => [it.seq, (it.delivery.payload as { student_id: string }).student_id])).toEqual([
        [seq, 's4'],
        [seq, 's1'],
        [seq, 's2'],
      ]);
      // Once flagged is flagged; the record of a mark keeps it.
      accepted(await scene().mark(1, 'late'));
      await scene().settle();
      const last = scene()
        .heard.events()
        .findLast(({ delivery }) => delivery.event === 'studentMarked');
      expect(last?.delivery.payload).toMatchObject({ attendanceRecord: { status: 'late', flags: ['shared_device'] } });
    });

    test('END-3 flags are in the final roll, devices and the secret are not', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1', { devices: ['d-hidden'] }));
      accepted(await scene().join(2, 'c2', { devices: ['d-hidden'] }));
      accepted(await scene().end());
      const [claim] = await scene().live.claimDue(1);
      const final = claim === undefined ? null : await scene().live.final(claim);
      expect(final?.records.map(({ flags }) => flags)).toEqual([
        ['shared_device'],
        ['shared_device'],
        undefined,
        undefined,
      ]);
      const { secret } = (await scene().view()).roll.header;
      for (const it of ['d-hidden', secret]) expect(JSON.stringify(final)).not.toContain(it);
    });

    test('who is removed is flagged as long as that is so', async () => {
      await scene().open();
      accepted(await scene().join(1, 'c1'));
      const entry = { student_id: 's1', user_id: 'u1', student_name: 'Student 1', roll: '1' };
      await scene().roster({ ...entry, approved: false });
      expect((await scene().view()).roll.records.get('s1')).toMatchObject({ status: 'present', flags: ['removed'] });
      await scene().roster({ ...entry, approved: true });
      expect((await scene().view()).roll.records.get('s1')?.flags).toBeUndefined();
      expect((await scene().view()).roll.records.get('s1')?.joined_at).toBe(isoFrom(scene().clock.now));
    });
  });
}
