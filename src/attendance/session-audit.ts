/** The audit list of a session: from its roll until the archive has it, with the same cursors before and after. */
import { isoFrom } from '../clock.ts';
import type { AuditEntry } from '../contract/nouns.ts';
import { auditOf } from '../domain/final-roll.ts';
import { decodeCursor, encodeCursor, pageOf } from '../registry/cursor.ts';
import type { Page, PageRequest, StoredSession } from '../registry/registry.ts';
import type { Services } from './services.ts';

/** The caller has authorised it. A session that never had a roll has at most one entry: that it was cancelled. */
export const auditPage = async (
  { live, archive, registry }: Services,
  session_id: string,
  page: PageRequest,
): Promise<Page<AuditEntry>> => {
  const view = await live.read(session_id);
  if (view !== null) return livePage(auditOf(view.roll), page);
  const stored = await registry.session(session_id);
  return stored !== null && stored.version === 0 && stored.cancelled_at !== null
    ? livePage([cancelledUnarchived(stored, stored.cancelled_at)], page)
    : archive.audit(session_id, page);
};

const cancelledUnarchived = (stored: StoredSession, cancelled_at: number): AuditEntry => {
  const entry: AuditEntry = {
    seq: 0,
    at: isoFrom(cancelled_at),
    by: stored.cancelled_by ?? '',
    student_id: null,
    from: stored.begun_at === null ? 'scheduled' : 'active',
    to: 'cancelled',
    source: 'cancel',
  };
  if (stored.cancel_reason !== null) entry.reason = stored.cancel_reason;
  return entry;
};

const livePage = (entries: AuditEntry[], { limit, cursor }: PageRequest): Page<AuditEntry> => {
  const [after_seq, after_place] =
    cursor === undefined ? [-1, -1] : decodeCursor<[number, number]>('audit', ['number', 'number'], cursor);
  const found: { entry: AuditEntry; place: number }[] = [];
  let place = 0;
  let seq = -1;
  for (const entry of entries) {
    // Its place among the entries of its change, as the archive will number it.
    place = entry.seq === seq ? place + 1 : 0;
    seq = entry.seq;
    if (seq < after_seq || (seq === after_seq && place <= after_place)) continue;
    found.push({ entry, place });
    if (found.length > limit) break;
  }
  const listed = pageOf(found, limit, (it) => encodeCursor('audit', [it.entry.seq, it.place]));
  return { items: listed.items.map(({ entry }) => entry), next_cursor: listed.next_cursor };
};
