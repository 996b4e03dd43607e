import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { decodeJwt, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { readTokenOptions, TOKEN_USAGE } from '../../src/demo/token-options.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { runProgram } from './demo-process.ts';

const SECRET = 'a secret for tests, 32 or longer';
const TEACHER = ['--role', 'teacher', '--sub', 't1', '--name', 'Ada'];

/** DATA_DIR is a directory that is not there, unless given: nothing may be found by accident. */
const token = async (args: string[], env: Record<string, string> = {}) => {
  const program = runProgram('token.ts', args, { DATA_DIR: path.join(temporaryDirectory(), 'none'), ...env });
  const code = await program.ended;
  return { code, output: program.output(), errors: program.errors() };
};

const keyOf = (secret: string) => new TextEncoder().encode(secret);

test('prints nothing but a token that JWT_SECRET verifies', async () => {
  const { code, output, errors } = await token([...TEACHER, '--minutes', '30'], { JWT_SECRET: SECRET });
  expect({ code, errors }).toEqual({ code: 0, errors: '' });
  expect(output).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  const { payload, protectedHeader } = await jwtVerify(output.trim(), keyOf(SECRET));
  expect(protectedHeader.alg).toBe('HS256');
  expect(payload).toMatchObject({ sub: 't1', role: 'teacher', name: 'Ada' });
  expect(Number(payload.exp) - Number(payload.iat)).toBe(30 * 60);
});

test('takes the secret from JWT_SECRET_FILE, and what the service checks from its configuration', async () => {
  const file = path.join(temporaryDirectory(), 'secret');
  writeFileSync(file, `${SECRET}\n`);
  const picture = 'https://example.edu/ada.png';
  const { output } = await token(['--role', 'student', '--sub', 's1', '--picture', picture], {
    JWT_SECRET_FILE: file,
    JWT_ISSUER: 'https://login.example.edu',
    JWT_AUDIENCE: 'rollcast',
  });
  const { payload } = await jwtVerify(output.trim(), keyOf(SECRET), {
    issuer: 'https://login.example.edu',
    audience: 'rollcast',
  });
  expect(payload).toMatchObject({ role: 'student', picture });
  expect(payload).not.toHaveProperty('name');
  expect(Number(payload.exp) - Number(payload.iat)).toBe(480 * 60);
});

test('without a key signs with the secret that a node keeps in DATA_DIR', async () => {
  const dir = temporaryDirectory();
  writeFileSync(path.join(dir, 'jwt-secret'), `${SECRET}\n`);
  const { code, output } = await token(TEACHER, { DATA_DIR: dir });
  expect(code).toBe(0);
  await jwtVerify(output.trim(), keyOf(SECRET));
  expect(decodeJwt(output).sub).toBe('t1');
});

describe('says in one line why it cannot, and exits with 1', () => {
  test('without any secret, and makes none', async () => {
    const dir = temporaryDirectory();
    const { code, output, errors } = await token(TEACHER, { DATA_DIR: dir });
    expect({ code, output }).toEqual({ code: 1, output: '' });
    expect(errors).toMatch(/^token: no secret to sign with: set JWT_SECRET .*\n$/);
    expect(() => readFileSync(path.join(dir, 'jwt-secret'))).toThrow('ENOENT');
  });

  test('when tokens are verified with a public key', async () => {
    const { code, errors } = await token(TEACHER, { JWT_JWKS_URL: 'https://login.example.edu/jwks' });
    expect(code).toBe(1);
    expect(errors).toMatch(/^token: tokens are verified with a public key[^\n]*\n$/);
  });
});

test.each(['--help', '-h'])('%s shows the usage', async (help) => {
  const { code, output, errors } = await token([help]);
  expect({ code, output, errors }).toEqual({ code: 0, output: `${TOKEN_USAGE}\n`, errors: '' });
});

test('a secret in DATA_DIR that cannot be read: one line that names both', async () => {
  const dir = temporaryDirectory();
  mkdirSync(path.join(dir, 'jwt-secret'));
  const { code, errors } = await token(TEACHER, { DATA_DIR: dir });
  expect(code).toBe(1);
  expect(errors).toMatch(/^token: DATA_DIR \S+: jwt-secret cannot be read: [^\n]+\n$/);
});

test('refuses a wrong command line and shows the usage', async () => {
  const { code, output, errors } = await token(['--sub', 't1'], { JWT_SECRET: SECRET });
  expect({ code, output }).toEqual({ code: 1, output: '' });
  expect(errors).toBe(`token: --role is missing\n${TOKEN_USAGE}\n`);
});

test.each([
  ['an unknown role', ['--role', 'dean', '--sub', 't1'], '--role must be one of'],
  ['no user', ['--role', 'teacher'], '--sub is missing'],
  ['a user id that the service would refuse', ['--role', 'teacher', '--sub', 'a b'], '--sub must have'],
  ['no time', [...TEACHER, '--minutes', '0'], '--minutes must be'],
  ['too much time', [...TEACHER, '--minutes', '1000000'], '--minutes must be'],
  ['a picture that is no URL', [...TEACHER, '--picture', 'ada.png'], '--picture must be a URL'],
  ['an option that does not exist', [...TEACHER, '--expires', '5'], "Unknown option '--expires'"],
  ['a word too many', [...TEACHER, 'Lovelace'], 'Unexpected argument'],
])('refuses %s', (_what, args, message) => {
  expect(() => readTokenOptions(args)).toThrow(message);
});
