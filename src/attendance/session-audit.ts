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
  const after = afterOf(page);
  // Each change is at least one entry; the first may be those of it that the page before has told.
  const history = await live.history(session_id, after.seq, page.limit + 2);
  if (history !== null) {
    const { header, changes } = history;
    return livePage(auditOf(header, changes), after, page.limit);
  }
  const stored = await registry.session(session_id);
  return stored !== null && stored.version === 0 && stored.cancelled_at !== null
    ? livePage([cancelledUnarchived(stored, stored.cancelled_at)], after, page.limit)
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

/** The entry that the page before ended with. */
type After = { seq: number; place: number };

const afterOf = ({ cursor }: PageRequest): After => {
  const [seq, place] =
    cursor === undefined ? [-1, -1] : decodeCursor<[number, number]>('audit', ['number', 'number'], cursor);
  return { seq, place };
};

const livePage = (entries: AuditEntry[], after: After, limit: number): Page<AuditEntry> => {
  const found: { entry: AuditEntry; place: number }[] = [];
  let place = 0;
  let seq = -1;
  for (const entry of entries) {
    // Its place among the entries of its change, as the archive will number it.
    place = entry.seq === seq ? place + 1 : 0;
    seq = entry.seq;
    if (seq < after.seq || (seq === after.seq && place <= after.place)) continue;
    found.push({ entry, place });
    if (found.length > limit) break;
  }
  const listed = pageOf(found, limit, (it) => encodeCursor('audit', [it.entry.seq, it.place]));
  return { items: listed.items.map(({ entry }) => entry), next_cursor: listed.next_cursor };
};
