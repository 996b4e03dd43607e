/** Group commit in front of Redis: one run at a time for each roll, and one wait for a Redis that does not answer. */
import { expect, test } from 'vitest';
import { unavailable } from '../../src/contract/errors.ts';
import { TURN_ENOUGH_COMMANDS, TURN_MAX_CHANGES } from '../../src/limits.ts';
import { RedisTurns } from '../../src/live/redis-turns.ts';

/** Commands from here on change almost as much as one run may. */
const BULK = 10_000;

/** Runs that end when the test says so. */
const turnsUnderTest = () => {
  const runs: { session_id: string; commands: number[]; end: (error?: Error) => void }[] = [];
  const turns = new RedisTurns<number, number>(
    (session_id, commands) => {
      const { promise, resolve, reject } = Promise.withResolvers<number[]>();
      const end = (error?: Error) => (error === undefined ? resolve(commands.map((it) => it * 10)) : reject(error));
      runs.push({ session_id, commands, end });
      return promise;
    },
    (command) => (command >= BULK ? TURN_MAX_CHANGES - 1 : 1),
  );
  const outcomes: Record<number, unknown> = {};
  const send = (session_id: string, command: number) =>
    turns.send(session_id, command).then(
      (answer) => {
        outcomes[command] = answer;
      },
      (error: unknown) => {
        outcomes[command] = String(error);
      },
    );
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { runs, turns, outcomes, send, turn };
};

test('what comes while a turn runs is the next one', async () => {
  const { runs, turns, outcomes, send, turn } = turnsUnderTest();
  for (const command of [1, 2]) void send('a', command);
  await turn();
  for (const command of [3, 4]) void send('a', command);
  void send('b', 5);
  await turn();
  expect(runs.map(({ commands }) => commands)).toEqual([[1, 2], [5]]);
  runs[0]?.end();
  await turn();
  expect(outcomes).toEqual({ 1: 10, 2: 20 });
  for (const { end } of runs) end();
  await turns.settled();
  expect(outcomes).toEqual({ 1: 10, 2: 20, 3: 30, 4: 40, 5: 50 });
});

test('what waits for a turn that Redis does not answer fails with it; other rolls and later turns go on', async () => {
  const { runs, turns, outcomes, send, turn } = turnsUnderTest();
  const away = unavailable(new Error('away'));
  void send('a', 1);
  void send('b', 2);
  await turn();
  void send('a', 3);
  runs[0]?.end(away);
  await turn();
  expect(outcomes).toEqual({ 1: String(away), 3: String(away) });
  void send('a', 4);
  await turn();
  expect(runs.map(({ commands }) => commands)).toEqual([[1], [2], [4]]);
  for (const { end } of runs) end();
  await turns.settled();
  expect(outcomes).toEqual({ 1: String(away), 2: 20, 3: String(away), 4: 40 });
});

test('what waits for a turn that is at fault itself has its own', async () => {
  const { runs, turns, outcomes, send, turn } = turnsUnderTest();
  void send('a', 1);
  await turn();
  void send('a', 2);
  runs[0]?.end(new Error('a fault'));
  await turn();
  runs[1]?.end();
  await turns.settled();
  expect(outcomes).toEqual({ 1: 'Error: a fault', 2: 20 });
});

test('a run changes so much and no more; what is left is the next one, in order', async () => {
  const { runs, send, turn } = turnsUnderTest();
  for (const command of [1, BULK, 2, BULK + 1, BULK + 2]) void send('a', command);
  await turn();
  for (let ended = 0; ended < 4; ended += 1) {
    runs[ended]?.end();
    await turn();
  }
  expect(runs.map(({ commands }) => commands)).toEqual([[1, BULK], [2, BULK + 1], [BULK + 2]]);
});

test('where enough has come the turn is not waited for, and nothing is left behind', async () => {
  const { runs, outcomes, send, turn } = turnsUnderTest();
  const enough = Array.from({ length: TURN_ENOUGH_COMMANDS }, (_, n) => n + 1);
  for (const command of enough) void send('a', command);
  await Promise.resolve();
  await Promise.resolve();
  expect(runs.map(({ commands }) => commands)).toEqual([enough]);
  void send('a', 100);
  runs[0]?.end();
  await turn();
  expect(runs.map(({ commands }) => commands)).toEqual([enough, [100]]);
  runs[1]?.end();
  await turn();
  expect(Object.keys(outcomes)).toHaveLength(TURN_ENOUGH_COMMANDS + 1);
});
