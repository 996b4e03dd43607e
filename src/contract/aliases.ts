/** Older clients write ids in camelCase. Both spellings are taken; everything behind this knows only snake_case. */
import { BULK_MAX_UPDATES } from './client-events.ts';

const ALIASES = [
  ['session_id', 'sessionId'],
  ['student_id', 'studentId'],
  ['course_id', 'courseId'],
] as const;

const renameIn = (it: Record<string, unknown>): void => {
  for (const [name, alias] of ALIASES) {
    if (it[name] === undefined && it[alias] !== undefined) it[name] = it[alias];
  }
};

/** Fills in the canonical names in place, in the payload and in its attendanceUpdates. The payload is a parsed JSON value. */
export const normaliseAliases = (payload: unknown): void => {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return;
  const object = payload as Record<string, unknown>;
  renameIn(object);
  const updates = object.attendanceUpdates;
  // A longer list is refused anyway; it must not cost anything first.
  if (!Array.isArray(updates) || updates.length > BULK_MAX_UPDATES) return;
  for (const update of updates) {
    if (typeof update === 'object' && update !== null) renameIn(update as Record<string, unknown>);
  }
};
