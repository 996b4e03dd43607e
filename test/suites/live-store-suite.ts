/**
 * What every live store must do: the guarantees of src/live/live-store.ts. create() gives an empty store that runs on
 * the given clock and tells the Heard beside it.
 */
import { afterEach, beforeEach, describe } from 'vitest';
import { describeCodes } from './live-codes.ts';
import { describeCommands } from './live-commands.ts';
import { describeCourseChanges } from './live-course-changes.ts';
import { describeDueList } from './live-due-list.ts';
import { describeEnding } from './live-ending.ts';
import { describeJoining } from './live-joining.ts';
import { describeLeaving } from './live-leaving.ts';
import { describeMarking } from './live-marking.ts';
import { describeOpening } from './live-opening.ts';
import { describeReplaced } from './live-replaced.ts';
import { describeRequests } from './live-requests.ts';
import { type MakeLiveStore, Scene } from './live-scene.ts';
import { describeSyncing } from './live-syncing.ts';

export function describeLiveStore(name: string, create: MakeLiveStore): void {
  describe(`${name}: the live store contract`, () => {
    let made: Scene;
    beforeEach(async () => {
      made = await Scene.of(create);
    });
    afterEach(() => made.close());
    const scene = () => made;

    describeOpening(scene);
    describeCommands(scene);
    describeRequests(scene);
    describeJoining(scene);
    describeCodes(scene);
    describeMarking(scene);
    describeLeaving(scene);
    describeReplaced(scene);
    describeCourseChanges(scene);
    describeEnding(scene);
    describeSyncing(scene);
    describeDueList(scene);
  });
}
