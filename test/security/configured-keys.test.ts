/** JWT_PUBLIC_KEY: a key that no token could be verified with stops the start; one that is taken verifies tokens. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import { tokenVerifier } from '../../src/token.ts';
import { FixedClock } from '../support/fixed-clock.ts';

type Pair = { publicKey: KeyObject; privateKey: KeyObject };

const rsa = (bits: number): Pair => generateKeyPairSync('rsa', { modulusLength: bits });
const ec = (curve: string): Pair => generateKeyPairSync('ec', { namedCurve: curve });
const ed25519 = (): Pair => generateKeyPairSync('ed25519');
const pem = ({ publicKey }: Pair): string => publicKey.export({ type: 'spki', format: 'pem' }).toString();
const PRIVATE = ['pkcs8', 'sec1'] as const;
const privatePem = ({ privateKey }: Pair, type: (typeof PRIVATE)[number]): string =>
  privateKey.export({ type, format: 'pem' }).toString();

const refusal = (env: Record<string, string>): string => {
  try {
    readConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return expect.unreachable('it was taken');
};

test.each<[string, () => string, string]>([
  ['RSA below 2048 bits', () => pem(rsa(1024)), '1024 bits'],
  ['EC on P-384', () => pem(ec('secp384r1')), 'secp384r1'],
  ['EC on secp256k1', () => pem(ec('secp256k1')), 'secp256k1'],
  ['Ed448', () => pem(generateKeyPairSync('ed448')), 'ed448'],
  ['RSA-PSS', () => pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })), 'rsa-pss'],
  ['what is no key', () => 'x', 'must be a public key'],
  ...PRIVATE.map((type): [string, () => string, string] => [
    `a private key (${type})`,
    () => privatePem(ec('prime256v1'), type),
    'holds a private key',
  ]),
  ['both keys of a pair', () => pem(ec('prime256v1')) + privatePem(ec('prime256v1'), 'pkcs8'), 'holds a private key'],
])('is refused in one line that says why: %s', (_name, key, says) => {
  const message = refusal({ JWT_PUBLIC_KEY: key() });
  expect(message).toMatch(/^JWT_PUBLIC_KEY [^\n]+$/);
  expect(message).toContain(says);
  expect(message).not.toContain('-----');
});

test.each<[string, () => Pair]>([
  ['RS256', () => rsa(2048)],
  ['ES256', () => ec('prime256v1')],
  ['EdDSA', ed25519],
])('verifies %s', async (alg, make) => {
  const pair = make();
  const { tokenKey } = readConfig({ JWT_PUBLIC_KEY: pem(pair), JWT_ALGORITHMS: alg });
  if (tokenKey === null) return expect.unreachable('there is a key');
  const clock = new FixedClock();
  const rules = { key: tokenKey, algorithms: [alg], issuer: undefined, audience: undefined, clock: clock.read };
  const token = await new SignJWT({ sub: 't1', role: 'teacher', exp: clock.read() / 1000 + 60 })
    .setProtectedHeader({ alg })
    .sign(pair.privateKey);
  expect(await tokenVerifier(rules)(token)).toMatchObject({ user_id: 't1' });
});

test('is refused with algorithms that are not for its kind', () => {
  const key = pem(ec('prime256v1'));
  expect(refusal({ JWT_PUBLIC_KEY: key, JWT_ALGORITHMS: 'RS256,EdDSA' })).toMatch(/^JWT_ALGORITHMS lacks ES256/);
  expect(readConfig({ JWT_PUBLIC_KEY: key, JWT_ALGORITHMS: 'RS256,ES256' }).JWT_ALGORITHMS).toHaveLength(2);
});
