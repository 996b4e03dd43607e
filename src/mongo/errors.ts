/** What failures of MongoDB mean to callers of registry and archive. */
import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';
import { unavailable } from '../contract/errors.ts';
import { withDeadline } from '../deadline.ts';
import { MONGO_TIMEOUT_MS } from '../limits.ts';

export const DUPLICATE_KEY = 11_000;

/** Answers of the server that say something about what we sent, and nothing about the server. */
const FAULTS_OF_OURS = new Set([
  2, // BadValue
  9, // FailedToParse
  14, // TypeMismatch
  17, // ProtocolError
  59, // CommandNotFound
  238, // NotImplemented
  10_334, // BSONObjectTooLarge
  DUPLICATE_KEY,
]);

/**
 * Runs fn and turns a failure of the store (away, no primary, not permitted, full, a reply that was lost, no answer within
 * so many milliseconds) into a Refusal with STORE_UNAVAILABLE. What was given up may still have its effect, which is what
 * STORE_UNAVAILABLE means. Other errors of the driver come out as errors without what was sent: that holds names, and
 * errors are logged.
 */
export const inMongo = async <T>(fn: () => Promise<T>, within_ms = MONGO_TIMEOUT_MS): Promise<T> => {
  try {
    const late = () => unavailable(new Error(`MongoDB has not answered within ${within_ms} ms`));
    return await withDeadline(fn(), within_ms, late);
  } catch (error) {
    if (!(error instanceof MongoError)) throw error;
    throw isFaultOfOurs(error) ? withoutDocuments(error) : unavailable(withoutDocuments(error));
  }
};

const isFaultOfOurs = (error: MongoError): boolean =>
  error instanceof MongoServerError && FAULTS_OF_OURS.has(Number(error.code));

/** The server's own words may repeat keys and documents; those of the driver are about connections. */
const withoutDocuments = (error: MongoError): Error =>
  error instanceof MongoServerError
    ? new Error(`MongoDB answered with error ${error.code} ${error.codeName ?? ''}`.trim())
    : new Error(`${error.name}: ${error.message}`);

/** Whether a write was refused because a key is taken. */
export const isKeyTaken = (error: unknown): boolean =>
  error instanceof MongoServerError && Number(error.code) === DUPLICATE_KEY;

/** Of an unordered bulk: the places of what was refused because its key is taken; null when anything else failed. */
export const placesOfTakenKeys = (error: unknown): number[] | null => {
  if (!(error instanceof MongoBulkWriteError)) return null;
  const refused = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
  const others = refused.some(({ code }) => Number(code) !== DUPLICATE_KEY);
  const concern = error.result.getWriteConcernError();
  return others || concern !== undefined || refused.length === 0 ? null : refused.map(({ index }) => index);
};
