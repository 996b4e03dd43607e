/**
 * What every archive must do: the guarantees of src/archive/archive.ts. create() gives an empty one, with the registry
 * that has the same sessions.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import type { Archive } from '../../src/archive/archive.ts';
import type { Registry } from '../../src/registry/registry.ts';
import { describeCorrections } from './archive-corrections.ts';
import { describePersonalData } from './archive-personal-data.ts';
import { describeReports } from './archive-reports.ts';
import { describeRetention } from './archive-retention.ts';
import { describeStoring } from './archive-storing.ts';

export type ArchiveUnderTest = { registry: Registry; archive: Archive };
export type MakeArchive = () => Promise<ArchiveUnderTest & { close: () => Promise<void> }>;

export function describeArchive(name: string, create: MakeArchive): void {
  describe(`${name}: the archive contract`, () => {
    let made: Awaited<ReturnType<MakeArchive>>;
    beforeEach(async () => {
      made = await create();
    });
    afterEach(() => made.close());

    describeStoring(() => made);
    describeCorrections(() => made);
    describeReports(() => made);
    describePersonalData(() => made);
    describeRetention(() => made);
  });
}
