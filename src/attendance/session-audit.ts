/** The audit list of a session: from its roll until the archive has it, with the same cursors before and after. */
import type { AuditEntry } from '../contract/nouns.ts';
import { auditOf } from '../domain/final-roll.ts';
import { decodeCursor, encodeCursor, pageOf } from '../registry/cursor.ts';
import type { Page, PageRequest } from '../registry/registry.ts';
import type { Services } from './services.ts';

/** The caller has authorised it. Empty for a session that never started. */
export const auditPage = async (
  { live, archive }: Services,
  session_id: string,
  page: PageRequest,
): Promise<Page<AuditEntry>> => {
  const view = await live.read(session_id);
  return view === null ? archive.audit(session_id, page) : livePage(auditOf(view.roll), page);
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
