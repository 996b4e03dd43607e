/** Sessions: planning, listing, starting, ending, cancelling. */
import { sessionObject } from '../attendance/session-object.ts';
import { refuse } from '../contract/errors.ts';
import type { Session } from '../contract/nouns.ts';
import { routes } from '../contract/routes.ts';
import type { StoredSession } from '../registry/registry.ts';
import { courseForStaff, sessionFor, sessionForStaff } from './access.ts';
import type { RestContext } from './context.ts';
import { instantFrom } from './instant.ts';
import type { AddRoute } from './route.ts';
import { sessionPage } from './session-list.ts';

export const addSessionRoutes = (add: AddRoute, context: RestContext): void => {
  const { services, attendance, views } = context;
  const { registry, clock, makeId } = services;
  const current = async (stored: StoredSession): Promise<Session> =>
    sessionObject(stored, await views.statusOf(stored));

  add(routes.createSession, async ({ actor, body }) => {
    const course = await courseForStaff(services, actor, body.course_id);
    const date = instantFrom(body.date, 'date', course.timezone);
    const ends_at = optionalInstant(body.ends_at, course.timezone) ?? null;
    assertPlan({ date, ends_at });
    const id = body.id ?? makeId();
    await registry.createSession({
      id,
      course_id: course.id,
      title: body.title,
      description: body.description ?? '',
      date,
      ends_at,
      checkin: body.checkin ?? {},
      teacher_id: course.teacher_id,
      created_at: clock(),
    });
    return current(await stored(id));
  });

  add(routes.listSessions, async ({ actor, query }) => sessionPage(context, actor, query));

  add(routes.getSession, async ({ actor, params }) => {
    return current((await sessionFor(services, actor, params.id)).stored);
  });

  add(routes.patchSession, async ({ actor, params, body }) => {
    const { stored: before, course } = await sessionForStaff(services, actor, params.id);
    const { title, description, checkin } = body;
    const date = body.date === undefined ? undefined : instantFrom(body.date, 'date', course.timezone);
    const ends_at = optionalInstant(body.ends_at, course.timezone);
    assertPlan({ date: date ?? before.date, ends_at: ends_at === undefined ? before.ends_at : ends_at });
    const after = await registry.patchScheduled(before.id, { title, description, date, ends_at, checkin });
    if (after === null) throw refuse('CONFLICT', 'Only a scheduled session can be changed');
    return sessionObject(after);
  });

  // First who may know of it at all, then the doorway, which decides again.
  add(routes.startSession, async ({ actor, params }) => {
    await sessionForStaff(services, actor, params.id, 'start');
    return attendance.start(actor, params.id, undefined);
  });

  add(routes.endSession, async ({ actor, params, body }) => {
    await sessionForStaff(services, actor, params.id, 'end');
    return (await attendance.end(actor, params.id, body.request_id, 'end')).payload;
  });

  add(routes.cancelSession, async ({ actor, params, body }) => {
    await sessionForStaff(services, actor, params.id, 'end');
    await attendance.cancel(actor, params.id, body.reason ?? null);
    return current(await stored(params.id));
  });

  const stored = async (id: string): Promise<StoredSession> => {
    const session = await registry.session(id);
    if (session === null) throw refuse('SESSION_NOT_FOUND');
    return session;
  };
};

const optionalInstant = (value: string | number | null | undefined, zone: string): number | null | undefined =>
  value === undefined || value === null ? value : instantFrom(value, 'ends_at', zone);

const assertPlan = (plan: { date: number; ends_at: number | null }): void => {
  if (plan.ends_at !== null && plan.ends_at <= plan.date) {
    throw refuse('INVALID_PAYLOAD', 'ends_at: must be after date', { field: 'ends_at' });
  }
};
