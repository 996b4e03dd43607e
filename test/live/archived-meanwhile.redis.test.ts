/** A roll that ends and goes to the archive while a join is on its way into the rooms, over the real stores. */
import { expect, onTestFinished, test } from 'vitest';
import { SqliteArchive } from '../../src/archive/sqlite-archive.ts';
import { attendSession, joinSession } from '../../src/attendance/joining.ts';
import type { Services } from '../../src/attendance/services.ts';
import { randomId } from '../../src/clock.ts';
import type { Actor } from '../../src/domain/policy.ts';
import type { FedAudience } from '../../src/live/fed-audience.ts';
import { SCRIPTS } from '../../src/live/lua-scripts.ts';
import { RedisKeys } from '../../src/live/redis-keys.ts';
import { RedisLiveStore } from '../../src/live/redis-live-store.ts';
import { SqliteRegistry } from '../../src/registry/sqlite-registry.ts';
import { openDatabase } from '../../src/sqlite/database.ts';
import { beginSession, courseOf } from '../suites/fixtures.ts';
import { planOf, SESSION, sessionObjectOf } from '../suites/live-fixtures.ts';
import { end } from '../suites/roll-commands.ts';
import { connectedRedis } from '../support/connected-redis.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';

const person = (user_id: string, role: Actor['role']): Actor => ({
  user_id,
  role,
  name: user_id,
  picture: null,
  expires_at: Number.MAX_SAFE_INTEGER,
});

describeWithRedis('archived while a join is under way', 'any', () => {
  const redis = sharedRedis();

  /** Over as soon as this connection is in the room. */
  const scene = async (overtaken: string) => {
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
      admit: async (_session_id, { id }) => {
        if (id !== overtaken) return true;
        await live.submit(SESSION, end());
        const [claim] = await live.claimDue(1);
        if (claim === undefined) throw new Error('nothing is due');
        const final = await live.final(claim);
        if (final === null) throw new Error('nothing to archive');
        await archive.store(final);
        expect(await live.confirm(claim, 1)).toBe(true);
        return false;
      },
      heardUpTo: async (_session_id, numbers) => numbers,
      expel: (_session_id, connections) => expelled.push(...connections),
      tell: () => {},
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
    const services = { live, registry, archive } as unknown as Services;
    return { live, services, expelled };
  };

  test('END-1 an accepted join is answered from the archive, not older than the end that it heard', async () => {
    const { services, expelled } = await scene('c1');
    const answer = await joinSession(services, person('u1', 'student'), { session_id: SESSION }, { id: 'c1' });
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

  test('JOIN-7 nobody is brought back into it', async () => {
    const { live, services, expelled } = await scene('c2');
    await attendSession(services, person('t1', 'teacher'), SESSION, { id: 'c1' });
    expect(await live.reattach(SESSION, { id: 'c2', user_id: 't1' }, () => 'staff')).toBeNull();
    expect(expelled).toEqual(['c2']);
  });
});
