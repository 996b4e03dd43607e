/**
 * Writes that can only add: whoever comes late, or twice, changes nothing that is there. Everything that decides
 * something commits by such a write, so that it is atomic on every server that keeps keys unique.
 */
import type { AnyBulkWriteOperation, Collection, Filter, OptionalUnlessRequiredId } from 'mongodb';
import { MONGO_BULK_OPERATIONS } from '../limits.ts';
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

/**
 * Inserts those whose _id is not there yet, in any order. Answers how many were there. Throws when another unique key is
 * taken.
 */
export const insertMissing = async <D extends Keyed>(collection: Collection<D>, documents: D[]): Promise<number> => {
  if (documents.length === 0) return 0;
  try {
    await collection.insertMany(documents as OptionalUnlessRequiredId<D>[], { ordered: false });
    return 0;
  } catch (error) {
    const taken = placesOfTakenKeys(error);
    if (taken === null) throw error;
    // A repeat, unless it was another key that was taken: then its _id is not there.
    const ids = taken.flatMap((place) => documents[place]?._id ?? []);
    const filter = { _id: { $in: ids } } as unknown as Filter<D>;
    const there = await collection.find(filter, { projection: { _id: 1 } }).toArray();
    if (there.length < ids.length) throw error;
    return taken.length;
  }
};

/** Updates in any order, so many in one command. */
export const inPieces = async <D extends Keyed>(
  collection: Collection<D>,
  operations: AnyBulkWriteOperation<D>[],
): Promise<void> => {
  for (let n = 0; n < operations.length; n += MONGO_BULK_OPERATIONS) {
    await collection.bulkWrite(operations.slice(n, n + MONGO_BULK_OPERATIONS), { ordered: false });
  }
};
