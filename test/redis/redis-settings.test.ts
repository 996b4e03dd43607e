/** The REDIS_* variables: what they mean, and the one line that each mistake is answered with. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { checkServer } from '../../src/redis/server-checks.ts';
import { redisSettings } from '../../src/redis/settings.ts';

type Environment = Record<string, string>;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'rollcast-redis-settings-'));
  writeFileSync(path.join(dir, 'ca.pem'), '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
  writeFileSync(path.join(dir, 'no.pem'), 'nothing\n');
});
afterAll(() => rmSync(dir, { recursive: true }));

/** As the service reads them, but for the profile, which this version refuses. */
const settings = ({ REDIS_URL = '', ...environment }: Environment) =>
  redisSettings({ ...readConfig(environment), REDIS_URL });

test('one server, with nothing but its name', () => {
  expect(settings({ REDIS_URL: 'redis://redis.example' })).toEqual({
    mode: 'standalone',
    nodes: [{ host: 'redis.example', port: 6379 }],
    master_name: null,
    username: null,
    password: null,
    db: 0,
    tls: null,
    prefix: 'rollcast',
    wait_replicas: 0,
  });
});

test('one server, with everything', () => {
  const environment = {
    REDIS_URL: 'rediss://ada:a%2Cb%25c@[2001:db8::1]:7000/3',
    REDIS_TLS_CA_FILE: path.join(dir, 'ca.pem'),
    REDIS_PREFIX: 'school-1:roll_call.x',
    REDIS_WAIT_REPLICAS: '2',
  };
  expect(settings(environment)).toEqual({
    mode: 'standalone',
    nodes: [{ host: '2001:db8::1', port: 7000 }],
    master_name: null,
    username: 'ada',
    password: 'a,b%c',
    db: 3,
    tls: { ca: expect.stringContaining('BEGIN CERTIFICATE') },
    prefix: 'school-1:roll_call.x',
    wait_replicas: 2,
  });
  expect(settings({ REDIS_URL: 'rediss://redis.example' }).tls).toEqual({ ca: null });
});

test('a Cluster: the addresses share what only one of them says', () => {
  const { mode, nodes, password, username, db } = settings({
    REDIS_URL: ' redis://:pw@a:7000/0 , redis://b,redis://:pw@c:7002',
    REDIS_MODE: 'cluster',
  });
  expect({ mode, nodes, password, username, db }).toEqual({
    mode: 'cluster',
    nodes: [
      { host: 'a', port: 7000 },
      { host: 'b', port: 6379 },
      { host: 'c', port: 7002 },
    ],
    password: 'pw',
    username: null,
    db: 0,
  });
});

test('sentinels', () => {
  const { mode, nodes, master_name, db } = settings({
    REDIS_URL: 'redis://:pw@a/2,redis://b:26380',
    REDIS_MODE: 'sentinel',
    REDIS_SENTINEL_MASTER: 'main',
  });
  expect({ mode, nodes, master_name, db }).toEqual({
    mode: 'sentinel',
    nodes: [
      { host: 'a', port: 26379 },
      { host: 'b', port: 26380 },
    ],
    master_name: 'main',
    db: 2,
  });
});

const list = 'redis://a,redis://b';

test.each<[string, Environment, string]>([
  ['another scheme', { REDIS_URL: 'http://a' }, 'REDIS_URL, address 1: must begin with redis:// or rediss://'],
  ['no scheme', { REDIS_URL: 'a:6379' }, 'REDIS_URL, address 1: must begin'],
  ['the second without one', { REDIS_URL: 'redis://a,b', REDIS_MODE: 'cluster' }, 'REDIS_URL, address 2: must begin'],
  ['an empty place in the list', { REDIS_URL: `${list},`, REDIS_MODE: 'cluster' }, 'REDIS_URL, address 3: must begin'],
  ['a comma in a password', { REDIS_URL: 'redis://:se,cret@a', REDIS_MODE: 'cluster' }, 'written %2C'],
  ['mixed schemes', { REDIS_URL: 'redis://a,rediss://b', REDIS_MODE: 'cluster' }, 'REDIS_URL mixes'],
  ['no URL', { REDIS_URL: 'redis://a:port' }, 'REDIS_URL, address 1: is not a URL'],
  ['no host', { REDIS_URL: 'redis:///1' }, 'REDIS_URL, address 1: names no host'],
  ['port 0', { REDIS_URL: 'redis://a:0' }, 'REDIS_URL, address 1: names port 0'],
  ['a query', { REDIS_URL: 'redis://a?x=1' }, 'REDIS_URL, address 1: must have neither a query'],
  ['a path', { REDIS_URL: 'redis://a/main' }, 'REDIS_URL, address 1: may end in the number of a database'],
  ['a user alone', { REDIS_URL: 'redis://ada@a' }, 'REDIS_URL, address 1: names a user without a password'],
  ['a broken percent sign', { REDIS_URL: 'redis://:se%cret@a' }, 'REDIS_URL, address 1: has a user or a password'],
  ['a list without a mode', { REDIS_URL: list }, 'REDIS_URL lists several addresses: set REDIS_MODE'],
  ['a list for one', { REDIS_URL: list, REDIS_MODE: 'standalone' }, 'REDIS_URL lists several addresses'],
  [
    'passwords',
    { REDIS_URL: 'redis://:secret@a,redis://:y@b', REDIS_MODE: 'cluster' },
    'REDIS_URL has different users',
  ],
  ['databases', { ...{ REDIS_URL: 'redis://a/1,redis://b/2', REDIS_MODE: 'cluster' } }, 'REDIS_URL names different'],
  ['a database of a Cluster', { REDIS_URL: 'redis://a/1', REDIS_MODE: 'cluster' }, 'REDIS_URL names database 1'],
  ['another mode', { REDIS_URL: 'redis://a', REDIS_MODE: 'ring' }, 'REDIS_MODE must be one of'],
  ['no master', { REDIS_URL: list, REDIS_MODE: 'sentinel' }, 'REDIS_SENTINEL_MASTER is not set'],
  ['a master of nobody', { REDIS_URL: 'redis://a', REDIS_SENTINEL_MASTER: 'm' }, 'REDIS_SENTINEL_MASTER is set, but'],
  ['braces', { REDIS_PREFIX: 'a{b}' }, 'REDIS_PREFIX must be 1 to 64 characters'],
  ['a long prefix', { REDIS_PREFIX: 'x'.repeat(65) }, 'REDIS_PREFIX must be'],
  ['a CA for nothing', { REDIS_URL: 'redis://a', REDIS_TLS_CA_FILE: 'ca.pem' }, 'REDIS_TLS_CA_FILE is set, but'],
  ['no such file', { REDIS_URL: 'rediss://a', REDIS_TLS_CA_FILE: '/no/such.pem' }, 'REDIS_TLS_CA_FILE cannot be read'],
  ['replicas', { REDIS_WAIT_REPLICAS: '-1' }, 'REDIS_WAIT_REPLICAS must be a whole number'],
])('refused: %s', (_name, environment, says) => {
  const refused = () => readConfig(environment);
  expect(refused).toThrow(ConfigError);
  expect(refused).toThrow(/^REDIS_[^\n]+$/);
  expect(refused).toThrow(says);
  expect(refused).not.toThrow(/secret|cret@/);
});

test('refused: a CA file without certificates', () => {
  const environment = { REDIS_URL: 'rediss://a', REDIS_TLS_CA_FILE: path.join(dir, 'no.pem') };
  expect(() => readConfig(environment)).toThrow(/^REDIS_TLS_CA_FILE must be a file of certificates as PEM/);
});

test('what is right still needs the rest of the profile', () => {
  const both = { REDIS_URL: 'redis://a', MONGODB_URL: 'mongodb://b/roll' };
  expect(() => readConfig({ REDIS_URL: 'redis://a' })).toThrow('MONGODB_URL is not');
  expect(() => readConfig({ MONGODB_URL: 'mongodb://b' })).toThrow('REDIS_URL is not');
  expect(() => readConfig(both)).toThrow(/^JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL is needed/);
  const { distributed } = readConfig({ ...both, JWT_SECRET: 'x'.repeat(32) });
  expect(distributed).toMatchObject({ mongodb: 'mongodb://b/roll', redis: { prefix: 'rollcast' } });
  expect(readConfig({}).distributed).toBeNull();
});

const FIT = { redis_version: '7.0.15', redis_mode: 'standalone', maxmemory_policy: 'noeviction', aof_enabled: '1' };

test.each<[string, Environment, 'standalone' | 'cluster', string | null]>([
  ['Redis 7.0', FIT, 'standalone', null],
  [
    'Redis 6.2',
    { ...FIT, redis_version: '6.2.14' },
    'standalone',
    'is version 6.2.14; Redis 7.0 or Valkey 7.2 is needed',
  ],
  ['Redis 10', { ...FIT, redis_version: '10.0.0' }, 'standalone', null],
  ['Valkey 7.2', { ...FIT, redis_version: '7.2.4', valkey_version: '7.2.5' }, 'standalone', null],
  ['an earlier Valkey', { ...FIT, redis_version: '7.2.4', valkey_version: '7.1.0' }, 'standalone', 'is Valkey 7.1.0'],
  ['nobody knows what', { aof_enabled: '1' }, 'standalone', 'does not tell its version'],
  ['a node of a Cluster', { ...FIT, redis_mode: 'cluster' }, 'standalone', 'set REDIS_MODE to cluster'],
  ['no Cluster', FIT, 'cluster', 'set REDIS_MODE to standalone'],
])('a server that is %s', (_name, info, mode, refusal) => {
  const { refusals } = checkServer('a:6379', info, { mode, wait_replicas: 0 });
  expect(refusals).toHaveLength(refusal === null ? 0 : 1);
  expect(refusals.join()).toContain(refusal ?? '');
});

test('what cannot be checked is said', () => {
  const { warnings } = checkServer('a:6379', { redis_version: '7.4.0' }, { mode: 'standalone', wait_replicas: 0 });
  expect(warnings).toEqual([
    expect.stringMatching(/^Redis a:6379: .*maxmemory-policy could not be checked/),
    expect.stringMatching(/^Redis a:6379: .*appendonly is on could not be checked/),
  ]);
});
