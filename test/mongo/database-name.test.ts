import { expect, test } from 'vitest';
import { databaseOf } from '../../src/mongo/database-name.ts';

test.each([
  ['mongodb://a', 'rollcast'],
  ['mongodb://a/', 'rollcast'],
  ['mongodb://a:27017,b:27018/?replicaSet=rs0', 'rollcast'],
  ['mongodb://a/attendance', 'attendance'],
  ['mongodb+srv://u:p%40%2Fw@cluster.example/school_1?tls=true', 'school_1'],
  ['mongodb://u:a/b@c/d', 'd'],
])('%s names the database %s', (url, name) => {
  expect(databaseOf(url)).toBe(name);
});

test.each([
  '',
  'mongodb://',
  'http://a',
  'redis://a',
  'mongodb://a/x.y',
  'mongodb://a/x y',
  `mongodb://a/${'x'.repeat(64)}`,
])('refused: "%s"', (url) => {
  expect(() => databaseOf(url)).toThrow(/must begin|names a database/);
});
