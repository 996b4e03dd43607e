/** Wishes to erase somebody. */
import { describe, expect, test } from 'vitest';
import type { Registry } from '../../src/registry/registry.ts';

export function describeErasures(registry: () => Registry): void {
  describe('pending erasures', () => {
    test('are kept until they are done; wished twice is wished once', async () => {
      expect(await registry().pendingErasures()).toEqual([]);
      await registry().pendErasure({ person: 's1', user: true, pseudonym: 'anon1' }, 1);
      await registry().pendErasure({ person: 'auth0|u2', user: false, pseudonym: 'anon2' }, 2);
      await registry().pendErasure({ person: 's1', user: false, pseudonym: 'anon3' }, 3);
      const s1 = { person: 's1', user: true, pseudonym: 'anon1' };
      const u2 = { person: 'auth0|u2', user: false, pseudonym: 'anon2' };
      const pending = await registry().pendingErasures();
      expect(pending.toSorted((a, b) => (a.person < b.person ? -1 : 1))).toEqual([u2, s1]);
      await registry().erasureDone('s1');
      await registry().erasureDone('nobody');
      expect(await registry().pendingErasures()).toEqual([u2]);
    });
  });
}
