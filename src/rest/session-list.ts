/** A page of sessions as they are for every caller: a live roll may be ahead of the registry. */
import type { Services } from '../attendance/services.ts';
import { sessionObject } from '../attendance/session-object.ts';
import type { Session, SessionStatus } from '../contract/nouns.ts';
import type { Actor } from '../domain/policy.ts';
import { PAGE_DEFAULT_ITEMS, SESSION_PAGE_MAX_READS } from '../limits.ts';
import type { Page, SessionFilter } from '../registry/registry.ts';
import { courseFor, courseIdsOf } from './access.ts';
import type { RestContext } from './context.ts';
import { instantFrom } from './instant.ts';

type SessionsQuery = {
  limit?: number;
  cursor?: string;
  course_id?: string;
  /** Statuses with commas between them. */
  status?: string;
  from?: string;
  to?: string;
};

/** May hold fewer than `limit` although there are more: next_cursor alone tells the end. */
export const sessionPage = async (
  { services, views }: RestContext,
  actor: Actor,
  query: SessionsQuery,
): Promise<Page<Session>> => {
  const wanted = query.status === undefined ? null : new Set(query.status.split(',') as SessionStatus[]);
  const filter = { ...(await scopeOf(services, actor, query)), statuses: storedStatuses(wanted) };
  const limit = query.limit ?? PAGE_DEFAULT_ITEMS;
  const items: Session[] = [];
  let cursor = query.cursor;
  for (let reads = 0; reads < SESSION_PAGE_MAX_READS; reads += 1) {
    const page = await services.registry.sessions(filter, { limit: limit - items.length, cursor });
    const statuses = await views.statusesOf(page.items);
    const sessions = page.items.map((it, index) => sessionObject(it, statuses[index]));
    items.push(...sessions.filter(({ status }) => wanted === null || wanted.has(status)));
    cursor = page.next_cursor ?? undefined;
    if (cursor === undefined || items.length === limit) break;
  }
  return { items, next_cursor: cursor ?? null };
};

const scopeOf = async (services: Services, actor: Actor, query: SessionsQuery): Promise<SessionFilter> => {
  const { course_id } = query;
  const course = course_id === undefined ? null : (await courseFor(services, actor, course_id)).course;
  const course_ids = course === null ? ((await courseIdsOf(services, actor)) ?? undefined) : [course.id];
  const instant = (value: string | undefined, field: string) =>
    value === undefined ? undefined : instantFrom(value, field, course?.timezone ?? 'UTC');
  return { course_ids, from: instant(query.from, 'from'), to: instant(query.to, 'to') };
};

/** In the registry a session is active until the archive has it, whatever its roll says. */
const storedStatuses = (wanted: Set<SessionStatus> | null): SessionStatus[] | undefined => {
  if (wanted === null) return undefined;
  const over = wanted.has('completed') || wanted.has('cancelled');
  return [...(over ? new Set([...wanted, 'active' as const]) : wanted)];
};
