/** A whole class that reconnects asks what it has missed, or for its own marks: each student costs Redis one record, not the roll. */
import { expect, onTestFinished, test } from 'vitest';
import { randomId } from '../../src/clock.ts';
import { planOf, SESSION, student } from '../suites/live-fixtures.ts';
import { T0 } from '../support/fixed-clock.ts';
import { redisInfo } from '../support/redis-command.ts';
import { makeRedisLive } from '../support/redis-live.ts';
import { describeWithRedis, sharedRedis } from '../support/redis-needed.ts';

const STUDENTS = 1_000;
/** Numbers, header and one record; a roll of a thousand is some three hundred thousand. */
const BYTES_MAX = 8_000;

describeWithRedis('what a student has missed', 'any', () => {
  const redis = sharedRedis();

  test('is read without the records of the class', async () => {
    const make = makeRedisLive(() => ({ REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix }));
    const { live, close } = await make({ clock: () => T0, makeId: randomId });
    onTestFinished(() => close());
    const students = Array.from({ length: STUDENTS }, (_, n) => student(n));
    await live.open(planOf(SESSION, { students }));
    const updates = students.map(({ student_id }) => ({ student_id, status: 'late' as const }));
    const bulk = {
      kind: 'bulk' as const,
      header_version: 1,
      only_unmarked: false,
      by: 't1',
      by_name: 'Ada',
      admit: [],
    };
    await live.submit(SESSION, { ...bulk, updates });
    const sent = async () => Number((await redisInfo(redis.url, 'stats')).total_net_output_bytes);
    const before = await sent();
    const asStudent = () => ({ staff: false as const, student_id: 's7' });
    const missed = await live.missed(SESSION, 'u7', asStudent, { epoch: 'another', since_room_seq: 0 });
    expect((await sent()) - before).toBeLessThan(BYTES_MAX);
    expect(missed?.deliveries).toBeNull();
    expect(missed?.view.roll.records.get('s7')).toMatchObject({ status: 'late', student_name: 'Student 7' });
    expect(missed?.view.roll.counts).toMatchObject({ late: STUDENTS });

    const then = await sent();
    const own = await live.read(SESSION, 'u7');
    expect((await sent()) - then).toBeLessThan(BYTES_MAX);
    expect([...(own?.roll.records.keys() ?? [])]).toEqual(['s7']);
    expect((await live.read(SESSION, 'nobody'))?.roll.records.size).toBe(0);
    expect((await live.read(SESSION))?.roll.records.size).toBe(STUDENTS);
  });
});
