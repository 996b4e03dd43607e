/** Wishes to erase somebody. */
import { describe, expect, test } from 'vitest';
import type { Registry } from '../../src/registry/registry.ts';

export function describeErasures(registry: () => Registry): void {
  describe('pending erasures', () => {
    test('are kept until they are done; wished twice is wished once', async () => {
      expect(await registry().pendingErasures()).toEqual([]);
      await registry().pendErasure('s1', 'anon1', 1);
      await registry().pendErasure('auth0|u2', 'anon2', 2);
      await registry().pendErasure('s1', 'anon3', 3);
      expect((await registry().pendingErasures()).map(({ person, pseudonym }) => [person, pseudonym]).sort()).toEqual([
        ['auth0|u2', 'anon2'],
        ['s1', 'anon1'],
      ]);
      await registry().erasureDone('s1');
      await registry().erasureDone('nobody');
      expect(await registry().pendingErasures()).toEqual([{ person: 'auth0|u2', pseudonym: 'anon2' }]);
    });
  });
}
