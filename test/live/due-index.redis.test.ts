/** The index of what is due lies outside the rolls: what happens when one node looks while another ends a session. */
import { expect, onTestFinished, test } from 'vitest';
import { randomId } from '../../src/clock.ts';
import type { FedAudience } from '../../src/live/fed-audience.ts';
import { SCRIPTS } from '../../src/live/lua-scripts.ts';
import { RedisKeys } from '../../src/live/redis-keys.ts';
import { RedisLiveStore } from '../../src/live/redis-live-store.ts';
import type { RedisScript, StateLink } from '../../src/redis/state-link.ts';
import { planOf, SESSION } from '../suites/live-fixtures.ts';
import { end } from '../suites/roll-commands.ts';
import { connectedRedis } from '../support/connected-redis.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';
import { until } from '../support/until.ts';

const nobody: FedAudience = {
  namespaceOf: () => 0,
  hears: () => true,
  membersOf: () => [],
  sessions: () => [],
  admit: async () => true,
  heardUpTo: async (_session_id, numbers) => numbers,
  expel: () => {},
  tell: () => {},
};

type Around = { before?: () => Promise<void>; after?: () => Promise<void> };

describeWithRedis('the index of what is due', 'any', () => {
  const redis = sharedRedis();

  const twoNodes = async () => {
    const prefix = `${redis.prefix}-${randomId()}`;
    const keys = new RedisKeys(prefix);
    /** A node in which a test can stop around one run of a script. */
    const node = async () => {
      const { state } = await connectedRedis({ REDIS_URL: redis.url, REDIS_PREFIX: prefix }, Object.values(SCRIPTS));
      const around = new Map<RedisScript, Around>();
      const link = new Proxy(state, {
        get: (target, name) => {
          if (name !== 'run') {
            const value = Reflect.get(target, name);
            return typeof value === 'function' ? value.bind(target) : value;
          }
          return async (...args: Parameters<StateLink['run']>) => {
            const { before, after } = around.get(args[0]) ?? {};
            around.delete(args[0]);
            await before?.();
            const answer = await target.run(...args);
            await after?.();
            return answer;
          };
        },
      });
      const live = new RedisLiveStore({ link, keys, makeId: randomId, audience: nobody, onDue: () => {} });
      onTestFinished(() => live.close());
      return { live, around, state };
    };
    const [ending, looking] = [await node(), await node()];
    await ending.live.open(planOf(SESSION));
    const indexed = () => ending.state.command('zscore', keys.rollsByDue, SESSION);
    return { ending, looking, keys, indexed };
  };

  test('END-2 another node finds it not due, and it ends before that is written: it is found', async () => {
    const { ending, looking, keys } = await twoNodes();
    await ending.state.command('zadd', keys.rollsByDue, 0, SESSION);
    looking.around.set(SCRIPTS.claim, {
      after: async () => {
        await ending.live.submit(SESSION, end());
      },
    });
    expect(await looking.live.claimDue(1)).toEqual([]);
    expect(await ending.live.claimDue(1)).toMatchObject([{ session_id: SESSION, due: 'archive' }]);
  });

  test('END-2 another node looks between the index and the end: it is found', async () => {
    const { ending, looking, indexed } = await twoNodes();
    ending.around.set(SCRIPTS.apply, {
      before: async () => {
        await until('the index says it', async () => (await indexed()) === '0');
        expect(await looking.live.claimDue(1)).toEqual([]);
        expect(await indexed()).not.toBe('0');
      },
    });
    expect(await ending.live.submit(SESSION, end())).toMatchObject({ ok: true });
    expect(await ending.live.claimDue(1)).toMatchObject([{ session_id: SESSION, due: 'archive' }]);
  });
});
