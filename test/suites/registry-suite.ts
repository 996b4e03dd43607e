/** What every registry must do: the guarantees of src/registry/registry.ts. create() gives an empty one. */
import { afterEach, beforeEach, describe } from 'vitest';
import type { Archive } from '../../src/archive/archive.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { describeCourses } from './registry-courses.ts';
import { describeEnrollments } from './registry-enrollments.ts';
import { describeErasures } from './registry-erasures.ts';
import { describeSessions } from './registry-sessions.ts';

export type RegistryUnderTest = { registry: Registry; archive?: Archive; close: () => Promise<void> };

export function describeRegistry(name: string, create: () => Promise<RegistryUnderTest>): void {
  describe(`${name}: the registry contract`, () => {
    let made: RegistryUnderTest;
    beforeEach(async () => {
      made = await create();
    });
    afterEach(() => made.close());
    const registry = () => made.registry;

    describeCourses(registry);
    describeEnrollments(registry);
    describeSessions(registry);
    describeErasures(registry);
  });
}
