/**
 * Starting a session: scheduled → active in the registry, then the roll, then opened_at. A crash between any two of
 * these is mended by a repeated start or by reconcile(); the roll is opened once whatever happens (START-2).
 */
import { Refusal, refuse, unavailable } from '../contract/errors.ts';
import { withDeadline } from '../deadline.ts';
import { windowsOf } from '../domain/checkin.ts';
import { type Actor, isStaff, staffOnly } from '../domain/policy.ts';
import { START_MAX_MS } from '../limits.ts';
import type { RollPeek, RollPlan } from '../live/live-store.ts';
import type { StoredSession } from '../registry/registry.ts';
import { tellCourseStarted } from './course-news.ts';
import { admissionOf } from './sending.ts';
import { courseOf, type Services } from './services.ts';
import { sessionObject } from './session-object.ts';
import { endStrayRoll } from './stray-rolls.ts';

/** Sessions that one look of the reconciler takes up. */
const RECONCILE_BATCH = 100;
/** A start that is under way is left alone for this long; after a restart of the only node none can be. */
export const START_GRACE_MS = 5_000;

/** Opens the roll if there is none; it is active then. SESSION_ALREADY_ENDED, SESSION_NOT_ACTIVE, SESSION_NOT_FOUND, FORBIDDEN. */
export const ensureStarted = (services: Services, actor: Actor, session_id: string): Promise<void> =>
  withDeadline(start(services, actor, session_id), START_MAX_MS, () =>
    unavailable(new Error(`the start was not done within ${START_MAX_MS} ms`)),
  );

const start = async (services: Services, actor: Actor, session_id: string): Promise<void> => {
  const peek = await services.live.peek(session_id);
  if (peek !== null) {
    if (!isStaff(actor, peek.header)) throw refuse('FORBIDDEN', staffOnly('start'));
    assertActive(peek);
    return;
  }
  const stored = await services.registry.session(session_id);
  if (stored === null) throw refuse('SESSION_NOT_FOUND');
  const course = await courseOf(services, stored.course_id);
  if (!isStaff(actor, course)) throw refuse('FORBIDDEN', staffOnly('start'));
  const by = { user_id: actor.user_id, name: actor.name };
  const begun = await services.registry.begin(session_id, by, services.clock());
  if (begun === null) throw refuse('SESSION_NOT_FOUND');
  if (begun.status === 'cancelled') throw wasCancelled();
  if (begun.status !== 'active') throw refuse('SESSION_ALREADY_ENDED');
  await openRollOf(services, begun, begun.begun_by ?? actor.user_id, begun.begun_by_name ?? actor.name);
  assertActive(await services.live.peek(session_id));
};

const openRollOf = async (services: Services, stored: StoredSession, by: string, by_name: string): Promise<boolean> => {
  // Whoever is about to give the lost roll up sees this, or has given it up before it, which is found out below.
  if (stored.opened_at !== null && !(await services.registry.reopening(stored.id))) throw wasCancelled();
  const course = await courseOf(services, stored.course_id);
  const roster = await services.registry.approvedEnrollments(stored.course_id);
  const plan: RollPlan = {
    session: sessionObject(stored, 'active'),
    checkin: stored.checkin,
    date: stored.date,
    ends_at: stored.ends_at,
    auto_end_after_minutes: services.autoEndAfterMinutes,
    staff: [...new Set([course.teacher_id, ...course.staff])],
    teacher_name: by_name,
    started_by: by,
    rebuilt: stored.opened_at !== null,
    version: stored.opened_at === null ? 1 : services.clock(),
    secret: services.makeId() + services.makeId(),
    student_visibility: services.studentVisibility,
    students: roster.map(admissionOf),
  };
  const { opened } = await services.live.open(plan);
  // A roll that was lost is opened once more, but its session has started before.
  if (opened && !plan.rebuilt) services.reports.started();
  await services.registry.opened(stored.id, services.clock());
  if (opened) {
    // Whatever the registry was told between our read of it and the opening, the roll has it before anybody is answered.
    const [now, again] = [
      await courseOf(services, stored.course_id),
      await services.registry.approvedEnrollments(stored.course_id),
    ];
    await followChangesSince(services, stored.id, plan, [now.teacher_id, ...now.staff], again.map(admissionOf));
    await assertStillActive(services, stored.id);
    // Here, where it is opened: whoever asked may not wait for it any more.
    const view = await services.live.read(stored.id);
    if (view !== null) await tellCourseStarted(services, view);
  }
  return opened;
};

/** Its session may have been held and archived, or given up as lost, since it was read. */
const assertStillActive = async (services: Services, session_id: string): Promise<void> => {
  const status = (await services.registry.session(session_id))?.status;
  if (status !== 'completed' && status !== 'cancelled') return;
  await endStrayRoll(services, session_id);
  throw status === 'cancelled' ? wasCancelled() : refuse('SESSION_ALREADY_ENDED');
};

const followChangesSince = async (
  { live }: Services,
  session_id: string,
  plan: RollPlan,
  staff: string[],
  approved: RollPlan['students'],
): Promise<void> => {
  const now = [...new Set(staff)];
  if (now.join() !== plan.staff.join()) await live.submit(session_id, { kind: 'staff', staff: now });
  const still = new Map(approved.map((it) => [it.student_id, it]));
  const entries = plan.students.flatMap((it) => {
    const latest = still.get(it.student_id);
    if (latest === undefined) return [{ ...it, approved: false }];
    const same = latest.user_id === it.user_id && latest.student_name === it.student_name && latest.roll === it.roll;
    return same ? [] : [{ ...latest, approved: true }];
  });
  if (entries.length > 0) await live.submit(session_id, { kind: 'roster', entries });
};

const assertActive = (roll: RollPeek | null): void => {
  if (roll?.state === 'cancelled') throw wasCancelled();
  if (roll?.state !== 'active') throw refuse('SESSION_ALREADY_ENDED');
};

const wasCancelled = () => refuse('SESSION_NOT_ACTIVE', 'Attendance session was cancelled');

/**
 * Opens the rolls of starts that died half-way; cancels sessions whose roll is lost and that nobody started again by
 * their limit. Answers how many of each.
 */
export const reconcile = async (
  services: Services,
  grace_ms: number,
): Promise<{ opened: number; cancelled: number }> => {
  const { registry, clock } = services;
  let opened = 0;
  for (const stored of await registry.unopened(RECONCILE_BATCH)) {
    if (clock() - (stored.begun_at ?? 0) < grace_ms) continue;
    const by = stored.begun_by ?? stored.teacher_id;
    if (await openRollOf(services, stored, by, stored.begun_by_name ?? '').catch(unlessRefused)) opened += 1;
  }
  return { opened, cancelled: await cancelLost(services) };
};

/** A session that was decided otherwise meanwhile keeps no other one waiting. */
const unlessRefused = (error: unknown): false => {
  if (error instanceof Refusal && error.code !== 'STORE_UNAVAILABLE') return false;
  throw error;
};

const cancelLost = async (services: Services): Promise<number> => {
  const { registry, live, clock, autoEndAfterMinutes } = services;
  let cancelled = 0;
  let cursor: string | undefined;
  do {
    // Sessions before their rolls: cancelling compares with what was read here.
    const page = await registry.sessions({ statuses: ['active'] }, { limit: RECONCILE_BATCH, cursor });
    const states = await live.states(page.items.map(({ id }) => id));
    for (const stored of page.items) {
      const { id, opened_at } = stored;
      if (opened_at === null || states.has(id)) continue;
      if (clock() < windowsOf(stored, opened_at, autoEndAfterMinutes).auto_end_at) continue;
      if (!(await registry.cancelLost(stored, 'auto', 'roll lost', clock()))) continue;
      cancelled += 1;
      await endStrayRoll(services, id);
    }
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return cancelled;
};
