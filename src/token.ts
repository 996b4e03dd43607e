/** JWT → actor, for both edges. The key is imported once, at the start. */
import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Refusal, refuse } from './contract/errors.ts';
import { ROLES, type Role } from './contract/nouns.ts';
import type { Actor } from './domain/policy.ts';
import { TOKEN_CLOCK_TOLERANCE_S, TOKEN_MAX_CHARS } from './limits.ts';

export type TokenKey =
  | { kind: 'secret'; secret: string }
  | { kind: 'public'; pem: string }
  | { kind: 'jwks'; url: string };

export type TokenRules = {
  key: TokenKey;
  /** Allow-list; empty: by the kind of key. `none` is never accepted. */
  algorithms: string[];
  issuer: string | undefined;
  audience: string | undefined;
  /** Milliseconds since the epoch. */
  clock: () => number;
};

/** Throws a Refusal: TOKEN_MISSING, TOKEN_INVALID, TOKEN_EXPIRED, or STORE_UNAVAILABLE when the key set is out of reach. */
export type VerifyToken = (token: unknown) => Promise<Actor>;

const SECRET_ALGORITHMS = ['HS256'];
const PUBLIC_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
/** What an actor's ids and names may be; longer ones would only fill rolls and logs. */
const USER_ID = /^[A-Za-z0-9_.:@|+-]{1,128}$/;
const NAME_MAX_CHARS = 200;
const PICTURE_MAX_CHARS = 2_000;
/** Who expires later does so then: the last instant whose ISO text has a year of four digits. */
const LAST_INSTANT_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

export const tokenVerifier = (rules: TokenRules): VerifyToken => {
  const key = importKey(rules.key);
  const allowed = rules.key.kind === 'secret' ? SECRET_ALGORITHMS : PUBLIC_ALGORITHMS;
  const algorithms = rules.algorithms.length > 0 ? rules.algorithms : allowed;
  return async (token) => {
    if (token === undefined || token === null || token === '') throw refuse('TOKEN_MISSING');
    if (typeof token !== 'string' || token.length > TOKEN_MAX_CHARS) throw refuse('TOKEN_INVALID');
    const options = {
      algorithms,
      clockTolerance: TOKEN_CLOCK_TOLERANCE_S,
      currentDate: new Date(rules.clock()),
      requiredClaims: ['exp'],
      ...(rules.issuer === undefined ? {} : { issuer: rules.issuer }),
      ...(rules.audience === undefined ? {} : { audience: rules.audience }),
    };
    try {
      const verified =
        typeof key === 'function' ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
      return actorOf(verified.payload);
    } catch (error) {
      throw refusalOf(error);
    }
  };
};

const importKey = (key: TokenKey): KeyObject | JWTVerifyGetKey => {
  if (key.kind === 'secret') return createSecretKey(Buffer.from(key.secret, 'utf8'));
  if (key.kind === 'public') return createPublicKey(key.pem);
  return keySet(key.url);
};

/** A key set that cannot be read says nothing about the token, and trying again may help. */
const keySet = (url: string): JWTVerifyGetKey => {
  const read = createRemoteJWKSet(new URL(url));
  return async (header, token) => {
    try {
      return await read(header, token);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error;
      throw refuse('STORE_UNAVAILABLE', 'Tokens cannot be verified now; try again').causedBy(error);
    }
  };
};

/** User id: the first present of sub, uid, userId, id. */
const actorOf = (claims: JWTPayload): Actor => {
  const user_id = [claims.sub, claims.uid, claims.userId, claims.id].find((it) => it !== undefined && it !== null);
  const id = typeof user_id === 'number' ? String(user_id) : user_id;
  if (typeof id !== 'string' || !USER_ID.test(id)) throw refuse('TOKEN_INVALID', 'The token names no user');
  const role = ROLES.find((it) => it === claims.role);
  if (role === undefined) throw refuse('TOKEN_INVALID', 'The token names no role');
  const name =
    typeof claims.name === 'string' && claims.name.trim() !== ''
      ? claims.name.slice(0, NAME_MAX_CHARS).toWellFormed()
      : id;
  const picture =
    typeof claims.picture === 'string' && claims.picture.length <= PICTURE_MAX_CHARS
      ? claims.picture.toWellFormed()
      : null;
  const expires_at = Math.min(Number(claims.exp) * 1000, LAST_INSTANT_MS);
  return { user_id: id, role: role satisfies Role, name, picture, expires_at };
};

const refusalOf = (error: unknown): Error => {
  if (error instanceof Refusal) return error;
  if (error instanceof errors.JWTExpired) return refuse('TOKEN_EXPIRED');
  // Also what is no error of jose's: a token whose algorithm does not fit the kind of our key is a TypeError.
  return refuse('TOKEN_INVALID').causedBy(error);
};
