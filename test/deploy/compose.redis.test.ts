/**
 * deploy/compose.yaml as processes of this machine: its Redis by its own command line, three nodes with its settings, and
 * HAProxy with its file. Addresses are the only thing that differs, and MongoDB, in whose place the nodes share a file.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RedisKeys } from '../../src/live/redis-keys.ts';
import { exportedBy, runProgram } from '../demo/demo-process.ts';
import { dataDirectory, endWithThisProcess } from '../support/child-processes.ts';
import { environmentOf, readCompose } from '../support/compose-file.ts';
import { Deployment, TEST_SECRET } from '../support/deployment.ts';
import { freePort } from '../support/free-port.ts';
import { describeBehindHaproxy, Haproxy } from '../support/haproxy.ts';
import { redisCommand } from '../support/redis-command.ts';
import { SeveralNodes } from '../support/several-nodes.ts';
import type { TestClient } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const { services } = readCompose({ JWT_SECRET: TEST_SECRET });
const [program = '', ...redisArgs] = services.redis?.command ?? [];
const TEST_MS = 90_000;
const STUDENTS = 30;
const BUSY_START_MS = 60_000;

type RunningRedis = { port: number; url: string; child: ChildProcess; stop: () => Promise<void> };

const startRedis = async (): Promise<RunningRedis> => {
  const { dir, remove } = dataDirectory();
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const child = spawn(program, [...redisArgs, '--port', String(port), '--bind', '127.0.0.1', '--dir', dir], {
    stdio: 'ignore',
  });
  endWithThisProcess(child);
  await until(`${program} answers`, () => redisCommand(url, 'PING').catch(() => null));
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
    remove();
  };
  return { port, url, child, stop };
};

/** A health check of the file, with another port or address in it; whether it is content. */
const isHealthy = (
  [, command = '', ...args]: string[],
  change: (arg: string) => string,
  env: Record<string, string> = {},
): Promise<boolean> =>
  promisify(execFile)(command, args.map(change), { env: { ...process.env, ...env } }).then(
    () => true,
    () => false,
  );

describeBehindHaproxy('the containers of deploy/compose.yaml, as processes', () => {
  let redis: RunningRedis;
  let nodes: SeveralNodes;
  let balancer: Haproxy;
  let outside: Deployment;
  const metricsPorts: number[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    for (let n = 0; n < 3; n += 1) metricsPorts.push(await freePort());
    const env = (n: number) => {
      const { PORT: _port, MONGODB_URL: _url, ...settings } = environmentOf(services[`node-${n + 1}`] ?? ({} as never));
      return { ...settings, REDIS_URL: redis.url, METRICS_PORT: String(metricsPorts[n]) };
    };
    nodes = await SeveralNodes.start({ count: 3, env });
    balancer = await Haproxy.start(nodes.nodes.map((it) => it.port));
    outside = new Deployment([{ url: balancer.url, output: '' }], TEST_SECRET);
  }, BUSY_START_MS);
  afterEach(() => outside.settle());
  afterAll(async () => {
    await balancer?.stop();
    await nodes?.stop();
    await redis?.stop();
  });

  /** Connected, and on the roll again. */
  const untilBack = (clients: TestClient[], session_id: string) => {
    const [, , , , online = ''] = new RedisKeys('rollcast').ofRoll(session_id);
    return until(
      'everybody is back',
      async () => {
        const ids = clients.map(({ socket }) => (socket.connected ? socket.id : undefined) ?? 'none');
        const places = (await redisCommand(redis.url, 'HMGET', online, ...ids)) as unknown[];
        return places.every((it) => it !== null);
      },
      TEST_MS / 2,
    );
  };

  test('Redis keeps what it is told, evicts nothing, and is checked', async () => {
    const wanted = {
      appendonly: 'yes',
      appendfsync: 'everysec',
      save: '',
      maxmemory: String(384 * 1024 * 1024),
      'maxmemory-policy': 'noeviction',
      'protected-mode': 'no',
    };
    for (const [name, value] of Object.entries(wanted)) {
      expect(await redisCommand(redis.url, 'CONFIG', 'GET', name)).toEqual([name, value]);
    }
    // A node says at its start what it misses.
    expect(nodes.node(0).output).not.toMatch(/appendonly|maxmemory/);

    const other = await startRedis();
    const check = services.redis?.healthcheck.test ?? [];
    const withPort = check.flatMap((it) => (it === 'redis-cli' ? [it, '-p', String(other.port)] : [it]));
    expect(await isHealthy(withPort, (it) => it)).toBe(true);
    await redisCommand(other.url, 'CONFIG', 'SET', 'requirepass', 'x');
    expect(await isHealthy(withPort, (it) => it)).toBe(false);
    await other.stop();
    expect(await isHealthy(withPort, (it) => it)).toBe(false);
  });

  test('a node is healthy while it answers; metrics have a port of their own and are not behind the balancer', async () => {
    const check = services['node-1']?.healthcheck.test ?? [];
    const byNode = check.map((it) => (it === 'node' ? process.execPath : it));
    // What it is compiled from.
    const source = (arg: string) =>
      arg.replace(/^dist\/(.+)\.js$/, path.resolve(import.meta.dirname, '../../src/$1.ts'));
    expect(await isHealthy(byNode, source, { PORT: String(nodes.node(0).port) })).toBe(true);
    expect(await isHealthy(byNode, source, { PORT: String(await freePort()) })).toBe(false);

    expect((await fetch(`${balancer.url}/metrics`)).status).toBe(404);
    expect((await fetch(`${nodes.node(0).url}/metrics`)).status).toBe(404);
    const metrics = await fetch(`http://127.0.0.1:${metricsPorts[0]}/metrics`);
    expect(await metrics.text()).toContain('rollcast_sockets');
    expect((await fetch(`${balancer.url}/readyz?parts=live`)).status).toBe(200);
  });

  test('the demo seeds it through the balancer, more than once, and plays a lesson', { timeout: TEST_MS }, async () => {
    const demo = async (...args: string[]) => {
      const it = runProgram('demo.ts', ['--url', balancer.url, ...args], { JWT_SECRET: TEST_SECRET });
      expect({ code: await it.ended, errors: it.errors() }).toEqual({ code: 0, errors: '' });
      return { output: it.output(), exported: exportedBy(it) };
    };
    const seeded = await demo();
    const played = await demo('--simulate', '--seconds', '2', '--end');
    expect(played.exported.SESSION).toBe(seeded.exported.SESSION);
    expect(played.output).toContain('is in the archive.');
    const answer = await fetch(`${balancer.url}/api/v1/sessions/${played.exported.SESSION}/attendance`, {
      headers: { authorization: `Bearer ${played.exported.TEACHER}` },
    });
    expect(await answer.json()).toMatchObject({
      source: 'archive',
      statistics: { presentCount: STUDENTS - 3, excusedCount: 1, absentCount: 2 },
    });
  });

  test('polling sticks to its node; one that is killed takes nobody along', { timeout: TEST_MS }, async () => {
    const first = await fetch(`${balancer.url}/socket.io/?EIO=4&transport=polling`);
    expect(first.headers.getSetCookie().join()).toMatch(/^rollcast_node=node-[123];.*HttpOnly/i);

    const room = await outside.classroom({ students: 6 });
    const { session_id } = room;
    const teacher = await room.started();
    const students = await Promise.all(
      room.students.map(async (person, i) => {
        const client = await outside.connect(person, { transports: i % 2 === 0 ? ['websocket'] : ['polling'] });
        await client.does('joinAttendanceSession', { session_id });
        return client;
      }),
    );
    expect(new Set(students.map(({ socket }) => socket.io.engine.transport.name))).toEqual(
      new Set(['websocket', 'polling']),
    );
    await nodes.node(1).kill('SIGKILL');
    await until('the balancer has noticed', async () => (await balancer.nodes())[1]?.isUp === false);
    await untilBack([teacher, ...students], session_id);
    const student_id = room.students[0]?.student_id ?? '';
    const heard = students.map((it) => it.hears('attendanceUpdated', ({ status }) => status === 'excused'));
    await teacher.does('markStudentAttendance', { session_id, student_id, status: 'excused' });
    await Promise.all(heard);
  });
});
