/** A start that cannot work says why in one line on standard error and ends with exit code 1. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { OneNode, TEST_SECRET } from '../support/deployment.ts';
import { dataDirectory, type Environment, runToExit, Service } from '../support/service.ts';

const { dir, remove } = dataDirectory();
const running = new OneNode();
let taken: Server;
let takenPort = 0;

beforeAll(async () => {
  await running.start();
  taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  takenPort = (taken.address() as { port: number }).port;
  writeFileSync(path.join(dir, 'a-file'), '');
  writeFileSync(path.join(dir, 'blank'), ' \n');
  mkdirSync(path.join(dir, 'broken'));
  writeFileSync(path.join(dir, 'broken', 'rollcast.db'), 'this is no database, whatever its name says');
});
afterAll(async () => {
  await running.stop();
  taken.close();
  remove();
});

const failsWith = async (env: Environment): Promise<string> => {
  const base = { HOST: '127.0.0.1', PORT: '0', DATA_DIR: path.join(dir, 'data'), JWT_SECRET: TEST_SECRET };
  const exit = await runToExit({ ...base, ...env });
  expect({ code: exit.code, lines: exit.stderr.trimEnd().split('\n').length }, exit.stderr).toEqual({
    code: 1,
    lines: 1,
  });
  expect(exit.stdout).toBe('');
  expect(exit.stderr).not.toContain(TEST_SECRET);
  return exit.stderr;
};

test('a port in use', async () => {
  expect(await failsWith({ PORT: String(takenPort) })).toContain(`PORT ${takenPort}`);
});

test('a port for metrics in use', async () => {
  expect(await failsWith({ METRICS_PORT: String(takenPort) })).toContain(`METRICS_PORT ${takenPort} is in use`);
});

test.each(['203.0.113.7', 'fe80::1', 'no such host'])('an address that is not this machine’s: %s', async (host) => {
  expect(await failsWith({ HOST: host })).toContain(`HOST ${host} is not an address of this machine`);
});

test('a DATA_DIR that another process has', async () => {
  expect(await failsWith({ DATA_DIR: running.dataDir })).toContain('DATA_DIR');
  expect(running.node.isRunning).toBe(true);
});

test('a DATA_DIR below a regular file', async () => {
  expect(await failsWith({ DATA_DIR: path.join(dir, 'a-file', 'data') })).toContain('DATA_DIR');
});

test('a database that is none', async () => {
  const line = await failsWith({ DATA_DIR: path.join(dir, 'broken') });
  expect(line).toContain('DATA_DIR');
  expect(line).toContain('rollcast.db');
});

test.each(['rollcast.db', 'jwt-secret'])('a directory in the place of %s', async (file) => {
  const data = path.join(dir, `with-directory-${file}`);
  mkdirSync(path.join(data, file), { recursive: true });
  const line = await failsWith({ DATA_DIR: data, JWT_SECRET: '' });
  expect(line).toContain(`DATA_DIR ${data}`);
  expect(line).toContain(file);
});

test('a secret file without a secret', async () => {
  expect(await failsWith({ JWT_SECRET: '', JWT_SECRET_FILE: '/dev/null' })).toContain('JWT_SECRET_FILE');
});

test.each([
  ['REDIS_URL', { REDIS_URL: 'redis://localhost' }],
  ['MONGODB_URL', { MONGODB_URL: 'mongodb://localhost/rollcast' }],
])('only %s', async (_name, env) => {
  const line = await failsWith(env);
  expect(line).toContain('REDIS_URL');
  expect(line).toContain('MONGODB_URL');
});

test('a variable that is wrong', async () => {
  expect(await failsWith({ JWT_SECRET: '', JWT_PUBLIC_KEY: 'x' })).toContain('JWT_PUBLIC_KEY');
});

// The rest of the ways to be wrong, without a process for each: main.ts prints the message of any ConfigError.
test.each<[string, Environment, string]>([
  ['a secret file that is not there', { JWT_SECRET_FILE: path.join(dir, 'none') }, 'JWT_SECRET_FILE'],
  ...['JWT_SECRET', 'JWT_PUBLIC_KEY', 'REDIS_URL', 'MONGODB_URL'].flatMap((name): [string, Environment, string][] => [
    [`${name} of spaces`, { [name]: ' \t ' }, `${name} holds nothing but white space`],
    [
      `${name} from a file of spaces`,
      { [`${name}_FILE`]: path.join(dir, 'blank') },
      `${name}_FILE names a file that is`,
    ],
  ]),
  ...['HOST', 'DATA_DIR', 'JWT_ISSUER', 'JWT_AUDIENCE'].map((name): [string, Environment, string] => [
    `${name} of spaces`,
    { [name]: ' ' },
    `${name} holds nothing but white space`,
  ]),
  ['a secret and a file', { JWT_SECRET: 'x', JWT_SECRET_FILE: path.join(dir, 'a-file') }, 'JWT_SECRET'],
  ['two keys', { JWT_SECRET: 'x', JWT_JWKS_URL: 'https://keys.example/jwks' }, 'JWT_'],
  ['a port that is none', { PORT: 'http' }, 'PORT'],
  ['a port of spaces', { PORT: ' ' }, 'PORT'],
  ['a time in scientific notation', { DRAIN_TIMEOUT_MS: '1e3' }, 'DRAIN_TIMEOUT_MS'],
  ['a proxy that is no address', { TRUST_PROXY: 'banana' }, 'TRUST_PROXY'],
  ['proxies without any', { TRUST_PROXY: ',' }, 'TRUST_PROXY'],
  ['a network with too many bits', { TRUST_PROXY: '10.0.0.0/99' }, 'TRUST_PROXY'],
  ['a port beyond all ports', { PORT: '70000' }, 'PORT'],
  ['an algorithm none', { JWT_ALGORITHMS: 'none' }, 'JWT_ALGORITHMS'],
  ['an algorithm for keys with a secret', { JWT_ALGORITHMS: 'RS256' }, 'JWT_ALGORITHMS'],
  [
    'an algorithm for secrets with keys',
    { JWT_ALGORITHMS: 'HS256', JWT_JWKS_URL: 'https://k.example' },
    'JWT_ALGORITHMS',
  ],
  ['origins with a path', { CORS_ORIGINS: 'https://a.example/x' }, 'CORS_ORIGINS'],
  ['origins without any', { CORS_ORIGINS: ' , ' }, 'CORS_ORIGINS must name at least one'],
  ['a public URL with a query', { PUBLIC_URL: 'https://a.example/?x=1' }, 'PUBLIC_URL'],
  ['a public URL with a password', { PUBLIC_URL: 'https://a:b@a.example' }, 'PUBLIC_URL'],
  ['any origin', { CORS_ORIGINS: '*' }, 'CORS_ORIGINS'],
  ['an unknown transport', { TRANSPORTS: 'pigeon' }, 'TRANSPORTS'],
  ['a visibility of nobody', { STUDENT_VISIBILITY: 'none' }, 'STUDENT_VISIBILITY'],
  ['device signals of another kind', { DEVICE_SIGNALS: 'yes please' }, 'DEVICE_SIGNALS'],
  ['a retention of no days', { RETENTION_DAYS: '0' }, 'RETENTION_DAYS must be a whole number'],
  ['a MongoDB of another scheme', { MONGODB_URL: 'http://u:pw@m' }, 'MONGODB_URL must begin with mongodb://'],
  ['a MongoDB without a server', { MONGODB_URL: 'mongodb://' }, 'MONGODB_URL must begin with mongodb://'],
  ['a database that cannot be one', { MONGODB_URL: 'mongodb://u:pw@m/a.b' }, 'MONGODB_URL names a database'],
  [
    'nodes without a key',
    { JWT_SECRET: '', REDIS_URL: 'redis://r', MONGODB_URL: 'mongodb://m' },
    'JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL is needed',
  ],
  ['an unknown level', { LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
])('%s', (_name, env, says) => {
  expect(() => readConfig(env)).toThrow(ConfigError);
  expect(() => readConfig(env)).toThrow(says);
});

test('a short secret is warned of, and never logged', async () => {
  const { dir: data, remove: removeData } = dataDirectory();
  const service = new Service({ DATA_DIR: data, JWT_SECRET: 'sesame' });
  await service.start().finally(() => service.stop());
  removeData();
  expect(service.output).toMatch(/"level":40,.*JWT_SECRET/);
  expect(service.output).not.toContain('sesame');
});
