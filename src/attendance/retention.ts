/** RETENTION_DAYS: the records of sessions that ended longer ago than that stop saying who they are about. */
import { isoFrom } from '../clock.ts';
import { RETENTION_BATCH_SESSIONS } from '../limits.ts';
import type { Services } from './services.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Answers how many sessions it anonymised. To be called now and then, by every node: whoever comes second finds none. */
export const anonymiseExpired = async (
  { archive, clock }: Pick<Services, 'archive' | 'clock'>,
  retention_days: number,
): Promise<number> => {
  const before = isoFrom(clock() - retention_days * DAY_MS);
  let anonymised = 0;
  for (;;) {
    const session_ids = await archive.expired(before, RETENTION_BATCH_SESSIONS);
    for (const id of session_ids) await archive.anonymise(id, clock());
    anonymised += session_ids.length;
    if (session_ids.length < RETENTION_BATCH_SESSIONS) break;
  }
  if (anonymised > 0) await archive.scrub();
  return anonymised;
};
