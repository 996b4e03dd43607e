/** What a connection owes: who is given up after how much silence, and when the connection is. */
import { Command } from 'ioredis';
import { expect, test } from 'vitest';
import { REDIS_ANSWER_MAX_MS, REDIS_SILENT_MS } from '../../src/limits.ts';
import type { PatientClock } from '../../src/patient-clock.ts';
import { OwedAnswers } from '../../src/redis/owed-answers.ts';

const WITHIN_MS = 800;

/** Each pass() is one tick. */
const scene = () => {
  const state = { now: 0, dead: 0, look: () => {} };
  const clock = {
    get now() {
      return state.now;
    },
    every: (look: () => void) => {
      state.look = look;
      return () => {};
    },
  } as unknown as PatientClock;
  const onDead = () => {
    state.dead += 1;
  };
  const owed = new OwedAnswers({ clock, answer_within_ms: WITHIN_MS, onDead });
  const told: string[] = [];
  const ask = (name: string) => {
    const command = new Command('get', [name]);
    command.promise.then(
      () => told.push(`${name} answered`),
      () => told.push(`${name} given up`),
    );
    owed.owe(command);
    return command;
  };
  const answer = (command: Command) => {
    owed.heard();
    command.resolve(Buffer.from('x'));
  };
  const pass = async (ms: number) => {
    state.now += ms;
    state.look();
    await Promise.resolve();
  };
  return { owed, state, told, ask, answer, pass };
};

test('silence: who has waited so long is given up, who came later is not yet', async () => {
  const { told, ask, pass, state } = scene();
  ask('a');
  await pass(WITHIN_MS - 100);
  ask('b');
  await pass(99);
  expect(told).toEqual([]);
  await pass(1);
  expect(told).toEqual(['a given up']);
  await pass(WITHIN_MS - 100);
  expect(told).toEqual(['a given up', 'b given up']);
  expect(state.dead).toBe(1);
});

test('as long as anything comes nobody is given up, but for who has waited for the longest time of all', async () => {
  const { told, ask, answer, pass, state } = scene();
  const last = ask('last');
  for (let waited = 0; waited < REDIS_ANSWER_MAX_MS - 500; waited += 500) {
    answer(ask('other'));
    await pass(500);
  }
  expect(told).not.toContain('last given up');
  answer(ask('other'));
  await pass(500);
  expect(told).toContain('last given up');
  expect(last.isSettled).toBe(true);
  expect(state.dead).toBe(0);
});

test('a connection is dead when it is silent for REDIS_SILENT_MS and owes something, given up or not', async () => {
  const { ask, answer, pass, state, owed } = scene();
  answer(ask('a'));
  await pass(10 * REDIS_SILENT_MS);
  expect(state.dead).toBe(0);
  ask('b');
  await pass(WITHIN_MS);
  owed.heard();
  await pass(REDIS_SILENT_MS);
  expect(state.dead).toBe(0);
  ask('c');
  await pass(WITHIN_MS);
  await pass(REDIS_SILENT_MS - WITHIN_MS);
  expect(state.dead).toBe(1);
});

test('one that was opened must go on saying something until it is up', async () => {
  const { owed, pass, state } = scene();
  owed.opened();
  await pass(REDIS_SILENT_MS - 1);
  owed.heard();
  await pass(REDIS_SILENT_MS - 1);
  expect(state.dead).toBe(0);
  await pass(1);
  expect(state.dead).toBe(1);
  owed.isUp();
  await pass(REDIS_SILENT_MS);
  expect(state.dead).toBe(1);
  owed.opened();
  owed.lost();
  await pass(REDIS_SILENT_MS);
  expect(state.dead).toBe(1);
});
