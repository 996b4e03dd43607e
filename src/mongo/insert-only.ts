/**
 * Writes that can only add: whoever comes late, or twice, changes nothing that is there. Everything that decides
 * something commits by such a write, so that it is atomic on every server that keeps keys unique.
 */
import type { Collection, OptionalUnlessRequiredId } from 'mongodb';
import { isKeyTaken, placesOfTakenKeys } from './errors.ts';

type Keyed = { _id: string };

/** False: its key is taken, by whoever was first (or by this very call, when its reply was lost and it was repeated). */
export const inserted = async <D extends Keyed>(collection: Collection<D>, document: D): Promise<boolean> => {
  try {
    await collection.insertOne(document as OptionalUnlessRequiredId<D>);
    return true;
  } catch (error) {
    if (isKeyTaken(error)) return false;
    throw error;
  }
};

/** Inserts those whose _id is not there yet, in any order. Throws when another unique key is taken. */
export const insertMissing = async <D extends Keyed>(collection: Collection<D>, documents: D[]): Promise<void> => {
  if (documents.length === 0) return;
  try {
    await collection.insertMany(documents as OptionalUnlessRequiredId<D>[], { ordered: false });
  } catch (error) {
    const taken = placesOfTakenKeys(error);
    if (taken === null) throw error;
    // Rare: a repeat. Which key was taken, only an upsert by _id tells: it leaves what is there and fails for the other.
    const again = taken.flatMap((place) => documents[place] ?? []);
    const upserts = again.map(({ _id, ...rest }) => ({
      updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
    }));
    await collection.bulkWrite(upserts as unknown as Parameters<Collection<D>['bulkWrite']>[0], {
      ordered: false,
    });
  }
};
