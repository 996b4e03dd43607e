import { expect, test } from 'vitest';
import { wellFormed } from '../../src/contract/well-formed.ts';

test('halves of characters become U+FFFD, wherever they stand, and everything else stays', () => {
  const value = {
    title: 'a\ud83d',
    whole: '🌒',
    list: [{ remarks: '\udf12b', n: 1 }, 'x', '\ud83d\ud83d'],
    none: null,
  };
  expect(wellFormed(value)).toBe(value);
  expect(value).toEqual({
    title: 'a\ufffd',
    whole: '🌒',
    list: [{ remarks: '\ufffdb', n: 1 }, 'x', '\ufffd\ufffd'],
    none: null,
  });
  expect(wellFormed('\ud800')).toBe('\ufffd');
  expect(wellFormed(undefined)).toBeUndefined();
});

test('a value that nests without end is left alone below its depth', () => {
  const text = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  expect(() => wellFormed(JSON.parse(text))).not.toThrow();
});
