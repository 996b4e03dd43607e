import { expect, test } from 'vitest';
import { oneAtATime } from '../../src/one-at-a-time.ts';

test('never twice at once; whoever calls meanwhile is answered by one more run, which began after they called', async () => {
  const runs: PromiseWithResolvers<void>[] = [];
  const work = oneAtATime(() => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  });
  const answered: string[] = [];
  const calls = ['a', 'b', 'c'].map((name) => work().then(() => answered.push(name)));
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await calls[0];
  expect(answered).toEqual(['a']);
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
  await Promise.all(calls);
  expect(answered).toEqual(['a', 'b', 'c']);
  const last = work();
  expect(runs).toHaveLength(3);
  runs[2]?.resolve();
  await last;
});
