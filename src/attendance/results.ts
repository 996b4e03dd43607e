/** What a session says once it is over: from its roll until the archive has it, then from the archive. */
import type { ArchivedRecord, ArchivedSession } from '../archive/archive.ts';
import { refuse } from '../contract/errors.ts';
import type { ServerPayload } from '../contract/events.ts';
import type { FullRecord } from '../contract/nouns.ts';
import type { VersionedRecord } from '../contract/rest-shapes.ts';
import type { RollNow } from '../domain/roll.ts';
import { statisticsOf } from '../domain/statistics.ts';
import type { Services } from './services.ts';
import { sessionObject } from './session-object.ts';

/** The contract's record without what only the archive needs. */
export const fullRecordOf = ({
  line: _line,
  user_id: _user,
  version: _version,
  ...record
}: ArchivedRecord): FullRecord => record;

/** The same with the session version that last changed it. */
export const versionedRecordOf = (record: ArchivedRecord): VersionedRecord => ({
  ...fullRecordOf(record),
  version: record.version,
});

/** What an unarchived roll's version is: the archive calls it 1 from its end on. */
export const versionOf = (roll: RollNow): number => (roll.state === 'active' ? 0 : 1);

/** Corrections that one reading lets pass by; a session is not corrected for ever. */
const MAX_TRIES = 5;

/** An archived session and what `read` answers of it, both of the same version. Null: the archive does not have it. */
export const ofOneVersion = async <T>(
  { archive }: Pick<Services, 'archive'>,
  session_id: string,
  read: () => Promise<T>,
): Promise<{ archived: ArchivedSession; result: T } | null> => {
  for (let tries = 1; ; tries += 1) {
    const archived = await archive.session(session_id);
    if (archived === null) return null;
    const result = await read();
    const unchanged = (await archive.session(session_id))?.version === archived.version;
    if (unchanged || tries === MAX_TRIES) return { archived, result };
  }
};

/** SESSION_NOT_ACTIVE when the archive has nothing: the session never had a roll, or lost it. */
export const endedFromArchive = async (
  services: Services,
  session_id: string,
): Promise<ServerPayload<'attendanceSessionEndedConfirm'>> => {
  const stored = await services.registry.session(session_id);
  const found = await ofOneVersion(services, session_id, () => services.archive.records(session_id));
  if (stored === null || found === null) throw refuse('SESSION_NOT_ACTIVE');
  const { archived, result: records } = found;
  return {
    session_id,
    finalData: {
      session: sessionObject(stored),
      statistics: statisticsOf(archived.counts),
      attendanceRecords: records.map(fullRecordOf),
    },
    ended_by: archived.ended_by_name,
    ended_at: archived.ended_at,
    seq: archived.seq,
    room_seq: archived.room_seq,
  };
};

/** Once archived nothing is missed any more: each version is its own epoch. */
export const archiveEpoch = (version: number): string => `archive-${version}`;
