/**
 * The registry and the live store change one after the other: somebody may be stopped between the two, and go on when
 * everything is different. Whatever they do then, no roll goes on running whose session does not.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Archiver } from '../../src/archive/archiver.ts';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { correct } from '../../src/attendance/correcting.ts';
import { cancelSession, endSession } from '../../src/attendance/ending.ts';
import type { Services } from '../../src/attendance/services.ts';
import { ensureStarted, reconcile } from '../../src/attendance/starting.ts';
import type { Actor } from '../../src/domain/policy.ts';
import { createMetrics } from '../../src/metrics.ts';
import { attendanceReports } from '../../src/metrics-reports.ts';
import type { StoredSession } from '../../src/registry/registry.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { refused } from '../suites/expectations.ts';
import { courseOf, enrollmentOf, sessionOf } from '../suites/fixtures.ts';
import { makeEmbeddedUnsynced } from '../support/embedded.ts';

const TEACHER: Actor = { user_id: 't1', role: 'teacher', name: 'Ada', picture: null, expires_at: Infinity };

let services: Services;
let close: () => Promise<unknown>;
let made = 0;
const makeId = () => `made-${made++}`;
let told: string[] = [];

beforeEach(async () => {
  told = [];
  const db = openDatabase({ file: ':memory:', busyTimeoutMs: 0 });
  const under = await makeEmbeddedUnsynced({ clock: Date.now, makeId });
  close = under.close;
  services = {
    live: under.live,
    registry: new SqliteRegistry(db),
    archive: new SqliteArchive(db),
    courseRooms: { tell: (_course_id, event) => told.push(event), membersChanged: async () => {} },
    clock: Date.now,
    makeId,
    autoEndAfterMinutes: 720,
    studentVisibility: 'room',
    deviceSignals: false,
    reports: attendanceReports(createMetrics()),
  };
  await services.registry.createCourse(courseOf('c1'));
  await services.registry.putEnrollments('c1', [enrollmentOf('s1'), enrollmentOf('s2')], 1);
  await services.registry.createSession(sessionOf('x1'));
});
afterEach(() => close());

/** The same, but its first call of one method waits until it is released. */
const stoppedAt = <T extends object, K extends keyof T>(it: T, method: K) => {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let first = true;
  const held = new Proxy(it, {
    get: (target, key) => {
      const value = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      if (key !== method) return value.bind(target);
      return async (...args: unknown[]) => {
        if (first) {
          first = false;
          reached.resolve();
          await released.promise;
        }
        return value.apply(target, args);
      };
    },
  });
  return { held, reached: reached.promise, release: released.resolve };
};

const archiveAll = async () => {
  const events = {
    archived: () => {},
    failed: (_id: string, _tries: number, error: unknown) => expect.fail(String(error)),
  };
  const archiver = new Archiver({ ...services, endByClock: async () => {}, random: () => 0, events });
  await archiver.workOff();
};
const session = async () => (await services.registry.session('x1')) as StoredSession;

test('START-2 a start that goes on after the class was held and archived opens nothing', async () => {
  const { held, reached, release } = stoppedAt(services.live, 'open');
  const late = ensureStarted({ ...services, live: held }, TEACHER, 'x1');
  await reached;
  await ensureStarted(services, TEACHER, 'x1');
  await endSession(services, TEACHER, 'end', 'x1');
  await archiveAll();
  expect((await session()).status).toBe('completed');
  release();
  await refused(late, 'SESSION_ALREADY_ENDED');
  expect(await services.live.activeInCourse('c1')).toEqual([]);
  await archiveAll();
  expect(await services.live.peek('x1')).toBeNull();
  expect(await services.archive.session('x1')).toMatchObject({ outcome: 'completed', version: 1 });
});

/** Active, and its roll gone. */
const lose = async () => {
  await services.registry.begin('x1', { user_id: 't1', name: 'Ada' }, 1);
  await services.registry.opened('x1', 2);
};

test('START-2 LOSS-1 whoever gives up a roll that somebody opens anew meanwhile does nothing', async () => {
  await lose();
  const { held, reached, release } = stoppedAt(services.registry, 'cancelLost');
  const cancelling = cancelSession({ ...services, registry: held }, TEACHER, 'x1', 'lost it');
  await reached;
  await ensureStarted(services, TEACHER, 'x1');
  release();
  expect((await refused(cancelling, 'CONFLICT')).retryable).toBe(true);
  expect((await session()).status).toBe('active');
  expect((await services.live.peek('x1'))?.state).toBe('active');
});

test('END-2 LOSS-1 the end of a roll that was opened anew is archived, however late somebody gives it up', async () => {
  await lose();
  const { held, reached, release } = stoppedAt(services.registry, 'cancelLost');
  const reconciling = reconcile({ ...services, registry: held }, 0);
  await reached;
  await ensureStarted(services, TEACHER, 'x1');
  await endSession(services, TEACHER, 'end', 'x1');
  release();
  expect(await reconciling).toMatchObject({ cancelled: 0 });
  await archiveAll();
  expect(await services.archive.session('x1')).toMatchObject({ outcome: 'completed' });
  expect(await services.archive.records('x1')).toHaveLength(2);
});

test('a start that is given up and goes on tells the course all the same', async () => {
  const { held, reached, release } = stoppedAt(services.registry, 'opened');
  const late = ensureStarted({ ...services, registry: held }, TEACHER, 'x1');
  await reached;
  // Somebody who starts it meanwhile finds the roll.
  await ensureStarted(services, TEACHER, 'x1');
  release();
  await late;
  expect(told).toEqual(['courseSessionStarted', 'activeSessionsData']);
});

test('START-2 LOSS-1 a start that goes on after the roll was given up as lost opens nothing', async () => {
  await lose();
  const { held, reached, release } = stoppedAt(services.registry, 'reopening');
  const late = ensureStarted({ ...services, registry: held }, TEACHER, 'x1');
  await reached;
  expect(await reconcile(services, 0)).toMatchObject({ cancelled: 1 });
  release();
  await refused(late, 'SESSION_NOT_ACTIVE');
  expect(await services.live.activeInCourse('c1')).toEqual([]);
});

test('a correction waits until what it changes is what readers are told', async () => {
  await ensureStarted(services, TEACHER, 'x1');
  await endSession(services, TEACHER, 'end', 'x1');
  const [claim] = await services.live.claimDue(1);
  const final = claim === undefined ? null : await services.live.final(claim);
  if (claim === undefined || final === null) throw new Error('nothing was due');
  await services.archive.store(final);
  const updates = [{ student_id: 's1', status: 'excused' as const }];
  const refusal = await refused(correct(services, TEACHER, await session(), { updates, reason: 'ill' }), 'CONFLICT');
  expect(refusal.retryable).toBe(true);
  await services.live.confirm(claim, 1);
  const corrected = await correct(services, TEACHER, await session(), { updates, reason: 'ill' });
  expect(corrected.version).toBe(2);
});
