/** Joins that the end overtakes, and the archive, on their way into the rooms; over the real stores. */
import { expect, onTestFinished, test } from 'vitest';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { attendSession, joinSession } from '../../src/attendance/joining.ts';
import type { Services } from '../../src/attendance/services.ts';
import { randomId } from '../../src/clock.ts';
import { NO_DEVICE } from '../../src/domain/device.ts';
import type { Actor } from '../../src/domain/policy.ts';
import type { FedAudience } from '../../src/live/fed-audience.ts';
import { SCRIPTS } from '../../src/live/lua-scripts.ts';
import { RedisKeys } from '../../src/live/redis-keys.ts';
import { RedisLiveStore } from '../../src/live/redis-live-store.ts';
import { createMetrics } from '../../src/metrics.ts';
import { attendanceReports } from '../../src/metrics-reports.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { beginSession, courseOf } from '../suites/fixtures.ts';
import { planOf, SESSION, sessionObjectOf } from '../suites/live-fixtures.ts';
import { end, mark } from '../suites/roll-commands.ts';
import { connectedRedis } from '../support/connected-redis.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';

const person = (user_id: string, role: Actor['role']): Actor => ({
  user_id,
  role,
  name: user_id,
  picture: null,
  expires_at: Number.MAX_SAFE_INTEGER,
});

describeWithRedis('joins that are overtaken', 'any', () => {
  const redis = sharedRedis();

  const scene = async (own: (live: () => RedisLiveStore, expelled: string[]) => Partial<FedAudience>) => {
    const prefix = `${redis.prefix}-${randomId()}`;
    const { state } = await connectedRedis({ REDIS_URL: redis.url, REDIS_PREFIX: prefix }, Object.values(SCRIPTS));
    const db = openDatabase({ file: ':memory:', busyTimeoutMs: 0 });
    const [registry, archive] = [new SqliteRegistry(db), new SqliteArchive(db)];
    await registry.createCourse(courseOf('course-1'));
    await beginSession(registry, SESSION, { course_id: 'course-1' });
    const expelled: string[] = [];
    const audience: FedAudience = {
      namespaceOf: () => 0,
      hears: (_session_id, connection) => !expelled.includes(connection),
      membersOf: () => [],
      sessions: () => [],
      admit: async () => true,
      heardUpTo: async (_session_id, numbers) => numbers,
      expel: (_session_id, connections) => expelled.push(...connections),
      tell: () => {},
      ...own(() => live, expelled),
    };
    const live: RedisLiveStore = new RedisLiveStore({
      link: state,
      keys: new RedisKeys(prefix),
      makeId: randomId,
      audience,
      onDue: () => {},
    });
    onTestFinished(() => live.close());
    await live.open(planOf(SESSION, { session: sessionObjectOf(SESSION) }));
    const reports = attendanceReports(createMetrics());
    const services = { live, registry, archive, reports } as unknown as Services;
    const archiveNow = async () => {
      const [claim] = await live.claimDue(1);
      if (claim === undefined) throw new Error('nothing is due');
      const final = await live.final(claim);
      if (final === null) throw new Error('nothing to archive');
      await archive.store(final);
      expect(await live.confirm(claim, 1)).toBe(true);
    };
    return { live, services, expelled, archiveNow };
  };

  /** This connection is in the room, and before anything can be read the session is over and archived. */
  const archivedAfter = async (connection: string) => {
    const it = await scene((live) => ({
      admit: async (_session_id, { id }) => {
        if (id !== connection) return true;
        await live().submit(SESSION, end());
        await it.archiveNow();
        return false;
      },
    }));
    return it;
  };

  test('END-1 an accepted join is answered from the archive, not older than the end that it heard', async () => {
    const { services, expelled } = await archivedAfter('c1');
    const answer = await joinSession(
      services,
      person('u1', 'student'),
      { session_id: SESSION },
      { id: 'c1' },
      NO_DEVICE,
    );
    expect(answer.repeated).toBe(false);
    expect(answer.payload).toMatchObject({
      // 1 is the join, 2 the end.
      seq: 2,
      room_seq: 1,
      own_seq: 1,
      status: 'present',
      session: { status: 'completed' },
      statistics: { presentCount: 1, absentCount: 3 },
      epoch: 'archive-1',
    });
    expect(expelled).toEqual(['c1']);
  });

  test('END-1 a connection that the end has let go is answered by a reading from after that', async () => {
    let readings = 0;
    const { services } = await scene((live, expelled) => ({
      admit: async () => false,
      heardUpTo: async (_session_id, { seq, room_seq }) => {
        readings += 1;
        if (readings === 1) {
          // A mark goes by, so it is read once more, and then comes the end.
          await live().submit(SESSION, mark(2, 'late'));
          return { seq: seq + 1, room_seq: room_seq + 1 };
        }
        if (readings === 2) {
          await live().submit(SESSION, end());
          expelled.push('c1');
        }
        return { seq, room_seq };
      },
    }));
    const { payload } = await joinSession(
      services,
      person('u1', 'student'),
      { session_id: SESSION },
      { id: 'c1' },
      NO_DEVICE,
    );
    expect(payload).toMatchObject({ seq: 3, room_seq: 2, session: { status: 'completed' } });
  });

  test('JOIN-7 nobody is brought back into it', async () => {
    const { live, services, expelled } = await archivedAfter('c2');
    await attendSession(services, person('t1', 'teacher'), SESSION, { id: 'c1' });
    expect(await live.reattach(SESSION, { id: 'c2', user_id: 't1' }, () => 'staff')).toBeNull();
    expect(expelled).toEqual(['c2']);
  });
});
