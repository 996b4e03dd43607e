/** The session object as clients see it, made from the registry's row. */
import { isoFrom } from '../clock.ts';
import type { Session, SessionStatus } from '../contract/nouns.ts';
import type { StoredSession } from '../registry/registry.ts';

/** status: what it is for every caller, which may be ahead of the registry while the archive is at work. */
export const sessionObject = (stored: StoredSession, status: SessionStatus = stored.status): Session => ({
  id: stored.id,
  _id: stored.id,
  course_id: stored.course_id,
  title: stored.title,
  topic: stored.title,
  description: stored.description,
  date: String(stored.date),
  starts_at: isoFrom(stored.date),
  ends_at: stored.ends_at === null ? null : isoFrom(stored.ends_at),
  status,
  teacher_id: stored.teacher_id,
  checkin: stored.checkin,
  created_at: isoFrom(stored.created_at),
});
