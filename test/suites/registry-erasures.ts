/** Wishes to erase somebody. */
import { describe, expect, test } from 'vitest';
import type { Registry } from '../../src/registry/registry.ts';

export function describeErasures(registry: () => Registry): void {
  describe('pending erasures', () => {
    test('are kept until they are done; wished twice is wished once', async () => {
      expect(await registry().pendingErasures()).toEqual([]);
      await registry().pendErasure('s1', 1);
      await registry().pendErasure('auth0|u2', 2);
      await registry().pendErasure('s1', 3);
      expect((await registry().pendingErasures()).sort()).toEqual(['auth0|u2', 's1']);
      await registry().erasureDone('s1');
      await registry().erasureDone('nobody');
      expect(await registry().pendingErasures()).toEqual(['auth0|u2']);
    });
  });
}
