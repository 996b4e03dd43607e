/** `npm run local-cluster` as somebody who tries it out meets it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { expect, test } from 'vitest';
import { dataDirectory, endWithThisProcess } from '../support/child-processes.ts';
import { freePort } from '../support/free-port.ts';
import { describeBehindHaproxy } from '../support/haproxy.ts';
import { redisCommand } from '../support/redis-command.ts';
import { until } from '../support/until.ts';

const SCRIPT = path.resolve(import.meta.dirname, '../../deploy/local-cluster/cluster.ts');
const UP_WITHIN_MS = 30_000;
/** Three times ten seconds and a start. */
const RESTARTED_WITHIN_MS = 120_000;
/** A port that is free does not tell that the next five are. */
const START_TRIES = 5;

type Cluster = { child: ChildProcess; port: number; output: () => string; ended: Promise<number | null> };

const runCluster = async (dir: string): Promise<Cluster> => {
  const port = await freePort();
  const child = spawn(process.execPath, [SCRIPT, '--port', String(port), '--data', dir], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithThisProcess(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, port, output: () => output, ended };
};

const startCluster = async (dir: string): Promise<Cluster> => {
  for (let tries = 1; ; tries += 1) {
    const cluster = await runCluster(dir);
    const isOver = () => cluster.child.exitCode !== null;
    const isUp = () => cluster.output().includes('With --simulate');
    await until('the cluster is up', () => isUp() || isOver(), UP_WITHIN_MS);
    if (!isOver()) return cluster;
    if (!cluster.output().includes('cannot be had') || tries === START_TRIES) throw new Error(cluster.output());
  }
};

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

describeBehindHaproxy('the local cluster', () => {
  test('says where to go, restarts its nodes in turn, survives one, leaves nothing behind', {
    timeout: 210_000,
  }, async () => {
    const { dir, remove } = dataDirectory();
    const { child, port, output, ended } = await startCluster(dir);
    const exported = Object.fromEntries(
      [...output().matchAll(/^export ([A-Z_0-9]+)=(.+)$/gm)].map(([, name, value]) => [name, value]),
    ) as Record<string, string>;
    const { URL: url = '', SESSION = '', TEACHER = '' } = exported;
    expect(url).toBe(`http://localhost:${port}`);
    const ask = async (of: string) =>
      (await fetch(`${url}/api/v1/sessions/${of}`, { headers: { authorization: `Bearer ${TEACHER}` } })).status;
    expect(await ask(SESSION)).toBe(200);
    for (const path of ['metrics', '%6detrics']) expect((await fetch(`${url}/${path}`)).status).toBe(404);

    const first = [...output().matchAll(/node-\d, pid (\d+)/g)].map(([, it]) => Number(it));
    child.kill('SIGUSR2');
    const isOver = () => output().includes('All nodes are new processes');
    await until('all nodes are new processes', isOver, RESTARTED_WITHIN_MS);
    expect(output().match(/node-\d has ended after \S+ s: exit code 0/g), output()).toHaveLength(3);
    expect(first).toHaveLength(3);
    for (const it of first) expect(() => process.kill(it, 0)).toThrow('ESRCH');
    expect(await ask(SESSION)).toBe(200);

    const pid = Number(/node-1 runs: pid (\d+)/.exec(output())?.[1]);
    expect(first).not.toContain(pid);
    const before = output().length;
    const since = () => output().slice(before);
    process.kill(pid, 'SIGKILL');
    await until('the balancer has noticed', () => since().includes('balancer: node-1 is DOWN'));
    expect(since()).toContain(`node-1 (pid ${pid}) has ended: SIGKILL`);
    expect(await ask(SESSION)).toBe(200);

    child.kill('SIGTERM');
    expect(await ended, output()).toBe(0);
    for (let other = port; other <= port + 5; other += 1) {
      expect(await answers(`http://127.0.0.1:${other}`)).toBe(false);
    }
    await expect(redisCommand(`redis://127.0.0.1:${port + 4}`, 'PING')).rejects.toThrow('ECONNREFUSED');
    remove();
  });
});
