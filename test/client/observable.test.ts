import { expect, test, vi } from 'vitest';
import { Value, when } from '../../src/client/observable.ts';

test('listeners are told of each change, once, until they end it', () => {
  const value = new Value({ a: 1, b: 2 });
  const heard = vi.fn();
  const off = value.subscribe(heard);
  const before = value.get();
  value.update({ a: 1 });
  value.set(before);
  expect(heard).not.toHaveBeenCalled();
  expect(value.get()).toBe(before);
  value.update({ a: 3 });
  expect(value.get()).toEqual({ a: 3, b: 2 });
  off();
  value.update({ a: 4 });
  expect(heard).toHaveBeenCalledTimes(1);
});

test('when() resolves at once or at the change that makes it so, and listens no more', async () => {
  const value = new Value(1);
  expect(await when(value, (it) => it === 1)).toBe(1);
  const looked = vi.fn((it: number) => it > 2);
  const later = when(value, looked);
  for (const it of [2, 3, 4]) value.set(it);
  expect(await later).toBe(3);
  expect(looked).toHaveBeenCalledTimes(3);
});

test('when() rejects with a mistake in the question', async () => {
  const value = new Value<number | null>(1);
  const asked = when(value, (it) => (it as number).toFixed(1) === '2.0');
  value.set(null);
  await expect(asked).rejects.toThrow(TypeError);
});
