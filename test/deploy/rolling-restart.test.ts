/** The order of the steps of a rolling restart, with nodes that are only said to be there. */
import { expect, test } from 'vitest';
import { rollingRestart } from '../../deploy/local-cluster/rolling-restart.ts';

const NAMES = ['node-1', 'node-2', 'node-3'];
const SETTLED_MS = 300;

/** What the balancer sees follows what is done to the nodes, one look later. */
const cluster = (options: { failsToStart?: string; onStop?: (name: string) => void } = {}) => {
  const up = new Map(NAMES.map((it) => [it, true]));
  const steps: string[] = [];
  const nodes = NAMES.map((name) => ({
    name,
    stop: async () => {
      const missing = NAMES.filter((it) => up.get(it) === false);
      steps.push(`${name} stops${missing.length > 0 ? ` while ${missing} is missing` : ''}`);
      up.set(name, false);
      options.onStop?.(name);
      return 'exit code 0';
    },
    start: async () => {
      if (name === options.failsToStart) throw new Error(`${name} is not up in time`);
      steps.push(`${name} starts`);
      setTimeout(() => up.set(name, true), SETTLED_MS / 2);
    },
  }));
  const states = async () => NAMES.map((it) => ({ isUp: up.get(it) === true }));
  return { up, steps, nodes, states };
};

const say = (): void => {};

test('one after the other, each only when all are in use and have been for a while', async () => {
  const { nodes, states, steps, up } = cluster();
  // One is not there yet, and another one is lost for a moment.
  up.set('node-3', false);
  setTimeout(() => up.set('node-3', true), SETTLED_MS);
  const stopped_at: number[] = [];
  let flickered_at = 0;
  const timed = nodes.map((it) => ({
    ...it,
    stop: () => {
      stopped_at.push(performance.now());
      return it.stop();
    },
  }));
  const flickering = async () => {
    const now = await states();
    if (steps.length !== 2 || flickered_at > 0 || now.some(({ isUp }) => !isUp)) return now;
    flickered_at = performance.now();
    throw new Error('the balancer does not answer');
  };
  await rollingRestart({ nodes: timed, states: flickering, settled_ms: SETTLED_MS, say });
  expect(steps).toEqual(NAMES.flatMap((it) => [`${it} stops`, `${it} starts`]));
  expect(flickered_at).toBeGreaterThan(0);
  const [, second = 0, third = 0] = stopped_at;
  expect(second - flickered_at).toBeGreaterThanOrEqual(SETTLED_MS);
  expect(third - second).toBeGreaterThanOrEqual(SETTLED_MS);
});

test('a node that does not come back ends it, and the others are left alone', async () => {
  const { nodes, states, steps } = cluster({ failsToStart: 'node-2' });
  const restarting = rollingRestart({ nodes, states, settled_ms: SETTLED_MS, say });
  await expect(restarting).rejects.toThrow('node-2 is not up in time');
  expect(steps).toEqual(['node-1 stops', 'node-1 starts', 'node-2 stops']);
});

test('nothing is started any more after the signal', async () => {
  const leaving = new AbortController();
  const { nodes, states, steps } = cluster({ onStop: () => leaving.abort() });
  const restarting = rollingRestart({ nodes, states, settled_ms: SETTLED_MS, say, signal: leaving.signal });
  await expect(restarting).rejects.toThrow('aborted');
  expect(steps).toEqual(['node-1 stops']);
});
