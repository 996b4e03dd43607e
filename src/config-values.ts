/** How the text of a variable becomes its value: each throws a plain Error that says what is wrong with the text. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { REDIS_PREFIX_MAX_CHARS } from './limits.ts';
import { databaseOf } from './mongo/database-name.ts';

/** What tokens may be signed with: HS256 with a secret, the others with keys. */
export const ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;

/** RFC 7518: RS256 takes no smaller key. */
const RSA_MIN_BITS = 2048;
/** OpenSSL's name of P-256, the one curve of ES256. */
const P256 = 'prime256v1';
/** What keys verify, by OpenSSL's name of their kind. */
const BY_KIND: Record<string, (typeof ALGORITHMS)[number]> = { rsa: 'RS256', ec: 'ES256', ed25519: 'EdDSA' };

export const text = (value: string): string => value;

export const integer =
  (min: number, max: number) =>
  (value: string): number => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new Error(`must be a whole number from ${min} to ${max}`);
    return number;
  };

export const oneOf =
  <const T extends string>(...values: T[]) =>
  (value: string): T => {
    const found = values.find((it) => it === value);
    if (found === undefined) throw new Error(`must be one of ${values.join(', ')}`);
    return found;
  };

const list = (value: string): string[] =>
  value
    .split(',')
    .map((it) => it.trim())
    .filter((it) => it !== '');

export const listOf =
  <const T extends string>(...values: T[]) =>
  (value: string): T[] => {
    const items = list(value).map(oneOf(...values));
    if (items.length === 0) throw new Error(`must name at least one of ${values.join(', ')}`);
    return items;
  };

export const url =
  (...protocols: string[]) =>
  (value: string): string => {
    const parsed = URL.canParse(value) ? new URL(value) : null;
    if (parsed === null || !protocols.includes(parsed.protocol)) {
      throw new Error(`must be a URL beginning with ${protocols.map((it) => `${it}//`).join(' or ')}`);
    }
    return value.replace(/\/+$/, '');
  };

/** Paths are put behind it, so nothing else may stand there. Without a slash at its end, and fit for quotation marks. */
export const baseUrl = (value: string): string => {
  const { username, password, search, hash, origin, pathname } = new URL(url('https:', 'http:')(value));
  if (username + password + search + hash !== '') {
    throw new Error('must be a URL without a user, a query or a fragment');
  }
  return (origin + pathname).replace(/\/+$/, '').replaceAll("'", '%27');
};

export const share = (value: string): number => {
  const number = Number(value);
  if (!(number >= 0 && number <= 1)) throw new Error('must be a number from 0 to 1');
  return number;
};

/** Header fields as OpenTelemetry writes them into one variable. Its message repeats no value: they are secrets. */
export const headers = (value: string): Record<string, string> =>
  Object.fromEntries(
    list(value).map((item, i) => {
      const [, name = '', encoded = ''] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(.*)$/.exec(item) ?? [];
      if (name === '') throw new Error(`must be name=value, comma-separated; number ${i + 1} is not`);
      return [name, decoded(encoded, name)];
    }),
  );

const decoded = (encoded: string, name: string): string => {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw new Error(`has a value that is not percent-encoded: ${name}`);
  }
};

export const origins = (value: string): string[] => {
  const items = list(value);
  if (items.length === 0) throw new Error('must name at least one origin; leave it empty for the default');
  const wrong = items.find((it) => !URL.canParse(it) || new URL(it).origin !== it);
  if (wrong !== undefined) throw new Error(`must be exact origins such as https://example.edu, not "${wrong}"`);
  return items;
};

export const onOff = (value: string): boolean => oneOf('on', 'off')(value) === 'on';

export const trustProxy = (value: string): boolean | number | string[] => {
  if (value === 'off') return false;
  if (value === 'on') return true;
  if (/^\d+$/.test(value)) return Number(value);
  const proxies = list(value);
  if (proxies.length === 0) throw new Error('must be off, on, a number of hops, or name at least one address');
  const wrong = proxies.find((it) => !isNetwork(it));
  if (wrong !== undefined) throw new Error(`must name addresses and networks such as 10.0.0.0/8, not "${wrong}"`);
  return proxies;
};

/** Braces above all are left out: in a Cluster they would say where keys lie. */
export const redisPrefix = (value: string): string => {
  if (!/^[A-Za-z0-9._:-]+$/.test(value) || value.length > REDIS_PREFIX_MAX_CHARS) {
    throw new Error(`must be 1 to ${REDIS_PREFIX_MAX_CHARS} characters out of A-Z a-z 0-9 . _ : -`);
  }
  return value;
};

/** An address, a network, or one of the names that stand for private networks. */
const isNetwork = (value: string): boolean => {
  if (['loopback', 'linklocal', 'uniquelocal'].includes(value)) return true;
  const [address = '', bits, ...rest] = value.split('/');
  if (isIP(address) === 0 || rest.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (isIP(address) === 6 ? 128 : 32));
};

/** A key that no token could ever be verified with would start, and then refuse everybody. */
export const publicKey = (pem: string): string => {
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    throw new Error('holds a private key; set the public one alone, and keep the private one where tokens are signed');
  }
  const { asymmetricKeyType: kind = 'unknown', asymmetricKeyDetails: details } = keyIn(pem);
  if (kind === 'rsa' && (details?.modulusLength ?? 0) < RSA_MIN_BITS) {
    throw new Error(`is an RSA key of ${details?.modulusLength} bits; RS256 takes ${RSA_MIN_BITS} or more`);
  }
  if (kind === 'ec' && details?.namedCurve !== P256) {
    throw new Error(`is an EC key on ${details?.namedCurve}; ES256 takes P-256 (prime256v1) alone`);
  }
  if (BY_KIND[kind] === undefined) throw new Error(`is a key of kind ${kind}; take RSA, EC on P-256 or Ed25519`);
  return pem;
};

/** What a public key verifies; undefined: nothing of ours. */
export const algorithmOf = (pem: string): (typeof ALGORITHMS)[number] | undefined =>
  BY_KIND[keyIn(pem).asymmetricKeyType ?? ''];

const keyIn = (pem: string): KeyObject => {
  try {
    return createPublicKey(pem);
  } catch {
    throw new Error('must be a public key as PEM (SPKI)');
  }
};

/** A connection string of MongoDB, as it was given. */
export const mongodbUrl = (value: string): string => {
  databaseOf(value);
  return value;
};
