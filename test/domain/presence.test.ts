import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Connection, Presence } from '../../src/domain/presence.ts';

const of = (id: string, user_id: string, student_id: string | null): Connection => ({ id, user_id, student_id });

describe('presence', () => {
  test('JOIN-5 a student is online from the first device to the last', () => {
    const presence = new Presence();
    expect(presence.attach(of('a', 'u1', 's1'))).toEqual({ cameOnline: true });
    expect(presence.attach(of('b', 'u1', 's1'))).toEqual({ cameOnline: false });
    expect([...presence.connectionsOfStudent('s1')]).toEqual(['a', 'b']);
    expect([...presence.connectionsOfUser('u1')]).toEqual(['a', 'b']);
    expect(presence.onlineCount).toBe(1);
    expect(presence.detach('a')).toEqual({ connection: of('a', 'u1', 's1'), wentOffline: false });
    expect(presence.detach('b')).toEqual({ connection: of('b', 'u1', 's1'), wentOffline: true });
    expect(presence.onlineCount).toBe(0);
    expect([...presence.connectionsOfStudent('s1'), ...presence.connectionsOfUser('u1')]).toEqual([]);
  });

  test('a connection that comes twice or goes twice counts once', () => {
    const presence = new Presence();
    presence.attach(of('a', 'u1', 's1'));
    expect(presence.attach(of('a', 'u1', 's1'))).toEqual({ cameOnline: false });
    expect(presence.detach('a')?.wentOffline).toBe(true);
    expect(presence.detach('a')).toBeNull();
    expect(presence.detach('never')).toBeNull();
  });

  test('staff observe and are not counted', () => {
    const presence = new Presence();
    expect(presence.attach(of('t', 't1', null))).toEqual({ cameOnline: false });
    expect([presence.onlineCount, presence.onlineStudents()]).toEqual([0, []]);
    expect(presence.detach('t')).toEqual({ connection: of('t', 't1', null), wentOffline: false });
  });

  test('whatever comes and goes, who is online is who has a connection', () => {
    const person = fc.constantFrom(['u1', 's1'], ['u2', 's2'], ['u3', 's1'], ['t1', null]);
    const id = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.record({ comes: fc.boolean(), id, person });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const presence = new Presence();
        for (const { comes, id, person } of steps) {
          const [user_id, student_id] = person as [string, string | null];
          const before = new Set(presence.onlineStudents());
          const came = comes && presence.attach(of(id, user_id, student_id)).cameOnline;
          const gone = comes ? null : presence.detach(id);
          const after = new Set(presence.onlineStudents());
          const all = [...presence.connections.values()];
          expect(after).toEqual(new Set(all.flatMap((it) => it.student_id ?? [])));
          expect(presence.onlineCount).toBe(after.size);
          expect(came).toBe(after.size > before.size);
          expect(gone?.wentOffline === true).toBe(after.size < before.size);
          for (const user of ['u1', 'u2', 'u3', 't1']) {
            const ids = all.filter((it) => it.user_id === user).map((it) => it.id);
            expect([...presence.connectionsOfUser(user)].sort()).toEqual(ids.sort());
          }
        }
      }),
    );
  });
});
