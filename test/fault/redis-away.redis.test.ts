/**
 * Redis cut off, and frozen, while sessions keep being begun on two nodes: every call is answered in time, and once
 * Redis is back every room hears and every client converges.
 */
import { expect, onTestFinished, test } from 'vitest';
import { BusyCampus } from '../support/busy-campus.ts';
import { startedRedis } from '../support/connected-redis.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import type { RedisProcess } from '../support/redis-server.ts';
import { slowerThan, slowestOf } from '../support/timed-calls.ts';

const CUT_OFF_MS = 15_000;
const FROZEN_MS = 5_000;
/** What a caller is promised. */
const ANSWERED_WITHIN_MS = 1_000;
const HEARS_AGAIN_WITHIN_MS = 16_000;

type Fault = {
  name: string;
  lasts_ms: number;
  begin: (campus: BusyCampus, redis: RedisProcess) => unknown;
  end: (campus: BusyCampus, redis: RedisProcess) => unknown;
};
const FAULTS: Fault[] = [
  {
    name: 'cut off',
    lasts_ms: CUT_OFF_MS,
    begin: ({ ways }) => Promise.all(ways.map(({ proxy }) => proxy.cut())),
    end: ({ ways }) => Promise.all(ways.map(({ proxy }) => proxy.restore())),
  },
  {
    name: 'frozen',
    lasts_ms: FROZEN_MS,
    begin: (_campus, redis) => redis.freeze(),
    end: (_campus, redis) => redis.resume(),
  },
  {
    name: 'silent: nothing passes, and connections stay open',
    lasts_ms: CUT_OFF_MS,
    begin: ({ ways }) => ways.map(({ proxy }) => proxy.freeze()),
    end: ({ ways }) => ways.map(({ proxy }) => proxy.resume()),
  },
];

const TITLE = 'SYNC-1, JOIN-7: $name for $lasts_ms ms while sessions are begun: answers in time, and all hear again';

describeWithRedis('Redis is away', 'process', () => {
  test.each(FAULTS)(TITLE, { timeout: 120_000 }, async ({ name, lasts_ms, begin, end }) => {
    const redis = await startedRedis();
    const campus = await BusyCampus.open(redis.url);
    onTestFinished(() => campus.close());
    const before = campus.sessions.length;
    await campus.allHear(HEARS_AGAIN_WITHIN_MS);

    await begin(campus, redis);
    const bustle = campus.bustle(lasts_ms);
    // These come back meanwhile and send nothing: whatever they had joined is theirs again once Redis is back.
    const silent = campus.sessions.flatMap(({ others }) => others.slice(2));
    for (const client of silent) await client.dropAndReturn();
    const { settled } = await bustle;
    await end(campus, redis);
    const ended = performance.now();
    const sinceEnd = () => Math.round(performance.now() - ended);
    await campus.allHear(HEARS_AGAIN_WITHIN_MS);
    const heard_ms = sinceEnd();
    await settled();
    const accepted_ms = sinceEnd();
    await campus.allHear(HEARS_AGAIN_WITHIN_MS);
    const { all } = campus.calls;
    const converged = await campus.allConverge();

    const unavailable = all.filter(({ code }) => code === 'STORE_UNAVAILABLE');
    const begun = campus.sessions.length - before;
    console.log(name, campus.calls.codes, { slowest: slowestOf(unavailable), slowest_of_all: slowestOf(all) });
    console.log(name, { begun, all_accepted_ms: accepted_ms, all_heard_ms: heard_ms, converged });
    expect(begun).toBeGreaterThan(3);
    expect(unavailable.length).toBeGreaterThan(50);
    expect(slowerThan(ANSWERED_WITHIN_MS, all)).toEqual([]);
    // The node has told whoever stayed what it had missed: nobody needed to sync.
    expect(converged.whole).toBe(converged.stayed);
  });
});
