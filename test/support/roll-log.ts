/**
 * The log of a roll as it lies in Redis, and what staff must have heard of it: told here in short lines and without the
 * service's own code, so that the two can be compared.
 */
import type { FullRecord, ReducedRecord } from '../../src/contract/nouns.ts';
import type { Change } from '../../src/domain/roll.ts';
import { RedisKeys } from '../../src/live/redis-keys.ts';
import type { RedisProcess } from './redis-server.ts';
import type { HeardEvent } from './socket-client.ts';

/** Every change after `after_seq`, in order. */
export const changesOf = async (
  redis: RedisProcess,
  prefix: string,
  session_id: string,
  after_seq = 0,
): Promise<Change[]> => {
  const [, , , , , , log = ''] = new RedisKeys(prefix).ofRoll(session_id);
  const entries = (await redis.command('XRANGE', log, `${after_seq + 1}-0`, '+')) as [string, string[]][];
  return entries.map(([, [, text = '']]) => JSON.parse(text) as Change);
};

type Named = { student_id: string; status: string };
const named = (records: Named[]): string =>
  records.map(({ student_id, status }) => `${student_id} ${status}`).join(', ');

/** What a change tells staff: one line for each event. */
export const toldStaff = ({ kind, seq, lines }: Change): string[] => {
  const each = (event: string) => lines.map((line) => `${seq} ${event}: ${named([line])}`);
  switch (kind) {
    case 'join':
      return [...each('studentJoinedAttendance'), ...(lines[0]?.status === 'present' ? [] : each('attendanceUpdated'))];
    case 'mark':
      return [...each('attendanceUpdated'), ...each('studentMarked')];
    case 'bulk':
      return [...each('studentMarked'), `${seq} attendanceBulkUpdated: ${named(lines)}`];
    default:
      throw new Error(`a change of kind ${kind} is not expected here`);
  }
};

/** The same of one event that a client heard; null: it tells of no change. */
export const toldBy = ({ event, payload }: HeardEvent): string | null => {
  const { seq } = payload;
  switch (event) {
    case 'studentJoinedAttendance':
      return payload.returned === true ? null : `${seq} ${event}: ${named([payload as Named])}`;
    case 'attendanceUpdated':
      return `${seq} ${event}: ${named([payload as Named])}`;
    case 'studentMarked':
      return `${seq} ${event}: ${named([payload.attendanceRecord as FullRecord])}`;
    case 'attendanceBulkUpdated':
      return `${seq} ${event}: ${named(payload.updatedRecords as ReducedRecord[])}`;
    default:
      return null;
  }
};

/** What a client of staff heard of changes, in the order in which it did. */
export const changesHeardBy = ({ heard }: { heard: readonly HeardEvent[] }, from = 0): string[] =>
  heard.slice(from).flatMap((it) => toldBy(it) ?? []);
