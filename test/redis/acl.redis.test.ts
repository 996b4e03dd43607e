/**
 * The users that docs/redis-and-mongodb.md gives a Redis: what nodes do is permitted to theirs, each command of it is
 * needed, and nobody else gets at rolls or channels. Everything runs with the user `default` off.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SCRIPTS } from '../../src/live/lua-scripts.ts';
import { RedisKeys, roomOf } from '../../src/live/redis-keys.ts';
import { slotOf } from '../../src/redis/key-slot.ts';
import { endingScenarios } from '../scenarios/ending.ts';
import { followingScenarios } from '../scenarios/following.ts';
import { joiningScenarios } from '../scenarios/joining.ts';
import { startingScenarios } from '../scenarios/starting.ts';
import { wholeClassScenarios } from '../scenarios/whole-class.ts';
import { connectedRedis } from '../support/connected-redis.ts';
import { type RedisCluster, startRedisCluster } from '../support/redis-cluster.ts';
import { redisCommand } from '../support/redis-command.ts';
import { describeWithRedis } from '../support/redis-needed.ts';
import { startWatchedRedis, type WatchedRedis } from '../support/redis-sentinel.ts';
import { RedisProcess } from '../support/redis-server.ts';
import { asAdmin, calledOn, permittedTo, protect, redisUser, refusedBy, urlAs } from '../support/redis-users.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import { until } from '../support/until.ts';

const START_WITHIN_MS = 60_000;
/** What the service is told and what stands in the rules of its user. */
const PREFIX = 'rollcast';

/** Over all suites below, which run in turn. */
const called = new Set<string>();

/** Nobody was refused anything, and what was called is noted. */
const lookAt = async (servers: RedisProcess[], nodes: SeveralNodes): Promise<void> => {
  for (const server of servers) {
    expect(await refusedBy(server)).toEqual([]);
    for (const command of await calledOn(server)) called.add(command);
  }
  for (const { output } of nodes.nodes) expect(output).not.toContain('NOPERM');
};

describeWithRedis('the documented users of one Redis with a replica', 'process', () => {
  let primary: RedisProcess;
  let replica: RedisProcess;
  let nodes: SeveralNodes;
  beforeAll(async () => {
    primary = await RedisProcess.start({ aof: true });
    replica = await RedisProcess.start({ replicaOf: primary });
    for (const server of [replica, primary]) await protect(server);
    // The replica has come back as the user of replicas.
    await until('the replica follows', async () =>
      String(await asAdmin(primary, 'INFO', 'replication')).includes('connected_slaves:1'),
    );
    const env = { REDIS_URL: urlAs('rollcast', primary), REDIS_PREFIX: PREFIX, REDIS_WAIT_REPLICAS: '1' };
    nodes = await SeveralNodes.start({ count: 2, env: () => env });
  }, START_WITHIN_MS);
  afterEach(() => nodes.settle());
  afterAll(async () => {
    await nodes?.stop();
    await Promise.all([primary, replica].map((it) => it?.stop()));
  });

  const deployment = () => nodes;
  wholeClassScenarios(deployment);
  startingScenarios(deployment);
  joiningScenarios(deployment);
  endingScenarios(deployment);
  followingScenarios(deployment);

  test('scripts that the server has forgotten are sent whole', async () => {
    const room = await nodes.classroom();
    await asAdmin(primary, 'SCRIPT', 'FLUSH');
    await room.started();
    await room.joined(0);
    expect(await calledOn(primary)).toContain('eval');
  });

  test('a student is erased', async () => {
    const room = await nodes.classroom();
    const teacher = await room.started();
    await room.joined(0);
    await teacher.does('endAttendanceSession', { session_id: room.session_id });
    await room.archived();
    await nodes.service().call('eraseStudent', { params: { id: room.student(0).student_id } });
  });

  test('who was connected to a node that drained and does not come back is taken off', {
    timeout: 60_000,
  }, async () => {
    const room = await nodes.classroom();
    const { session_id } = room;
    const teacher = await nodes.connect(room.teacher, { node: 0 });
    await teacher.does('startAttendanceSession', { session_id });
    const student = await nodes.connect(room.student(0), { node: 1 });
    await student.does('joinAttendanceSession', { session_id });
    student.socket.io.reconnection(false);
    await nodes.node(1).kill('SIGTERM');
    await until('staff are told', () => teacher.payloads('studentLeftAttendance').length === 1, 30_000);
    await nodes.node(1).start();
  });

  test('a database with a number is used', async () => {
    const redis = await connectedRedis({ REDIS_URL: `${urlAs('rollcast', primary)}/2` });
    const key = `${PREFIX}:nodes`;
    expect(await redis.state.command('zadd', key, 1, 'in database 2')).toBe(1);
    expect(await redisCommand(`${urlAs('admin', primary)}/2`, 'EXISTS', key)).toBe(1);
    expect(await asAdmin(primary, 'ZSCORE', key, 'in database 2')).toBeNull();
  });

  test('nodes were refused nothing', () => lookAt([primary, replica], nodes));

  describe('and nobody else', () => {
    const asStranger = (...args: string[]) => redisCommand(primary.url, ...args);
    const asRollcast = (...args: string[]) => redisCommand(urlAs('rollcast', primary), ...args);

    /** What a node takes for an event of a session. */
    const forged = (session_id: string) => {
      const packet = {
        uid: 'x',
        nsp: '/',
        type: 3,
        data: {
          packet: { type: 2, data: ['attendanceMarked', { forged: true }], nsp: '/' },
          opts: { rooms: [roomOf(session_id)], except: [], flags: {} },
        },
      };
      return [new RedisKeys(PREFIX).channel(0, roomOf(session_id)), JSON.stringify(packet)] as const;
    };

    test('without a user of Redis’ nothing goes', async () => {
      for (const args of [['PING'], ['GET', 'a'], ['SPUBLISH', 'rollcast:io#/#a#', 'x'], ['INFO']]) {
        await expect(asStranger(...args)).rejects.toThrow('NOAUTH');
      }
    });

    test('who can publish can tell clients anything; another application’s user cannot', async () => {
      const room = await nodes.classroom();
      const teacher = await room.started();
      const student = await nodes.connect(room.student(0), { namespace: '/' });
      await student.does('joinAttendanceSession', { session_id: room.session_id });
      const [channel, message] = forged(room.session_id);
      const others = ['on', '>theirs', '~other:*', '&other:*', '+@all', '-@admin', '-@dangerous'];
      await asAdmin(primary, 'ACL', 'SETUSER', 'other', 'reset', ...others);
      const asOther = (...args: string[]) => redisCommand(primary.url.replace('//', '//other:theirs@'), ...args);
      expect(await asOther('SPUBLISH', 'other:news', 'x')).toBe(0);
      const attempts = [
        ['SPUBLISH', channel, message],
        ['EVAL', 'return redis.call("SPUBLISH", KEYS[1], ARGV[1])', '1', channel, message],
        ['PUBLISH', channel, message],
        ['SSUBSCRIBE', channel],
        ['SPUBLISH', `${PREFIX}:courses`, room.course_id],
        ['HGETALL', new RedisKeys(PREFIX).ofRoll(room.session_id)[0] ?? ''],
      ];
      for (const args of attempts) await expect(asOther(...args)).rejects.toThrow(/NOPERM|No permissions/i);
      expect(student.heard.filter(({ payload }) => payload.forged === true)).toEqual([]);

      // The same as somebody who may: it does reach clients, which is why nobody else may.
      await asAdmin(primary, 'SPUBLISH', channel, message);
      await until('the forged event is heard', () => student.heard.some(({ payload }) => payload.forged === true));
      // That it is against the contract has been noticed, of course.
      for (const client of [student, teacher]) client.violations.length = 0;
    });

    test('the user of the nodes cannot empty, configure, list or look into the server, nor leave its prefix', async () => {
      const refused = [
        ['FLUSHALL'],
        ['FLUSHDB'],
        ['CONFIG', 'GET', '*'],
        ['CONFIG', 'SET', 'maxmemory', '1'],
        ['KEYS', '*'],
        ['SCAN', '0'],
        ['ACL', 'LIST'],
        ['MONITOR'],
        ['SHUTDOWN'],
        ['REPLICAOF', 'NO', 'ONE'],
        ['SCRIPT', 'FLUSH'],
        ['CLIENT', 'KILL', 'TYPE', 'normal'],
        ['PUBLISH', 'rollcast:io#/#a#', 'x'],
        ['GET', 'rollcast:a'],
        ['HSET', 'other:a', 'b', 'c'],
        ['SPUBLISH', 'other:a', 'x'],
        ['EVAL', 'return redis.call("HSET", KEYS[1], "b", "c")', '1', 'other:a'],
      ];
      for (const args of refused) await expect(asRollcast(...args)).rejects.toThrow(/NOPERM|No permissions/i);
      expect(await asRollcast('PING')).toBe('PONG');
    });
  });
});

describeWithRedis('the documented users of a Cluster', 'process', () => {
  let cluster: RedisCluster;
  let nodes: SeveralNodes;
  const urls = () => cluster.nodes.map((it) => urlAs('rollcast', it)).join(',');
  beforeAll(async () => {
    cluster = await startRedisCluster();
    for (const server of cluster.nodes) await protect(server);
    const env = { REDIS_URL: urls(), REDIS_MODE: 'cluster', REDIS_PREFIX: PREFIX };
    nodes = await SeveralNodes.start({ count: 2, env: () => env });
  }, START_WITHIN_MS);
  afterEach(() => nodes.settle());
  afterAll(async () => {
    await nodes?.stop();
    await cluster?.stop();
  });

  wholeClassScenarios(() => nodes);
  endingScenarios(() => nodes);

  test('a slot moves', async () => {
    const [from, to] = cluster.nodes as [RedisProcess, RedisProcess, RedisProcess];
    const redis = await connectedRedis({ REDIS_URL: urls(), REDIS_MODE: 'cluster' });
    const key = Array.from({ length: 1_000 }, (_, i) => `${PREFIX}:{k${i}}:due`).find((it) => slotOf(it) < 5_461) ?? '';
    const slot = String(slotOf(key));
    const idOf = async (server: RedisProcess) => String(await asAdmin(server, 'CLUSTER', 'MYID'));
    await asAdmin(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from));
    await asAdmin(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to));
    expect(await redis.state.command('zadd', key, 1, 'a')).toBe(1);
    for (const server of [to, from]) await asAdmin(server, 'CLUSTER', 'SETSLOT', slot, 'NODE', await idOf(to));
    expect(await redis.state.command('zscore', key, 'a')).toBe('1');
  });

  test('nodes were refused nothing', () => lookAt(cluster.nodes, nodes));
});

describeWithRedis('the documented users behind sentinels', 'process', () => {
  let watched: WatchedRedis;
  let nodes: SeveralNodes;
  beforeAll(async () => {
    watched = await startWatchedRedis();
    const { name, password } = redisUser('sentinel');
    for (const url of watched.sentinels) {
      const auth = ['auth-user', name, 'auth-pass', password ?? ''];
      await redisCommand(url, 'SENTINEL', 'SET', watched.master_name, ...auth);
    }
    for (const server of [watched.replica, watched.master]) await protect(server);
    const { password: own } = redisUser('rollcast');
    const env = {
      REDIS_URL: watched.sentinels.map((it) => it.replace('//', `//rollcast:${own}@`)).join(','),
      REDIS_MODE: 'sentinel',
      REDIS_SENTINEL_MASTER: watched.master_name,
      REDIS_PREFIX: PREFIX,
    };
    nodes = await SeveralNodes.start({ count: 2, env: () => env });
  }, START_WITHIN_MS);
  afterEach(() => nodes.settle());
  afterAll(async () => {
    await nodes?.stop();
    await watched?.stop();
  });

  test('a class goes on over a fail-over', { timeout: 60_000 }, async () => {
    const room = await nodes.classroom({ students: 2 });
    const { session_id } = room;
    const teacher = await room.started();
    const student = await room.joined(0);
    await watched.failover();
    const mark = { session_id, student_id: room.student(1).student_id, status: 'late' } as const;
    await until('marks are taken again', async () => (await teacher.ask('markStudentAttendance', mark)).ok, 30_000);
    await student.hears('attendanceUpdated', (it) => it.student_id === mark.student_id);
    await teacher.does('endAttendanceSession', { session_id });
    await room.archived();
  });

  test('neither nodes nor sentinels nor the replica were refused anything', () =>
    lookAt([watched.master, watched.replica], nodes));
});

describeWithRedis('the documented user of the nodes', 'process', () => {
  test('may call whatever stands in any script, also what the above has not come by', () => {
    const named = Object.values(SCRIPTS).flatMap(({ lua }) =>
      Array.from(lua.matchAll(/redis\.p?call\('(\w+)'/g), ([, name = '']) => name.toLowerCase()),
    );
    expect(named.length).toBeGreaterThan(50);
    const permitted = new Set(permittedTo('rollcast'));
    expect([...new Set(named)].filter((it) => !permitted.has(it))).toEqual([]);
  });

  test('is permitted no command that nothing above needed', () => {
    expect(permittedTo('rollcast').filter((it) => !called.has(it))).toEqual([]);
  });
});
