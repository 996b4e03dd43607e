/** Changing what is final: only what the archive has, only with a reason. */
import { isoFrom } from '../clock.ts';
import { refuse } from '../contract/errors.ts';
import type { MarkUpdate, Statistics } from '../contract/nouns.ts';
import type { VersionedRecord } from '../contract/rest-shapes.ts';
import type { Actor } from '../domain/policy.ts';
import { statisticsOf } from '../domain/statistics.ts';
import type { StoredSession } from '../registry/registry.ts';
import { versionedRecordOf } from './results.ts';
import { admissionOf } from './sending.ts';
import type { Services } from './services.ts';

export type Corrected = {
  session_id: string;
  version: number;
  attendanceRecords: VersionedRecord[];
  statistics: Statistics;
};

/**
 * All updates or none. The caller has authorised it. CONFLICT for a session that is not completed (retryable while it
 * is on its way to the archive), STUDENT_NOT_ON_ROLL for somebody who has no record and is not an approved student.
 */
export const correct = async (
  services: Services,
  actor: Actor,
  stored: StoredSession,
  { updates, reason }: { updates: MarkUpdate[]; reason: string },
): Promise<Corrected> => {
  await assertCorrectable(services, stored);
  const { registry, archive, clock } = services;
  // JOIN-4: who was enrolled after the start gets a record by being corrected.
  const named = await registry.enrollmentsOf(
    stored.course_id,
    updates.map(({ student_id }) => student_id),
  );
  const corrected = await archive.correct({
    session_id: stored.id,
    updates,
    reason,
    by: actor.user_id,
    at: isoFrom(clock()),
    admit: named.filter(({ status }) => status === 'approved').map(admissionOf),
  });
  if (corrected === null) throw notArchivedYet();
  return {
    session_id: stored.id,
    version: corrected.version,
    attendanceRecords: corrected.records.map(versionedRecordOf),
    statistics: statisticsOf(corrected.counts),
  };
};

const notArchivedYet = () => refuse('CONFLICT', 'The session is being archived; try again', { retryable: true });

const assertCorrectable = async ({ live, registry }: Services, { id }: StoredSession): Promise<void> => {
  const peek = await live.peek(id);
  // Until the roll is forgotten, readers are told what it says: a correction that is in the archive would not be seen.
  if (peek?.state === 'completed') throw notArchivedYet();
  // Read after the roll, which is forgotten only once the registry says that the session is over.
  const status = (await registry.session(id))?.status;
  if (status === 'completed') return;
  if (status === 'scheduled') throw refuse('CONFLICT', 'The session has not started; there is nothing to correct');
  if (status === 'cancelled' || peek?.state === 'cancelled') throw refuse('CONFLICT', 'The session was cancelled');
  throw refuse('CONFLICT', 'The session is still active; mark it live instead');
};
