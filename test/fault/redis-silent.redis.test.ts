/**
 * Faults that nobody is told of: one of the nodes' connections is open but dead, or a channel is not heard any more
 * although nothing has happened. All hear again by themselves, within a heartbeat and a second.
 */
import { expect, onTestFinished, test } from 'vitest';
import { NAMESPACES } from '../../src/contract/events.ts';
import { RedisKeys, roomOf, staffRoomOf } from '../../src/live/redis-keys.ts';
import { BusyCampus, type LiveSession } from '../support/busy-campus.ts';
import { startedRedis } from '../support/connected-redis.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import type { RedisProcess } from '../support/redis-server.ts';
import { slowerThan, slowestOf } from '../support/timed-calls.ts';
import { until } from '../support/until.ts';

const HEARS_AGAIN_WITHIN_MS = 16_000;
/** What a caller is promised. */
const ANSWERED_WITHIN_MS = 1_000;
/** People go on beyond the moment at which the dead connection has been replaced. */
const GO_ON_MS = 6_000;
const PREFIX = 'test';
const keys = new RedisKeys(PREFIX);

describeWithRedis('a fault that nobody is told of', 'process', () => {
  const opened = async (): Promise<{ redis: RedisProcess; campus: BusyCampus }> => {
    const redis = await startedRedis();
    const campus = await BusyCampus.open(redis.url, { REDIS_PREFIX: PREFIX });
    onTestFinished(() => campus.close());
    await campus.allHear(HEARS_AGAIN_WITHIN_MS);
    return { redis, campus };
  };

  test.each(['state', 'publish', 'subscribe'])(
    'SYNC-1: only the %s connections are dead: answers in time, and all hear again',
    { timeout: 60_000 },
    async (purpose) => {
      const { campus } = await opened();
      const [{ room }] = campus.sessions as [LiveSession];
      const { course_id } = room;
      const watcher = await campus.nodes.connect(room.student(0), { node: 1 });
      await watcher.does('subscribeToCourse', { course_id });
      const dead = (await Promise.all(campus.ways.map(({ named }) => named(`rollcast:${purpose}`)))).flat();
      expect(dead).toHaveLength(2);

      const began = performance.now();
      const since = () => Math.round(performance.now() - began);
      for (const connection of dead) connection.freeze();
      const told = until(
        'the course hears of a session that was begun since',
        () => watcher.payloads('courseSessionStarted').length > 0,
        HEARS_AGAIN_WITHIN_MS,
      ).then(since);
      const bustle = campus.bustle(GO_ON_MS);
      await campus.allHear(HEARS_AGAIN_WITHIN_MS);
      const heard_ms = since();
      const course_ms = await told;
      const { settled } = await bustle;
      await settled();
      await campus.allHear(HEARS_AGAIN_WITHIN_MS);
      const { all } = campus.calls;
      const converged = await campus.allConverge();

      const unavailable = all.filter(({ code }) => code === 'STORE_UNAVAILABLE');
      console.log(purpose, campus.calls.codes, { slowest: slowestOf(unavailable), slowest_of_all: slowestOf(all) });
      console.log(purpose, { all_heard_ms: heard_ms, course_heard_ms: course_ms, converged });
      expect(heard_ms).toBeLessThan(HEARS_AGAIN_WITHIN_MS);
      expect(slowerThan(ANSWERED_WITHIN_MS, unavailable)).toEqual([]);
      expect(converged.whole).toBe(converged.stayed);
    },
  );

  /** The node does not know that it hears this channel no more. */
  const unsubscribe = async ({ ways }: BusyCampus, node: number, channel: string): Promise<void> => {
    const [connection] = (await ways[node]?.named('rollcast:subscribe')) ?? [];
    const quoted = channel.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    await connection?.sayBehindItsBack(
      `*2\r\n$12\r\nSUNSUBSCRIBE\r\n$${channel.length}\r\n${channel}\r\n`,
      new RegExp(`[>*]3\r\n\\$12\r\nsunsubscribe\r\n\\$\\d+\r\n${quoted}\r\n:\\d+\r\n`),
    );
  };

  test('SYNC-1: rooms unsubscribed behind the node’s back: all hear again, and have missed nothing', {
    timeout: 60_000,
  }, async () => {
    const { redis, campus } = await opened();
    // Their teachers are on the other node; students on this one, in whichever namespaces.
    const [first, , second] = campus.sessions as [LiveSession, LiveSession, LiveSession];
    const channelsOf = ({ session_id }: LiveSession) =>
      NAMESPACES.flatMap((_, n) => [roomOf, staffRoomOf].map((room) => keys.channel(n, room(session_id))));
    const hearing = async (channel: string) => {
      const [, nodes] = (await redis.command('PUBSUB', 'SHARDNUMSUB', channel)) as [string, number];
      return nodes;
    };
    const began = performance.now();
    const channels = [...channelsOf(first), ...channelsOf(second)];
    const before = await Promise.all(channels.map(hearing));
    for (const channel of channels) await unsubscribe(campus, 1, channel);
    const after = await Promise.all(channels.map(hearing));
    const lost = after.filter((nodes, i) => nodes < (before[i] ?? 0));
    expect(lost.length).toBeGreaterThanOrEqual(2);

    const took: Record<string, number> = {};
    const markedIn = async (session: LiveSession): Promise<void> => {
      const { room, session_id, teacher, others } = session;
      const { student_id } = room.student(5);
      await teacher.does('markStudentAttendance', { session_id, student_id, status: 'late' });
      const left_ms = () => HEARS_AGAIN_WITHIN_MS - (performance.now() - began);
      for (const client of others) {
        const heard = () => client.payloads('attendanceUpdated').some((it) => it.student_id === student_id);
        await until(`${client.person.sub} hears`, heard, left_ms());
      }
      took[session_id] = Math.round(performance.now() - began);
    };
    await Promise.all([first, second].map(markedIn));
    const converged = await campus.allConverge();
    console.log('unsubscribed', { all_heard_ms: Object.values(took), converged });
    expect(converged.whole).toBe(converged.stayed);
  });
});
